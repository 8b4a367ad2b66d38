//! Reads tools and the choice among them, in the forms of today and of 2023, and as Cursor sends Anthropic's.

use serde_json::value::RawValue;

use super::super::marks;
use super::nested;
use crate::fields::{Fields, parse, starts_with};
use crate::ir::{Field, Request, Tool, ToolChoice, ToolKind};
use crate::{DialectId, WireError};

/// Reads them into `request`.
pub(super) fn decode(fields: &mut Fields<'_>, request: &mut Request) -> Result<(), WireError> {
    for (index, raw) in fields.list("tools", "an array")?.into_iter().flatten().enumerate() {
        request.tools.push(decode_tool(raw, fields.path(&format!("tools[{index}]")))?);
    }
    let functions = fields.list("functions", "an array")?.unwrap_or_default();
    if request.tools.is_empty() && !functions.is_empty() {
        request.spelt.push((Field::Tools, "functions"));
    }
    for (index, raw) in functions.into_iter().enumerate() {
        let mut function = Fields::of_value(raw, fields.path(&format!("functions[{index}]")))?;
        let kind = decode_function(&mut function, "parameters")?;
        let at = function.at();
        request.tools.push(Tool { extras: nested(function, "function").collect(), at, ..Tool::new(kind) });
    }
    request.tool_choice = decode_choice(fields)?;
    if request.tool_choice.is_none() {
        request.tool_choice = decode_old_choice(fields)?;
        if request.tool_choice.is_some() {
            request.spelt.push((Field::ToolChoice, "function_call"));
        }
    }
    request.parallel_tool_calls = fields.optional("parallel_tool_calls", "a boolean")?;
    Ok(())
}

fn decode_tool(raw: &RawValue, path: String) -> Result<Tool, WireError> {
    let mut tool = Fields::of_value(raw, path)?;
    let kind: Option<String> = tool.optional("type", "a string")?;
    let (cache, at) = (marks::take(&mut tool), tool.at());
    match kind.as_deref() {
        Some("custom") if tool.look("custom").is_some() => {
            let mut custom = tool.object("custom")?.ok_or_else(|| tool.missing("custom"))?;
            let kind = ToolKind::Custom {
                name: name_of(&mut custom)?,
                description: custom.optional("description", "a string")?,
                format: custom.take("format").map(ToOwned::to_owned),
            };
            let extras = nested(custom, "custom").chain(tool.rest()).collect();
            Ok(Tool { kind, cache, extras, at })
        }
        // Anthropic's, whose type is absent or `custom`.
        None | Some("custom") if tool.look("function").is_none() && tool.look("input_schema").is_some() => {
            let kind = decode_function(&mut tool, "input_schema")?;
            Ok(Tool { kind, cache, extras: tool.rest(), at })
        }
        // Responses' flat form.
        None | Some("function") if tool.look("function").is_none() && tool.look("name").is_some() => {
            let kind = decode_function(&mut tool, "parameters")?;
            Ok(Tool { kind, cache, extras: tool.rest(), at })
        }
        None | Some("function") => {
            let mut function = tool.object("function")?.ok_or_else(|| tool.missing("function"))?;
            let kind = decode_function(&mut function, "parameters")?;
            let extras = nested(function, "function").chain(tool.rest()).collect();
            Ok(Tool { kind, cache, extras, at })
        }
        Some("custom") => Err(tool.missing("custom")),
        Some(other) => {
            let kind = other.to_owned();
            Ok(Tool::new(ToolKind::Hosted { origin: DialectId::OpenaiChat, kind, raw: raw.to_owned() }).at(at))
        }
    }
}

fn decode_function(function: &mut Fields<'_>, schema: &str) -> Result<ToolKind, WireError> {
    let name = name_of(function)?;
    let description = function.optional("description", "a string")?;
    if function.look(schema).is_some_and(|raw| !starts_with(raw, '{')) {
        return Err(function.wrong(schema, "a JSON schema"));
    }
    let parameters = function.take(schema).map(ToOwned::to_owned);
    Ok(ToolKind::Function { name, description, parameters, strict: function.optional("strict", "a boolean")? })
}

