-- The tables mean what they mean in SQLite's file of this name.
CREATE TABLE config_revisions (
    number   BIGINT NOT NULL PRIMARY KEY,
    at_ms    BIGINT NOT NULL,
    who      TEXT   NOT NULL,
    note     TEXT   NOT NULL,
    hash     TEXT   NOT NULL,
    document TEXT   NOT NULL
);

CREATE TABLE config_current (number BIGINT NOT NULL);
INSERT INTO config_current VALUES (0);
