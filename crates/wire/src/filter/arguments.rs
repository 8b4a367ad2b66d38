//! The arguments of a call: brought into JSON, then into the form that the tool's schema asks for.

use serde_json::{Map, Value};

use super::offered::Tool;
use super::repair::{RepairKind, Repairs};
use coerce::Coercion;

mod bash;
mod coerce;
pub(crate) mod lenient;
mod stream;
mod unwrap;

use coerce::Source;
pub(crate) use stream::{ARGUMENT_BYTES_MAX, ArgumentStream};

/// What a model gave a tool, in the form in which it was found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    /// Text that should be a JSON object.
    Json(String),
    /// Values of a format that has types.
    Typed(Map<String, Value>),
    /// Names and raw text.
    Texts(Map<String, Value>),
    /// One text: what it belongs to, the schema says.
    Word(String),
}

/// What became of arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mended {
    /// An object.
    pub(crate) object: Map<String, Value>,
    /// Whether all that the schema requires is there.
    pub(crate) complete: bool,
}

/// Reads arguments and fits them to the tool. `None` when they cannot be made an object.
pub(crate) fn mend(given: &Given, tool: &Tool, repairs: &mut Repairs) -> Option<Mended> {
    let (object, from) = match given {
        Given::Json(text) => (object(text, tool, repairs)?, Source::Json),
        Given::Typed(object) => (positional(object.clone(), tool), Source::Json),
        Given::Texts(object) => (object.clone(), Source::Text),
        Given::Word(text) => (word(text, tool, repairs)?, Source::Json),
    };
    Some(fit(object, from, tool, repairs))
}

/// Fits an object to the tool.
fn fit(object: Map<String, Value>, from: Source, tool: &Tool, repairs: &mut Repairs) -> Mended {
    let object = unwrap::nested(object, tool, repairs);
    let object = match tool.schema() {
        Some(schema) => Coercion::new(&tool.name, from, repairs).object(object, schema),
        None => object,
    };
    let object = bash::complete(object, tool, repairs);
    let missing = missing(&object, tool);
    missing.iter().for_each(|name| repairs.add(RepairKind::Missing, &format!("{}.{name}", tool.name)));
    Mended { object, complete: missing.is_empty() }
}

fn missing<'t>(object: &Map<String, Value>, tool: &'t Tool) -> Vec<&'t String> {
    let required = tool.schema().map(|schema| schema.required.as_slice()).unwrap_or_default();
    required.iter().filter(|name| !object.contains_key(*name)).collect()
}

/// The object that a text means.
fn object(text: &str, tool: &Tool, repairs: &mut Repairs) -> Option<Map<String, Value>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Map::new());
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return unwrap::value(value, tool, repairs);
    }
    let body = unwrap::noise(text);
    let Some(body) = body else { return unwrap::pairs(text, tool, repairs) };
    let read = lenient::read(body)?;
    let behind = body.get(read.end..).unwrap_or_default();
    repairs.add(if read.cut { RepairKind::Closed } else { RepairKind::Json }, &tool.name);
    unwrap::value(unwrap::concatenated(read.value, behind), tool, repairs)
}

/// A text alone: JSON, or the one argument that the tool must have.
fn word(text: &str, tool: &Tool, repairs: &mut Repairs) -> Option<Map<String, Value>> {
    let text = text.trim();
    if text.is_empty() || text.starts_with(['{', '[']) || text.starts_with("```") {
        return object(text, tool, repairs);
    }
    let schema = tool.schema()?;
    let only = match (schema.required.as_slice(), schema.properties.as_slice()) {
        ([one], _) => one,
        ([], [(one, _)]) => one,
        (_, _) => return None,
    };
    let plain = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    Some(Map::from_iter([(only.clone(), Value::String(plain.to_owned()))]))
}

/// Values without a name get those of the schema, in order.
fn positional(object: Map<String, Value>, tool: &Tool) -> Map<String, Value> {
    let properties = tool.schema().map(|schema| schema.properties.as_slice()).unwrap_or_default();
    let name = |name: String| match name.parse::<usize>().ok().and_then(|place| properties.get(place)) {
        Some((property, _)) => property.clone(),
        None => name,
    };
    object.into_iter().map(|(key, value)| (name(key), value)).collect()
}

#[cfg(test)]
mod tests;
