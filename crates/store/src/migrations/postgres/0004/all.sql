-- PostgreSQL joined with schema 4. The tables mean what they mean in SQLite's migrations 0001 to 0004.
CREATE TABLE trunkline_schema (version BIGINT NOT NULL);
INSERT INTO trunkline_schema VALUES (0);

CREATE TABLE names (
    id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

CREATE TABLE kinds (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    process        BIGINT NOT NULL,
    client_key     BIGINT,
    operation      BIGINT NOT NULL,
    model          BIGINT,
    provider       BIGINT,
    upstream_model BIGINT,
    status         BIGINT NOT NULL,
    outcome        BIGINT NOT NULL,
    stream         BIGINT NOT NULL,
    quality        BIGINT,
    attempts       BIGINT NOT NULL,
    cached         BIGINT NOT NULL DEFAULT 0,
    dialect        BIGINT,
    lane           BIGINT
);

CREATE TABLE requests (
    arrival            BIGINT PRIMARY KEY,
    number             BIGINT NOT NULL,
    kind               BIGINT NOT NULL,
    input_tokens       BIGINT NOT NULL,
    cache_read_tokens  BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    output_tokens      BIGINT NOT NULL,
    reasoning_tokens   BIGINT NOT NULL,
    first_byte_us      BIGINT,
    total_us           BIGINT NOT NULL,
    bytes_in           BIGINT NOT NULL,
    bytes_out          BIGINT NOT NULL,
    cost_nusd          BIGINT,
    saved_nusd         BIGINT,
    audio_input_tokens BIGINT NOT NULL,
    audio_output_tokens BIGINT NOT NULL
);

CREATE VIEW requests_view AS
SELECT to_char(to_timestamp(((r.arrival >> 22) + 1577836800000) / 1000.0) AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
       lpad(to_hex((r.arrival >> 22) + 1577836800000), 12, '0') || lpad(to_hex(kind.process), 10, '0')
           || lpad(to_hex(r.number), 10, '0') AS id,
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

CREATE TABLE responses (
    owner     TEXT   NOT NULL,
    id        TEXT   NOT NULL,
    created_s BIGINT NOT NULL,
    expires_s BIGINT NOT NULL,
    input     TEXT   NOT NULL,
    output    TEXT   NOT NULL,
    response  TEXT   NOT NULL,
    PRIMARY KEY (owner, id)
);

CREATE INDEX responses_by_expiry ON responses (expires_s);

CREATE TABLE rests (
    provider TEXT   NOT NULL,
    key      TEXT   NOT NULL,
    model    TEXT   NOT NULL,
    since_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    status   BIGINT,
    PRIMARY KEY (provider, key, model)
);

CREATE TABLE usage_hours (
    start_s             BIGINT NOT NULL,
    client_key          BIGINT NOT NULL,
    model               BIGINT NOT NULL,
    provider            BIGINT NOT NULL,
    upstream_model      BIGINT NOT NULL,
    requests            BIGINT NOT NULL DEFAULT 0,
    errors              BIGINT NOT NULL DEFAULT 0,
    client_left         BIGINT NOT NULL DEFAULT 0,
    cached              BIGINT NOT NULL DEFAULT 0,
    inexact             BIGINT NOT NULL DEFAULT 0,
    unknown_cost        BIGINT NOT NULL DEFAULT 0,
    input_tokens        BIGINT NOT NULL DEFAULT 0,
    cache_read_tokens   BIGINT NOT NULL DEFAULT 0,
    cache_write_tokens  BIGINT NOT NULL DEFAULT 0,
    output_tokens       BIGINT NOT NULL DEFAULT 0,
    reasoning_tokens    BIGINT NOT NULL DEFAULT 0,
    audio_input_tokens  BIGINT NOT NULL DEFAULT 0,
    audio_output_tokens BIGINT NOT NULL DEFAULT 0,
    cost_nusd           BIGINT NOT NULL DEFAULT 0,
    saved_nusd          BIGINT NOT NULL DEFAULT 0,
    total_us            BIGINT NOT NULL DEFAULT 0,
    first_byte_us       BIGINT NOT NULL DEFAULT 0,
    first_bytes         BIGINT NOT NULL DEFAULT 0,
    spans               TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (start_s, client_key, model, provider, upstream_model)
);

CREATE TABLE usage_days (
    start_s             BIGINT NOT NULL,
    client_key          BIGINT NOT NULL,
    model               BIGINT NOT NULL,
    provider            BIGINT NOT NULL,
    upstream_model      BIGINT NOT NULL,
    requests            BIGINT NOT NULL DEFAULT 0,
    errors              BIGINT NOT NULL DEFAULT 0,
    client_left         BIGINT NOT NULL DEFAULT 0,
    cached              BIGINT NOT NULL DEFAULT 0,
    inexact             BIGINT NOT NULL DEFAULT 0,
    unknown_cost        BIGINT NOT NULL DEFAULT 0,
    input_tokens        BIGINT NOT NULL DEFAULT 0,
    cache_read_tokens   BIGINT NOT NULL DEFAULT 0,
    cache_write_tokens  BIGINT NOT NULL DEFAULT 0,
    output_tokens       BIGINT NOT NULL DEFAULT 0,
    reasoning_tokens    BIGINT NOT NULL DEFAULT 0,
    audio_input_tokens  BIGINT NOT NULL DEFAULT 0,
    audio_output_tokens BIGINT NOT NULL DEFAULT 0,
    cost_nusd           BIGINT NOT NULL DEFAULT 0,
    saved_nusd          BIGINT NOT NULL DEFAULT 0,
    total_us            BIGINT NOT NULL DEFAULT 0,
    first_byte_us       BIGINT NOT NULL DEFAULT 0,
    first_bytes         BIGINT NOT NULL DEFAULT 0,
    spans               TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (start_s, client_key, model, provider, upstream_model)
);

CREATE TABLE usage_hour_margins (
    start_s             BIGINT NOT NULL,
    client_key          BIGINT NOT NULL,
    model               BIGINT NOT NULL,
    provider            BIGINT NOT NULL,
    upstream_model      BIGINT NOT NULL,
    requests            BIGINT NOT NULL DEFAULT 0,
    errors              BIGINT NOT NULL DEFAULT 0,
    client_left         BIGINT NOT NULL DEFAULT 0,
    cached              BIGINT NOT NULL DEFAULT 0,
    inexact             BIGINT NOT NULL DEFAULT 0,
    unknown_cost        BIGINT NOT NULL DEFAULT 0,
    input_tokens        BIGINT NOT NULL DEFAULT 0,
    cache_read_tokens   BIGINT NOT NULL DEFAULT 0,
    cache_write_tokens  BIGINT NOT NULL DEFAULT 0,
    output_tokens       BIGINT NOT NULL DEFAULT 0,
    reasoning_tokens    BIGINT NOT NULL DEFAULT 0,
    audio_input_tokens  BIGINT NOT NULL DEFAULT 0,
    audio_output_tokens BIGINT NOT NULL DEFAULT 0,
    cost_nusd           BIGINT NOT NULL DEFAULT 0,
    saved_nusd          BIGINT NOT NULL DEFAULT 0,
    total_us            BIGINT NOT NULL DEFAULT 0,
    first_byte_us       BIGINT NOT NULL DEFAULT 0,
    first_bytes         BIGINT NOT NULL DEFAULT 0,
    spans               TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (start_s, client_key, model, provider, upstream_model)
);
