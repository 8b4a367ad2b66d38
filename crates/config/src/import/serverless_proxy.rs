//! serverless_proxy: the rows of its SQLite file.

mod endpoint;
mod model;
mod pattern;
mod python;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::Imported;
use super::draft::Draft;
use super::report::Report;
use super::rules::{Rule, apply, ask, refuse};
use super::settle::settle;
use crate::env::Env;
use endpoint::Endpoint;

/// Said of a column that its pages do not have.
const UNKNOWN: &str = "Trunkline knows no such column";

/// Where it listens; `API_PORT` is stronger, here as there. It let anyone in from anywhere, which Trunkline does only
/// when told to.
const LISTEN: &str = "127.0.0.1:8002";

/// A table of the file.
#[derive(Clone, PartialEq)]
pub struct SourceTable {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// Its rows by column, where they were read.
    pub rows: Vec<Map<String, Value>>,
    /// How many rows it has, read or not.
    pub count: u64,
}

/// Shows no rows: they may hold keys.
impl std::fmt::Debug for SourceTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceTable").field("name", &self.name).field("count", &self.count).finish_non_exhaustive()
    }
}

impl SourceTable {
    /// The tables whose rows are configuration; of all others, only columns and the number of rows are asked for.
    pub const READ: [&'static str; 4] = ["endpoints", "virtual_models", "tool_patterns", "settings"];
}

struct Desk {
    env: Env,
    draft: Draft,
    /// By what `virtual_models.endpoint_id` says.
    endpoints: IndexMap<String, Endpoint>,
}

/// Reads the tables of a file. The environment says what the AI queue is told.
pub fn serverless_proxy(tables: &[SourceTable], env: &Env) -> Imported {
    let mut report = Report::default();
    let mut desk = Desk { env: env.clone(), draft: Draft::default(), endpoints: IndexMap::new() };
    desk.draft.heading = vec![
        "Made from a serverless_proxy database by `trunkline import serverless-proxy`.".to_owned(),
        "`API_PORT` and `TIMEOUT` mean what they meant. For callers on other machines, set `listen` and client keys."
            .to_owned(),
    ];
    desk.draft.sections.entry("server").or_default().insert("listen".to_owned(), LISTEN.into());
    for table in in_order(tables) {
        let rows = table.rows.iter().enumerate();
        let rows =
            rows.map(|(index, row)| (format!("{}/{}", table.name, row_name(index, row)), Value::Object(row.clone())));
        match table.name.as_str() {
            "endpoints" => rows.for_each(|(at, row)| endpoint::import(&at, &row, &mut desk, &mut report)),
            "virtual_models" => rows.for_each(|(at, row)| model::import(&at, &row, &mut desk, &mut report)),
            "tool_patterns" => rows.for_each(|(at, row)| pattern::import(&at, &row, &mut desk, &mut report)),
            "settings" => rows.for_each(|(at, row)| apply(SETTINGS, UNKNOWN, (&at, &row), &mut (), &mut report)),
            _ => told_by_column(table, &mut report),
        }
    }
    for wanted in ["endpoints", "virtual_models"] {
        if !tables.iter().any(|table| table.name == wanted) {
            report.bad(wanted, "the file has no such table");
        }
    }
    report.notes = settle(&mut desk.draft, env);
    Imported { document: desk.draft.write(), report }
}

/// Endpoints before the models that refer to them.
fn in_order(tables: &[SourceTable]) -> impl Iterator<Item = &SourceTable> {
    let place = |table: &&SourceTable| SourceTable::READ.iter().position(|name| *name == table.name);
    let mut ordered: Vec<&SourceTable> = tables.iter().collect();
    ordered.sort_by_key(|table| place(table).unwrap_or(usize::MAX));
    ordered.into_iter()
}

/// What tells a row from the others: its id, else its key, else its place.
fn row_name(index: usize, row: &Map<String, Value>) -> String {
    let text = |column: &str| row.get(column).filter(|value| value.is_i64() || value.is_string()).map(plain);
    text("id").or_else(|| text("key")).unwrap_or_else(|| format!("row {}", index + 1))
}

/// A value without quotation marks.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The JSON object in a text column; `None`: something else.
fn object(text: &str) -> Option<Map<String, Value>> {
    if text.trim().is_empty() {
        return Some(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(entries)) => Some(entries),
        Ok(Value::Null) => Some(Map::new()),
        Ok(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | Err(_) => None,
    }
}

const NO_DATES: &str = "a document keeps no dates";

const SETTINGS: &[Rule<()>] = &[
    ask("key", "see whether Trunkline has it: docs/configuration.md"),
    ask("value", "see whether Trunkline has it: docs/configuration.md"),
    refuse("updated_at", NO_DATES),
];

/// Said of past usage.
const LEDGER: &str = "past usage; `--ledger` writes it into a ledger";

const HISTORY: &[Rule<()>] = &[
    ask("id", LEDGER),
    ask("virtual_model", LEDGER),
    ask("endpoint_name", LEDGER),
    ask("request_type", LEDGER),
    ask("prompt_tokens", LEDGER),
    ask("completion_tokens", LEDGER),
    ask("total_tokens", LEDGER),
    ask("cached_input_tokens", LEDGER),
    ask("cache_creation_tokens", LEDGER),
    ask("cost_estimate", LEDGER),
    ask("response_time_ms", LEDGER),
    ask("created_at", LEDGER),
];

/// A table that is no configuration: one finding for each column.
fn told_by_column(table: &SourceTable, report: &mut Report) {
    let (rules, note) = match table.name.as_str() {
        "request_usage" | "embedding_usage" => (HISTORY, "the ledger has no such column; the old file keeps it"),
        _ => (&[][..], "Trunkline knows no such table"),
    };
    let columns: Map<String, Value> = table.columns.iter().map(|column| (column.clone(), json!(table.count))).collect();
    let at = format!("{} ({} rows)", table.name, table.count);
    apply(rules, note, (&at, &Value::Object(columns)), &mut (), report);
}
