-- Bulk import: tables that people bring, and what each row of them would change, did, or was kept from.
CREATE TABLE imports (
    number       BIGINT PRIMARY KEY CHECK (number >= 1),
    made_by      TEXT   NOT NULL CHECK (length(made_by) BETWEEN 1 AND 80),
    made_at      BIGINT NOT NULL,
    file_name    TEXT   NOT NULL CHECK (length(file_name) <= 120),
    digest       BYTEA  NOT NULL CHECK (length(digest) = 32),
    encoding     TEXT   NOT NULL,
    -- Some names from it, by which the encoding is seen to be right.
    samples      TEXT   NOT NULL,
    -- The smallest area that has all of its institutions.
    region       TEXT   NOT NULL CHECK (length(region) IN (2, 4, 6)),
    state        TEXT   NOT NULL CHECK (state IN
        ('reading', 'checked', 'waiting', 'applying', 'applied', 'undoing', 'undone', 'dropped')),
    added        BIGINT NOT NULL,
    changed      BIGINT NOT NULL,
    same         BIGINT NOT NULL,
    faulty       BIGINT NOT NULL,
    needs_second BIGINT NOT NULL CHECK (needs_second IN (0, 1)),
    reason       TEXT   CHECK (length(reason) <= 200),
    started_at   BIGINT,
    second_by    TEXT,
    ended_at     BIGINT,
    undone_by    TEXT,
    undo_reason  TEXT   CHECK (length(undo_reason) <= 200),
    undone_at    BIGINT
);
CREATE INDEX imports_by_state ON imports (state, number);

-- Rows that change nothing are counted only. Removed 30 days after the end of their import.
CREATE TABLE import_rows (
    import   BIGINT NOT NULL REFERENCES imports (number),
    -- The row of the file.
    line     BIGINT NOT NULL,
    org_code TEXT,
    -- JSON: what is registered, and what it is to become.
    before   TEXT,
    after    TEXT,
    -- JSON: the cells, and what is wrong with them.
    fault    TEXT,
    outcome  TEXT   CHECK (outcome IN ('done', 'skipped', 'reversed', 'kept')),
    note     TEXT,
    PRIMARY KEY (import, line)
);
