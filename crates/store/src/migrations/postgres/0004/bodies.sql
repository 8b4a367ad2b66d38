-- The table means what it means in SQLite's file of this name.
CREATE TABLE bodies (
    at_ms        BIGINT NOT NULL,
    process      BIGINT NOT NULL,
    number       BIGINT NOT NULL,
    bytes        BIGINT NOT NULL,
    redacted     BIGINT NOT NULL,
    request_cut  BIGINT NOT NULL,
    response_cut BIGINT NOT NULL,
    notes        BYTEA,
    request      BYTEA,
    response     BYTEA,
    PRIMARY KEY (at_ms, process, number)
);

-- They are compressed already.
ALTER TABLE bodies ALTER COLUMN notes SET STORAGE EXTERNAL;
ALTER TABLE bodies ALTER COLUMN request SET STORAGE EXTERNAL;
ALTER TABLE bodies ALTER COLUMN response SET STORAGE EXTERNAL;

CREATE INDEX bodies_by_age ON bodies (at_ms, bytes);
