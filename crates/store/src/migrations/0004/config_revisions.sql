-- The configuration document, whole, each time that it was changed. Rows are never changed or taken away. `hash` is the
-- SHA-256 of the document in hexadecimal digits.
CREATE TABLE config_revisions (
    number   INTEGER NOT NULL PRIMARY KEY,
    at_ms    INTEGER NOT NULL,
    who      TEXT    NOT NULL,
    note     TEXT    NOT NULL,
    hash     TEXT    NOT NULL,
    document TEXT    NOT NULL
) STRICT;

-- The newest revision, which is the one in force; 0 before the first. One row, so that changes wait for each other, and
-- whoever edited another than this one is refused.
CREATE TABLE config_current (number INTEGER NOT NULL) STRICT;
INSERT INTO config_current VALUES (0);
