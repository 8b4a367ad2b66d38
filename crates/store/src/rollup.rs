//! What a batch adds to the sums of its hours and days.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use sqlx::{AssertSqlSafe, Error};
use trunkline_route::{Outcome, Report};
use trunkline_wire::ir::Quality;

use crate::conn::{Conn, Row, Value};
use crate::latency::{Spans, TEXT_BYTES_MAX};

/// Seconds of an hour, and of a day.
pub(crate) const HOUR_S: i64 = 3_600;
pub(crate) const DAY_S: i64 = 86_400;

/// What one request adds to a sum at most, be it tokens or microseconds: eight million of such claims still fit.
const ADDED_MAX: u64 = 1 << 40;

/// The same for money, in billionths of a US dollar: a million dollars.
const MONEY_ADDED_MAX: i64 = 1 << 50;

/// Columns that are added up. The latency's `spans` come after them.
pub(crate) const SUMS: [&str; 18] = [
    "requests",
    "errors",
    "client_left",
    "cached",
    "inexact",
    "unknown_cost",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
    "cost_nusd",
    "saved_nusd",
    "total_us",
    "first_byte_us",
    "first_bytes",
];

/// Columns that say whose a row is, after `start_s`.
pub(crate) const DIMENSIONS: [&str; 4] = ["client_key", "model", "provider", "upstream_model"];

/// Ids of `names`, in the order of [`DIMENSIONS`]; 0 for none.
pub(crate) type Dimensions = [i64; DIMENSIONS.len()];

/// Stands in the margins of an hour for what is not told apart there.
pub(crate) const ANY: i64 = -1;

/// Which places of [`DIMENSIONS`] have margins; upstream models have none.
const MARGINS: usize = 3;

/// Columns of a row: its beginning, whose it is, its sums, its spans.
const WIDTH: usize = 1 + DIMENSIONS.len() + SUMS.len() + 1;

/// Rows of the statement for many of them, of which each costs a round trip: as many as a batch of one request has margins.
const MANY_ROWS: usize = MARGINS + 1;

static HOURS: LazyLock<Adds> = LazyLock::new(|| Adds::to("usage_hours"));
static HOUR_MARGINS: LazyLock<Adds> = LazyLock::new(|| Adds::to("usage_hour_margins"));
static DAYS: LazyLock<Adds> = LazyLock::new(|| Adds::to("usage_days"));

/// The statements that add to rows of a table, or make them. Made once a process and table.
struct Adds {
    one: Arc<str>,
    many: Arc<str>,
    /// Writes a row's spans anew.
    respan: Arc<str>,
}

/// What is not yet added to the tables. In order, so that writers that share a database never wait for each other in a
/// circle.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    hours: Cells,
}

/// Rows by when they start and whose they are.
type Cells = BTreeMap<(i64, Dimensions), Cell>;

/// One row's part.
#[derive(Clone, Debug, Default)]
struct Cell {
    sums: [i64; SUMS.len()],
    spans: Spans,
}

impl Sums {
    /// Counts a request of which a row was written.
    pub(crate) fn add(&mut self, report: &Report, dimensions: Dimensions) {
        let at_s = i64::try_from(report.at_ms / 1_000).unwrap_or(i64::MAX);
        self.hours.entry((at_s - at_s.rem_euclid(HOUR_S), dimensions)).or_default().add(report);
    }

    /// Adds all of it to the tables, within the present transaction.
    pub(crate) async fn write(&self, conn: &mut Conn) -> Result<(), Error> {
        let (mut days, mut margins) = (Cells::new(), Cells::new());
        for ((hour, dimensions), cell) in &self.hours {
            days.entry((hour - hour.rem_euclid(DAY_S), *dimensions)).or_default().merge(cell);
            for margin in margins_of(dimensions) {
                margins.entry((*hour, margin)).or_default().merge(cell);
            }
        }
        HOURS.add(conn, &self.hours).await?;
        DAYS.add(conn, &days).await?;
        // Last: all writers of one database add to the same rows, and each waits for who did until that one has committed.
        HOUR_MARGINS.add(conn, &margins).await
    }
}

/// Where an hour's cell is added up: each dimension that has margins alone, and none.
fn margins_of(of: &Dimensions) -> [Dimensions; MARGINS + 1] {
    std::array::from_fn(|alone| {
        let mut margin = [ANY; DIMENSIONS.len()];
        if let (true, Some(place), Some(id)) = (alone < MARGINS, margin.get_mut(alone), of.get(alone)) {
            *place = *id;
        }
        margin
    })
}

impl Adds {
    fn to(table: &str) -> Self {
        Self { one: add_to(table, 1).into(), many: add_to(table, MANY_ROWS).into(), respan: respan(table).into() }
    }

