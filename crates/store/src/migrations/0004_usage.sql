-- What a request cost and what its cached tokens saved, in billionths of a US dollar; NULL where no price was known.
ALTER TABLE requests ADD COLUMN cost_nusd INTEGER;
ALTER TABLE requests ADD COLUMN saved_nusd INTEGER;

-- How many of the input and output tokens were sound.
ALTER TABLE requests ADD COLUMN audio_input_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE requests ADD COLUMN audio_output_tokens INTEGER NOT NULL DEFAULT 0;

-- Sums of the requests that arrived within one hour, for each client key, model, provider and upstream model (ids of
-- `names`; 0 where there was none), written together with their rows, so that no chart reads `requests`. `start_s` is
-- the hour's beginning in seconds since the Unix epoch. `errors` failed, `client_left` were left by their callers,
-- `inexact` have tokens that the provider did not count to the end, and `unknown_cost` used tokens without a price, so
-- that `cost_nusd` lacks them. Latency is a sum of microseconds and how many fell in each of 32 spans: `_00` up to 2 ms,
-- each of the next ones up to half as much again (rounded down to microseconds), `_31` all that is longer;
-- `first_bytes` requests have a first byte.
CREATE TABLE usage_hours (
    start_s            INTEGER NOT NULL,
    client_key         INTEGER NOT NULL,
    model              INTEGER NOT NULL,
    provider           INTEGER NOT NULL,
    upstream_model     INTEGER NOT NULL,
    requests           INTEGER NOT NULL DEFAULT 0,
    errors             INTEGER NOT NULL DEFAULT 0,
    client_left        INTEGER NOT NULL DEFAULT 0,
    inexact            INTEGER NOT NULL DEFAULT 0,
    unknown_cost       INTEGER NOT NULL DEFAULT 0,
    input_tokens       INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens  INTEGER NOT NULL DEFAULT 0,
    cache_write_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens      INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens   INTEGER NOT NULL DEFAULT 0,
    audio_input_tokens INTEGER NOT NULL DEFAULT 0,
    audio_output_tokens INTEGER NOT NULL DEFAULT 0,
    cost_nusd          INTEGER NOT NULL DEFAULT 0,
    saved_nusd         INTEGER NOT NULL DEFAULT 0,
    total_us           INTEGER NOT NULL DEFAULT 0,
    first_byte_us      INTEGER NOT NULL DEFAULT 0,
    first_bytes        INTEGER NOT NULL DEFAULT 0,
    total_00 INTEGER NOT NULL DEFAULT 0, total_01 INTEGER NOT NULL DEFAULT 0, total_02 INTEGER NOT NULL DEFAULT 0, total_03 INTEGER NOT NULL DEFAULT 0,
    total_04 INTEGER NOT NULL DEFAULT 0, total_05 INTEGER NOT NULL DEFAULT 0, total_06 INTEGER NOT NULL DEFAULT 0, total_07 INTEGER NOT NULL DEFAULT 0,
    total_08 INTEGER NOT NULL DEFAULT 0, total_09 INTEGER NOT NULL DEFAULT 0, total_10 INTEGER NOT NULL DEFAULT 0, total_11 INTEGER NOT NULL DEFAULT 0,
    total_12 INTEGER NOT NULL DEFAULT 0, total_13 INTEGER NOT NULL DEFAULT 0, total_14 INTEGER NOT NULL DEFAULT 0, total_15 INTEGER NOT NULL DEFAULT 0,
    total_16 INTEGER NOT NULL DEFAULT 0, total_17 INTEGER NOT NULL DEFAULT 0, total_18 INTEGER NOT NULL DEFAULT 0, total_19 INTEGER NOT NULL DEFAULT 0,
    total_20 INTEGER NOT NULL DEFAULT 0, total_21 INTEGER NOT NULL DEFAULT 0, total_22 INTEGER NOT NULL DEFAULT 0, total_23 INTEGER NOT NULL DEFAULT 0,
    total_24 INTEGER NOT NULL DEFAULT 0, total_25 INTEGER NOT NULL DEFAULT 0, total_26 INTEGER NOT NULL DEFAULT 0, total_27 INTEGER NOT NULL DEFAULT 0,
    total_28 INTEGER NOT NULL DEFAULT 0, total_29 INTEGER NOT NULL DEFAULT 0, total_30 INTEGER NOT NULL DEFAULT 0, total_31 INTEGER NOT NULL DEFAULT 0,
    first_00 INTEGER NOT NULL DEFAULT 0, first_01 INTEGER NOT NULL DEFAULT 0, first_02 INTEGER NOT NULL DEFAULT 0, first_03 INTEGER NOT NULL DEFAULT 0,
    first_04 INTEGER NOT NULL DEFAULT 0, first_05 INTEGER NOT NULL DEFAULT 0, first_06 INTEGER NOT NULL DEFAULT 0, first_07 INTEGER NOT NULL DEFAULT 0,
    first_08 INTEGER NOT NULL DEFAULT 0, first_09 INTEGER NOT NULL DEFAULT 0, first_10 INTEGER NOT NULL DEFAULT 0, first_11 INTEGER NOT NULL DEFAULT 0,
    first_12 INTEGER NOT NULL DEFAULT 0, first_13 INTEGER NOT NULL DEFAULT 0, first_14 INTEGER NOT NULL DEFAULT 0, first_15 INTEGER NOT NULL DEFAULT 0,
    first_16 INTEGER NOT NULL DEFAULT 0, first_17 INTEGER NOT NULL DEFAULT 0, first_18 INTEGER NOT NULL DEFAULT 0, first_19 INTEGER NOT NULL DEFAULT 0,
    first_20 INTEGER NOT NULL DEFAULT 0, first_21 INTEGER NOT NULL DEFAULT 0, first_22 INTEGER NOT NULL DEFAULT 0, first_23 INTEGER NOT NULL DEFAULT 0,
    first_24 INTEGER NOT NULL DEFAULT 0, first_25 INTEGER NOT NULL DEFAULT 0, first_26 INTEGER NOT NULL DEFAULT 0, first_27 INTEGER NOT NULL DEFAULT 0,
    first_28 INTEGER NOT NULL DEFAULT 0, first_29 INTEGER NOT NULL DEFAULT 0, first_30 INTEGER NOT NULL DEFAULT 0, first_31 INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (start_s, client_key, model, provider, upstream_model)
) STRICT, WITHOUT ROWID;

