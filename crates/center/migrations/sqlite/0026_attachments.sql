-- The papers of applications. What each is called is in the form, which is sealed.
CREATE TABLE attachments (
    application BIGINT NOT NULL REFERENCES applications (number),
    -- SM3 of the file.
    digest      BLOB   NOT NULL CHECK (length(digest) = 32),
    size        BIGINT NOT NULL CHECK (size BETWEEN 1 AND 5242880),
    added_by    TEXT   NOT NULL CHECK (length(added_by) BETWEEN 1 AND 80),
    added_at    BIGINT NOT NULL,
    -- The first round it was submitted in; it is kept from then on.
    round       BIGINT CHECK (round >= 1),
    PRIMARY KEY (application, digest)
) WITHOUT ROWID;

-- Their contents, sealed, in parts that fit into the rows of a page of a copy.
CREATE TABLE attachment_parts (
    application BIGINT NOT NULL,
    digest      BLOB   NOT NULL,
    part        BIGINT NOT NULL CHECK (part >= 0),
    content     BLOB   NOT NULL CHECK (length(content) BETWEEN 33 AND 16384),
    PRIMARY KEY (application, digest, part),
    FOREIGN KEY (application, digest) REFERENCES attachments (application, digest)
);
