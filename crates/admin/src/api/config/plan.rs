//! What one document changes of another: line by line, and setting by setting.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use similar::TextDiff;
use trunkline_config::{Path, edit, mask};

/// Lines around a difference that are shown with it.
const CONTEXT_LINES: usize = 3;

/// After so long a diff is made that may not be the shortest one. Guards against long documents that have nothing in common.
const DIFF_TIMEOUT: Duration = Duration::from_secs(1);

/// How much of a value a line quotes, in characters.
const QUOTE_CHARS_MAX: usize = 60;

/// Changes that a line names one by one.
const NAMED_MAX: usize = 3;

/// One setting that is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Change {
    kind: How,
    /// Which, such as `providers.groq.base_url`.
    path: String,
    /// How, in words; a secret is not told.
    summary: String,
}

/// What becomes of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum How {
    Add,
    Change,
    Remove,
}

/// A unified diff; empty when both say the same.
pub(super) fn diff(before: (&str, &str), after: (&str, &str)) -> String {
    let diff = TextDiff::configure().timeout(DIFF_TIMEOUT).diff_lines(before.1, after.1);
    diff.unified_diff().context_radius(CONTEXT_LINES).header(before.0, after.0).to_string()
}

/// Each setting that differs; nothing where one of them is no TOML.
pub(super) fn changes(before: &str, after: &str) -> Vec<Change> {
    let (Ok(before), Ok(after)) = (edit::value(before), edit::value(after)) else { return Vec::new() };
    let mut found = Vec::new();
    compare(&Path::default(), &before, &after, &mut found);
    found
}

/// Changes in a line.
pub(super) fn in_words(changes: &[Change]) -> String {
    let word = |change: &Change| {
        let verb = match change.kind {
            How::Add => "adds",
            How::Change => "changes",
            How::Remove => "removes",
        };
        format!("{verb} {}", change.path)
    };
    let mut words: Vec<String> = changes.iter().take(NAMED_MAX).map(word).collect();
    match changes.len().saturating_sub(NAMED_MAX) {
        0 if words.is_empty() => words.push("changes nothing but how it is written".to_owned()),
        0 => {}
        more => words.push(format!("and {more} more")),
    }
    words.join(", ")
}

fn compare(at: &Path, before: &Value, after: &Value, found: &mut Vec<Change>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Value::Object(before), Value::Object(after)) => compare_tables(at, before, after, found),
        (Value::Array(before), Value::Array(after)) if is_of_tables(before) && is_of_tables(after) => {
            compare_lists(at, before, after, found);
        }
        (before, after) => {
            let (before, after) = (quoted(at, before), quoted(at, after));
            let summary =
                if before == after { "another secret".to_owned() } else { format!("from {before} to {after}") };
            found.push(Change { kind: How::Change, path: at.to_string(), summary });
        }
    }
}

fn compare_tables(at: &Path, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Vec<Change>) {
    let is_top = *at == Path::default();
    let nothing = Value::Object(Map::new());
    // A section that comes or goes is told by what is in it.
    let inner = |value: &Value| is_top && value.is_object();
    for (key, old) in before {
        match after.get(key) {
            Some(new) => compare(&at.key(key), old, new, found),
            None if inner(old) => compare(&at.key(key), old, &nothing, found),
            None => found.push(gone(&at.key(key), old)),
        }
    }
    for (key, new) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        match new {
            new if inner(new) => compare(&at.key(key), &nothing, new, found),
            new => found.push(come(&at.key(key), new)),
        }
    }
}

/// Tables that have names are compared by these, others by their places.
fn compare_lists(at: &Path, before: &[Value], after: &[Value], found: &mut Vec<Change>) {
    let named = before.iter().chain(after).all(|item| item["name"].is_string());
    let partner = |items: &[Value], place: usize, item: &Value| {
        if named { items.iter().position(|other| other["name"] == item["name"]) } else { Some(place) }
    };
    for (place, old) in before.iter().enumerate() {
        if partner(after, place, old).and_then(|place| after.get(place)).is_none() {
            found.push(gone(&at.index(place), old));
        }
    }
    for (place, new) in after.iter().enumerate() {
        match partner(before, place, new).and_then(|place| before.get(place)) {
            Some(old) => compare(&at.index(place), old, new, found),
            None => found.push(come(&at.index(place), new)),
        }
    }
}

fn is_of_tables(items: &[Value]) -> bool {
    items.iter().all(Value::is_object)
}

fn come(at: &Path, value: &Value) -> Change {
    let summary = match value.as_object() {
        Some(table) => format!("{}with {}", name(table), keys(table)),
        None => quoted(at, value),
    };
    Change { kind: How::Add, path: at.to_string(), summary }
}

fn gone(at: &Path, value: &Value) -> Change {
    let summary = match value.as_object() {
        Some(table) => format!("{}with all that it said", name(table)),
        None => format!("it was {}", quoted(at, value)),
    };
    Change { kind: How::Remove, path: at.to_string(), summary }
}

fn name(table: &Map<String, Value>) -> String {
    table.get("name").and_then(Value::as_str).map(|name| format!("`{name}`, ")).unwrap_or_default()
}

fn keys(table: &Map<String, Value>) -> String {
    let keys: Vec<&str> = table.keys().map(String::as_str).collect();
    if keys.is_empty() { "nothing in it".to_owned() } else { keys.join(", ") }
}

/// A value in a few words, its secrets masked.
fn quoted(at: &Path, value: &Value) -> String {
    let mut shown = value.clone();
    mask::mask_value(at, &mut shown);
    let text = shown.to_string();
    let mut quoted: String = text.chars().take(QUOTE_CHARS_MAX).collect();
    if quoted.len() < text.len() {
        quoted.push_str("...");
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_that_differs_is_told_and_no_secret() {
        let before = "default_patterns = true\n[server]\nlisten = \"127.0.0.1:1\"\n[providers.a]\nkey = \"canary-1\"\n\
             [providers.gone]\n[[client_keys]]\nname = \"x\"\nkey = \"canary-2\"\n[[client_keys]]\nname = \"y\"\nkey = \"canary-3\"\n";
        let after = "# only words\n[server]\nlisten = \"127.0.0.1:2\"\n[providers.a]\nkey = \"canary-4\"\n\
             [[client_keys]]\nname = \"y\"\nkey = \"canary-3\"\nmodels = [\"m\"]\n[models.m]\ntargets = []\n";
        let told: Vec<String> = changes(before, after)
            .iter()
            .map(|change| format!("{:?} {}: {}", change.kind, change.path, change.summary))
            .collect();
        assert_eq!(
            told,
            [
                "Remove default_patterns: it was true",
                "Change server.listen: from \"127.0.0.1:1\" to \"127.0.0.1:2\"",
                "Change providers.a.key: another secret",
                "Remove providers.gone: with all that it said",
                "Remove client_keys[0]: `x`, with all that it said",
                "Add client_keys[0].models: [\"m\"]",
                "Add models.m: with targets",
            ]
        );
        assert_eq!(changes("a = 1", "a ="), []);
        assert_eq!(
            in_words(&changes(before, after)),
            "removes default_patterns, changes server.listen, changes providers.a.key, and 4 more"
        );
        assert_eq!(in_words(&[]), "changes nothing but how it is written");
    }

    #[test]
    fn what_says_the_same_has_no_diff() {
        assert_eq!(diff(("a", "x = 1\n"), ("b", "x = 1\n")), "");
        assert_eq!(diff(("a", "x = 1\n"), ("b", "x = 2\n")), "--- a\n+++ b\n@@ -1 +1 @@\n-x = 1\n+x = 2\n");
    }
}
