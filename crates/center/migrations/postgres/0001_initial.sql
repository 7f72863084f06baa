-- The state of a center on PostgreSQL: the tables of `sqlite`, which a test compares, and one more. Times are
-- milliseconds since the epoch, UTC; money is whole fen; flags are 0 and 1. Keys are compared byte by byte.
-- What a CHECK refuses here, the code refuses again when it loads a row.

-- One row about the site itself.
CREATE TABLE site (
    id             BIGINT PRIMARY KEY CHECK (id = 1),
    -- Something sealed under the key-encryption key: opens only with the right one.
    canary         BYTEA   NOT NULL,
    -- Grows with every change of accounts, institutions or channels; tells running centers to read them anew.
    registry_version BIGINT NOT NULL DEFAULT 0 CHECK (registry_version >= 0),
    -- The next number of thirteen digits that nobody has reserved yet (resBizNo, notcNo).
    next_number    BIGINT  NOT NULL CHECK (next_number BETWEEN 1000000000000 AND 10000000000000)
);

-- 业务系统编码: who may call, and the keys their envelopes are sealed with.
CREATE TABLE accounts (
    org_id      TEXT COLLATE "C" PRIMARY KEY CHECK (length(org_id) BETWEEN 1 AND 40),
    name        TEXT    NOT NULL,
    enabled     BIGINT  NOT NULL CHECK (enabled IN (0, 1)),
    -- Calls the account may make: words separated by commas.
    interfaces  TEXT    NOT NULL,
    -- Requests a second; absent: what the configuration says.
    rate        BIGINT  CHECK (rate > 0),
    -- Sealed; the newest key, and during a rotation the one before it.
    key_new     BYTEA   NOT NULL,
    key_old     BYTEA,
    changed_at  BIGINT  NOT NULL
);

-- 定点医药机构, each under one account.
CREATE TABLE institutions (
    org_code    TEXT COLLATE "C" PRIMARY KEY CHECK (length(org_code) = 12 AND substr(org_code, 1, 1) IN ('H', 'P')),
    name        TEXT    NOT NULL,
    org_id      TEXT COLLATE "C" NOT NULL REFERENCES accounts (org_id),
    active      BIGINT  NOT NULL CHECK (active IN (0, 1)),
    changed_at  BIGINT  NOT NULL
);

-- 渠道应用.
CREATE TABLE channels (
    channel       TEXT COLLATE "C" PRIMARY KEY CHECK (length(channel) BETWEEN 1 AND 40),
    name          TEXT    NOT NULL,
    notice_url    TEXT    NOT NULL,
    settlement    BIGINT  NOT NULL CHECK (settlement IN (0, 1)),
    password_free BIGINT  NOT NULL CHECK (password_free IN (0, 1)),
    -- Codes of the ways it offers (01, 02, 03), separated by commas.
    ways          TEXT    NOT NULL,
    -- 渠道认证记录.
    record        TEXT    NOT NULL CHECK (record IN ('active', 'missing', 'disabled')),
    enabled       BIGINT  NOT NULL CHECK (enabled IN (0, 1)),
    key_new       BYTEA   NOT NULL,
    key_old       BYTEA,
    changed_at    BIGINT  NOT NULL
);

-- What the national center said about a token. Person and identity are keyed hashes; who it is, is sealed.
CREATE TABLE tokens (
    token         TEXT COLLATE "C" PRIMARY KEY CHECK (length(token) BETWEEN 1 AND 40),
    person        BYTEA   NOT NULL CHECK (length(person) = 16),
    identity      BYTEA   NOT NULL CHECK (length(identity) = 16),
    channel       TEXT COLLATE "C" NOT NULL,
    active        BIGINT  NOT NULL CHECK (active IN (0, 1)),
    condition     TEXT    NOT NULL
        CHECK (condition IN ('complete', 'empty', 'place-empty', 'mismatch', 'wrong')),
    authorized    BIGINT  NOT NULL CHECK (authorized IN (0, 1)),
    password_set  BIGINT  NOT NULL CHECK (password_set IN (0, 1)),
    decoded_at    BIGINT  NOT NULL,
    holder        BYTEA   NOT NULL
);

-- A person's tokens, for the message center of a channel app.
CREATE INDEX tokens_by_person ON tokens (person);

