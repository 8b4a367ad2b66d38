//! What the roll-ups tell: sums by client key, model, provider, day or hour. Nothing here reads a single request's row.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use crate::conn::{Row, Value, count};
use crate::latency::Spans;
use crate::rollup::{ANY, DAY_S, DIMENSIONS, HOUR_S, SUMS};
use crate::{Store, StoreError};

/// The most groups that one question is answered with. Guards memory against an hour-by-hour answer about years.
pub const FIGURES_MAX: u32 = 50_000;

/// Hours added up for each client key, model and provider alone, and for all.
const HOUR_MARGINS: &str = "usage_hour_margins";

/// What is asked. The default asks for one sum of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Whose figures are told apart; `None`: nobody's.
    pub by: Option<Dimension>,
    /// Which times are told apart; `None`: none.
    pub per: Option<Period>,
    /// From when on, in seconds since the Unix epoch; the hour it lies in counts as a whole. `None`: from the beginning.
    pub since_s: Option<i64>,
    /// Until when; the hour it lies in counts as a whole, unless it is the hour's first second. `None`: until now.
    pub until_s: Option<i64>,
    /// Only this client key's requests.
    pub client_key: Option<String>,
    /// Only requests for this model.
    pub model: Option<String>,
    /// Only requests that this provider served last.
    pub provider: Option<String>,
    /// Minutes that the clocks of those who ask are ahead of UTC: where their days begin. Sums are kept by hours of UTC, so
    /// where days begin within one, it counts to the day in which it began.
    pub zone_minutes: i32,
}

/// Whose figures are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of a report")]
pub enum Dimension {
    ClientKey,
    Model,
    Provider,
    UpstreamModel,
}

/// Which times are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of a calendar")]
pub enum Period {
    Hour,
    Day,
}

/// The figures of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Whose they are; `None` where nobody's were told apart, or there was no such name.
    pub name: Option<String>,
    /// When the hour or day began, in seconds since the Unix epoch; `None` where no times were told apart.
    pub start_s: Option<i64>,
    /// Requests that ended.
    pub requests: u64,
    /// How many of them failed.
    pub errors: u64,
    /// How many their callers left.
    pub client_left: u64,
    /// How many were given an answer that was given before; the tokens of those are in none of the sums below.
    pub cached: u64,
    /// How many have tokens that the provider did not count to the end: `partial` or `estimated` ones.
    pub inexact: u64,
    /// How many used tokens without a known price: their cost is not in `cost_nusd`.
    pub unknown_cost: u64,
    /// Tokens put in, those from and for a cache not counted.
    pub input_tokens: u64,
    /// Tokens read from a cache.
    pub cache_read_tokens: u64,
    /// Tokens written to a cache.
    pub cache_write_tokens: u64,
    /// Tokens that came out.
    pub output_tokens: u64,
    /// How many of those were reasoning.
    pub reasoning_tokens: u64,
    /// How many tokens put in were sound.
    pub audio_input_tokens: u64,
    /// How many that came out.
    pub audio_output_tokens: u64,
    /// What it cost, in billionths of a US dollar.
    pub cost_nusd: i64,
    /// What reading from caches, and giving answers again, saved, in billionths of a US dollar.
    pub saved_nusd: i64,
    /// From arrival to the end.
    pub total: Latency,
    /// From arrival to the first byte of an answer, of those requests that got one.
    pub first_byte: Latency,
}

/// How long something took, in microseconds; percentiles are estimates, within half of the truth. Zero when nothing happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of statistics")]
pub struct Latency {
    pub mean_us: u64,
    pub p50_us: u64,
    pub p95_us: u64,
    pub p99_us: u64,
}

impl Dimension {
    /// The name of the column, here and in tables that are made of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientKey => "client_key",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::UpstreamModel => "upstream_model",
        }
    }
}

impl Store {
    /// The figures of each group: times in order, and within each the dearest first, then the busiest; [`FIGURES_MAX`] at
    /// most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn figures(&self, question: &Question) -> Result<Vec<Figures>, StoreError> {
        let mut groups: BTreeMap<(i64, Option<String>), Sums> = BTreeMap::new();
        for piece in question.pieces() {
            for row in self.fetch(AssertSqlSafe(question.sql(piece.table)), &question.values(&piece)).await? {
                let (key, sums) = Sums::read(&row).map_err(StoreError::Read)?;
                groups.entry(key).or_default().merge(&sums);
            }
        }
        let mut figures: Vec<Figures> =
            groups.into_iter().map(|((start, name), sums)| sums.figures(question.per.map(|_| start), name)).collect();
        figures.sort_by_key(|group| (group.start_s, -group.cost_nusd, std::cmp::Reverse(group.requests)));
        Ok(figures)
    }
}

