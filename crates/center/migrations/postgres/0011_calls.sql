-- What was refused, and which deliveries failed: for an operator who is asked why, not evidence. A few of each kind a
-- minute, written after they were answered; the rest is summed ('summed'), and what could not be written is counted
-- ('lost'), so that a gap is seen. No index of the audit is needed for it (decision 34).
CREATE TABLE calls (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        BIGINT NOT NULL,
    -- Which process wrote it; 0 where there is one.
    node      BIGINT NOT NULL,
    -- The operation; 'withdraw' for the delivery of a withdrawal, 'summed' and 'lost' for rows about others.
    op        TEXT   NOT NULL,
    -- Who asked, and whether that was proven; what is not is merely claimed.
    org_id    TEXT   CHECK (length(org_id) <= 40),
    proven    BIGINT NOT NULL CHECK (proven IN (0, 1)),
    org_code  TEXT,
    token     TEXT,
    notice    BIGINT,
    code      BIGINT NOT NULL,
    -- What the log says.
    cause     TEXT   CHECK (length(cause) <= 120),
    -- The member that is wrong; what the doctor takes an envelope for; how many, of 'summed' and 'lost'.
    detail    TEXT   CHECK (length(detail) <= 120),
    us        BIGINT NOT NULL,
    address   TEXT
);
CREATE INDEX calls_by_org_id ON calls (org_id, at);
CREATE INDEX calls_by_org_code ON calls (org_code, at);
CREATE INDEX calls_by_token ON calls (token);