-- The same by day, in UTC.
CREATE TABLE usage_days (
    start_s            INTEGER NOT NULL,
    client_key         INTEGER NOT NULL,
    model              INTEGER NOT NULL,
    provider           INTEGER NOT NULL,
    upstream_model     INTEGER NOT NULL,
    requests           INTEGER NOT NULL DEFAULT 0,
    errors             INTEGER NOT NULL DEFAULT 0,
    client_left        INTEGER NOT NULL DEFAULT 0,
    inexact            INTEGER NOT NULL DEFAULT 0,
    unknown_cost       INTEGER NOT NULL DEFAULT 0,
    input_tokens       INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens  INTEGER NOT NULL DEFAULT 0,
    cache_write_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens      INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens   INTEGER NOT NULL DEFAULT 0,
    audio_input_tokens INTEGER NOT NULL DEFAULT 0,
    audio_output_tokens INTEGER NOT NULL DEFAULT 0,
    cost_nusd          INTEGER NOT NULL DEFAULT 0,
    saved_nusd         INTEGER NOT NULL DEFAULT 0,
    total_us           INTEGER NOT NULL DEFAULT 0,
    first_byte_us      INTEGER NOT NULL DEFAULT 0,
    first_bytes        INTEGER NOT NULL DEFAULT 0,
    total_00 INTEGER NOT NULL DEFAULT 0, total_01 INTEGER NOT NULL DEFAULT 0, total_02 INTEGER NOT NULL DEFAULT 0, total_03 INTEGER NOT NULL DEFAULT 0,
    total_04 INTEGER NOT NULL DEFAULT 0, total_05 INTEGER NOT NULL DEFAULT 0, total_06 INTEGER NOT NULL DEFAULT 0, total_07 INTEGER NOT NULL DEFAULT 0,
    total_08 INTEGER NOT NULL DEFAULT 0, total_09 INTEGER NOT NULL DEFAULT 0, total_10 INTEGER NOT NULL DEFAULT 0, total_11 INTEGER NOT NULL DEFAULT 0,
    total_12 INTEGER NOT NULL DEFAULT 0, total_13 INTEGER NOT NULL DEFAULT 0, total_14 INTEGER NOT NULL DEFAULT 0, total_15 INTEGER NOT NULL DEFAULT 0,
    total_16 INTEGER NOT NULL DEFAULT 0, total_17 INTEGER NOT NULL DEFAULT 0, total_18 INTEGER NOT NULL DEFAULT 0, total_19 INTEGER NOT NULL DEFAULT 0,
    total_20 INTEGER NOT NULL DEFAULT 0, total_21 INTEGER NOT NULL DEFAULT 0, total_22 INTEGER NOT NULL DEFAULT 0, total_23 INTEGER NOT NULL DEFAULT 0,
    total_24 INTEGER NOT NULL DEFAULT 0, total_25 INTEGER NOT NULL DEFAULT 0, total_26 INTEGER NOT NULL DEFAULT 0, total_27 INTEGER NOT NULL DEFAULT 0,
    total_28 INTEGER NOT NULL DEFAULT 0, total_29 INTEGER NOT NULL DEFAULT 0, total_30 INTEGER NOT NULL DEFAULT 0, total_31 INTEGER NOT NULL DEFAULT 0,
    first_00 INTEGER NOT NULL DEFAULT 0, first_01 INTEGER NOT NULL DEFAULT 0, first_02 INTEGER NOT NULL DEFAULT 0, first_03 INTEGER NOT NULL DEFAULT 0,
    first_04 INTEGER NOT NULL DEFAULT 0, first_05 INTEGER NOT NULL DEFAULT 0, first_06 INTEGER NOT NULL DEFAULT 0, first_07 INTEGER NOT NULL DEFAULT 0,
    first_08 INTEGER NOT NULL DEFAULT 0, first_09 INTEGER NOT NULL DEFAULT 0, first_10 INTEGER NOT NULL DEFAULT 0, first_11 INTEGER NOT NULL DEFAULT 0,
    first_12 INTEGER NOT NULL DEFAULT 0, first_13 INTEGER NOT NULL DEFAULT 0, first_14 INTEGER NOT NULL DEFAULT 0, first_15 INTEGER NOT NULL DEFAULT 0,
    first_16 INTEGER NOT NULL DEFAULT 0, first_17 INTEGER NOT NULL DEFAULT 0, first_18 INTEGER NOT NULL DEFAULT 0, first_19 INTEGER NOT NULL DEFAULT 0,
    first_20 INTEGER NOT NULL DEFAULT 0, first_21 INTEGER NOT NULL DEFAULT 0, first_22 INTEGER NOT NULL DEFAULT 0, first_23 INTEGER NOT NULL DEFAULT 0,
    first_24 INTEGER NOT NULL DEFAULT 0, first_25 INTEGER NOT NULL DEFAULT 0, first_26 INTEGER NOT NULL DEFAULT 0, first_27 INTEGER NOT NULL DEFAULT 0,
    first_28 INTEGER NOT NULL DEFAULT 0, first_29 INTEGER NOT NULL DEFAULT 0, first_30 INTEGER NOT NULL DEFAULT 0, first_31 INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (start_s, client_key, model, provider, upstream_model)
) STRICT, WITHOUT ROWID;