/// A span of time and the table that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    table: &'static str,
    since_s: i64,
    until_s: i64,
}

impl Question {
    /// Whole days come from the table of days, where no hours are told apart; what is left at both ends from that of hours.
    fn pieces(&self) -> Vec<Piece> {
        let since_s = self.since_s.map_or(i64::MIN, |since_s| floor(since_s, HOUR_S));
        let until_s = self.until_s.map_or(i64::MAX, |until_s| ceiling(until_s, HOUR_S));
        let table = if self.has_margins() { HOUR_MARGINS } else { "usage_hours" };
        let hours = |since_s, until_s| Piece { table, since_s, until_s };
        let by_days_of_utc = match self.per {
            None => true,
            Some(Period::Day) => self.zone_minutes == 0,
            Some(Period::Hour) => false,
        };
        // What has no end is whole days.
        let first_day = self.since_s.map_or(since_s, |_| ceiling(since_s, DAY_S));
        let last_day = self.until_s.map_or(until_s, |_| floor(until_s, DAY_S));
        if !by_days_of_utc || first_day >= last_day {
            return vec![hours(since_s, until_s)];
        }
        let days = Piece { table: "usage_days", since_s: first_day, until_s: last_day };
        let pieces = [hours(since_s, first_day), days, hours(last_day, until_s)];
        pieces.into_iter().filter(|piece| piece.since_s < piece.until_s).collect()
    }

    /// Which of [`DIMENSIONS`] it is about.
    fn dimensions(&self) -> [bool; DIMENSIONS.len()] {
        let is_by = |dimension| self.by == Some(dimension);
        [
            is_by(Dimension::ClientKey) || self.client_key.is_some(),
            is_by(Dimension::Model) || self.model.is_some(),
            is_by(Dimension::Provider) || self.provider.is_some(),
            is_by(Dimension::UpstreamModel),
        ]
    }

    /// Whether what it asks of hours is added up already.
    fn has_margins(&self) -> bool {
        let [parts @ .., upstream_model] = self.dimensions();
        !upstream_model && parts.iter().filter(|is_asked| **is_asked).count() <= 1
    }

    /// Which rows of a table with margins tell it.
    fn margins(&self) -> String {
        let rows = DIMENSIONS.iter().zip(self.dimensions());
        rows.map(|(column, is_asked)| format!("AND {column} {} {ANY} ", if is_asked { "<>" } else { "=" })).collect()
    }

    fn sql(&self, table: &str) -> String {
        let start = match self.per {
            None => "CAST(0 AS BIGINT)".to_owned(),
            Some(Period::Hour) => "start_s".to_owned(),
            Some(Period::Day) => {
                let zone_s = i64::from(self.zone_minutes) * 60;
                format!("(start_s + ({zone_s})) / {DAY_S} * {DAY_S} - ({zone_s})")
            }
        };
        let of = self.by.map_or("CAST(0 AS BIGINT)", Dimension::as_str);
        // Rows are in the order of hours; with a constant among the groups SQLite would sort them all the same.
        let groups = match (self.per, self.by) {
            (_, None) => "1",
            (None, Some(_)) => "2",
            (Some(_), Some(_)) => "1, 2",
        };
        let sums: Vec<_> = SUMS.iter().map(|name| format!("CAST(sum({name}) AS BIGINT)")).collect();
        let only = |column, place| {
            format!("AND (${place} IS NULL OR {column} = (SELECT id FROM names WHERE text = ${place}))")
        };
        let (client_key, model, provider) = (only("client_key", 3), only("model", 4), only("provider", 5));
        let margins = if table == HOUR_MARGINS { self.margins() } else { String::new() };
        format!(
            "SELECT g.start_s, names.text, g.* FROM (SELECT {start} AS start_s, {of} AS name, {sums}, string_agg(spans, '') \
             FROM {table} WHERE start_s >= $1 AND start_s < $2 {client_key} {model} {provider} {margins} \
             GROUP BY {groups} LIMIT {FIGURES_MAX}) AS g \
             LEFT JOIN names ON names.id = g.name",
            sums = sums.join(", "),
        )
    }

    fn values(&self, piece: &Piece) -> [Value<'_>; 5] {
        let [client_key, model, provider] =
            [&self.client_key, &self.model, &self.provider].map(|name| Value::from(name.as_deref()));
        [piece.since_s.into(), piece.until_s.into(), client_key, model, provider]
    }
}

