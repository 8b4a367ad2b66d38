-- The tables mean what they mean in SQLite's migration 0008.
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

UPDATE trunkline_schema SET version = 8;
