-- Since when a person's switch has been on without a break, or off: what was let through before does not count any more.
ALTER TABLE password_free ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
-- When the payment was let through first, when a notice was asked for about it last, on whose ground ('person', 'channel'), and what all payments of the token at the
-- institution on that day add up to. Absent where a center of the version before wrote the row: then it is judged anew.
ALTER TABLE free_uses ADD COLUMN at BIGINT;
ALTER TABLE free_uses ADD COLUMN called_at BIGINT;
ALTER TABLE free_uses ADD COLUMN ground TEXT CHECK (ground IN ('person', 'channel'));
ALTER TABLE free_uses ADD COLUMN day_total BIGINT CHECK (day_total >= 0);
-- The most that is taken on the channel's word that a person pays without a password: one payment, and a person's day.
-- Absent: nothing is.
ALTER TABLE channels ADD COLUMN word_single BIGINT CHECK (word_single >= 0);
ALTER TABLE channels ADD COLUMN word_day BIGINT CHECK (word_day >= 0);
-- Which notice a face authorization confirmed. The number itself is not kept, only its keyed hash.
CREATE TABLE face_uses (
    face    BYTEA PRIMARY KEY CHECK (length(face) = 16),
    notice  BIGINT NOT NULL CHECK (notice BETWEEN 1000000000000 AND 9999999999999),
    at      BIGINT NOT NULL
);
