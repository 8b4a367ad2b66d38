//! Every field that a dialect's own specification knows is kept, mapped or reported as lost by every other dialect.
//!
//! The lists in `tests/fixtures/fields` are made by `tools/field-lists.py`. A field is put into a body that lacks it (or
//! has another value there); what it changes in the written request, or in the losses, is what became of it.
//! `docs/conversion.md` is the outcome: `UPDATE_DOCS=1` writes it anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use serde_json::Value;
use trunkline_wire::Dialect;
use trunkline_wire::dialect::ALL;

use crate::neutral::NEUTRAL;
use crate::requests::{decode, takes};
use crate::{fixture, page};

/// One field of the list.
pub(crate) struct Case {
    /// Its name for people, such as `messages[user].content`.
    pub(crate) field: String,
    /// Without it, or with another value.
    pub(crate) without: Value,
    /// With it.
    pub(crate) with: Value,
    /// Its path in the body.
    pub(crate) at: String,
}

/// What became of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stands where it stood, as it was.
    Kept,
    /// It is said in other words.
    Mapped,
    /// Some of it is said, and the rest is reported.
    Partly,
    /// It is reported.
    Lost,
    /// The dialect does not take such a request, or cannot be asked it.
    Refused,
    /// It makes no difference, and nobody is told.
    Silent,
}

/// A field, and what became of it in every dialect, in their order.
pub(crate) struct Row {
    /// Its name for people.
    pub(crate) field: String,
    /// One for each dialect.
    pub(crate) fates: Vec<Fate>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fields")
}

/// The list of a dialect.
pub(crate) fn cases(origin: &dyn Dialect) -> Vec<Case> {
    list(origin.id().as_str())
}

/// The list with this name.
pub(crate) fn list(name: &str) -> Vec<Case> {
    let path = folder().join(name).with_extension("json");
    let list: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let case = |case: &Value| {
        let without = list["bases"][usize::try_from(case["base"].as_u64().unwrap()).unwrap()].clone();
        let at = case["at"].as_str().unwrap().to_owned();
        let with = put(without.clone(), &at, case["value"].clone());
        Case { field: case["field"].as_str().unwrap().to_owned(), without, with, at }
    };
    list["cases"].as_array().unwrap().iter().map(case).collect()
}

fn put(mut body: Value, at: &str, value: Value) -> Value {
    let path = at.replace('[', ".").replace(']', "");
    let mut inner = &mut body;
    for step in path.split('.') {
        inner = match inner {
            Value::Object(members) => members.entry(step).or_insert(Value::Null),
            Value::Array(list) => &mut list[step.parse::<usize>().unwrap()],
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => panic!("{at} does not lead anywhere"),
        };
    }
    *inner = value;
    body
}

/// What a dialect makes of a body: the request, and the losses.
pub(crate) type Said = Result<(Value, Vec<String>), String>;

/// Reads a body and writes it in another dialect, or in its own.
pub(crate) fn say(origin: &dyn Dialect, to: &dyn Dialect, body: &Value) -> Said {
    let request = decode(origin, body.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let encoded = to.encode_request(&request, &takes(to.id(), origin.id())).map_err(|error| error.to_string())?;
    let losses = encoded.losses.iter().map(|loss| loss.field.clone()).collect();
    Ok((serde_json::from_slice(&encoded.bytes).unwrap(), losses))
}

/// What becomes of a case.
pub(crate) fn fate(case: &Case, origin: &dyn Dialect, to: &dyn Dialect) -> Fate {
    let Ok((after, losses)) = say(origin, to, &case.with) else { return Fate::Refused };
    let covered = losses.iter().any(|loss| covers(loss, &case.at));
    // Some things cannot be left out at all.
    let before = say(origin, to, &case.without).ok();
    let told = before.as_ref().is_some_and(|(_, known)| {
        let of_it = |loss: &&String| covers(loss, &case.at) || covers(&case.at, loss);
        losses.iter().filter(of_it).any(|loss| !known.contains(loss))
    });
    match (before.is_some_and(|(before, _)| before == after), told) {
        (false, true) => Fate::Partly,
        (false, false) if stands(&after, case, to.id() == origin.id()) => Fate::Kept,
        (false, false) => Fate::Mapped,
        (true, true) => Fate::Lost,
        (true, false) if covered => Fate::Lost,
        (true, false) => Fate::Silent,
    }
}

/// Whether the field stands in the written body as it stood in the request: at home with all that is around it.
fn stands(after: &Value, case: &Case, at_home: bool) -> bool {
    let value = |body: &Value| find(body, &case.at).map(|value| plain(&value));
    if at_home { plain(after) == plain(&case.with) } else { value(after) == value(&case.with) }
}

/// A body without what makes no difference: members that are null, and those that only state a dialect's default.
pub(crate) fn plain(body: &Value) -> Value {
    fixture::without_nulls(body.clone())
}

/// Whether the loss is that of what stands at the path, or of something around it.
fn covers(loss: &str, at: &str) -> bool {
    at.strip_prefix(loss).is_some_and(starts_anew)
}

/// Whether what follows a path is another step, or nothing.
fn starts_anew(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['.', '[', '('])
}

