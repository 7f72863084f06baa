-- Changes that wait for a second person, and what became of them. Never updated but for the decision.
CREATE TABLE pending (
    number            BIGINT PRIMARY KEY CHECK (number > 0),
    -- What it does, as its event will say: institution.edit.
    action            TEXT   NOT NULL,
    object_kind       TEXT   NOT NULL,
    object            TEXT   NOT NULL,
    -- 2, 4 or 6 digits: who may decide.
    region            TEXT   NOT NULL CHECK (length(region) IN (2, 4, 6)),
    -- JSON: what was typed, as it is done again, and what it changes.
    form              TEXT   NOT NULL,
    changes           TEXT   NOT NULL,
    reason            TEXT   NOT NULL,
    -- Of the object when this was proposed: one that was changed meanwhile is proposed anew.
    object_changed_at BIGINT NOT NULL,
    made_by           TEXT   NOT NULL,
    made_at           BIGINT NOT NULL,
    ends_at           BIGINT NOT NULL,
    decided_by        TEXT,
    decided_at        BIGINT,
    decision          TEXT CHECK (decision IN ('done', 'refused', 'withdrawn'))
);
CREATE INDEX pending_by_object ON pending (object_kind, object);
