//! `parameters` and `responseSchema` are written in a subset of OpenAPI 3.0; everybody else writes JSON Schema.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::fields::parse;

/// Counts that protocol buffers write as strings, since they are 64 bits wide.
const COUNTS: [&str; 6] = ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"];

/// The schema as JSON Schema: `type` in small letters, `nullable` as one more type, counts as numbers. Everything else
/// is left as it is. What is no object comes back untouched.
pub(super) fn json_schema(raw: &RawValue) -> Box<RawValue> {
    let Some(Value::Object(mut schema)) = parse::<Value>(raw) else { return raw.to_owned() };
    mend(&mut schema);
    let text = serde_json::to_string(&schema).expect("what was JSON is JSON");
    RawValue::from_string(text).expect("what was JSON is JSON")
}

/// Nesting is bounded by the reader's own limit.
fn mend(schema: &mut Map<String, Value>) {
    mend_type(schema);
    for name in COUNTS {
        let count = schema.get(name).and_then(Value::as_str).and_then(|text| text.parse::<u64>().ok());
        if let Some(count) = count {
            schema.insert(name.to_owned(), Value::from(count));
        }
    }
    for (name, value) in schema.iter_mut() {
        match (name.as_str(), value) {
            ("properties" | "$defs" | "defs", Value::Object(members)) => members.values_mut().for_each(mend_value),
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(choices)) => {
                choices.iter_mut().for_each(mend_value);
            }
            ("items" | "additionalProperties", inner) => mend_value(inner),
            (_, _) => {}
        }
    }
}

fn mend_value(value: &mut Value) {
    if let Value::Object(schema) = value {
        mend(schema);
    }
}

fn mend_type(schema: &mut Map<String, Value>) {
    if let Some(Value::String(kind)) = schema.get_mut("type") {
        kind.make_ascii_lowercase();
    }
    if schema.get("type").and_then(Value::as_str) == Some("type_unspecified") {
        schema.shift_remove("type");
    }
    let nullable = schema.get("nullable").and_then(Value::as_bool);
    if let (Some(nullable), Some(Value::String(kind))) = (nullable, schema.get("type").cloned()) {
        schema.shift_remove("nullable");
        if nullable {
            schema.insert("type".to_owned(), Value::from(vec![kind, "null".to_owned()]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(open_api: &str, expected: &str) {
        let raw = RawValue::from_string(open_api.to_owned()).expect("JSON");
        assert_eq!(json_schema(&raw).get(), expected);
    }

    #[test]
    fn types_are_small_and_null_is_one_of_them() {
        check(
            r#"{"type":"OBJECT","properties":{"type":{"type":"STRING","nullable":true},"n":{"type":"ARRAY","minItems":"2","items":{"anyOf":[{"type":"NUMBER"}]}}},"required":["type"]}"#,
            r#"{"type":"object","properties":{"type":{"type":["string","null"]},"n":{"type":"array","minItems":2,"items":{"anyOf":[{"type":"number"}]}}},"required":["type"]}"#,
        );
        check(r#"{"type":"TYPE_UNSPECIFIED","nullable":false}"#, r#"{"nullable":false}"#);
        check("true", "true");
    }
}
