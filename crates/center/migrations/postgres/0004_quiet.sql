-- When a person last said "not me" to an institution. For a while it gets no notice to that person.
CREATE TABLE not_me (
    person    BYTEA  NOT NULL CHECK (length(person) = 16),
    org_code  TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (person, org_code)
);
