//! One document taken into another: what it says is said there too, and all else stays as it was.

use serde_json::Value;

use super::{Edit, EditError, apply, value};
use crate::path::Path;

/// The document with all that the other says. Providers, models, client keys and patterns of the same name become those of
/// the other; other settings of the same name, too.
///
/// # Errors
/// When one of them is no TOML, or has to be edited by hand for it.
pub fn merge(text: &str, other: &str) -> Result<String, EditError> {
    let Value::Object(sections) = value(other)? else { return Ok(text.to_owned()) };
    sections.iter().try_fold(text.to_owned(), |text, (name, section)| {
        let at = Path::default().key(name);
        match section {
            Value::Object(settings) => settings.iter().try_fold(text, |text, (key, wanted)| {
                // What it does not say of a table goes, too: half of two providers is none.
                apply(&text, &Edit::Set(at.key(key), wanted.clone()))
            }),
            Value::Array(items) => items.iter().try_fold(text, |text, item| {
                let index = place(&value(&text)?, &at, item);
                apply(&text, &Edit::Set(at.index(index), item.clone()))
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                apply(&text, &Edit::Set(at, section.clone()))
            }
        }
    })
}

/// Where an element of this name is in a list; after all others when there is none.
fn place(top: &Value, list: &Path, item: &Value) -> usize {
    let items = list.of(top).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let named = item["name"].as_str();
    items.iter().position(|other| named.is_some() && other["name"].as_str() == named).unwrap_or(items.len())
}
