-- What a request cost and what its cached tokens saved, in billionths of a US dollar; NULL where no price was known.
ALTER TABLE requests ADD COLUMN cost_nusd INTEGER;
ALTER TABLE requests ADD COLUMN saved_nusd INTEGER;

-- How many of the input and output tokens were sound.
ALTER TABLE requests ADD COLUMN audio_input_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE requests ADD COLUMN audio_output_tokens INTEGER NOT NULL DEFAULT 0;

-- Whether it was an answer given before: nobody was asked, and its tokens were used then, not now.
ALTER TABLE kinds ADD COLUMN cached INTEGER NOT NULL DEFAULT 0;

-- What the client spoke, and how the bytes got to the provider (ids of `names`).
ALTER TABLE kinds ADD COLUMN dialect INTEGER;
ALTER TABLE kinds ADD COLUMN lane INTEGER;

-- Sums of the requests that arrived within one hour, for each client key, model, provider and upstream model (ids of
-- `names`; 0 where there was none), written together with their rows, so that no chart reads `requests`. `start_s` is
-- the hour's beginning in seconds since the Unix epoch. `errors` failed, `client_left` were left by their callers,
-- `cached` were given an answer that was given before, whose tokens are not counted again, `inexact` have tokens that
-- the provider did not count to the end, and `unknown_cost` used tokens without a price, so that `cost_nusd` lacks them.
-- Latency is a sum of microseconds, and how many fell in each of 32 spans: the first up to 2 ms, each of the next ones up
-- to half as much again (rounded down to microseconds), the last all that is longer. `spans` is a text of marks, each
-- after its count unless that is 1: `>` to `]` for the spans of `total_us`, `^` to `}` for those of `first_byte_us`, which
-- `first_bytes` requests have. A mark may be there more than once; its counts add up, so texts are added end to end.
CREATE TABLE usage_hours (
    start_s             INTEGER NOT NULL,
    client_key          INTEGER NOT NULL,
    model               INTEGER NOT NULL,
    provider            INTEGER NOT NULL,
    upstream_model      INTEGER NOT NULL,
    requests            INTEGER NOT NULL DEFAULT 0,
    errors              INTEGER NOT NULL DEFAULT 0,
    client_left         INTEGER NOT NULL DEFAULT 0,
    cached              INTEGER NOT NULL DEFAULT 0,
    inexact             INTEGER NOT NULL DEFAULT 0,
    unknown_cost        INTEGER NOT NULL DEFAULT 0,
    input_tokens        INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens   INTEGER NOT NULL DEFAULT 0,
    cache_write_tokens  INTEGER NOT NULL DEFAULT 0,
    output_tokens       INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens    INTEGER NOT NULL DEFAULT 0,
    audio_input_tokens  INTEGER NOT NULL DEFAULT 0,
    audio_output_tokens INTEGER NOT NULL DEFAULT 0,
    cost_nusd           INTEGER NOT NULL DEFAULT 0,
    saved_nusd          INTEGER NOT NULL DEFAULT 0,
    total_us            INTEGER NOT NULL DEFAULT 0,
    first_byte_us       INTEGER NOT NULL DEFAULT 0,
    first_bytes         INTEGER NOT NULL DEFAULT 0,
    spans               TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (start_s, client_key, model, provider, upstream_model)
) STRICT, WITHOUT ROWID;

-- The same by day, in UTC.
CREATE TABLE usage_days (
    start_s             INTEGER NOT NULL,
    client_key          INTEGER NOT NULL,
    model               INTEGER NOT NULL,
    provider            INTEGER NOT NULL,
    upstream_model      INTEGER NOT NULL,
    requests            INTEGER NOT NULL DEFAULT 0,
    errors              INTEGER NOT NULL DEFAULT 0,
    client_left         INTEGER NOT NULL DEFAULT 0,
    cached              INTEGER NOT NULL DEFAULT 0,
    inexact             INTEGER NOT NULL DEFAULT 0,
    unknown_cost        INTEGER NOT NULL DEFAULT 0,
    input_tokens        INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens   INTEGER NOT NULL DEFAULT 0,
    cache_write_tokens  INTEGER NOT NULL DEFAULT 0,
    output_tokens       INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens    INTEGER NOT NULL DEFAULT 0,
    audio_input_tokens  INTEGER NOT NULL DEFAULT 0,
    audio_output_tokens INTEGER NOT NULL DEFAULT 0,
    cost_nusd           INTEGER NOT NULL DEFAULT 0,
    saved_nusd          INTEGER NOT NULL DEFAULT 0,
    total_us            INTEGER NOT NULL DEFAULT 0,
    first_byte_us       INTEGER NOT NULL DEFAULT 0,
    first_bytes         INTEGER NOT NULL DEFAULT 0,
    spans               TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (start_s, client_key, model, provider, upstream_model)
) STRICT, WITHOUT ROWID;