-- What was recorded before.
INSERT INTO usage_hours
SELECT r.start_s, coalesce(k.client_key, 0),
       CASE WHEN o.text IN ('model_not_found', 'provider_not_found') THEN 0 ELSE coalesce(k.model, 0) END,
       coalesce(k.provider, 0), coalesce(k.upstream_model, 0),
       count(*), sum(o.text NOT IN ('served', 'client_left')), sum(o.text = 'client_left'),
       count(CASE WHEN q.text <> 'exact' THEN 1 END), count(k.quality),
       sum(min(r.input_tokens, 1099511627776)), sum(min(r.cache_read_tokens, 1099511627776)), sum(min(r.cache_write_tokens, 1099511627776)),
       sum(min(r.output_tokens, 1099511627776)), sum(min(r.reasoning_tokens, 1099511627776)), 0, 0, 0, 0,
       sum(min(r.total_us, 1099511627776)), coalesce(sum(min(r.first_byte_us, 1099511627776)), 0), count(r.first_byte_us),
       count(CASE WHEN r.total_us <= 2000 THEN 1 END),
       count(CASE WHEN r.total_us > 2000 AND r.total_us <= 3000 THEN 1 END),
       count(CASE WHEN r.total_us > 3000 AND r.total_us <= 4500 THEN 1 END),
       count(CASE WHEN r.total_us > 4500 AND r.total_us <= 6750 THEN 1 END),
       count(CASE WHEN r.total_us > 6750 AND r.total_us <= 10125 THEN 1 END),
       count(CASE WHEN r.total_us > 10125 AND r.total_us <= 15187 THEN 1 END),
       count(CASE WHEN r.total_us > 15187 AND r.total_us <= 22780 THEN 1 END),
       count(CASE WHEN r.total_us > 22780 AND r.total_us <= 34170 THEN 1 END),
       count(CASE WHEN r.total_us > 34170 AND r.total_us <= 51255 THEN 1 END),
       count(CASE WHEN r.total_us > 51255 AND r.total_us <= 76882 THEN 1 END),
       count(CASE WHEN r.total_us > 76882 AND r.total_us <= 115323 THEN 1 END),
       count(CASE WHEN r.total_us > 115323 AND r.total_us <= 172984 THEN 1 END),
       count(CASE WHEN r.total_us > 172984 AND r.total_us <= 259476 THEN 1 END),
       count(CASE WHEN r.total_us > 259476 AND r.total_us <= 389214 THEN 1 END),
       count(CASE WHEN r.total_us > 389214 AND r.total_us <= 583821 THEN 1 END),
       count(CASE WHEN r.total_us > 583821 AND r.total_us <= 875731 THEN 1 END),
       count(CASE WHEN r.total_us > 875731 AND r.total_us <= 1313596 THEN 1 END),
       count(CASE WHEN r.total_us > 1313596 AND r.total_us <= 1970394 THEN 1 END),
       count(CASE WHEN r.total_us > 1970394 AND r.total_us <= 2955591 THEN 1 END),
       count(CASE WHEN r.total_us > 2955591 AND r.total_us <= 4433386 THEN 1 END),
       count(CASE WHEN r.total_us > 4433386 AND r.total_us <= 6650079 THEN 1 END),
       count(CASE WHEN r.total_us > 6650079 AND r.total_us <= 9975118 THEN 1 END),
       count(CASE WHEN r.total_us > 9975118 AND r.total_us <= 14962677 THEN 1 END),
       count(CASE WHEN r.total_us > 14962677 AND r.total_us <= 22444015 THEN 1 END),
       count(CASE WHEN r.total_us > 22444015 AND r.total_us <= 33666022 THEN 1 END),
       count(CASE WHEN r.total_us > 33666022 AND r.total_us <= 50499033 THEN 1 END),
       count(CASE WHEN r.total_us > 50499033 AND r.total_us <= 75748549 THEN 1 END),
       count(CASE WHEN r.total_us > 75748549 AND r.total_us <= 113622823 THEN 1 END),
       count(CASE WHEN r.total_us > 113622823 AND r.total_us <= 170434234 THEN 1 END),
       count(CASE WHEN r.total_us > 170434234 AND r.total_us <= 255651351 THEN 1 END),
       count(CASE WHEN r.total_us > 255651351 AND r.total_us <= 383477026 THEN 1 END),
       count(CASE WHEN r.total_us > 383477026 THEN 1 END),
       count(CASE WHEN r.first_byte_us <= 2000 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 2000 AND r.first_byte_us <= 3000 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 3000 AND r.first_byte_us <= 4500 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 4500 AND r.first_byte_us <= 6750 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 6750 AND r.first_byte_us <= 10125 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 10125 AND r.first_byte_us <= 15187 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 15187 AND r.first_byte_us <= 22780 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 22780 AND r.first_byte_us <= 34170 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 34170 AND r.first_byte_us <= 51255 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 51255 AND r.first_byte_us <= 76882 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 76882 AND r.first_byte_us <= 115323 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 115323 AND r.first_byte_us <= 172984 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 172984 AND r.first_byte_us <= 259476 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 259476 AND r.first_byte_us <= 389214 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 389214 AND r.first_byte_us <= 583821 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 583821 AND r.first_byte_us <= 875731 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 875731 AND r.first_byte_us <= 1313596 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 1313596 AND r.first_byte_us <= 1970394 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 1970394 AND r.first_byte_us <= 2955591 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 2955591 AND r.first_byte_us <= 4433386 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 4433386 AND r.first_byte_us <= 6650079 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 6650079 AND r.first_byte_us <= 9975118 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 9975118 AND r.first_byte_us <= 14962677 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 14962677 AND r.first_byte_us <= 22444015 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 22444015 AND r.first_byte_us <= 33666022 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 33666022 AND r.first_byte_us <= 50499033 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 50499033 AND r.first_byte_us <= 75748549 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 75748549 AND r.first_byte_us <= 113622823 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 113622823 AND r.first_byte_us <= 170434234 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 170434234 AND r.first_byte_us <= 255651351 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 255651351 AND r.first_byte_us <= 383477026 THEN 1 END),
       count(CASE WHEN r.first_byte_us > 383477026 THEN 1 END)
  FROM (SELECT *, ((arrival >> 22) + 1577836800000) / 3600000 * 3600 AS start_s FROM requests) AS r
  JOIN kinds AS k ON k.id = r.kind
  JOIN names AS o ON o.id = k.outcome
  LEFT JOIN names AS q ON q.id = k.quality
 GROUP BY 1, 2, 3, 4, 5;

