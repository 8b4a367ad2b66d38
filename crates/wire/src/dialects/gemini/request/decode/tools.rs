//! What the model may call, and whether it must.

use serde_json::value::RawValue;

use crate::dialects::gemini::request::{leftovers, spelling};
use crate::dialects::gemini::schema;
use crate::fields::Fields;
use crate::ir::{Request, Tool, ToolChoice, ToolKind};
use crate::write::object;
use crate::{DialectId, WireError};

const NAME: &str = "a non-empty string";

/// `tools` and `toolConfig`. An entry that offers several things becomes as many tools.
pub(super) fn decode(fields: &mut Fields<'_>, request: &mut Request) -> Result<(), WireError> {
    let entries = fields.list("tools", "an array")?.unwrap_or_default();
    for (index, raw) in entries.into_iter().enumerate() {
        let mut entry = Fields::of_value(raw, fields.path(&format!("tools[{index}]")))?;
        let name = spelling(&entry, "functionDeclarations");
        let declarations = entry.list(&name, "an array")?.unwrap_or_default();
        for (index, raw) in declarations.into_iter().enumerate() {
            let path = entry.path(&format!("{name}[{index}]"));
            request.tools.push(decode_function(Fields::of_value(raw, path)?)?);
        }
        let at = entry.at();
        request.tools.extend(entry.rest().into_iter().map(|extra| {
            let at = format!("{}.{}", at.as_str(), extra.name);
            let raw = object(|tool| tool.raw(&extra.name, &extra.raw));
            let raw = String::from_utf8(raw).ok().and_then(|text| RawValue::from_string(text).ok());
            Tool::new(ToolKind::Hosted {
                origin: DialectId::Gemini,
                kind: extra.name,
                raw: raw.expect("an object of JSON is JSON"),
            })
            .at(at)
        }));
    }
    decode_config(fields, request)
}

fn decode_function(mut fields: Fields<'_>) -> Result<Tool, WireError> {
    let name: String = fields.required("name", NAME)?;
    if name.is_empty() {
        return Err(fields.wrong("name", NAME));
    }
    let description = fields.optional("description", "a string")?;
    let schema_name = spelling(&fields, "parametersJsonSchema");
    let parameters = match fields.take(&schema_name) {
        Some(raw) => Some(raw.to_owned()),
        None => fields.take("parameters").map(schema::json_schema),
    };
    let kind = ToolKind::Function { name, description, parameters, strict: None };
    let at = fields.at();
    Ok(Tool { extras: fields.rest(), at, ..Tool::new(kind) })
}

fn decode_config(fields: &mut Fields<'_>, request: &mut Request) -> Result<(), WireError> {
    let name = spelling(fields, "toolConfig");
    let Some(mut config) = fields.object(&name)? else { return Ok(()) };
    let name = spelling(&config, "functionCallingConfig");
    if let Some(mut calling) = config.object(&name)? {
        decode_choice(&mut calling, request)?;
        request.extras.extend(leftovers("toolConfig.functionCallingConfig.", calling));
    }
    request.extras.extend(leftovers("toolConfig.", config));
    Ok(())
}

/// `VALIDATED` is "as it likes, but with arguments that fit": the choice is free and every function is strict. A mode that
/// the neutral model cannot say is left where it stands.
fn decode_choice(fields: &mut Fields<'_>, request: &mut Request) -> Result<(), WireError> {
    let names_name = spelling(fields, "allowedFunctionNames");
    let has_names = fields.look(&names_name).is_some_and(|raw| !matches!(raw.get(), "[]"));
    let mode = fields.look("mode").and_then(crate::fields::parse::<String>);
    let required = match (mode.as_deref(), has_names) {
        (Some("AUTO"), false) => Some(ToolChoice::Auto),
        (Some("NONE"), _) => Some(ToolChoice::None),
        (Some("ANY"), false) => Some(ToolChoice::Required),
        (Some("VALIDATED"), false) if request.tools.iter().any(|tool| tool.name().is_some()) => {
            request.tools.iter_mut().for_each(be_strict);
            Some(ToolChoice::Auto)
        }
        (Some("ANY" | "VALIDATED"), true) => None,
        (_, _) if fields.has("mode") && mode.is_none() => return Err(fields.wrong("mode", "a string")),
        (_, _) => return Ok(()),
    };
    fields.take("mode");
    request.tool_choice = match required {
        Some(choice) => Some(choice),
        None => {
            let names: Vec<String> = fields.required(&names_name, "an array of strings")?;
            Some(allowed(names, mode.as_deref() == Some("ANY")))
        }
    };
    Ok(())
}

fn allowed(names: Vec<String>, required: bool) -> ToolChoice {
    match <[String; 1]>::try_from(names) {
        Ok([name]) if required => ToolChoice::Named { name, custom: false },
        Ok(one) => ToolChoice::Allowed { required, names: one.into() },
        Err(names) => ToolChoice::Allowed { required, names },
    }
}

fn be_strict(tool: &mut Tool) {
    match &mut tool.kind {
        ToolKind::Function { strict, .. } => *strict = Some(true),
        ToolKind::Custom { .. } | ToolKind::Hosted { .. } => {}
    }
}