-- The hours once more, added up: for each client key, each model and each provider alone, and for all; -1 stands for what is
-- not told apart. A chart of months by hours, or by days of another zone than UTC, reads few rows so.
CREATE TABLE usage_hour_margins (
    start_s             INTEGER NOT NULL,
    client_key          INTEGER NOT NULL,
    model               INTEGER NOT NULL,
    provider            INTEGER NOT NULL,
    upstream_model      INTEGER NOT NULL,
    requests            INTEGER NOT NULL DEFAULT 0,
    errors              INTEGER NOT NULL DEFAULT 0,
    client_left         INTEGER NOT NULL DEFAULT 0,
    cached              INTEGER NOT NULL DEFAULT 0,
    inexact             INTEGER NOT NULL DEFAULT 0,
    unknown_cost        INTEGER NOT NULL DEFAULT 0,
    input_tokens        INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens   INTEGER NOT NULL DEFAULT 0,
    cache_write_tokens  INTEGER NOT NULL DEFAULT 0,
    output_tokens       INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens    INTEGER NOT NULL DEFAULT 0,
    audio_input_tokens  INTEGER NOT NULL DEFAULT 0,
    audio_output_tokens INTEGER NOT NULL DEFAULT 0,
    cost_nusd           INTEGER NOT NULL DEFAULT 0,
    saved_nusd          INTEGER NOT NULL DEFAULT 0,
    total_us            INTEGER NOT NULL DEFAULT 0,
    first_byte_us       INTEGER NOT NULL DEFAULT 0,
    first_bytes         INTEGER NOT NULL DEFAULT 0,
    spans               TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (start_s, client_key, model, provider, upstream_model)
) STRICT, WITHOUT ROWID;

-- What was recorded before. Each latency becomes its mark.
INSERT INTO usage_hours
WITH of_hours AS MATERIALIZED (
    SELECT ((r.arrival >> 22) + 1577836800000) / 3600000 * 3600 AS start_s, coalesce(k.client_key, 0) AS client_key,
           CASE WHEN o.text IN ('model_not_found', 'provider_not_found') THEN 0 ELSE coalesce(k.model, 0) END AS model,
           coalesce(k.provider, 0) AS provider, coalesce(k.upstream_model, 0) AS upstream_model, o.text AS outcome,
           q.text AS quality, r.*
      FROM requests AS r
      JOIN kinds AS k ON k.id = r.kind
      JOIN names AS o ON o.id = k.outcome
      LEFT JOIN names AS q ON q.id = k.quality
), latencies AS (
    SELECT start_s, client_key, model, provider, upstream_model, 62 AS first_mark, total_us AS us FROM of_hours
    UNION ALL
    SELECT start_s, client_key, model, provider, upstream_model, 94, first_byte_us
      FROM of_hours WHERE first_byte_us IS NOT NULL
), marks AS (
    SELECT start_s, client_key, model, provider, upstream_model, first_mark + CASE
           WHEN us <= 2000 THEN 0 WHEN us <= 3000 THEN 1 WHEN us <= 4500 THEN 2
           WHEN us <= 6750 THEN 3 WHEN us <= 10125 THEN 4 WHEN us <= 15187 THEN 5
           WHEN us <= 22780 THEN 6 WHEN us <= 34170 THEN 7 WHEN us <= 51255 THEN 8
           WHEN us <= 76882 THEN 9 WHEN us <= 115323 THEN 10 WHEN us <= 172984 THEN 11
           WHEN us <= 259476 THEN 12 WHEN us <= 389214 THEN 13 WHEN us <= 583821 THEN 14
           WHEN us <= 875731 THEN 15 WHEN us <= 1313596 THEN 16 WHEN us <= 1970394 THEN 17
           WHEN us <= 2955591 THEN 18 WHEN us <= 4433386 THEN 19 WHEN us <= 6650079 THEN 20
           WHEN us <= 9975118 THEN 21 WHEN us <= 14962677 THEN 22 WHEN us <= 22444015 THEN 23
           WHEN us <= 33666022 THEN 24 WHEN us <= 50499033 THEN 25 WHEN us <= 75748549 THEN 26
           WHEN us <= 113622823 THEN 27 WHEN us <= 170434234 THEN 28 WHEN us <= 255651351 THEN 29
           WHEN us <= 383477026 THEN 30 ELSE 31 END AS mark
      FROM latencies
), counted AS (
    SELECT start_s, client_key, model, provider, upstream_model, count(*) || char(mark) AS text
      FROM marks GROUP BY 1, 2, 3, 4, 5, mark
), spans AS (
    SELECT start_s, client_key, model, provider, upstream_model, group_concat(text, '') AS spans
      FROM counted GROUP BY 1, 2, 3, 4, 5
), sums AS (
    SELECT start_s, client_key, model, provider, upstream_model,
           count(*) AS requests, sum(outcome NOT IN ('served', 'client_left')) AS errors,
           sum(outcome = 'client_left') AS client_left, 0 AS cached,
           count(CASE WHEN quality <> 'exact' THEN 1 END) AS inexact, count(quality) AS unknown_cost,
           sum(min(input_tokens, 1099511627776)) AS input_tokens,
           sum(min(cache_read_tokens, 1099511627776)) AS cache_read_tokens,
           sum(min(cache_write_tokens, 1099511627776)) AS cache_write_tokens,
           sum(min(output_tokens, 1099511627776)) AS output_tokens,
           sum(min(reasoning_tokens, 1099511627776)) AS reasoning_tokens,
           0 AS audio_input_tokens, 0 AS audio_output_tokens, 0 AS cost_nusd, 0 AS saved_nusd,
           sum(min(total_us, 1099511627776)) AS total_us,
           coalesce(sum(min(first_byte_us, 1099511627776)), 0) AS first_byte_us, count(first_byte_us) AS first_bytes
      FROM of_hours GROUP BY 1, 2, 3, 4, 5
)
SELECT sums.*, spans.spans FROM sums JOIN spans USING (start_s, client_key, model, provider, upstream_model);