-- One verification for each token and institution. Rows are appended, so that the two commits of a notice touch
-- the same page.
CREATE TABLE verifications (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token        TEXT COLLATE "C" NOT NULL,
    org_code     TEXT COLLATE "C" NOT NULL,
    attempt      BIGINT  NOT NULL CHECK (attempt >= 1),
    notice       BIGINT  NOT NULL CHECK (notice BETWEEN 1000000000000 AND 9999999999999),
    serial       BIGINT  NOT NULL CHECK (serial BETWEEN 1000000000000 AND 9999999999999),
    serial_at    BIGINT  NOT NULL,
    amount       BIGINT  CHECK (amount >= 0),
    -- The institution's name as shown; absent: the registered one.
    shown_name   TEXT,
    asked_at     BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    notices      BIGINT  NOT NULL CHECK (notices >= attempt),
    first_at     BIGINT  NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('asked', 'notified', 'verified', 'declined', 'undelivered')),
    -- When the state was reached; absent exactly while asked.
    state_at     BIGINT,
    -- Why declined or undelivered; how verified, and by whom.
    reason       TEXT,
    valid_until  BIGINT,
    CHECK ((state = 'asked') = (state_at IS NULL)),
    CHECK ((state IN ('verified', 'declined', 'undelivered')) = (reason IS NOT NULL)),
    CHECK ((state = 'verified') = (valid_until IS NOT NULL)),
    UNIQUE (token, org_code)
) WITH (fillfactor = 70);

-- A channel answers by notice number. Numbers grow, so this index is appended to.
CREATE UNIQUE INDEX verifications_by_notice ON verifications (notice);

-- How often a person was asked in the last hour.
CREATE TABLE persons (
    person  BYTEA PRIMARY KEY CHECK (length(person) = 16),
    budget  BYTEA NOT NULL
) WITH (fillfactor = 70);

-- Wrong passwords in a row, by identity document.
CREATE TABLE password_tries (
    identity      BYTEA   PRIMARY KEY CHECK (length(identity) = 16),
    tries         BIGINT  NOT NULL CHECK (tries >= 0),
    locked_until  BIGINT
);

-- 免密: what a person switched on in a channel, and what was used of it on one day.
CREATE TABLE password_free (
    person        BYTEA   NOT NULL CHECK (length(person) = 16),
    channel       TEXT COLLATE "C" NOT NULL,
    open          BIGINT  NOT NULL CHECK (open IN (0, 1)),
    single_limit  BIGINT  CHECK (single_limit >= 0),
    day_limit     BIGINT  CHECK (day_limit >= 0),
    day_count     BIGINT  CHECK (day_count > 0),
    day           BIGINT  NOT NULL,
    spent         BIGINT  NOT NULL CHECK (spent >= 0),
    used          BIGINT  NOT NULL CHECK (used >= 0),
    PRIMARY KEY (person, channel)
);

-- Payments that went through without a password, so that each is counted once.
CREATE TABLE free_uses (
    token     TEXT COLLATE "C" NOT NULL,
    org_code  TEXT COLLATE "C" NOT NULL,
    day       BIGINT  NOT NULL,
    amount    BIGINT  CHECK (amount >= 0),
    PRIMARY KEY (token, org_code)
);

-- What happened, in the order it was committed. Appended to, never changed.
CREATE TABLE audit (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        BIGINT  NOT NULL,
    event     TEXT    NOT NULL,
    token     TEXT,
    org_code  TEXT,
    channel   TEXT,
    person    BYTEA,
    notice    BIGINT,
    serial    BIGINT,
    amount    BIGINT,
    -- A short word: the reason of an undelivered notice.
    detail    TEXT,
    -- Sealed: the name of somebody who confirmed for the person.
    confirmer BYTEA
);

-- Only here, where several centers write: each ledger's newest batch. When a connection is lost during a commit, this
-- row tells whether it happened.
CREATE TABLE ledgers (
    id     BIGINT PRIMARY KEY,
    batch  BIGINT NOT NULL,
    at     BIGINT NOT NULL
) WITH (fillfactor = 70);

-- Tells this database from one of another program.
COMMENT ON TABLE site IS 'yanmi';