fn floor(at_s: i64, span_s: i64) -> i64 {
    at_s.saturating_sub(at_s.rem_euclid(span_s))
}

fn ceiling(at_s: i64, span_s: i64) -> i64 {
    floor(at_s.saturating_add(span_s - 1), span_s)
}

/// What a row of a group adds.
#[derive(Default)]
struct Sums {
    sums: [i64; SUMS.len()],
    spans: Spans,
}

/// Columns before the sums: the start and the name, then the start and the name's id.
const KEYS: usize = 4;

impl Sums {
    fn read(row: &Row) -> Result<((i64, Option<String>), Self), sqlx::Error> {
        let mut read = Self::default();
        for (sum, place) in read.sums.iter_mut().zip(KEYS..) {
            *sum = row.get(place)?;
        }
        read.spans.read(row.get(KEYS + SUMS.len())?);
        Ok(((row.get(0)?, row.get(1)?), read))
    }

    fn merge(&mut self, other: &Self) {
        for (sum, added) in self.sums.iter_mut().zip(other.sums) {
            *sum = sum.saturating_add(added);
        }
        self.spans.merge(&other.spans);
    }

    fn figures(&self, start_s: Option<i64>, name: Option<String>) -> Figures {
        let [counts @ .., total, first, first_bytes] = self.sums;
        let [requests, errors, client_left, cached, inexact, unknown_cost, tokens @ .., cost, saved] = counts;
        let [input, cache_read, cache_write, output, reasoning, audio_input, audio_output] = tokens.map(count);
        Figures {
            name,
            start_s,
            requests: count(requests),
            errors: count(errors),
            client_left: count(client_left),
            cached: count(cached),
            inexact: count(inexact),
            unknown_cost: count(unknown_cost),
            input_tokens: input,
            cache_read_tokens: cache_read,
            cache_write_tokens: cache_write,
            output_tokens: output,
            reasoning_tokens: reasoning,
            audio_input_tokens: audio_input,
            audio_output_tokens: audio_output,
            cost_nusd: cost,
            saved_nusd: saved,
            total: latency(total, requests, |share| self.spans.total_us(share)),
            first_byte: latency(first, first_bytes, |share| self.spans.first_byte_us(share)),
        }
    }
}

fn latency(sum_us: i64, of: i64, at_share: impl Fn(f64) -> Option<u64>) -> Latency {
    let percentile = |share| at_share(share).unwrap_or(0);
    Latency {
        mean_us: count(sum_us).checked_div(count(of)).unwrap_or(0),
        p50_us: percentile(0.5),
        p95_us: percentile(0.95),
        p99_us: percentile(0.99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_come_from_days_and_the_ends_from_hours() {
        let piece = |table, since_s, until_s| Piece { table, since_s, until_s };
        let check = |question: Question, expected: &[Piece]| assert_eq!(question.pieces(), expected, "{question:?}");
        let (hours, days) = (HOUR_MARGINS, "usage_days");
        check(Question::default(), &[piece(days, i64::MIN, i64::MAX)]);
        let range = Question { since_s: Some(5 * DAY_S - 1), until_s: Some(7 * DAY_S + 1), ..Question::default() };
        check(
            range.clone(),
            &[
                piece(hours, 5 * DAY_S - HOUR_S, 5 * DAY_S),
                piece(days, 5 * DAY_S, 7 * DAY_S),
                piece(hours, 7 * DAY_S, 7 * DAY_S + HOUR_S),
            ],
        );
        let whole = [piece(hours, 5 * DAY_S - HOUR_S, 7 * DAY_S + HOUR_S)];
        check(Question { per: Some(Period::Hour), ..range.clone() }, &whole);
        check(Question { per: Some(Period::Day), zone_minutes: 60, ..range }, &whole);
        let all = |table| [piece(table, i64::MIN, i64::MAX)];
        let of = |by, model: Option<&str>| {
            let model = model.map(str::to_owned);
            Question { per: Some(Period::Hour), by, model, ..Question::default() }
        };
        check(of(Some(Dimension::Model), Some("m")), &all(hours));
        check(of(None, Some("m")), &all(hours));
        check(of(Some(Dimension::ClientKey), Some("m")), &all("usage_hours"));
        check(of(Some(Dimension::UpstreamModel), None), &all("usage_hours"));
        let within = Question { since_s: Some(1), until_s: Some(HOUR_S), ..Question::default() };
        check(within, &[piece(hours, 0, HOUR_S)]);
        let open = Question { since_s: Some(DAY_S), ..Question::default() };
        check(open, &[piece(days, DAY_S, i64::MAX)]);
    }
}
