//! What a batch adds to the sums of its hours and days.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sqlx::Error;
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

static ADD_HOUR: LazyLock<&'static str> = LazyLock::new(|| add_to("usage_hours"));
static ADD_DAY: LazyLock<&'static str> = LazyLock::new(|| add_to("usage_days"));

/// What is not yet added to the tables. In order, so that writers that share a database never wait for each other in a
/// circle.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    hours: BTreeMap<(i64, Dimensions), Cell>,
}

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
        let mut days: BTreeMap<(i64, Dimensions), Cell> = BTreeMap::new();
        for ((hour, dimensions), cell) in &self.hours {
            cell.write(conn, *ADD_HOUR, *hour, dimensions).await?;
            days.entry((hour - hour.rem_euclid(DAY_S), *dimensions)).or_default().merge(cell);
        }
        for ((day, dimensions), cell) in &days {
            cell.write(conn, *ADD_DAY, *day, dimensions).await?;
        }
        Ok(())
    }
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

    async fn write(&self, conn: &mut Conn, sql: &'static str, start_s: i64, of: &Dimensions) -> Result<(), Error> {
        let parts = [&[start_s][..], of, &self.sums, &self.total, &self.first];
        let values: Vec<Value<'_>> = parts.into_iter().flatten().map(|whole| Value::from(*whole)).collect();
        conn.execute(sql, &values).await.map(drop)
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

/// The statement that adds to a row of `table`, or makes it. Made once a process and table.
fn add_to(table: &str) -> &'static str {
    let added = added_columns();
    let keys = ["start_s"].into_iter().chain(DIMENSIONS).collect::<Vec<_>>().join(", ");
    let places = (1..=1 + DIMENSIONS.len() + added.len()).map(|place| format!("${place}")).collect::<Vec<_>>();
    let sums = added.iter().map(|name| format!("{name} = {table}.{name} + excluded.{name}")).collect::<Vec<_>>();
    let (columns, places, sums) = (added.join(", "), places.join(", "), sums.join(", "));
    let sql =
        format!("INSERT INTO {table} ({keys}, {columns}) VALUES ({places}) ON CONFLICT ({keys}) DO UPDATE SET {sums}");
    Box::leak(sql.into_boxed_str())
}
