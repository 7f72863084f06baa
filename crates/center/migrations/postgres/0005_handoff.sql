-- Where the person was asked last, newest first: institution and token, by a colon, by commas. What is still open there
-- ends when the person is asked at the same institution under another token.
ALTER TABLE persons ADD COLUMN asked TEXT;
