//! JSON schemas of other dialects, within what Anthropic takes.

use indexmap::IndexMap;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A schema's root, each member untouched.
type Root = IndexMap<String, Box<RawValue>>;

/// Words that may not stand at the root of a tool's schema.
const CHOICES: [&str; 3] = ["anyOf", "oneOf", "allOf"];

/// Words that a schema of an answer may not hold: Anthropic refuses them.
const UNENFORCED: [&str; 14] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
    "patternProperties",
];

/// The schema of a tool that takes nothing.
pub(super) fn of_nothing() -> Box<RawValue> {
    fixed(r#"{"type":"object","properties":{}}"#)
}

/// JSON that stands in the code.
pub(super) fn fixed(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("the code's own JSON is right")
}

/// A tool's schema with `type: object` and no choice at its root, and the words it lost.
pub(super) fn of_tool(schema: &RawValue) -> (Box<RawValue>, Vec<&'static str>) {
    let Ok(mut root) = serde_json::from_str::<Root>(schema.get()) else { return (of_nothing(), vec!["type"]) };
    let is_object = root.get("type").is_some_and(|kind| kind.get() == "\"object\"");
    let lost: Vec<&str> = CHOICES.into_iter().filter(|word| root.contains_key(*word)).collect();
    if is_object && lost.is_empty() {
        return (schema.to_owned(), lost);
    }
    let mut properties = Root::new();
    for word in &lost {
        let branches = root.shift_remove(*word).and_then(|raw| serde_json::from_str::<Vec<Root>>(raw.get()).ok());
        let of_branches = branches.into_iter().flatten().filter_map(|branch| inner(&branch));
        properties.extend(of_branches.flatten());
    }
    // What any of the branches knows may be given; which go together, the model is not told.
    properties.extend(inner(&root).unwrap_or_default());
    root.insert("type".to_owned(), fixed("\"object\""));
    if !lost.is_empty() || !root.contains_key("properties") {
        root.insert("properties".to_owned(), raw(&properties));
    }
    (raw(&root), lost)
}

/// The properties that a schema names.
fn inner(schema: &Root) -> Option<Root> {
    serde_json::from_str(schema.get("properties")?.get()).ok()
}

fn raw(value: &impl serde::Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("what was read as JSON is written as JSON")
}

/// The schema of an answer, closed and without the words that Anthropic refuses, and those words; they stay in the
/// descriptions, where the model reads them.
pub(super) fn of_output(schema: &RawValue) -> (Box<RawValue>, Vec<String>) {
    let Ok(mut tree) = serde_json::from_str::<Value>(schema.get()) else { return (schema.to_owned(), Vec::new()) };
    let mut lost = Vec::new();
    close(&mut tree, &mut lost);
    (raw(&tree), lost)
}

/// Closes one schema and all within it; the reader has bounded how deep they go.
fn close(schema: &mut Value, lost: &mut Vec<String>) {
    let Value::Object(members) = schema else { return };
    let dropped: Vec<(&str, Value)> =
        UNENFORCED.into_iter().filter_map(|word| Some((word, members.shift_remove(word)?))).collect();
    if !dropped.is_empty() {
        let notes: Vec<String> = dropped.iter().map(|(word, value)| format!("{word}: {value}")).collect();
        let said = members.get("description").and_then(Value::as_str).map(|said| format!("{said}\n"));
        let description = format!("{}{{{}}}", said.unwrap_or_default(), notes.join(", "));
        members.insert("description".to_owned(), Value::String(description));
        for (word, _) in dropped {
            if !lost.iter().any(|known| known == word) {
                lost.push(word.to_owned());
            }
        }
    }
    if members.contains_key("properties") || members.get("type").and_then(Value::as_str) == Some("object") {
        members.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    close_inner(members, lost);
}

fn close_inner(members: &mut Map<String, Value>, lost: &mut Vec<String>) {
    for (name, value) in members.iter_mut() {
        match (name.as_str(), value) {
            ("properties" | "$defs" | "definitions", Value::Object(named)) => {
                named.values_mut().for_each(|schema| close(schema, lost));
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(list)) => {
                list.iter_mut().for_each(|schema| close(schema, lost));
            }
            ("items" | "not", schema) => close(schema, lost),
            (_, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).expect("JSON")
    }

    #[track_caller]
    fn check_tool(schema: &str, expected: &str, lost: &[&str]) {
        let (schema, words) = of_tool(&json(schema));
        assert_eq!((schema.get(), words.as_slice()), (expected, lost));
    }

    #[test]
    fn a_tool_takes_an_object() {
        check_tool(r#"{"type":"object" }"#, r#"{"type":"object" }"#, &[]);
        check_tool("{}", r#"{"type":"object","properties":{}}"#, &[]);
        check_tool(
            r#"{"type":["object","null"],"properties":{"a":1}}"#,
            r#"{"type":"object","properties":{"a":1}}"#,
            &[],
        );
        check_tool("7", r#"{"type":"object","properties":{}}"#, &["type"]);
        check_tool(
            r#"{"anyOf":[{"properties":{"a":1}},{"properties":{"b":2}}],"properties":{"a":3},"title":"t"}"#,
            r#"{"properties":{"a":3,"b":2},"title":"t","type":"object"}"#,
            &["anyOf"],
        );
    }

    #[test]
    fn an_answer_is_closed_and_keeps_its_limits_as_words() {
        let (schema, lost) = of_output(&json(
            r#"{"type":"object","properties":{"minimum":{"type":"integer","minimum":1,"description":"d"},
              "l":{"type":"array","items":{"type":"object"},"maxItems":2}}}"#,
        ));
        assert_eq!(
            schema.get(),
            r#"{"type":"object","properties":{"minimum":{"type":"integer","description":"d\n{minimum: 1}"},"l":{"type":"array","items":{"type":"object","additionalProperties":false},"description":"{maxItems: 2}"}},"additionalProperties":false}"#
        );
        assert_eq!(lost, ["minimum", "maxItems"]);
    }
}
