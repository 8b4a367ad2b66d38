-- Who is left alone until when, so that a restart does not forget it: a provider (no key, no model), one of its models,
-- one of its keys, or one key for one model ('' where there is none). Times are milliseconds since the Unix epoch; `kind`
-- and `status` say what failed.
CREATE TABLE rests (
    provider TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    model    TEXT    NOT NULL,
    since_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    status   INTEGER,
    PRIMARY KEY (provider, key, model)
) STRICT;

PRAGMA user_version = 3;
