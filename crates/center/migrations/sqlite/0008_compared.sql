-- Whether the institution knows the number to compare (checkNo), because it asked for it with its latest notice: only then
-- does the person's page ask for it. None where an older version wrote the row.
ALTER TABLE verifications ADD COLUMN compared BIGINT;
