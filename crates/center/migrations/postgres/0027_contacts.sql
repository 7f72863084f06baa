-- Whom to call about an institution: each sealed into its cell, and nothing where nothing is known.
ALTER TABLE institutions ADD COLUMN contact_name BYTEA CHECK (length(contact_name) BETWEEN 33 AND 1024);
ALTER TABLE institutions ADD COLUMN contact_phone BYTEA CHECK (length(contact_phone) BETWEEN 33 AND 1024);
ALTER TABLE institutions ADD COLUMN contact_note BYTEA CHECK (length(contact_note) BETWEEN 33 AND 1024);
