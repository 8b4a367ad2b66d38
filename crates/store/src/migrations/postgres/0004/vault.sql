-- The tables mean what they mean in SQLite's file of this name.
CREATE TABLE secrets (
    name   TEXT   NOT NULL PRIMARY KEY,
    sealed BYTEA  NOT NULL,
    set_ms BIGINT NOT NULL,
    set_by TEXT   NOT NULL
);

CREATE TABLE vault (revision BIGINT NOT NULL, proof BYTEA);
INSERT INTO vault VALUES (0, NULL);

ALTER TABLE config_revisions ADD COLUMN sealed BYTEA;
CREATE INDEX config_revisions_plain ON config_revisions (number) WHERE sealed IS NULL;
