-- The tables mean what they mean in SQLite's migration 0004.
CREATE TABLE admin_users (
    name          TEXT   NOT NULL PRIMARY KEY,
    role          TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    changed_ms    BIGINT NOT NULL
);

CREATE TABLE admin_sessions (
    id         TEXT   NOT NULL PRIMARY KEY,
    token_hash TEXT   NOT NULL UNIQUE,
    user_name  TEXT   NOT NULL,
    role       TEXT   NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    seen_ms    BIGINT NOT NULL,
    agent      TEXT   NOT NULL,
    address    TEXT   NOT NULL
);
