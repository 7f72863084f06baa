-- What is registered of accounts, institutions and channels beside what it was: where envelopes of an account may come
-- from, until when an entry is stopped, when it was closed for good.
ALTER TABLE accounts ADD COLUMN networks TEXT;
ALTER TABLE accounts ADD COLUMN stopped_until BIGINT;
ALTER TABLE accounts ADD COLUMN closed_at BIGINT;
ALTER TABLE institutions ADD COLUMN stopped_until BIGINT;
ALTER TABLE institutions ADD COLUMN closed_at BIGINT;
ALTER TABLE channels ADD COLUMN stopped_until BIGINT;
ALTER TABLE channels ADD COLUMN closed_at BIGINT;

-- Which accounts an institution calls through: many each way. Where nothing is said here of the account in the institution's
-- own row (institutions.org_id), that one counts: programs of the version before know no other place.
CREATE TABLE account_institutions (
    org_code    TEXT   NOT NULL REFERENCES institutions (org_code),
    org_id      TEXT   NOT NULL REFERENCES accounts (org_id),
    since       BIGINT NOT NULL,
    -- When it ended; absent while it holds.
    until       BIGINT,
    PRIMARY KEY (org_code, org_id)
);
CREATE INDEX account_institutions_by_account ON account_institutions (org_id);
INSERT INTO account_institutions (org_code, org_id, since, until)
    SELECT org_code, org_id, changed_at, NULL FROM institutions;
