//! Takes arguments out of what models put around them.

use serde_json::{Map, Value};

use super::lenient;
use crate::filter::offered::Tool;
use crate::filter::repair::{RepairKind, Repairs};

/// Times that JSON is looked for within a JSON string.
const STRINGS_MAX: usize = 3;

/// Names under which models put arguments into arguments.
const AROUND: [&str; 7] = ["arguments", "parameters", "input", "args", "params", "kwargs", "properties"];

/// The object that a value means: itself, the only one of a list, or what a string says.
pub(super) fn value(value: Value, tool: &Tool, repairs: &mut Repairs) -> Option<Map<String, Value>> {
    let mut value = value;
    for _ in 0..=STRINGS_MAX {
        match value {
            Value::Object(object) => return Some(object),
            Value::Null => return Some(Map::new()),
            Value::Array(mut list) if list.len() == 1 => value = list.pop()?,
            Value::Array(list) if list.is_empty() => return Some(Map::new()),
            Value::String(text) => {
                let text = text.trim();
                if text.is_empty() {
                    return Some(Map::new());
                }
                value = match serde_json::from_str(text) {
                    Ok(value) => value,
                    Err(_) if text.starts_with(['{', '[', '"']) => lenient::read(text)?.value,
                    Err(_) => return None,
                };
            }
            Value::Array(_) | Value::Bool(_) | Value::Number(_) => return None,
        }
        repairs.add(RepairKind::Unwrapped, &tool.name);
    }
    None
}

/// `{"arguments":{...}}` where the tool has no such argument means what is within; a name may stand beside it.
pub(super) fn nested(object: Map<String, Value>, tool: &Tool, repairs: &mut Repairs) -> Map<String, Value> {
    let Some(schema) = tool.schema() else { return object };
    if schema.properties.is_empty() {
        return object;
    }
    let is_around = |name: &str| AROUND.contains(&name) && schema.property(name).is_none();
    let beside = |name: &str| matches!(name, "name" | "type" | "id" | "tool") && schema.property(name).is_none();
    let mut inner = object.iter().filter(|(name, _)| is_around(name));
    let (Some((_, found)), None) = (inner.next(), inner.next()) else { return object };
    if !object.keys().all(|name| is_around(name) || beside(name)) {
        return object;
    }
    let found = match found {
        Value::Object(found) => Some(found.clone()),
        Value::String(text) => lenient::read(text).and_then(|read| read.value.as_object().cloned()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    };
    let Some(found) = found else { return object };
    repairs.add(RepairKind::Unwrapped, &tool.name);
    found
}

/// The text from its first bracket or quoted bracket on; `None` when there is none.
pub(super) fn noise(text: &str) -> Option<&str> {
    let start = text.find(['{', '['])?;
    let quoted =
        text.starts_with('"') && text.get(1..start).is_some_and(|between| between.trim_matches('\\').is_empty());
    text.get(if quoted { 0 } else { start }..)
}

/// What two values in a row mean: an empty one nothing.
pub(super) fn concatenated(first: Value, behind: &str) -> Value {
    let is_empty = first.as_object().is_some_and(Map::is_empty);
    if !is_empty || !behind.trim_start().starts_with('{') {
        return first;
    }
    lenient::read(behind).map_or(first, |read| read.value)
}

/// `a=1, b="x"`, which is no JSON but says what it means.
pub(super) fn pairs(text: &str, tool: &Tool, repairs: &mut Repairs) -> Option<Map<String, Value>> {
    let body = text.strip_prefix('(').unwrap_or(text);
    if !body.contains(['=', ':']) {
        return None;
    }
    let (pairs, _) = lenient::keywords(body)?;
    let all_named = pairs.keys().all(|name| name.parse::<usize>().is_err());
    (all_named && !pairs.is_empty()).then(|| {
        repairs.add(RepairKind::Json, &tool.name);
        pairs
    })
}
