//! The call that a match means.

use regex::Captures;
use serde_json::{Map, Value};

use super::{Matched, Pattern};
use crate::filter::arguments::lenient;
use crate::filter::tool_text::xml;

/// What holds arguments in the JSON that was found.
const ARGUMENTS: [&str; 6] = ["arguments", "parameters", "args", "params", "input", "action_input"];

/// The call of one match; `None` when it names no tool.
pub(super) fn apply(pattern: &Pattern, captures: &Captures<'_>) -> Option<Matched> {
    let whole = captures.get(0)?;
    let json = json(captures);
    let tool = tool(pattern, captures, json.as_ref())?;
    let tool = mapped(&pattern.tool_name_mapping, &tool).map_or(tool.clone(), str::to_owned);
    let mut arguments = arguments(pattern, json, whole.as_str());
    for (key, name) in &pattern.parameter_mapping {
        match key.parse().ok().and_then(|group| captures.get(group)) {
            Some(group) => {
                arguments.insert(name.clone(), Value::String(group.as_str().trim().to_owned()));
            }
            None => {
                if let Some(value) = arguments.shift_remove(key) {
                    arguments.insert(name.clone(), value);
                }
            }
        }
    }
    Some(Matched { pattern: pattern.name.clone(), range: whole.range(), tool, arguments })
}

fn mapped<'m>(mapping: &'m [(String, String)], name: &str) -> Option<&'m str> {
    let known = mapping.iter().find(|(from, _)| from.eq_ignore_ascii_case(name));
    known.map(|(_, to)| to.as_str())
}

fn tool(pattern: &Pattern, captures: &Captures<'_>, json: Option<&Map<String, Value>>) -> Option<String> {
    if let Some(name) = &pattern.tool_name {
        return Some(name.clone());
    }
    let group = pattern.tool_name_group.and_then(|group| captures.get(group));
    if let Some(name) = group.map(|group| group.as_str().trim()).filter(|name| !name.is_empty()) {
        return Some(name.to_owned());
    }
    let mut steps = pattern.tool_name_json_path.as_deref()?.split('.');
    let first = json?.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))?.as_str().map(str::to_owned)
}

/// The object in the match: in the last group that holds one, else where the first bracket stands.
fn json(captures: &Captures<'_>) -> Option<Map<String, Value>> {
    let groups = captures.iter().skip(1).flatten().filter(|group| group.as_str().trim_start().starts_with('{'));
    let text = match groups.last() {
        Some(group) => group.as_str(),
        None => {
            let whole = captures.get(0)?.as_str();
            whole.get(whole.find('{')?..)?
        }
    };
    match lenient::read(text)?.value {
        Value::Object(object) => Some(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
    }
}

/// What the match gives the tool: what its JSON holds, or its elements.
fn arguments(pattern: &Pattern, json: Option<Map<String, Value>>, whole: &str) -> Map<String, Value> {
    let Some(mut json) = json else { return xml::parameters(whole) };
    for key in ARGUMENTS {
        match json.get(key) {
            Some(Value::Object(arguments)) => return arguments.clone(),
            Some(Value::String(text)) => {
                if let Some(Value::Object(arguments)) = lenient::read(text).map(|read| read.value) {
                    return arguments;
                }
            }
            Some(_) | None => {}
        }
    }
    let first = pattern.tool_name_json_path.as_deref().and_then(|path| path.split('.').next());
    first.into_iter().chain(["name", "tool"]).for_each(|name| drop(json.shift_remove(name)));
    json
}
