-- Who works at the console. A password is an argon2id text, a second factor is sealed; an invitation and a session are known by
-- a keyed hash of what the person holds.
CREATE TABLE operators (
    login         TEXT   PRIMARY KEY CHECK (length(login) BETWEEN 2 AND 32),
    name          TEXT   NOT NULL,
    unit          TEXT   NOT NULL,
    password      TEXT,
    password_at   BIGINT,
    totp          BYTEA,
    -- The time step of the last code that was taken: each is good once.
    totp_step     BIGINT NOT NULL,
    -- Wrong logins in a row.
    failed        BIGINT NOT NULL CHECK (failed >= 0),
    locked_until  BIGINT,
    last_login    BIGINT,
    invitation    BYTEA CHECK (length(invitation) = 16),
    invited_until BIGINT,
    closed_at     BIGINT,
    changed_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX operators_by_invitation ON operators (invitation);

-- What an operator may do, and where: a region's first 2, 4 or 6 digits.
CREATE TABLE operator_grants (
    login      TEXT   NOT NULL REFERENCES operators (login),
    role       TEXT   NOT NULL,
    area       TEXT   NOT NULL CHECK (length(area) IN (2, 4, 6)),
    granted_by TEXT   NOT NULL,
    granted_at BIGINT NOT NULL,
    until      BIGINT,
    PRIMARY KEY (login, role, area)
);

-- One session at most for each operator.
CREATE TABLE operator_sessions (
    login      TEXT   PRIMARY KEY REFERENCES operators (login),
    session    BYTEA NOT NULL CHECK (length(session) = 16),
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    -- When the second factor was last shown.
    strong_at  BIGINT NOT NULL,
    address    TEXT   NOT NULL
);
CREATE UNIQUE INDEX operator_sessions_by_session ON operator_sessions (session);

-- Where an institution is; absent: digits 2 to 7 of its code.
ALTER TABLE institutions ADD COLUMN region TEXT CHECK (length(region) = 6);
CREATE INDEX institutions_by_region ON institutions (COALESCE(region, substr(org_code, 2, 6)), org_code);
