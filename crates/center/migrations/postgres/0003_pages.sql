-- Which browser opened the page about a notice first: everybody else who has its link is shown nothing.
CREATE TABLE page_claims (
    notice    BIGINT PRIMARY KEY CHECK (notice BETWEEN 1000000000000 AND 9999999999999),
    -- How many notices there had been when the link was made: a link that was sent later may be claimed anew.
    sequence  BIGINT NOT NULL CHECK (sequence >= 1),
    -- Keyed hash of what the browser was given.
    browser   BYTEA NOT NULL CHECK (length(browser) = 16),
    at        BIGINT NOT NULL
);