INSERT INTO usage_days
SELECT start_s / 86400 * 86400, client_key, model, provider, upstream_model,
       sum(requests), sum(errors), sum(client_left), sum(inexact), sum(unknown_cost), sum(input_tokens),
       sum(cache_read_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens), sum(audio_input_tokens), sum(audio_output_tokens), sum(cost_nusd),
       sum(saved_nusd), sum(total_us), sum(first_byte_us), sum(first_bytes), sum(total_00), sum(total_01),
       sum(total_02), sum(total_03), sum(total_04), sum(total_05), sum(total_06), sum(total_07), sum(total_08),
       sum(total_09), sum(total_10), sum(total_11), sum(total_12), sum(total_13), sum(total_14), sum(total_15),
       sum(total_16), sum(total_17), sum(total_18), sum(total_19), sum(total_20), sum(total_21), sum(total_22),
       sum(total_23), sum(total_24), sum(total_25), sum(total_26), sum(total_27), sum(total_28), sum(total_29),
       sum(total_30), sum(total_31), sum(first_00), sum(first_01), sum(first_02), sum(first_03), sum(first_04),
       sum(first_05), sum(first_06), sum(first_07), sum(first_08), sum(first_09), sum(first_10), sum(first_11),
       sum(first_12), sum(first_13), sum(first_14), sum(first_15), sum(first_16), sum(first_17), sum(first_18),
       sum(first_19), sum(first_20), sum(first_21), sum(first_22), sum(first_23), sum(first_24), sum(first_25),
       sum(first_26), sum(first_27), sum(first_28), sum(first_29), sum(first_30), sum(first_31)
  FROM usage_hours
 GROUP BY 1, 2, 3, 4, 5;

DROP VIEW requests_view;
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

PRAGMA user_version = 4;
