-- What was found to be wrong, since when, and who looks after it. One is open of each rule and object; found again, it counts up.
CREATE TABLE alarms (
    number       BIGINT PRIMARY KEY CHECK (number > 0),
    -- Which rule; what kind of thing its object is, and which.
    rule         TEXT   NOT NULL,
    object_kind  TEXT   NOT NULL,
    object       TEXT   NOT NULL,
    -- 2, 4 or 6 digits: who sees it.
    region       TEXT   NOT NULL CHECK (length(region) IN (2, 4, 6)),
    -- Numbers and names of the latest finding; nobody insured among them.
    detail       TEXT   NOT NULL CHECK (length(detail) <= 200),
    since        BIGINT NOT NULL,
    latest       BIGINT NOT NULL,
    times        BIGINT NOT NULL CHECK (times > 0),
    taken_by     TEXT,
    taken_at     BIGINT,
    closed_by    TEXT,
    closed_at    BIGINT,
    close_reason TEXT CHECK (length(close_reason) <= 200)
);
CREATE UNIQUE INDEX alarms_open ON alarms (rule, object) WHERE closed_at IS NULL;
CREATE INDEX alarms_by_object ON alarms (rule, object, closed_at);
-- Whether anything was known of an address before it tried keys.
CREATE INDEX calls_by_address ON calls (address, at);
