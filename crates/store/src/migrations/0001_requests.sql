-- Texts that repeat, once each: names of keys, models and providers, and the words for what happened. Never altered.
CREATE TABLE names (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

-- What many requests have in common: who asked for what, who served it and how it ended, in ids of `names` where the
-- column has no unit or word of its own; and the part of the id that all requests of one process share. A row of
-- `requests` so holds one small number for all of it. Never altered; the same kind may be here twice.
CREATE TABLE kinds (
    id             INTEGER PRIMARY KEY,
    process        INTEGER NOT NULL,
    client_key     INTEGER,
    operation      INTEGER NOT NULL,
    model          INTEGER,
    provider       INTEGER,
    upstream_model INTEGER,
    status         INTEGER NOT NULL,
    outcome        INTEGER NOT NULL,
    stream         INTEGER NOT NULL,
    quality        INTEGER,
    attempts       INTEGER NOT NULL
) STRICT;

-- One row a request, in the order of arrival: `arrival` is the milliseconds since 2020-01-01 (1577836800000) times 2^22,
-- plus a number that tells the requests of one millisecond apart. So a span of time is one range of the table and needs
-- no index beside it, new rows go to its end, and a batch that is written twice leaves one row each.
-- `number` counts the requests of one process; with the time and the kind's `process` it makes up the request's id.
CREATE TABLE requests (
    arrival            INTEGER PRIMARY KEY,
    number             INTEGER NOT NULL,
    kind               INTEGER NOT NULL,
    input_tokens       INTEGER NOT NULL,
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    reasoning_tokens   INTEGER NOT NULL,
    first_byte_us      INTEGER,
    total_us           INTEGER NOT NULL,
    bytes_in           INTEGER NOT NULL,
    bytes_out          INTEGER NOT NULL
) STRICT;

-- The same for people: SELECT * FROM requests_view ORDER BY arrival DESC LIMIT 20;
CREATE VIEW requests_view AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ((r.arrival >> 22) + 1577836800000) / 1000.0, 'unixepoch') AS at,
       printf('%012llx%010llx%010llx', (r.arrival >> 22) + 1577836800000, kind.process, r.number) AS id,
       client_key.text     AS client_key,
       operation.text      AS operation,
       model.text          AS model,
       provider.text       AS provider,
       upstream_model.text AS upstream_model,
       kind.status,
       outcome.text        AS outcome,
       kind.stream,
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
       kind.attempts,
       (r.arrival >> 22) + 1577836800000 AS at_ms,
       r.arrival
  FROM requests AS r
  LEFT JOIN kinds AS kind           ON kind.id           = r.kind
  LEFT JOIN names AS client_key     ON client_key.id     = kind.client_key
  LEFT JOIN names AS operation      ON operation.id      = kind.operation
  LEFT JOIN names AS model          ON model.id          = kind.model
  LEFT JOIN names AS provider       ON provider.id       = kind.provider
  LEFT JOIN names AS upstream_model ON upstream_model.id = kind.upstream_model
  LEFT JOIN names AS outcome        ON outcome.id        = kind.outcome
  LEFT JOIN names AS quality        ON quality.id        = kind.quality;

PRAGMA user_version = 1;
