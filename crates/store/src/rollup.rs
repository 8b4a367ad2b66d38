//! What a batch adds to the sums of its hours and days.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use sqlx::{AssertSqlSafe, Error};
use trunkline_route::{Outcome, Report};
use trunkline_wire::ir::Quality;

use crate::conn::{Conn, Value};
use crate::latency::{SPANS, span_of};

/// Seconds of an hour, and of a day.
pub(crate) const HOUR_S: i64 = 3_600;
pub(crate) const DAY_S: i64 = 86_400;

/// What one request adds to a sum at most, be it tokens or microseconds: eight million of such claims still fit.
const ADDED_MAX: u64 = 1 << 40;

/// The same for money, in billionths of a US dollar: a million dollars.
const MONEY_ADDED_MAX: i64 = 1 << 50;

/// Columns that are added up, before those of the spans.
pub(crate) const SUMS: [&str; 17] = [
    "requests",
    "errors",
    "client_left",
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

/// Rows of the statement for many of them: each statement costs a round trip, and most batches have few rows.
const MANY_ROWS: usize = 16;

static HOURS: LazyLock<Adds> = LazyLock::new(|| Adds::to("usage_hours"));
static DAYS: LazyLock<Adds> = LazyLock::new(|| Adds::to("usage_days"));

/// The statements that add to rows of a table, or make them. Made once a process and table.
struct Adds {
    one: Arc<str>,
    many: Arc<str>,
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
#[derive(Clone, Debug)]
struct Cell {
    sums: [i64; SUMS.len()],
    total: [i64; SPANS],
    first: [i64; SPANS],
}

impl Default for Cell {
    fn default() -> Self {
        Self { sums: [0; SUMS.len()], total: [0; SPANS], first: [0; SPANS] }
    }
}

impl Sums {
    /// Counts a request of which a row was written.
    pub(crate) fn add(&mut self, report: &Report, dimensions: Dimensions) {
        let at_s = i64::try_from(report.at_ms / 1_000).unwrap_or(i64::MAX);
        self.hours.entry((at_s - at_s.rem_euclid(HOUR_S), dimensions)).or_default().add(report);
    }

    /// Adds all of it to the tables, within the present transaction.
    pub(crate) async fn write(&self, conn: &mut Conn) -> Result<(), Error> {
        let mut days: Cells = BTreeMap::new();
        for ((hour, dimensions), cell) in &self.hours {
            days.entry((hour - hour.rem_euclid(DAY_S), *dimensions)).or_default().merge(cell);
        }
        HOURS.add(conn, &self.hours).await?;
        DAYS.add(conn, &days).await
    }
}

impl Adds {
    fn to(table: &str) -> Self {
        Self { one: add_to(table, 1).into(), many: add_to(table, MANY_ROWS).into() }
    }

    async fn add(&self, conn: &mut Conn, cells: &Cells) -> Result<(), Error> {
        let cells: Vec<_> = cells.iter().collect();
        let (many, rest) = cells.as_chunks::<MANY_ROWS>();
        for cells in many {
            run(conn, &self.many, cells).await?;
        }
        for cell in rest {
            run(conn, &self.one, std::slice::from_ref(cell)).await?;
        }
        Ok(())
    }
}

async fn run(conn: &mut Conn, sql: &Arc<str>, cells: &[(&(i64, Dimensions), &Cell)]) -> Result<(), Error> {
    let values: Vec<Value<'_>> = cells.iter().flat_map(|(of, cell)| cell.values(of)).map(Value::from).collect();
    conn.execute(AssertSqlSafe(Arc::clone(sql)), &values).await.map(drop)
}

impl Cell {
    fn add(&mut self, report: &Report) {
        let usage = &report.usage;
        let cost = report.cost.map(|cost| cost.nano());
        let added = [
            1,
            i64::from(matches!(report.outcome, Outcome::Failed(_))),
            i64::from(report.outcome == Outcome::ClientLeft),
            i64::from(report.quality.is_some_and(|quality| quality != Quality::Exact)),
            // Nothing is owed where there is no quality.
            i64::from(report.quality.is_some() && cost.is_none()),
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
        count(&mut self.total, report.total_us);
        if let Some(first_byte_us) = report.first_byte_us {
            count(&mut self.first, first_byte_us);
        }
    }

    fn merge(&mut self, other: &Self) {
        plus(&mut self.sums, &other.sums);
        plus(&mut self.total, &other.total);
        plus(&mut self.first, &other.first);
    }

    /// In the order of the statement.
    fn values<'a>(&'a self, (start_s, of): &'a (i64, Dimensions)) -> impl Iterator<Item = i64> + use<'a> {
        let parts = [std::slice::from_ref(start_s), of, &self.sums, &self.total, &self.first];
        parts.into_iter().flatten().copied()
    }
}

fn plus(sums: &mut [i64], added: &[i64]) {
    for (sum, added) in sums.iter_mut().zip(added) {
        *sum = sum.saturating_add(*added);
    }
}

fn count(spans: &mut [i64; SPANS], latency_us: u64) {
    if let Some(span) = spans.get_mut(span_of(latency_us)) {
        *span += 1;
    }
}

fn added(count: u64) -> i64 {
    i64::try_from(count.min(ADDED_MAX)).unwrap_or(i64::MAX)
}

fn money(nanos: i64) -> i64 {
    nanos.clamp(-MONEY_ADDED_MAX, MONEY_ADDED_MAX)
}

/// All columns that are added up: sums and spans.
pub(crate) fn added_columns() -> Vec<String> {
    let spans = |of: &'static str| (0..SPANS).map(move |span| format!("{of}_{span:02}"));
    SUMS.iter().map(|name| (*name).to_owned()).chain(spans("total")).chain(spans("first")).collect()
}

/// The statement that adds to so many rows of `table`, or makes them.
fn add_to(table: &str, rows: usize) -> String {
    let added = added_columns();
    let keys = ["start_s"].into_iter().chain(DIMENSIONS).collect::<Vec<_>>().join(", ");
    let width = 1 + DIMENSIONS.len() + added.len();
    let row = |row: usize| {
        let places: Vec<_> = (1..=width).map(|place| format!("${}", row * width + place)).collect();
        format!("({})", places.join(", "))
    };
    let rows = (0..rows).map(row).collect::<Vec<_>>().join(", ");
    let sums = added.iter().map(|name| format!("{name} = {table}.{name} + excluded.{name}")).collect::<Vec<_>>();
    let (columns, sums) = (added.join(", "), sums.join(", "));
    format!("INSERT INTO {table} ({keys}, {columns}) VALUES {rows} ON CONFLICT ({keys}) DO UPDATE SET {sums}")
}
