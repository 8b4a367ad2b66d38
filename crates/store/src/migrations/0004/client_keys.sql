-- Client keys that were made at run time. A key is kept as its SHA-256 in hexadecimal digits, `hint` is how it ends;
-- after a rotation the key before is good until `old_until_ms`. `tags` is an array and `allowance` an object in JSON. Rows
-- are never taken away: those that are revoked say when. `revision` is the table's own when the row last changed.
CREATE TABLE client_keys (
    id           TEXT    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    hash         TEXT    NOT NULL UNIQUE,
    hint         TEXT    NOT NULL,
    old_hash     TEXT,
    old_until_ms INTEGER,
    owner        TEXT,
    tags         TEXT    NOT NULL,
    allowance    TEXT    NOT NULL,
    created_ms   INTEGER NOT NULL,
    revoked_ms   INTEGER,
    revision     INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX client_keys_by_name ON client_keys (name) WHERE revoked_ms IS NULL;

-- How often the table has changed: one row, so that changes wait for each other and none is overlooked.
CREATE TABLE client_keys_revision (revision INTEGER NOT NULL) STRICT;
INSERT INTO client_keys_revision VALUES (0);
