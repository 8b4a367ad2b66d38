-- Texts that repeat from row to row, once each: names of keys, models and providers, and the words for what happened.
-- Never altered; the small numbers are what rows hold.
CREATE TABLE names (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- One row a request, stored in the order of arrival. The key is that order, so a span of time is one range of the
-- table and needs no index beside it; and a batch that is written twice leaves one row each.
-- Columns without a unit or a word of their own hold ids of `names`.
CREATE TABLE requests (
    at_ms              INTEGER NOT NULL,
    id                 BLOB    NOT NULL,
    client_key         INTEGER,
    operation          INTEGER NOT NULL,
    model              INTEGER,
    provider           INTEGER,
    upstream_model     INTEGER,
    status             INTEGER NOT NULL,
    outcome            INTEGER NOT NULL,
    stream             INTEGER NOT NULL,
    input_tokens       INTEGER NOT NULL,
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    reasoning_tokens   INTEGER NOT NULL,
    quality            INTEGER,
    first_byte_us      INTEGER,
    total_us           INTEGER NOT NULL,
    bytes_in           INTEGER NOT NULL,
    bytes_out          INTEGER NOT NULL,
    attempts           INTEGER NOT NULL,
    PRIMARY KEY (at_ms, id)
) STRICT, WITHOUT ROWID;

-- The same for people: SELECT * FROM requests_view ORDER BY at_ms DESC LIMIT 20;
CREATE VIEW requests_view AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', r.at_ms / 1000.0, 'unixepoch') AS at,
       lower(hex(r.id))    AS id,
       client_key.text     AS client_key,
       operation.text      AS operation,
       model.text          AS model,
       provider.text       AS provider,
       upstream_model.text AS upstream_model,
       r.status,
       outcome.text        AS outcome,
       r.stream,
       r.input_tokens,
       r.cache_read_tokens,
       r.cache_write_tokens,
       r.output_tokens,
       r.reasoning_tokens,
       quality.text        AS quality,
       r.first_byte_us,
       r.total_us,
       r.bytes_in,
       r.bytes_out,
       r.attempts,
       r.at_ms
  FROM requests AS r
  LEFT JOIN names AS client_key     ON client_key.id     = r.client_key
  LEFT JOIN names AS operation      ON operation.id      = r.operation
  LEFT JOIN names AS model          ON model.id          = r.model
  LEFT JOIN names AS provider       ON provider.id       = r.provider
  LEFT JOIN names AS upstream_model ON upstream_model.id = r.upstream_model
  LEFT JOIN names AS outcome        ON outcome.id        = r.outcome
  LEFT JOIN names AS quality        ON quality.id        = r.quality;

PRAGMA user_version = 1;
