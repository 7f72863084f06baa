-- What programs must know to run on this database. Tables about programs and not about the site begin with an
-- underscore; they are not copied.
CREATE TABLE _yanmi_schema (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    -- The newest migration that took something away: whoever does not know it cannot run here.
    oldest  BIGINT NOT NULL CHECK (oldest >= 1)
);
INSERT INTO _yanmi_schema (id, oldest) VALUES (1, 1);
