//! The places of secrets in a document.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::path::{Path, Step};
use crate::schema;

/// Calls for each secret in a value that stands at a place in the document.
pub(super) fn each(at: &Path, value: &mut Json, call: &mut impl FnMut(&Path, &mut String)) {
    let stated = at.steps().iter().try_fold(schema::value(), |schema, step| match step {
        Step::Key(key) => member(schema, key),
        Step::Index(_) => schema.get("items"),
    });
    if let Some(schema) = stated {
        walk(schema, at, value, call);
    }
}

/// All of them, in their order.
pub(super) fn list(at: &Path, value: &Json) -> Vec<(Path, String)> {
    let mut found = Vec::new();
    each(at, &mut value.clone(), &mut |path, secret| found.push((path.clone(), secret.clone())));
    found
}

fn walk(schema: &Json, at: &Path, value: &mut Json, call: &mut impl FnMut(&Path, &mut String)) {
    match value {
        Json::String(text) => {
            if schema["writeOnly"] == true {
                call(at, text);
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(&schema["items"], &at.index(index), item, call);
            }
        }
        Json::Object(table) => {
            for (key, inner) in table {
                if let Some(schema) = member(schema, key) {
                    walk(schema, &at.key(key), inner, call);
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn member<'s>(schema: &'s Json, key: &str) -> Option<&'s Json> {
    schema["properties"].get(key).or_else(|| schema.get("additionalProperties"))
}

/// How far a secret may have moved: within its provider, or its list.
pub(super) fn nearby(path: &Path) -> Path {
    let depth = match path.steps() {
        [_, Step::Key(_), _, ..] => 2,
        _ => 1,
    };
    Path::of_steps(path.steps().get(..depth).unwrap_or_default())
}

/// Where each text stands; `None` when the document is no TOML.
pub(super) fn spans(text: &str) -> Option<HashMap<Path, Range<usize>>> {
    let tree = DeTable::parse(text).ok()?;
    let mut found = HashMap::new();
    for (key, value) in tree.get_ref() {
        collect(&Path::default().key(key.get_ref()), value, &mut found);
    }
    Some(found)
}

fn collect(at: &Path, node: &Spanned<DeValue<'_>>, found: &mut HashMap<Path, Range<usize>>) {
    match node.get_ref() {
        DeValue::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| collect(&at.index(index), item, found))
        }
        DeValue::Table(table) => {
            table.iter().for_each(|(key, value)| collect(&at.key(key.get_ref()), value, found));
        }
        DeValue::String(_) => {
            found.insert(at.clone(), node.span());
        }
        DeValue::Boolean(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => {}
    }
}
