-- The tables mean what they mean in SQLite's `0004/replicas.sql`.
CREATE TABLE replicas (
    id      TEXT   NOT NULL PRIMARY KEY,
    seen_ms BIGINT NOT NULL
);

CREATE TABLE budget_spent (
    client_key TEXT   NOT NULL,
    period     BIGINT NOT NULL,
    from_ms    BIGINT NOT NULL,
    spent_nusd BIGINT NOT NULL,
    PRIMARY KEY (client_key, period)
);

CREATE TABLE budget_leases (
    client_key  TEXT   NOT NULL,
    period      BIGINT NOT NULL,
    replica     TEXT   NOT NULL,
    from_ms     BIGINT NOT NULL,
    leased_nusd BIGINT NOT NULL,
    PRIMARY KEY (client_key, period, replica)
);
