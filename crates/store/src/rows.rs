//! One request as a row: what is bound when it is written, and what is read back.

use std::sync::Arc;

use trunkline_route::Report;

use crate::arrival;
use crate::conn::{Row, count, whole};

/// In the order of [`values`].
pub(crate) const COLUMNS: [&str; 17] = [
    "arrival",
    "number",
    "kind",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "first_byte_us",
    "total_us",
    "bytes_in",
    "bytes_out",
    "cost_nusd",
    "saved_nusd",
    "audio_input_tokens",
    "audio_output_tokens",
    "images",
];

/// How many of them most rows say something of; the others are 0, which the SQLite schema says of what is not written.
pub(crate) const USUAL_COLUMNS: usize = COLUMNS.len() - 3;

/// The newest rows, for [`read`].
pub(crate) const RECENT: &str = "SELECT * FROM requests_view ORDER BY arrival DESC LIMIT $1";

/// Whether the row with the key of the first value has the number and process of the next two.
pub(crate) const SAME: &str = "SELECT CAST(CASE WHEN r.number = $2 AND k.process = $3 THEN 1 ELSE 0 END AS BIGINT) \
     FROM requests AS r JOIN kinds AS k ON k.id = r.kind WHERE r.arrival = $1";

/// A recorded request, its names spelt out. Fields mean what they mean in [`Report`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Report`, under the names of the table's columns")]
pub struct StoredRequest {
    pub id: u128,
    pub at_ms: u64,
    pub client_key: Option<String>,
    pub operation: String,
    pub dialect: Option<String>,
    pub model: Option<String>,
    pub provider: Option<String>,
    pub upstream_model: Option<String>,
    pub lane: Option<String>,
    pub status: u16,
    pub outcome: String,
    pub stream: bool,
    pub input_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    pub output_tokens: u64,
    pub reasoning_tokens: u64,
    pub audio_input_tokens: u64,
    pub audio_output_tokens: u64,
    pub images: u64,
    pub quality: Option<String>,
    pub cost_nusd: Option<i64>,
    pub saved_nusd: Option<i64>,
    pub first_byte_us: Option<u64>,
    pub total_us: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub attempts: u32,
    pub cached: bool,
}

/// What will be read of a report once it is written; names that are too long for the table aside.
impl From<&Report> for StoredRequest {
    fn from(report: &Report) -> Self {
        let text = |name: &Option<Arc<str>>| name.as_ref().map(|name| name.to_string());
        Self {
            id: report.id,
            at_ms: report.at_ms,
            client_key: text(&report.client_key),
            operation: report.operation.as_str().to_owned(),
            dialect: report.dialect.map(|dialect| dialect.as_str().to_owned()),
            model: text(&report.model),
            provider: text(&report.provider),
            upstream_model: text(&report.upstream_model),
            lane: report.lane.map(str::to_owned),
            status: report.status,
            outcome: report.outcome.as_str().to_owned(),
            stream: report.stream,
            input_tokens: report.usage.input,
            cache_read_tokens: report.usage.cache_read,
            cache_write_tokens: report.usage.cache_write,
            output_tokens: report.usage.output,
            reasoning_tokens: report.usage.reasoning,
            audio_input_tokens: report.usage.audio_input,
            audio_output_tokens: report.usage.audio_output,
            images: report.images,
            quality: report.quality.map(|quality| quality.as_str().to_owned()),
            cost_nusd: report.cost.map(|cost| cost.nano()),
            saved_nusd: report.saved.map(|saved| saved.nano()),
            first_byte_us: report.first_byte_us,
            total_us: report.total_us,
            bytes_in: report.bytes_in,
            bytes_out: report.bytes_out,
            attempts: report.attempts,
            cached: report.cached,
        }
    }
}

/// One row's values, in the order of [`COLUMNS`].
pub(crate) fn values(key: i64, kind: i64, report: &Report) -> [Option<i64>; COLUMNS.len()] {
    [
        Some(key),
        Some(arrival::number(report.id)),
        Some(kind),
        Some(whole(report.usage.input)),
        Some(whole(report.usage.cache_read)),
        Some(whole(report.usage.cache_write)),
        Some(whole(report.usage.output)),
        Some(whole(report.usage.reasoning)),
        report.first_byte_us.map(whole),
        Some(whole(report.total_us)),
        Some(whole(report.bytes_in)),
        Some(whole(report.bytes_out)),
        report.cost.map(|cost| cost.nano()),
        report.saved.map(|saved| saved.nano()),
        Some(whole(report.usage.audio_input)),
        Some(whole(report.usage.audio_output)),
        Some(whole(report.images)),
    ]
}

/// Reads one row of [`RECENT`].
pub(crate) fn read(row: &Row) -> Result<StoredRequest, sqlx::Error> {
    let id: String = row.get("id")?;
    let text = |name| row.get::<Option<String>, &str>(name);
    let counted = |name| row.get::<i64, &str>(name).map(count);
    let small = |name| row.get::<i64, &str>(name).map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    Ok(StoredRequest {
        id: u128::from_str_radix(&id, 16).map_err(|source| sqlx::Error::Decode(source.into()))?,
        at_ms: counted("at_ms")?,
        client_key: text("client_key")?,
        operation: row.get("operation")?,
        dialect: text("dialect")?,
        model: text("model")?,
        provider: text("provider")?,
        upstream_model: text("upstream_model")?,
        lane: text("lane")?,
        status: u16::try_from(row.get::<i64, _>("status")?).unwrap_or(u16::MAX),
        outcome: row.get("outcome")?,
        stream: row.get::<i64, _>("stream")? != 0,
        input_tokens: counted("input_tokens")?,
        cache_read_tokens: counted("cache_read_tokens")?,
        cache_write_tokens: counted("cache_write_tokens")?,
        output_tokens: counted("output_tokens")?,
        reasoning_tokens: counted("reasoning_tokens")?,
        audio_input_tokens: counted("audio_input_tokens")?,
        audio_output_tokens: counted("audio_output_tokens")?,
        images: counted("images")?,
        quality: text("quality")?,
        cost_nusd: row.get("cost_nusd")?,
        saved_nusd: row.get("saved_nusd")?,
        first_byte_us: row.get::<Option<i64>, _>("first_byte_us")?.map(count),
        total_us: counted("total_us")?,
        bytes_in: counted("bytes_in")?,
        bytes_out: counted("bytes_out")?,
        attempts: small("attempts")?,
        cached: row.get::<i64, _>("cached")? != 0,
    })
}
