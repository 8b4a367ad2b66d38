-- Secrets that the configuration names, each sealed with the master key, which is not in the database. `set_by` says who
-- set one last.
CREATE TABLE secrets (
    name   TEXT    NOT NULL PRIMARY KEY,
    sealed BLOB    NOT NULL,
    set_ms INTEGER NOT NULL,
    set_by TEXT    NOT NULL
) STRICT;

-- How often the secrets have changed: one row, so that changes wait for each other and none is overlooked. `proof` is
-- sealed, too: whoever can open it has the key that all else is sealed with; NULL until there is something sealed.
CREATE TABLE vault (revision INTEGER NOT NULL, proof BLOB) STRICT;
INSERT INTO vault VALUES (0, NULL);

-- The document, sealed: `document` is empty then, and `hash` is keyed, so that it tells nothing to who has not the key.
ALTER TABLE config_revisions ADD COLUMN sealed BLOB;
CREATE INDEX config_revisions_plain ON config_revisions (number) WHERE sealed IS NULL;
