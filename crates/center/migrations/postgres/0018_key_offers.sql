-- Keys on their way to those who asked for them: known by the keyed hash of a link, sealed until they are taken.
CREATE TABLE key_offers (
    offer      BYTEA  PRIMARY KEY CHECK (length(offer) = 16),
    account    TEXT   NOT NULL REFERENCES accounts (org_id),
    kcv        TEXT   NOT NULL,
    key        BYTEA,
    passcode   BYTEA  NOT NULL CHECK (length(passcode) = 16),
    -- Wrong passcodes.
    tries      BIGINT NOT NULL CHECK (tries >= 0),
    made_by    TEXT   NOT NULL,
    made_at    BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    taken_at   BIGINT,
    taken_from TEXT,
    -- When the key-check value was told back, and how often it was another.
    checked_at BIGINT,
    mismatches BIGINT NOT NULL CHECK (mismatches >= 0),
    void_at    BIGINT,
    void_why   TEXT CHECK (void_why IN ('passcode', 'mismatch', 'replaced', 'operator'))
);
CREATE INDEX key_offers_by_account ON key_offers (account, made_at);
