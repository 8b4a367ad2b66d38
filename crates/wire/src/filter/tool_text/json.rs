//! Calls that are written as JSON, in all the ways in which models name their parts.

use serde_json::{Map, Value};

use super::FENCE;
use super::cursor::Stop;
use super::ends::{Ends, Shape};
use super::family::{Head, Opening, Raw};
use crate::filter::arguments::{Given, lenient};
use crate::filter::tool_text::balance::Syntax;

/// What a tool's name is called.
const NAMES: [&str; 6] = ["name", "tool_name", "tool", "function_name", "function", "action"];

/// What arguments are called.
const ARGUMENTS: [&str; 8] =
    ["arguments", "parameters", "args", "params", "input", "tool_input", "action_input", "kwargs"];

/// Members that may stand before the name.
const BESIDE: [&str; 4] = ["type", "id", "tool_call_id", "index"];

/// Values that one call's text may hold. Guards against a text that is all brackets.
const VALUES_MAX: usize = 128;

/// Reads the beginning of a call that is JSON: an object with an offered name, or a list of such. What it is not sure of
/// it lets pass: the name is looked at again when all is there.
pub(crate) fn head(opening: &mut Opening<'_>, ends: Ends) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    let start = opening.cursor.clone();
    let fenced = opening.cursor.skip(FENCE)?;
    if fenced {
        opening.cursor.run(|c| c.is_ascii_alphanumeric())?;
        opening.cursor.spaces()?;
    }
    // A block of code ends behind its value.
    let ends = if fenced { Ends { shape: Shape::Many(Syntax::Json), ..ends } } else { ends };
    let listed = opening.cursor.skip("[")?;
    if listed {
        opening.cursor.spaces()?;
    }
    opening.cursor.expect("{")?;
    let head = match named(opening)? {
        Named::Tool(tool) if !listed => arguments(opening, tool, ends)?,
        Named::Tool(_) | Named::Within | Named::Later => Head::Collect(ends),
    };
    if matches!(head, Head::Collect(_)) {
        opening.cursor = start;
    }
    Ok(head)
}

/// The same, where nothing but the form makes it a call: the name must be known at once.
pub(crate) fn strict_head(opening: &mut Opening<'_>, ends: Ends) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    let start = opening.cursor.clone();
    if opening.cursor.skip("[")? {
        opening.cursor.spaces()?;
    }
    opening.cursor.expect("{")?;
    if let Named::Later = named(opening)? {
        return Err(Stop::No);
    }
    opening.cursor = start;
    Ok(Head::Collect(ends))
}

enum Named {
    /// This tool.
    Tool(usize),
    /// The call lies deeper.
    Within,
    /// By what comes later.
    Later,
}

/// Reads up to the tool's name, behind the bracket.
fn named(opening: &mut Opening<'_>) -> Result<Named, Stop> {
    loop {
        opening.cursor.spaces()?;
        match opening.cursor.peek()? {
            '"' | '\'' => {}
            c if c.is_alphabetic() || matches!(c, '{' | '\u{201c}') => return Ok(Named::Later),
            _ => return Err(Stop::No),
        }
        let key = opening.cursor.quoted()?;
        opening.cursor.spaces()?;
        opening.cursor.expect(":")?;
        opening.cursor.spaces()?;
        if matches!(key, "tool_calls" | "function_call" | "tool_call") {
            return Ok(Named::Within);
        }
        if NAMES.contains(&key) {
            if key == "function" && opening.cursor.peek()? == '{' {
                return Ok(Named::Within);
            }
            let name = opening.cursor.quoted()?;
            return opening.tool(name).map(Named::Tool);
        }
        if opening.offered.find(key).is_some() {
            return Ok(Named::Within);
        }
        if !BESIDE.contains(&key) {
            return if ARGUMENTS.contains(&key) { Ok(Named::Later) } else { Err(Stop::No) };
        }
        opening.cursor.quoted()?;
        opening.cursor.spaces()?;
        opening.cursor.expect(",")?;
    }
}

