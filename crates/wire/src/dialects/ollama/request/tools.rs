//! The tools a model may call: functions, and nothing else.

use serde_json::value::RawValue;

use super::FUNCTION;
use super::encode::Writer;
use crate::fields::Fields;
use crate::ir::{Extra, Field, Tool, ToolChoice, ToolKind, ToolMember, custom_in_words};
use crate::write::{Array, Object};
use crate::{DialectId, WireError};

/// Reads `tools`.
pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Vec<Tool>, WireError> {
    let raw = fields.list("tools", "an array")?.unwrap_or_default();
    raw.into_iter().enumerate().map(|(index, raw)| decode_tool(raw, format!("tools[{index}]"))).collect()
}

fn decode_tool(raw: &RawValue, path: String) -> Result<Tool, WireError> {
    let mut fields = Fields::of_value(raw, path)?;
    let kind: Option<String> = fields.optional("type", "a string")?;
    if let Some(kind) = kind.filter(|kind| kind != "function") {
        let hosted = ToolKind::Hosted { origin: DialectId::Ollama, kind, raw: raw.to_owned() };
        return Ok(Tool::new(hosted).at(fields.at()));
    }
    let mut function = fields.object("function")?.ok_or_else(|| fields.missing("function"))?;
    let name: String = function.required("name", "a non-empty string")?;
    if name.is_empty() {
        return Err(function.wrong("name", "a non-empty string"));
    }
    let description = function.optional("description", "a string")?;
    let parameters = function.take("parameters");
    if parameters.is_some_and(|raw| !raw.get().starts_with('{')) {
        return Err(function.wrong("parameters", "an object"));
    }
    let parameters = parameters.map(ToOwned::to_owned);
    let at = fields.at();
    let mut extras = fields.rest();
    let inner = function.rest().into_iter();
    extras.extend(inner.map(|extra| Extra { name: format!("{FUNCTION}{}", extra.name), raw: extra.raw }));
    Ok(Tool { extras, at, ..Tool::new(ToolKind::Function { name, description, parameters, strict: None }) })
}

/// Writes `tools` as far as the choice among them leaves any: there is no word for that choice itself.
pub(super) fn encode(body: &mut Object<'_>, writer: &mut Writer<'_>) {
    let request = writer.request;
    let choice = request.tool_choice.as_ref();
    let must = match choice {
        None | Some(ToolChoice::Auto | ToolChoice::None) => false,
        Some(ToolChoice::Required | ToolChoice::Named { .. }) => true,
        Some(ToolChoice::Allowed { required, .. }) => *required,
    };
    if must {
        writer.lost.field(Field::ToolChoice);
    }
    if request.parallel_tool_calls == Some(false) {
        writer.lost.field(Field::ParallelToolCalls);
    }
    if request.tools.is_empty() || choice == Some(&ToolChoice::None) {
        return;
    }
    if !writer.to.tools {
        writer.lost.tools();
        return;
    }
    let chosen = |tool: &Tool| match choice {
        None | Some(ToolChoice::Auto | ToolChoice::None | ToolChoice::Required) => true,
        // All that can be done for it: the model sees no other one.
        Some(ToolChoice::Named { name, .. }) => tool.name() == Some(name),
        Some(ToolChoice::Allowed { names, .. }) => tool.name().is_some_and(|name| names.iter().any(|one| one == name)),
    };
    let foreign = |tool: &Tool| matches!(&tool.kind, ToolKind::Hosted { origin, .. } if *origin != DialectId::Ollama);
    let mut tools = Vec::new();
    for tool in &request.tools {
        if foreign(tool) {
            writer.lost.tool(tool);
        } else if chosen(tool) {
            tools.push(tool);
        }
    }
    if !tools.is_empty() {
        body.array("tools", |list| tools.iter().for_each(|tool| encode_tool(list, tool, writer)));
    }
}

fn encode_tool(list: &mut Array<'_>, tool: &Tool, writer: &mut Writer<'_>) {
    if let Some(mark) = &tool.cache {
        writer.lost.mark(mark);
    }
    let (name, description, parameters) = match &tool.kind {
        // Those of other dialects do not come here.
        ToolKind::Hosted { raw, .. } => return list.raw(raw),
        ToolKind::Function { name, description, parameters, strict } => {
            if *strict == Some(true) {
                writer.lost.of_tool(tool, ToolMember::Strict);
            }
            (name, description.clone(), parameters.as_deref().map(RawValue::get))
        }
        ToolKind::Custom { name, description, format } => {
            // A tool that takes text is one that takes an object of one text.
            let text = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;
            (name, custom_in_words(description.as_deref(), format.as_deref()), Some(text))
        }
    };
    // Ollama's templates walk over the properties; its own clients are left to what they wrote.
    let nothing = (!writer.own).then_some(r#"{"type":"object","properties":{}}"#);
    let parameters = parameters.or(nothing).and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
    if !writer.own {
        writer.lost.tool_extras(tool);
    }
    let (outer, inner) = writer.split_extras(&tool.extras, FUNCTION);
    list.object(|object| {
        object.put("type", "function");
        object.object("function", |function| {
            function.put("name", name);
            function.put_some("description", description);
            if let Some(parameters) = parameters {
                function.raw("parameters", parameters);
            }
            inner.iter().for_each(|(name, raw)| function.raw(name, raw));
        });
        outer.iter().for_each(|(name, raw)| object.raw(name, raw));
    });
}
