-- Where what an event is about is, so that an auditor of a city sees what is his. Nothing for what belongs to the whole
-- province, or to nobody but its actor. In the hash where there is one; events from before this have none and verify as they did.
ALTER TABLE operator_events ADD COLUMN region TEXT CHECK (length(region) IN (2, 4, 6));
-- Finds what was done lately of one kind: who was invited anew on the machine itself.
CREATE INDEX operator_events_by_action ON operator_events (action, at);
