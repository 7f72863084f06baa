-- Who asks for access, and the persons who log in for them. Like operators, and apart from them: no person and no session of one
-- kind is one of the other.
CREATE TABLE applicants (
    number      BIGINT PRIMARY KEY CHECK (number >= 1),
    kind        TEXT   NOT NULL CHECK (kind IN ('vendor', 'institution')),
    name        TEXT   NOT NULL,
    -- 统一社会信用代码.
    credit_code TEXT   NOT NULL CHECK (length(credit_code) = 18),
    -- Whose clerks look after it: a region's first 2, 4 or 6 digits.
    region      TEXT   NOT NULL CHECK (length(region) IN (2, 4, 6)),
    made_at     BIGINT NOT NULL,
    closed_at   BIGINT,
    changed_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX applicants_by_credit_code ON applicants (credit_code);

CREATE TABLE applicant_users (
    login         TEXT   PRIMARY KEY CHECK (length(login) BETWEEN 2 AND 32),
    applicant     BIGINT NOT NULL REFERENCES applicants (number),
    name          TEXT   NOT NULL,
    -- Sealed.
    phone         BLOB  NOT NULL,
    role          TEXT   NOT NULL CHECK (role IN ('admin', 'technical')),
    password      TEXT,
    password_at   BIGINT,
    totp          BLOB,
    -- The time step of the last code that was taken: each is good once.
    totp_step     BIGINT NOT NULL,
    -- Wrong logins in a row.
    failed        BIGINT NOT NULL CHECK (failed >= 0),
    locked_until  BIGINT,
    last_login    BIGINT,
    invitation    BLOB CHECK (length(invitation) = 16),
    invited_until BIGINT,
    closed_at     BIGINT,
    changed_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX applicant_users_by_invitation ON applicant_users (invitation);
CREATE INDEX applicant_users_by_applicant ON applicant_users (applicant, login);

-- One session at most for each person.
CREATE TABLE applicant_sessions (
    login      TEXT   PRIMARY KEY REFERENCES applicant_users (login),
    session    BLOB NOT NULL CHECK (length(session) = 16),
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    -- When the second factor was last shown.
    strong_at  BIGINT NOT NULL,
    address    TEXT   NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX applicant_sessions_by_session ON applicant_sessions (session);

-- Whose an account is, as far as that is known.
ALTER TABLE accounts ADD COLUMN applicant BIGINT;
CREATE INDEX accounts_by_applicant ON accounts (applicant, org_id) WHERE applicant IS NOT NULL;
-- The key-check value of the newest key that opened an envelope of the account, and since when that is known.
ALTER TABLE accounts ADD COLUMN key_used TEXT;
ALTER TABLE accounts ADD COLUMN key_used_at BIGINT;
