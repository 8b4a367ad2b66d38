//! One request as a row: what is bound when it is written, and what is read back.

use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Row};
use trunkline_route::Report;

use crate::arrival;

/// In the order of [`bind`].
const COLUMNS: &[&str] = &[
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
];

/// The newest rows, for [`read`].
pub(crate) const RECENT: &str = "SELECT * FROM requests_view ORDER BY arrival DESC LIMIT ?";

/// Whether the row with the key of the first value has the number and process of the next two.
pub(crate) const SAME: &str = "SELECT r.number = ?2 AND k.process = ?3 FROM requests AS r JOIN kinds AS k ON k.id = r.kind \
     WHERE r.arrival = ?1";

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

/// A statement that inserts up to `rows` rows. Rows that stay unbound are NULL, which their columns refuse, and are
/// passed over, so that two statements serve every size of batch; so is a row whose key is there already.
pub(crate) fn insert(rows: usize) -> String {
    let row = format!("({})", vec!["?"; COLUMNS.len()].join(","));
    format!("INSERT OR IGNORE INTO requests ({}) VALUES {}", COLUMNS.join(","), vec![row; rows].join(","))
}

/// Values that a statement for `rows` rows has room for.
pub(crate) fn arguments(rows: usize) -> SqliteArguments {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(rows.saturating_mul(COLUMNS.len()), 0);
    arguments
}

/// Adds one row's values, in the order of [`COLUMNS`].
pub(crate) fn bind(key: i64, kind: i64, report: &Report, to: &mut SqliteArguments) -> Result<(), BoxDynError> {
    to.add(key)?;
    to.add(arrival::number(report.id))?;
    to.add(kind)?;
    to.add(whole(report.usage.input))?;
    to.add(whole(report.usage.cache_read))?;
    to.add(whole(report.usage.cache_write))?;
    to.add(whole(report.usage.output))?;
    to.add(whole(report.usage.reasoning))?;
    to.add(report.first_byte_us.map(whole))?;
    to.add(whole(report.total_us))?;
    to.add(whole(report.bytes_in))?;
    to.add(whole(report.bytes_out))
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