/// Reads up to the arguments, behind the name.
fn arguments(opening: &mut Opening<'_>, tool: usize, ends: Ends) -> Result<Head, Stop> {
    let mut ahead = opening.cursor.clone();
    let mut read = || {
        ahead.spaces()?;
        ahead.expect(",")?;
        ahead.spaces()?;
        let key = ahead.quoted()?;
        ahead.spaces()?;
        ahead.expect(":")?;
        ahead.spaces()?;
        if ARGUMENTS.contains(&key) && ahead.peek()? == '{' { Ok(()) } else { Err(Stop::No) }
    };
    match read() {
        Ok(()) if matches!(ends.shape, Shape::One(_)) => {
            opening.cursor = ahead;
            Ok(Head::Stream { tool, depth: 1, ends })
        }
        Ok(()) | Err(Stop::No) => Ok(Head::Collect(ends)),
        Err(Stop::More) => Err(Stop::More),
    }
}

/// The head of arguments that follow a name: an object at once.
pub(crate) fn body(opening: &mut Opening<'_>, tool: usize, ends: Ends) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    if opening.cursor.peek()? == '{' { Ok(Head::Stream { tool, depth: 0, ends }) } else { Err(Stop::No) }
}

/// Every call in a text of JSON values, one after another, with whatever stands between them.
pub(crate) fn calls(text: &str) -> Option<Vec<Raw>> {
    let mut calls = Vec::new();
    let mut rest = text;
    for _ in 0..VALUES_MAX {
        let Some(start) = rest.find(['{', '[']) else { break };
        rest = rest.get(start..)?;
        let read = lenient::read(rest)?;
        add(read.value, &mut calls)?;
        rest = rest.get(read.end..).filter(|_| read.end > 0)?;
    }
    (!calls.is_empty()).then_some(calls)
}

fn add(value: Value, calls: &mut Vec<Raw>) -> Option<()> {
    match value {
        Value::Array(list) => list.into_iter().try_for_each(|value| add(value, calls)),
        Value::Object(object) => {
            calls.extend(call(object)?);
            Some(())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The calls that an object means.
fn call(mut object: Map<String, Value>) -> Option<Vec<Raw>> {
    for around in ["tool_calls", "function_call", "tool_call"] {
        if let Some(within) = object.shift_remove(around) {
            let mut calls = Vec::new();
            add(within, &mut calls)?;
            return Some(calls);
        }
    }
    if let Some(Value::Object(function)) = object.get("function") {
        return call(function.clone());
    }
    let key = NAMES.into_iter().find(|key| object.get(*key).is_some_and(Value::is_string));
    let Some(Value::String(name)) = key.and_then(|key| object.shift_remove(key)) else { return keyed(object) };
    let given = ARGUMENTS.into_iter().find_map(|key| object.shift_remove(key));
    let given = match given {
        Some(Value::String(text)) => Given::Json(text),
        Some(Value::Object(arguments)) => Given::Typed(arguments),
        Some(other) => Given::Json(other.to_string()),
        // What stands beside the name is meant.
        None => {
            BESIDE.into_iter().for_each(|beside| drop(object.shift_remove(beside)));
            Given::Typed(object)
        }
    };
    Some(vec![Raw { name, given }])
}

/// `{"f": {...}}`: the key is the name.
fn keyed(object: Map<String, Value>) -> Option<Vec<Raw>> {
    let one = |(name, value)| match value {
        Value::Object(arguments) => Some(Raw { name, given: Given::Typed(arguments) }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
    };
    object.into_iter().map(one).collect::<Option<Vec<Raw>>>().filter(|calls| !calls.is_empty())
}

/// A JSON value that ends with its own bracket.
pub(crate) const fn one(tags: &'static [&'static str], before: &'static [&'static str]) -> Ends {
    Ends { shape: Shape::One(Syntax::Json), tags, before }
}

/// JSON values until a tag.
pub(crate) const fn many(tags: &'static [&'static str], before: &'static [&'static str]) -> Ends {
    Ends { shape: Shape::Many(Syntax::Json), tags, before }
}
