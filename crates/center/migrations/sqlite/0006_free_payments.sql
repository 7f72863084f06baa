-- Every payment that went through without a password, for the person to look at: once for each day, as free_uses counts
-- it, with the highest amount that was let through and the moment of the first call. Appended to, so that what is old is
-- at the beginning.
CREATE TABLE free_payments (
    id        INTEGER PRIMARY KEY,
    person    BLOB   NOT NULL CHECK (length(person) = 16),
    channel   TEXT   NOT NULL,
    day       BIGINT NOT NULL,
    token     TEXT   NOT NULL,
    org_code  TEXT   NOT NULL,
    amount    BIGINT CHECK (amount >= 0),
    at        BIGINT NOT NULL,
    UNIQUE (person, channel, day, token, org_code)
);
