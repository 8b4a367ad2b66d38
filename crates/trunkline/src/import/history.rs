//! The past usage of serverless_proxy's file as rows of the ledger.

use std::path::Path;
use std::sync::Arc;

use trunkline_providers::Usd;
use trunkline_route::{Outcome, Report};
use trunkline_store::{ForeignRows, ForeignValue, Store, StoreError};
use trunkline_wire::Operation;
use trunkline_wire::ir::{Quality, Usage};

/// Tables of past usage, each with the operation of rows that do not say, and what stands in the ids of its rows for the
/// process that made them: so a second import finds its rows there, and doubles none.
const TABLES: [(&str, Operation, u128); 2] =
    [("request_usage", Operation::Chat, 0x05_e2ed_0001), ("embedding_usage", Operation::Embedding, 0x05_e2ed_0002)];

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried {
    /// Requests.
    pub(super) requests: u64,
    /// Their tokens, in and out.
    pub(super) tokens: u64,
    /// What they cost.
    pub(super) cost: Usd,
    /// Rows that say no time.
    pub(super) timeless: u64,
}

/// Writes all past usage of the file into the ledger at `ledger`, a path or a URL.
///
/// # Errors
/// When either cannot be read or written. What was written stays; a second import goes on from it.
pub(super) async fn carry_over(file: &Path, ledger: &str) -> Result<Carried, StoreError> {
    let store = Store::open(ledger).await?;
    let mut writer = store.writer();
    let mut carried = Carried::default();
    for (table, operation, process) in TABLES {
        let Some(mut rows) = ForeignRows::open(file, table).await? else { continue };
        loop {
            let page = rows.next_page().await?;
            if page.is_empty() {
                break;
            }
            let columns = rows.columns();
            let read = |(number, values): &(i64, Vec<ForeignValue>)| {
                let row = Row { columns, values };
                report(&row, operation, process, number.unsigned_abs())
            };
            let reports: Vec<Report> = page.iter().filter_map(read).collect();
            carried.timeless += (page.len() - reports.len()) as u64;
            for report in &reports {
                carried.requests += 1;
                carried.tokens =
                    carried.tokens.saturating_add(report.usage.prompt()).saturating_add(report.usage.output);
                carried.cost = carried.cost.plus(report.cost.unwrap_or(Usd::ZERO));
            }
            writer.append(&reports).await?;
        }
        rows.close().await?;
    }
    writer.close().await?;
    store.close().await;
    Ok(carried)
}

/// A row and the names of its columns.
struct Row<'a> {
    columns: &'a [String],
    values: &'a [ForeignValue],
}

impl Row<'_> {
    fn get(&self, name: &str) -> &ForeignValue {
        let place = self.columns.iter().position(|column| column == name);
        place.and_then(|place| self.values.get(place)).unwrap_or(&ForeignValue::Null)
    }

    /// A count; what is none, or below zero, is none.
    fn count(&self, name: &str) -> u64 {
        match self.get(name) {
            ForeignValue::Integer(number) => u64::try_from(*number).unwrap_or(0),
            // A cast ends at the bounds.
            ForeignValue::Real(number) => *number as u64,
            ForeignValue::Text(text) => text.trim().parse().unwrap_or(0),
            ForeignValue::Null | ForeignValue::Blob => 0,
        }
    }

    fn name(&self, name: &str) -> Option<Arc<str>> {
        match self.get(name) {
            ForeignValue::Text(text) => (!text.is_empty()).then(|| text.as_str().into()),
            ForeignValue::Null | ForeignValue::Integer(_) | ForeignValue::Real(_) | ForeignValue::Blob => None,
        }
    }

    /// Money, from the shortest text of a number.
    fn money(&self, name: &str) -> Option<Usd> {
        match self.get(name) {
            ForeignValue::Integer(number) => nearest(&number.to_string()),
            ForeignValue::Real(number) => nearest(&number.to_string()),
            ForeignValue::Text(text) => nearest(text.trim()),
            ForeignValue::Null | ForeignValue::Blob => None,
        }
    }
}

/// The request of a row; `None` when the row says no time.
fn report(row: &Row<'_>, operation: Operation, process: u128, number: u64) -> Option<Report> {
    /// Bits of an id that count.
    const NUMBER_MASK: u128 = (1 << 40) - 1;
    let at_ms = match row.get("created_at") {
        ForeignValue::Real(seconds) => (*seconds * 1_000.0) as u64,
        ForeignValue::Null | ForeignValue::Integer(_) | ForeignValue::Text(_) | ForeignValue::Blob => {
            row.count("created_at").saturating_mul(1_000)
        }
    };
    if at_ms == 0 {
        return None;
    }
    let prompt = row.count("prompt_tokens");
    // Cached tokens are part of the prompt there, and beside it here.
    let cache_read = row.count("cached_input_tokens").min(prompt);
    let cache_write = row.count("cache_creation_tokens").min(prompt - cache_read);
    let total_us = row.count("response_time_ms").saturating_mul(1_000);
    let id = u128::from(at_ms) << 80 | process << 40 | u128::from(number) & NUMBER_MASK;
    Some(Report {
        model: row.name("virtual_model").or_else(|| row.name("model")),
        provider: row.name("endpoint_name"),
        status: 200,
        outcome: Outcome::Served,
        usage: Usage {
            input: prompt - cache_read - cache_write,
            cache_read,
            cache_write,
            output: row.count("completion_tokens"),
            ..Usage::default()
        },
        quality: Some(Quality::Exact),
        cost: row.money("cost_estimate"),
        total_us,
        attempts: 1,
        ..Report::begin(id, at_ms, operation_of(row).unwrap_or(operation))
    })
}

fn operation_of(row: &Row<'_>) -> Option<Operation> {
    let word = row.name("request_type")?.to_ascii_lowercase();
    let words = [("chat", Operation::Chat), ("embed", Operation::Embedding), ("completion", Operation::Completion)];
    words.into_iter().find(|(part, _)| word.contains(part)).map(|(_, operation)| operation)
}

/// The nearest amount to a decimal number, half to even; `None` when it is none, or below zero.
fn nearest(decimal: &str) -> Option<Usd> {
    const PLACES: usize = 9;
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    if !part.bytes().all(|byte| byte.is_ascii_digit()) || !decimal.is_ascii() {
        return None;
    }
    let (kept, rest) = part.split_at(part.len().min(PLACES));
    let amount = Usd::parse(&format!("{whole}.{kept:0<PLACES$}")).ok()?;
    let is_half = rest.strip_prefix('5').is_some_and(|beyond| beyond.bytes().all(|byte| byte == b'0'));
    let is_up =
        if is_half { amount.nano() % 2 == 1 } else { rest.as_bytes().first().is_some_and(|byte| *byte >= b'5') };
    Some(amount.plus(Usd::from_nano(i64::from(is_up))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_taken_from_the_text_of_a_number_and_rounded_once() {
        let cases = [
            ("0.0123", Some(12_300_000)),
            ("0.1", Some(100_000_000)),
            ("3", Some(3_000_000_000)),
            ("0.0000000014", Some(1)),
            ("0.0000000015", Some(2)),
            ("0.0000000025", Some(2)),
            ("0.00000000250001", Some(3)),
            ("0.30000000000000004", Some(300_000_000)),
            ("-1", None),
            ("NaN", None),
            ("1e9", None),
            ("é", None),
        ];
        for (text, nano) in cases {
            assert_eq!(nearest(text).map(Usd::nano), nano, "{text}");
        }
    }
}
