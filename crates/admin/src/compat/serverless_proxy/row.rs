//! Rows, as the old gateway's database had them and its API shows them.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use trunkline_config::import::{Imported, SourceTable, serverless_proxy};
use trunkline_config::{Env, edit};

use crate::compat::document::notes;
use crate::compat::tree::put;
use crate::compat::words::not_found;
use crate::problem::{Kind, Problem};

/// A row by its columns.
pub(super) type Row = Map<String, Value>;

/// Bytes of a number that stands for a name: JavaScript counts so far exactly.
const ID_BYTES: usize = 6;

/// The number that stands for a name, of which nothing has one here: always the same, and another for each.
pub(super) fn id_of(kind: &str, name: &str) -> u64 {
    let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(name).finalize();
    digest.iter().take(ID_BYTES).fold(0, |id, byte| id << 8 | u64::from(*byte))
}

/// The one with that number, as it stands in a path.
pub(super) fn find<'a>(kind: &str, id: &str, names: impl IntoIterator<Item = &'a String>) -> Result<&'a str, Problem> {
    let wanted = id.parse().ok();
    let found = names.into_iter().find(|name| Some(id_of(kind, name)) == wanted);
    found.map(String::as_str).ok_or_else(|| not_found(format!("{kind} not found")))
}

/// What a client sends: something at least.
pub(super) fn given(row: Row) -> Result<Row, Problem> {
    if row.is_empty() { Err(Problem::new(Kind::BadRequest, "No data provided")) } else { Ok(row) }
}

/// A text of a row, if it says something.
pub(super) fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// A number of a row, also where it is written as a text; none when it is 0, which stands for none.
pub(super) fn number(row: &Row, column: &str) -> Option<f64> {
    let value = row.get(column)?;
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    (number != 0.0 && number.is_finite()).then_some(number)
}

/// A switch of a row, as the old gateway reads it; `None` when it says nothing.
pub(super) fn switch(row: &Row, column: &str) -> Option<bool> {
    match row.get(column)? {
        Value::Null => None,
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        Value::String(text) => Some(!text.is_empty()),
        Value::Array(_) | Value::Object(_) => Some(true),
    }
}

/// As a database has it.
pub(super) fn flag(on: bool) -> Value {
    Value::from(u8::from(on))
}

/// Rows of a table, as an import reads them.
pub(super) fn table(name: &str, rows: Vec<Row>) -> SourceTable {
    let columns = rows.first().map(|row| row.keys().cloned().collect()).unwrap_or_default();
    SourceTable { name: name.to_owned(), columns, count: rows.len() as u64, rows }
}

/// What rows come to in our words, and what of it a person should know.
pub(super) struct Ours {
    /// The whole document that they would make.
    pub(super) document: Value,
    pub(super) notes: Vec<String>,
}

/// Rows in our words. What the environment says plays no part: whoever adds one says all of it.
pub(super) fn ours(tables: &[SourceTable]) -> Result<Ours, Problem> {
    let Imported { document, report } = serverless_proxy(tables, &Env::default());
    Ok(Ours { document: edit::value(&document)?, notes: notes(&report) })
}

/// What is answered when it is done.
pub(super) fn done(id: Option<u64>, notes: Vec<String>) -> Value {
    let mut answer = json!({ "status": "ok" });
    if let Some(id) = id {
        put(&mut answer, &["id"], id);
    }
    if !notes.is_empty() {
        put(&mut answer, &["notes"], notes);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_numbers_of_their_own() {
        let ids = [id_of("Endpoint", "a"), id_of("Endpoint", "b"), id_of("Pattern", "a")];
        assert!(ids.iter().all(|id| *id < 1 << 53) && ids[0] != ids[1] && ids[0] != ids[2], "{ids:?}");
        let names = ["a".to_owned(), "b".to_owned()];
        assert_eq!(find("Endpoint", &ids[1].to_string(), &names).ok(), Some("b"));
        assert!(find("Endpoint", "x", &names).is_err() && find("Endpoint", "7", &names).is_err());
    }
}
