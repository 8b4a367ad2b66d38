//! Reads the objects that say how to answer: `thinking`, `output_config`, `metadata`, `cache_control`.

use crate::WireError;
use crate::dialects::anthropic::extras::keep;
use crate::fields::{Fields, parse};
use crate::ir::{CacheMark, Effort, Extra, OutputFormat, Request};

/// Takes the member `name` when it is one of `words`; gives what that word stands for.
fn word<T: Copy>(fields: &mut Fields<'_>, name: &str, words: &[(&str, T)]) -> Option<T> {
    let said: String = fields.look(name).and_then(parse)?;
    let (_, meaning) = words.iter().find(|(word, _)| *word == said)?;
    fields.take(name);
    Some(*meaning)
}

/// Reads `thinking`. A type that the neutral model has no word for, such as `between_tools`, is kept as an extra.
pub(super) fn thinking(
    fields: &mut Fields<'_>,
    request: &mut Request,
    extras: &mut Vec<Extra>,
) -> Result<(), WireError> {
    let Some(mut object) = fields.object("thinking")? else { return Ok(()) };
    if !object.has("type") {
        return Err(object.missing("type"));
    }
    let thinking = &mut request.thinking;
    match word(
        &mut object,
        "type",
        &[("adaptive", Form::Adaptive), ("enabled", Form::Enabled), ("disabled", Form::Off)],
    ) {
        Some(Form::Adaptive) => thinking.enabled = Some(true),
        Some(Form::Enabled) => {
            thinking.enabled = Some(true);
            thinking.budget_tokens = Some(object.required("budget_tokens", "an integer")?);
        }
        Some(Form::Off) => thinking.enabled = Some(false),
        None => {}
    }
    thinking.shown = word(&mut object, "display", &[("summarized", true), ("omitted", false)]);
    keep(object, "thinking", extras);
    Ok(())
}

/// The types of `thinking` that the neutral model has words for.
#[derive(Clone, Copy)]
enum Form {
    Adaptive,
    Enabled,
    Off,
}

/// Reads `output_config`.
pub(super) fn output_config(
    fields: &mut Fields<'_>,
    request: &mut Request,
    extras: &mut Vec<Extra>,
) -> Result<(), WireError> {
    let Some(mut object) = fields.object("output_config")? else { return Ok(()) };
    let effort: Option<String> = object.optional("effort", "a string")?;
    request.thinking.effort = effort.map(|effort| Effort::from_name(&effort));
    let whole = object.look("format");
    if let Some(mut format) = object.object("format")? {
        let is_schema = word(&mut format, "type", &[("json_schema", ())]).is_some();
        let schema = format.take("schema");
        match (schema, whole) {
            (Some(schema), _) if is_schema && format.is_empty() => {
                let schema = schema.to_owned();
                request.output_format =
                    Some(OutputFormat::JsonSchema { name: None, description: None, schema, strict: None });
            }
            (None, _) if is_schema => return Err(format.missing("schema")),
            (_, Some(whole)) => extras.push(Extra { name: "output_config.format".to_owned(), raw: whole.to_owned() }),
            (_, None) => {}
        }
    }
    keep(object, "output_config", extras);
    Ok(())
}

/// Reads `metadata.user_id`.
pub(super) fn user(fields: &mut Fields<'_>, extras: &mut Vec<Extra>) -> Result<Option<String>, WireError> {
    let Some(mut metadata) = fields.object("metadata")? else { return Ok(None) };
    let user = metadata.optional("user_id", "a string")?;
    keep(metadata, "metadata", extras);
    Ok(user)
}

/// Reads the `cache_control` of a block, a tool or the whole request.
pub(super) fn cache_mark(fields: &mut Fields<'_>, extras: &mut Vec<Extra>) -> Result<Option<CacheMark>, WireError> {
    let Some(mut object) = fields.object("cache_control")? else { return Ok(None) };
    let at = object.at();
    let mark = match word(&mut object, "type", &[("ephemeral", ())]) {
        Some(()) => Some(CacheMark { ttl: object.optional("ttl", "a string")?, at }),
        None => None,
    };
    keep(object, "cache_control", extras);
    Ok(mark)
}
