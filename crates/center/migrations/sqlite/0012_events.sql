-- What people and programs changed of who may call, and what they tried in vain: who, what, why, and what it was before.
-- Gapless and chained: each row's hash is over the row and the hash before it, so that one that is changed, left out or put
-- in is seen (yanmi audit verify). Written in the transaction of the change; the row of site is the lock.
CREATE TABLE operator_events (
    seq         BIGINT PRIMARY KEY CHECK (seq >= 1),
    at          BIGINT NOT NULL,
    -- 'host:' and the user of the machine, 'sandbox', later the login of an operator.
    actor       TEXT   NOT NULL CHECK (length(actor) BETWEEN 1 AND 80),
    action      TEXT   NOT NULL,
    object_kind TEXT   NOT NULL,
    object      TEXT   NOT NULL,
    outcome     TEXT   NOT NULL CHECK (outcome IN ('done', 'refused')),
    reason      TEXT   NOT NULL CHECK (length(reason) <= 200),
    -- JSON: a list of [field, before, after]; keys by their key-check values.
    changes     TEXT   NOT NULL,
    prev        BLOB   NOT NULL CHECK (length(prev) = 32),
    hash        BLOB   NOT NULL CHECK (length(hash) = 32)
) WITHOUT ROWID;
CREATE INDEX operator_events_by_object ON operator_events (object, seq);
