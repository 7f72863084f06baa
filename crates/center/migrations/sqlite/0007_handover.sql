-- Where the person's page sends who confirms in the channel's app: an address with places for the notice; none for a
-- channel whose users are told in words.
ALTER TABLE channels ADD COLUMN handover_url TEXT;
