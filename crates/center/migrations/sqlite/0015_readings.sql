-- Finds what somebody did lately: how often he looked at personal data.
CREATE INDEX operator_events_by_actor ON operator_events (actor, at);