    async fn add(&self, conn: &mut Conn, cells: &Cells) -> Result<(), Error> {
        let cells: Vec<_> = cells.iter().collect();
        let (many, rest) = cells.as_chunks::<MANY_ROWS>();
        for cells in many {
            self.run(conn, &self.many, cells).await?;
        }
        for cell in rest {
            self.run(conn, &self.one, std::slice::from_ref(cell)).await?;
        }
        Ok(())
    }

    async fn run(&self, conn: &mut Conn, sql: &Arc<str>, cells: &[(&(i64, Dimensions), &Cell)]) -> Result<(), Error> {
        let spans: Vec<String> = cells.iter().map(|(_, cell)| cell.spans.text()).collect();
        let values: Vec<Value<'_>> = cells
            .iter()
            .zip(&spans)
            .flat_map(|((of, cell), spans)| key(of).into_iter().chain(cell.sums.map(Value::from)).chain([spans.into()]))
            .collect();
        for row in conn.fetch(AssertSqlSafe(Arc::clone(sql)), &values).await? {
            self.shorten(conn, &row).await?;
        }
        Ok(())
    }

    /// Writes the spans of a row anew, if they have grown long. The row is this transaction's already.
    async fn shorten(&self, conn: &mut Conn, row: &Row) -> Result<(), Error> {
        let Some(long) = row.get::<Option<String>, _>(0)? else { return Ok(()) };
        let mut spans = Spans::default();
        spans.read(&long);
        let of = (row.get(1)?, [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?]);
        let text = spans.text();
        let values: Vec<Value<'_>> = key(&of).into_iter().chain([text.as_str().into()]).collect();
        conn.execute(AssertSqlSafe(Arc::clone(&self.respan)), &values).await.map(drop)
    }
}

/// What a row is found by.
fn key<'a>((start_s, [client_key, model, provider, upstream_model]): &(i64, Dimensions)) -> [Value<'a>; 5] {
    [start_s, client_key, model, provider, upstream_model].map(|number| Value::from(*number))
}

impl Cell {
    fn add(&mut self, report: &Report) {
        let cost = report.cost.map(|cost| cost.nano());
        let usage = report.used();
        let quality = report.quality.filter(|_| !report.cached);
        let added = [
            1,
            i64::from(matches!(report.outcome, Outcome::Failed(_))),
            i64::from(report.outcome == Outcome::ClientLeft),
            i64::from(report.cached),
            i64::from(quality.is_some_and(|quality| quality != Quality::Exact)),
            // Nothing is owed where there is no quality.
            i64::from(quality.is_some() && cost.is_none()),
            added(usage.input),
            added(usage.cache_read),
            added(usage.cache_write),
            added(usage.output),
            added(usage.reasoning),
            added(usage.audio_input),
            added(usage.audio_output),
            cost.map_or(0, money),
            report.saved.map_or(0, |saved| money(saved.nano())),
            added(report.total_us),
            report.first_byte_us.map_or(0, added),
            i64::from(report.first_byte_us.is_some()),
        ];
        plus(&mut self.sums, &added);
        self.spans.count(report.total_us, report.first_byte_us);
    }

    fn merge(&mut self, other: &Self) {
        plus(&mut self.sums, &other.sums);
        self.spans.merge(&other.spans);
    }
}

fn plus(sums: &mut [i64], added: &[i64]) {
    for (sum, added) in sums.iter_mut().zip(added) {
        *sum = sum.saturating_add(*added);
    }
}

fn added(count: u64) -> i64 {
    i64::try_from(count.min(ADDED_MAX)).unwrap_or(i64::MAX)
}

fn money(nanos: i64) -> i64 {
    nanos.clamp(-MONEY_ADDED_MAX, MONEY_ADDED_MAX)
}

/// The statement that adds to so many rows of `table`, or makes them. It finds a row for each: its spans, if they have
/// grown long, and its key.
fn add_to(table: &str, rows: usize) -> String {
    let row = |row: usize| {
        let places: Vec<_> = (1..=WIDTH).map(|place| format!("${}", row * WIDTH + place)).collect();
        format!("({})", places.join(", "))
    };
    let rows = (0..rows).map(row).collect::<Vec<_>>().join(", ");
    let sums: Vec<_> = SUMS.iter().map(|name| format!("{name} = {table}.{name} + excluded.{name}")).collect();
    let (columns, sums, key) = (SUMS.join(", "), sums.join(", "), key_columns());
    format!(
        "INSERT INTO {table} ({key}, {columns}, spans) VALUES {rows} ON CONFLICT ({key}) DO UPDATE SET {sums}, \
         spans = {table}.spans || excluded.spans \
         RETURNING CASE WHEN length(spans) > {TEXT_BYTES_MAX} THEN spans END, {key}"
    )
}

fn respan(table: &str) -> String {
    format!("UPDATE {table} SET spans = $6 WHERE ({}) = ($1, $2, $3, $4, $5)", key_columns())
}

fn key_columns() -> String {
    ["start_s"].into_iter().chain(DIMENSIONS).collect::<Vec<_>>().join(", ")
}
