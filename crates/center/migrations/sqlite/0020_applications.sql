-- Applications: where each stands, its forms and its steps; and the feedback forms that were issued.
CREATE TABLE applications (
    number     BIGINT PRIMARY KEY CHECK (number >= 1),
    kind       TEXT   NOT NULL CHECK (kind IN ('system', 'attach', 'change', 'channel', 'close')),
    -- What it is about, once it was submitted; one of a kind and subject is under way at a time.
    subject    TEXT,
    under_way  BIGINT NOT NULL CHECK (under_way IN (0, 1)),
    region     TEXT   NOT NULL CHECK (length(region) = 6),
    -- The applicant's name, as lists show it.
    title      TEXT   NOT NULL CHECK (length(title) <= 100),
    applicant  BIGINT,
    made_by    TEXT   NOT NULL CHECK (length(made_by) BETWEEN 1 AND 80),
    made_at    BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    -- JSON: the application, without its form.
    data       TEXT   NOT NULL,
    -- The form as it is being filled in, sealed: it names persons.
    form       BLOB   NOT NULL,
    -- Whose turn it is.
    turn       TEXT   NOT NULL,
    turn_level TEXT,
    due        BIGINT,
    -- When time ends the state.
    lapses_at  BIGINT,
    -- The account or the channel it came to.
    account    TEXT,
    changed_at BIGINT NOT NULL,
    -- The account's key, made out to the applicant's public key and signed.
    offer      TEXT
);
CREATE UNIQUE INDEX applications_under_way ON applications (kind, subject) WHERE under_way = 1;
CREATE INDEX applications_by_turn ON applications (turn, turn_level, due);
CREATE INDEX applications_by_end ON applications (lapses_at) WHERE lapses_at IS NOT NULL;
CREATE INDEX applications_by_applicant ON applications (applicant, number) WHERE applicant IS NOT NULL;
CREATE INDEX applications_by_account ON applications (account) WHERE account IS NOT NULL;

-- What was submitted in each round; never changed.
CREATE TABLE application_forms (
    application BIGINT NOT NULL REFERENCES applications (number),
    round       BIGINT NOT NULL CHECK (round >= 1),
    digest      BLOB   NOT NULL CHECK (length(digest) = 32),
    form        BLOB   NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (application, round)
) WITHOUT ROWID;

CREATE TABLE application_steps (
    application BIGINT NOT NULL REFERENCES applications (number),
    seq         BIGINT NOT NULL CHECK (seq >= 1),
    at          BIGINT NOT NULL,
    actor       TEXT   NOT NULL CHECK (length(actor) BETWEEN 1 AND 80),
    action      TEXT   NOT NULL,
    from_state  TEXT   NOT NULL,
    to_state    TEXT   NOT NULL,
    -- What was said: an opinion, a ground.
    said        TEXT   NOT NULL CHECK (length(said) <= 600),
    PRIMARY KEY (application, seq)
) WITHOUT ROWID;

CREATE TABLE feedback_forms (
    number        BIGINT PRIMARY KEY CHECK (number >= 1),
    -- As it is printed.
    code          TEXT   NOT NULL UNIQUE,
    application   BIGINT NOT NULL REFERENCES applications (number),
    account       TEXT   NOT NULL,
    -- The signed paper.
    paper         TEXT   NOT NULL,
    digest        BLOB   NOT NULL CHECK (length(digest) = 32),
    made_by       TEXT   NOT NULL CHECK (length(made_by) BETWEEN 1 AND 80),
    made_at       BIGINT NOT NULL,
    superseded_by BIGINT
);
CREATE INDEX feedback_forms_by_application ON feedback_forms (application, number);
