//! One request as a row: what is bound when it is written, and what is read back.

use std::fmt::Write;

use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Row};
use trunkline_route::Report;

use crate::names::NameIds;

/// In the order of [`bind`].
const COLUMNS: &[&str] = &[
    "at_ms",
    "id",
    "client_key",
    "operation",
    "model",
    "provider",
    "upstream_model",
    "status",
    "outcome",
    "stream",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "quality",
    "first_byte_us",
    "total_us",
    "bytes_in",
    "bytes_out",
    "attempts",
];

/// The newest rows, for [`read`].
pub(crate) const RECENT: &str = "SELECT * FROM requests_view ORDER BY at_ms DESC, id DESC LIMIT ?";

/// A recorded request, its names spelt out. Fields mean what they mean in [`Report`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Report`, under the names of the table's columns")]
pub struct StoredRequest {
    pub id: u128,
    pub at_ms: u64,
    pub client_key: Option<String>,
    pub operation: String,
    pub model: Option<String>,
    pub provider: Option<String>,
    pub upstream_model: Option<String>,
    pub status: u16,
    pub outcome: String,
    pub stream: bool,
    pub input_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    pub output_tokens: u64,
    pub reasoning_tokens: u64,
    pub quality: Option<String>,
    pub first_byte_us: Option<u64>,
    pub total_us: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub attempts: u32,
}

/// A statement that inserts up to `rows` rows; rows that stay unbound are NULL and left out, so that two statements
/// serve every size of batch. A row that is there already stays: a batch that is tried again is written once.
pub(crate) fn insert(rows: usize) -> String {
    let mut sql = format!("INSERT INTO requests ({}) SELECT * FROM (VALUES ", COLUMNS.join(","));
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..COLUMNS.len() {
            sql.push_str(if column == 0 { "?" } else { ",?" });
        }
        sql.push(')');
    }
    // Writing to a String cannot fail.
    let _ = write!(sql, ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING");
    sql
}

/// Values that a statement for `rows` rows has room for.
pub(crate) fn arguments(rows: usize) -> SqliteArguments {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(rows.saturating_mul(COLUMNS.len()), 0);
    arguments
}

/// Adds one row's values, in the order of [`COLUMNS`].
pub(crate) fn bind(report: &Report, names: &NameIds, to: &mut SqliteArguments) -> Result<(), BoxDynError> {
    to.add(whole(report.at_ms))?;
    to.add(report.id.to_be_bytes().to_vec())?;
    to.add(names.client_key)?;
    to.add(names.operation)?;
    to.add(names.model)?;
    to.add(names.provider)?;
    to.add(names.upstream_model)?;
    to.add(i64::from(report.status))?;
    to.add(names.outcome)?;
    to.add(i64::from(report.stream))?;
    to.add(whole(report.usage.input))?;
    to.add(whole(report.usage.cache_read))?;
    to.add(whole(report.usage.cache_write))?;
    to.add(whole(report.usage.output))?;
    to.add(whole(report.usage.reasoning))?;
    to.add(names.quality)?;
    to.add(report.first_byte_us.map(whole))?;
    to.add(whole(report.total_us))?;
    to.add(whole(report.bytes_in))?;
    to.add(whole(report.bytes_out))?;
    to.add(i64::from(report.attempts))
}

/// SQL's integers end at 2^63 - 1; a provider that claims more tokens than that gets that many.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Reads one row of [`RECENT`].
pub(crate) fn read(row: &SqliteRow) -> Result<StoredRequest, sqlx::Error> {
    let id: String = row.try_get("id")?;
    Ok(StoredRequest {
        id: u128::from_str_radix(&id, 16).map_err(|source| sqlx::Error::Decode(source.into()))?,
        at_ms: row.try_get("at_ms")?,
        client_key: row.try_get("client_key")?,
        operation: row.try_get("operation")?,
        model: row.try_get("model")?,
        provider: row.try_get("provider")?,
        upstream_model: row.try_get("upstream_model")?,
        status: row.try_get("status")?,
        outcome: row.try_get("outcome")?,
        stream: row.try_get("stream")?,
        input_tokens: row.try_get("input_tokens")?,
        cache_read_tokens: row.try_get("cache_read_tokens")?,
        cache_write_tokens: row.try_get("cache_write_tokens")?,
        output_tokens: row.try_get("output_tokens")?,
        reasoning_tokens: row.try_get("reasoning_tokens")?,
        quality: row.try_get("quality")?,
        first_byte_us: row.try_get("first_byte_us")?,
        total_us: row.try_get("total_us")?,
        bytes_in: row.try_get("bytes_in")?,
        bytes_out: row.try_get("bytes_out")?,
        attempts: row.try_get("attempts")?,
    })
}
