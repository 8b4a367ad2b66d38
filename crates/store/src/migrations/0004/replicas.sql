-- Who shares budgets with whom. A replica gives signs of life by the server's clock; one that is silent for long holds nothing.
CREATE TABLE replicas (
    id      TEXT    NOT NULL PRIMARY KEY,
    seen_ms INTEGER NOT NULL
) STRICT;

-- What is spent of a client key's budgets: of each kind of period (0 hour, 1 day, 2 week, 3 month, 4 for good) the one that
-- began last.
CREATE TABLE budget_spent (
    client_key TEXT    NOT NULL,
    period     INTEGER NOT NULL,
    from_ms    INTEGER NOT NULL,
    spent_nusd INTEGER NOT NULL,
    PRIMARY KEY (client_key, period)
) STRICT, WITHOUT ROWID;

-- What a replica may still spend of it without asking, beside what it has told that it spent.
CREATE TABLE budget_leases (
    client_key  TEXT    NOT NULL,
    period      INTEGER NOT NULL,
    replica     TEXT    NOT NULL,
    from_ms     INTEGER NOT NULL,
    leased_nusd INTEGER NOT NULL,
    PRIMARY KEY (client_key, period, replica)
) STRICT, WITHOUT ROWID;
