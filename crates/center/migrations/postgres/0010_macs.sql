-- Whether envelopes have to carry a mac. Channels registered from now on have to unless the operator says otherwise;
-- those that were registered before go on as they are until the operator switches them over.
ALTER TABLE accounts ADD COLUMN mac TEXT NOT NULL DEFAULT 'optional' CHECK (mac IN ('optional', 'required'));
ALTER TABLE channels ADD COLUMN mac TEXT NOT NULL DEFAULT 'optional' CHECK (mac IN ('optional', 'required'));