fn rows(origin: &dyn Dialect) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for case in cases(origin) {
        let mut fates: Vec<Fate> = ALL.iter().map(|to| fate(&case, origin, *to)).collect();
        // With what it stands in, it went as well.
        let around = rows.iter().rev().filter(|row| case.field.strip_prefix(&row.field).is_some_and(starts_anew));
        for outer in around {
            for (fate, outer) in fates.iter_mut().zip(&outer.fates) {
                if *fate == Fate::Silent && *outer == Fate::Lost {
                    *fate = Fate::Lost;
                }
            }
        }
        rows.push(Row { field: case.field, fates });
    }
    rows
}

/// What makes no difference although it should, and where.
fn silent(origin: &dyn Dialect, rows: &[Row]) -> Vec<String> {
    let origin = origin.id().as_str();
    let neutral = |row: &Row| NEUTRAL.iter().any(|(dialect, field, _)| *dialect == origin && *field == row.field);
    let mut found = Vec::new();
    for row in rows {
        let fates = ALL.iter().zip(&row.fates).filter(|(_, fate)| **fate == Fate::Silent);
        let to: Vec<&str> = fates.map(|(to, _)| to.id().as_str()).collect();
        assert!(!(neutral(row) && to.is_empty()), "{} makes a difference: it is not neutral", row.field);
        if !to.is_empty() && !neutral(row) {
            found.push(format!("{origin} {}: {}", row.field, to.join(" ")));
        }
    }
    found
}

/// What is not taken, and why.
fn refused(origin: &dyn Dialect) -> String {
    let mut text = String::new();
    for case in cases(origin) {
        for to in ALL {
            if let Err(error) = say(origin, *to, &case.with) {
                text.push_str(&format!("{} {} to {}: {error}\n", origin.id().as_str(), case.field, to.id().as_str()));
            }
        }
    }
    text
}

/// Losses whose path leads nowhere in the body that they are of.
fn misnamed(origin: &dyn Dialect) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for case in cases(origin) {
        for to in ALL {
            let Ok((_, losses)) = say(origin, *to, &case.with) else { continue };
            for loss in losses.iter().filter(|loss| find(&case.with, loss).is_none()) {
                found.insert(format!("{} to {}: {loss}", origin.id().as_str(), to.id().as_str()));
            }
        }
    }
    found
}

/// What stands at a path.
fn find(body: &Value, path: &str) -> Option<Value> {
    let steps = path.replace('[', ".").replace(']', "");
    let step = |inner: Option<Value>, step: &str| match inner? {
        Value::Object(members) => members.get(step).cloned(),
        Value::Array(list) => list.get(step.parse::<usize>().ok()?).cloned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    steps.split('.').fold(Some(body.clone()), step)
}

#[test]
fn every_loss_is_named_by_its_path() {
    let found: Vec<String> = ALL.iter().flat_map(|origin| misnamed(*origin)).collect();
    assert!(found.is_empty(), "losses that lead nowhere in the client's body:\n{}", found.join("\n"));
}

#[test]
fn every_field_is_kept_mapped_or_reported() {
    let (mut silent_fields, mut refused_fields, mut page) = (Vec::new(), String::new(), page::Page::new());
    for origin in ALL {
        let rows = rows(*origin);
        silent_fields.extend(silent(*origin, &rows));
        refused_fields.push_str(&refused(*origin));
        page.add(*origin, &rows);
    }
    assert!(silent_fields.is_empty(), "fields that are lost without a word:\n{}", silent_fields.join("\n"));
    expect_file![folder().join("refused.txt")].assert_eq(&refused_fields);
    page.check();
}
