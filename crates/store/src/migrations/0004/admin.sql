-- Who signs in with a password: one row for each role. `password_hash` is argon2id's text.
CREATE TABLE admin_users (
    name          TEXT    NOT NULL PRIMARY KEY,
    role          TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    changed_ms    INTEGER NOT NULL
) STRICT;

-- Who is signed in. A session's token is kept as its SHA-256 in hexadecimal digits. `user_name` is the name of a row above, or
-- what an OpenID Connect provider calls a person. `expires_ms` moves on with use, up to a last moment after `created_ms`.
CREATE TABLE admin_sessions (
    id         TEXT    NOT NULL PRIMARY KEY,
    token_hash TEXT    NOT NULL UNIQUE,
    user_name  TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    seen_ms    INTEGER NOT NULL,
    agent      TEXT    NOT NULL,
    address    TEXT    NOT NULL
) STRICT;
