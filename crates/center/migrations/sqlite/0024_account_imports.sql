-- Bulk import of accounts: what a table is about, and which account a row is about.
ALTER TABLE imports ADD COLUMN subject TEXT NOT NULL DEFAULT 'institutions' CHECK (subject IN ('institutions', 'accounts'));
ALTER TABLE import_rows ADD COLUMN account TEXT;
-- Whether all of a table is done or nothing.
ALTER TABLE imports ADD COLUMN whole BIGINT NOT NULL DEFAULT 0 CHECK (whole IN (0, 1));