fn name_of(fields: &mut Fields<'_>) -> Result<String, WireError> {
    const EXPECTED: &str = "a non-empty string";
    let name: String = fields.required("name", EXPECTED)?;
    if name.is_empty() { Err(fields.wrong("name", EXPECTED)) } else { Ok(name) }
}

fn decode_choice(fields: &mut Fields<'_>) -> Result<Option<ToolChoice>, WireError> {
    const EXPECTED: &str = "`auto`, `none`, `required` or an object that names a tool";
    const NAME: &str = "tool_choice";
    let Some(raw) = fields.look(NAME) else { return Ok(None) };
    fields.take(NAME);
    if starts_with(raw, '"') {
        return match parse::<String>(raw).as_deref() {
            Some("auto") => Ok(Some(ToolChoice::Auto)),
            Some("none") => Ok(Some(ToolChoice::None)),
            // Mistral and Anthropic say `any`.
            Some("required" | "any") => Ok(Some(ToolChoice::Required)),
            _ => Err(fields.wrong(NAME, EXPECTED)),
        };
    }
    if !starts_with(raw, '{') {
        return Err(fields.wrong(NAME, EXPECTED));
    }
    let mut choice = Fields::of_value(raw, NAME.to_owned())?;
    let kind: String = choice.required("type", "a string")?;
    match kind.as_str() {
        "auto" => Ok(Some(ToolChoice::Auto)),
        "none" => Ok(Some(ToolChoice::None)),
        "required" | "any" => Ok(Some(ToolChoice::Required)),
        "function" | "custom" => {
            let mut inner = choice.object(&kind)?;
            let name = name_of(inner.as_mut().unwrap_or(&mut choice))?;
            Ok(Some(ToolChoice::Named { name, custom: kind == "custom" }))
        }
        "tool" => Ok(Some(ToolChoice::Named { name: name_of(&mut choice)?, custom: false })),
        "allowed_tools" => decode_allowed(&mut choice).map(Some),
        _ => Err(choice.wrong("type", "`function`, `custom` or `allowed_tools`")),
    }
}

fn decode_allowed(choice: &mut Fields<'_>) -> Result<ToolChoice, WireError> {
    let mut allowed = choice.object("allowed_tools")?.ok_or_else(|| choice.missing("allowed_tools"))?;
    let mode: String = allowed.required("mode", "`auto` or `required`")?;
    let required = match mode.as_str() {
        "auto" => false,
        "required" => true,
        _ => return Err(allowed.wrong("mode", "`auto` or `required`")),
    };
    let tools = allowed.list("tools", "an array of tools")?.ok_or_else(|| allowed.missing("tools"))?;
    let mut names = Vec::with_capacity(tools.len());
    for (index, raw) in tools.into_iter().enumerate() {
        let mut tool = Fields::of_value(raw, allowed.path(&format!("tools[{index}]")))?;
        let kind: String = tool.required("type", "a string")?;
        let mut inner = if tool.look(&kind).is_some() { tool.object(&kind)? } else { None };
        names.push(name_of(inner.as_mut().unwrap_or(&mut tool))?);
    }
    Ok(ToolChoice::Allowed { required, names })
}

/// `function_call`, the choice of 2023.
fn decode_old_choice(fields: &mut Fields<'_>) -> Result<Option<ToolChoice>, WireError> {
    const EXPECTED: &str = "`auto`, `none` or an object with a name";
    const NAME: &str = "function_call";
    let Some(raw) = fields.take(NAME) else { return Ok(None) };
    if starts_with(raw, '{') {
        let mut choice = Fields::of_value(raw, NAME.to_owned())?;
        return Ok(Some(ToolChoice::Named { name: name_of(&mut choice)?, custom: false }));
    }
    match parse::<String>(raw).as_deref() {
        Some("auto") => Ok(Some(ToolChoice::Auto)),
        Some("none") => Ok(Some(ToolChoice::None)),
        _ => Err(fields.wrong(NAME, EXPECTED)),
    }
}