INSERT INTO usage_days
SELECT start_s / 86400 * 86400, client_key, model, provider, upstream_model,
       sum(requests), sum(errors), sum(client_left), sum(cached), sum(inexact), sum(unknown_cost), sum(input_tokens),
       sum(cache_read_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens),
       sum(audio_input_tokens), sum(audio_output_tokens), sum(cost_nusd), sum(saved_nusd), sum(total_us),
       sum(first_byte_us), sum(first_bytes), group_concat(spans, '')
  FROM usage_hours
 GROUP BY 1, 2, 3, 4, 5;

INSERT INTO usage_hour_margins
SELECT start_s, alone_key, alone_model, alone_provider, -1,
       sum(requests), sum(errors), sum(client_left), sum(cached), sum(inexact), sum(unknown_cost), sum(input_tokens),
       sum(cache_read_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens),
       sum(audio_input_tokens), sum(audio_output_tokens), sum(cost_nusd), sum(saved_nusd), sum(total_us),
       sum(first_byte_us), sum(first_bytes), group_concat(spans, '')
  FROM (SELECT *, -1 AS alone_key, -1 AS alone_model, -1 AS alone_provider FROM usage_hours
        UNION ALL SELECT *, client_key, -1, -1 FROM usage_hours
        UNION ALL SELECT *, -1, model, -1 FROM usage_hours
        UNION ALL SELECT *, -1, -1, provider FROM usage_hours)
 GROUP BY 1, 2, 3, 4;

DROP VIEW requests_view;
CREATE VIEW requests_view AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ((r.arrival >> 22) + 1577836800000) / 1000.0, 'unixepoch') AS at,
       printf('%012llx%010llx%010llx', (r.arrival >> 22) + 1577836800000, kind.process, r.number) AS id,
       client_key.text     AS client_key,
       operation.text      AS operation,
       dialect.text        AS dialect,
       model.text          AS model,
       provider.text       AS provider,
       upstream_model.text AS upstream_model,
       lane.text           AS lane,
       kind.status,
       outcome.text        AS outcome,
       kind.stream,
       r.input_tokens,
       r.cache_read_tokens,
       r.cache_write_tokens,
       r.output_tokens,
       r.reasoning_tokens,
       r.audio_input_tokens,
       r.audio_output_tokens,
       quality.text        AS quality,
       r.cost_nusd,
       r.saved_nusd,
       r.first_byte_us,
       r.total_us,
       r.bytes_in,
       r.bytes_out,
       kind.attempts,
       kind.cached,
       (r.arrival >> 22) + 1577836800000 AS at_ms,
       r.arrival
  FROM requests AS r
  LEFT JOIN kinds AS kind           ON kind.id           = r.kind
  LEFT JOIN names AS client_key     ON client_key.id     = kind.client_key
  LEFT JOIN names AS operation      ON operation.id      = kind.operation
  LEFT JOIN names AS dialect        ON dialect.id        = kind.dialect
  LEFT JOIN names AS model          ON model.id          = kind.model
  LEFT JOIN names AS provider       ON provider.id       = kind.provider
  LEFT JOIN names AS upstream_model ON upstream_model.id = kind.upstream_model
  LEFT JOIN names AS lane           ON lane.id           = kind.lane
  LEFT JOIN names AS outcome        ON outcome.id        = kind.outcome
  LEFT JOIN names AS quality        ON quality.id        = kind.quality;
