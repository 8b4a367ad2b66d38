-- What was said in some requests, and how some went: a row a request that has either, by the parts of its id. Each text is
-- compressed (raw deflate) and has lost what was secret in it before it came here.
CREATE TABLE bodies (
    at_ms        INTEGER NOT NULL,
    process      INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,  -- of the whole row, about
    redacted     INTEGER NOT NULL,  -- secrets that were taken out
    request_cut  INTEGER NOT NULL,  -- whether there was more of it
    response_cut INTEGER NOT NULL,
    notes        BLOB,              -- JSON
    request      BLOB,
    response     BLOB,
    PRIMARY KEY (at_ms, process, number)
) STRICT;

-- So that nobody has to read the texts to know how much room they take.
CREATE INDEX bodies_by_age ON bodies (at_ms, bytes);
