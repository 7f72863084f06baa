-- When each key of an account or channel last opened an envelope, to some minutes: a key that is still called with is not
-- retired. The key is named by its check value.
CREATE TABLE key_uses (
    kind    TEXT   NOT NULL CHECK (kind IN ('account', 'channel')),
    object  TEXT   NOT NULL,
    kcv     TEXT   NOT NULL CHECK (length(kcv) = 6),
    last_at BIGINT NOT NULL,
    PRIMARY KEY (kind, object, kcv)
);
