-- The tables mean what they mean in SQLite's file of this name.
CREATE TABLE client_keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    hash         TEXT   NOT NULL UNIQUE,
    hint         TEXT   NOT NULL,
    old_hash     TEXT,
    old_until_ms BIGINT,
    owner        TEXT,
    tags         TEXT   NOT NULL,
    allowance    TEXT   NOT NULL,
    created_ms   BIGINT NOT NULL,
    revoked_ms   BIGINT,
    revision     BIGINT NOT NULL
);

CREATE UNIQUE INDEX client_keys_by_name ON client_keys (name) WHERE revoked_ms IS NULL;

-- How often the table has changed: one row, so that changes wait for each other and none is overlooked.
CREATE TABLE client_keys_revision (revision BIGINT NOT NULL);
INSERT INTO client_keys_revision VALUES (0);
