//! Reads tools and the choice among them.

use serde_json::value::RawValue;

use super::{settings, text_of};
use crate::dialects::anthropic::extras;
use crate::fields::{Fields, parse, starts_with};
use crate::ir::{Extra, Request, Tool, ToolChoice, ToolKind};
use crate::{DialectId, WireError};

/// Reads `tools`. A tool with a type of its own, such as `web_search_20250305`, is kept whole.
pub(super) fn tools(fields: &mut Fields<'_>) -> Result<Vec<Tool>, WireError> {
    let raw = fields.list("tools", "an array")?.unwrap_or_default();
    raw.into_iter().enumerate().map(|(index, raw)| tool(raw, format!("tools[{index}]"))).collect()
}

fn tool(raw: &RawValue, path: String) -> Result<Tool, WireError> {
    let mut fields = Fields::of_value(raw, path)?;
    let kind: Option<String> = fields.optional("type", "a string")?;
    if let Some(kind) = kind.filter(|kind| kind != "custom") {
        let hosted = ToolKind::Hosted { origin: DialectId::Anthropic, kind, raw: raw.to_owned() };
        return Ok(Tool::new(hosted).at(fields.at()));
    }
    let name = text_of(&mut fields, "name")?;
    let schema = fields.take("input_schema").ok_or_else(|| fields.missing("input_schema"))?;
    if !starts_with(schema, '{') {
        return Err(fields.wrong("input_schema", "an object"));
    }
    let mut tool = Tool::new(ToolKind::Function {
        name,
        description: fields.optional("description", "a string")?,
        parameters: Some(schema.to_owned()),
        strict: fields.optional("strict", "a boolean")?,
    });
    tool.at = fields.at();
    tool.cache = settings::cache_mark(&mut fields, &mut tool.extras)?;
    tool.extras.extend(fields.rest());
    Ok(tool)
}

/// Reads `tool_choice`, which also says whether calls may come several at once.
pub(super) fn choice(fields: &mut Fields<'_>, request: &mut Request, extras: &mut Vec<Extra>) -> Result<(), WireError> {
    let Some(mut object) = fields.object("tool_choice")? else { return Ok(()) };
    let kind: String = object.look("type").and_then(parse).ok_or_else(|| object.missing("type"))?;
    request.tool_choice = match kind.as_str() {
        "auto" => Some(ToolChoice::Auto),
        "any" => Some(ToolChoice::Required),
        "none" => Some(ToolChoice::None),
        "tool" => Some(ToolChoice::Named { name: text_of(&mut object, "name")?, custom: false }),
        _ => None,
    };
    if request.tool_choice.is_some() {
        object.take("type");
    }
    let one_at_a_time: Option<bool> = object.optional("disable_parallel_tool_use", "a boolean")?;
    request.parallel_tool_calls = one_at_a_time.map(|one| !one);
    extras::keep(object, "tool_choice", extras);
    Ok(())
}
