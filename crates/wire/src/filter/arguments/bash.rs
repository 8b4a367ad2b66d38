//! Shell tools fail without a `command`, and coding agents' also without a `description`; models forget both, or write the
//! command under another tool's argument.

use serde_json::{Map, Value};

use crate::filter::offered::Tool;
use crate::filter::repair::{RepairKind, Repairs};

/// Names under which a command is found, in this order.
const INSTEAD: [&str; 5] = ["filePath", "file_path", "value", "query", "path"];

/// Characters of a command that describe it.
const DESCRIPTION_CHARS_MAX: usize = 80;

/// Whether its arguments are completed here.
pub(super) fn is(tool: &Tool) -> bool {
    tool.name.eq_ignore_ascii_case("bash") && !tool.custom
}

/// Gives a `bash` call its `command` and `description`.
pub(super) fn complete(mut object: Map<String, Value>, tool: &Tool, repairs: &mut Repairs) -> Map<String, Value> {
    if !is(tool) {
        return object;
    }
    if !object.contains_key("command") && takes(tool, "command") {
        let found =
            INSTEAD.into_iter().find(|name| object.get(*name).is_some_and(Value::is_string) && !declares(tool, name));
        if let Some(value) = found.and_then(|name| object.shift_remove(name)) {
            object.insert("command".to_owned(), value);
            repairs.add(RepairKind::Renamed, &format!("{}.command", tool.name));
        }
    }
    if !object.contains_key("description") && takes(tool, "description") {
        let command = object.get("command").and_then(Value::as_str);
        let line = command.and_then(|command| command.lines().find(|line| !line.trim().is_empty()));
        if let Some(line) = line {
            let description: String = line.trim().chars().take(DESCRIPTION_CHARS_MAX).collect();
            object.insert("description".to_owned(), Value::String(description));
            repairs.add(RepairKind::Added, &format!("{}.description", tool.name));
        }
    }
    object
}

fn declares(tool: &Tool, name: &str) -> bool {
    tool.schema().is_some_and(|schema| schema.property(name).is_some())
}

/// Whether the tool may be given it.
fn takes(tool: &Tool, name: &str) -> bool {
    tool.schema().is_none_or(|schema| !schema.closed || schema.property(name).is_some())
}
