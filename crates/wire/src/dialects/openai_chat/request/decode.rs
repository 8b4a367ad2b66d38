//! Reads a request into the neutral model. What it has no word for rides along untouched.

mod messages;
mod parts;
mod tools;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{handling, options};
use crate::fields::{Fields, parse};
use crate::ir::{Effort, Extra, Field, Handling, OutputFormat, Request, Thinking};
use crate::{DialectId, WireError};

/// Reads a request; every error names the path of the field to blame.
pub(in crate::dialects::openai_chat) fn decode(body: &[u8]) -> Result<Request, WireError> {
    decode_with(body, messages::Calls::default())
}

/// The same, where results need not answer a call.
///
/// # Errors
/// As for any request, save for that.
pub(crate) fn decode_orphans(body: &[u8]) -> Result<Request, WireError> {
    decode_with(body, messages::Calls::optional())
}

fn decode_with(body: &[u8], calls: messages::Calls) -> Result<Request, WireError> {
    let mut fields = Fields::of_body(body)?;
    let mut request = Request::new(DialectId::OpenaiChat, options::model(&mut fields)?);
    request.messages = messages::decode(&mut fields, calls)?;
    request.handling = decode_handling(&mut fields)?;
    options::read(&mut fields, &mut request)?;
    tools::decode(&mut fields, &mut request)?;
    request.thinking = decode_thinking(&mut fields, &mut request.spelt)?;
    request.output_format = decode_output_format(&mut fields, &mut request.extras)?;
    request.extras.extend(fields.rest());
    Ok(request)
}

fn decode_handling(fields: &mut Fields<'_>) -> Result<Handling, WireError> {
    Ok(Handling {
        store: fields.optional("store", "a boolean")?,
        verbosity: fields.optional("verbosity", "a string")?,
        logprobs: decode_logprobs(fields),
        ..handling::read(fields)?
    })
}

/// Together's is a number, which stays an extra.
fn decode_logprobs(fields: &mut Fields<'_>) -> Option<bool> {
    let asked = fields.look("logprobs").and_then(parse);
    if asked.is_some() {
        fields.take("logprobs");
    }
    asked
}

/// OpenRouter's way to ask for thoughts, <https://openrouter.ai/docs/use-cases/reasoning-tokens> (2026-11-21).
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasoningBody {
    /// How hard.
    #[serde(default)]
    effort: Option<String>,
    /// Most tokens to think with.
    #[serde(default)]
    max_tokens: Option<u64>,
    /// Whether to hide the thoughts.
    #[serde(default)]
    exclude: Option<bool>,
    /// Whether to think.
    #[serde(default)]
    enabled: Option<bool>,
}

fn decode_thinking(fields: &mut Fields<'_>, spelt: &mut Vec<(Field, &'static str)>) -> Result<Thinking, WireError> {
    let effort: Option<String> = fields.optional("reasoning_effort", "a string")?;
    // One that says more than these stays where it is.
    let body = fields.look("reasoning").and_then(parse::<ReasoningBody>);
    if body.is_some() {
        fields.take("reasoning");
    }
    let body = body.unwrap_or_default();
    if effort.is_none() && body.effort.is_some() {
        spelt.push((Field::Effort, "reasoning.effort"));
        spelt.push((Field::Thinking, "reasoning.effort"));
    }
    if body.enabled.is_some() {
        spelt.push((Field::Thinking, "reasoning.enabled"));
    }
    let effort = effort.or(body.effort).map(|effort| Effort::from_name(&effort));
    let enabled = body.enabled.or((effort == Some(Effort::None)).then_some(false));
    Ok(Thinking { enabled, effort, budget_tokens: body.max_tokens, shown: body.exclude.map(|exclude| !exclude) })
}

fn decode_output_format(fields: &mut Fields<'_>, extras: &mut Vec<Extra>) -> Result<Option<OutputFormat>, WireError> {
    const NAME: &str = "response_format";
    let Some(raw) = fields.take(NAME) else { return Ok(None) };
    let mut format = Fields::of_value(raw, NAME.to_owned())?;
    let kind: String = format.required("type", "a string")?;
    match kind.as_str() {
        "text" => Ok(None),
        "json_object" => Ok(Some(OutputFormat::JsonObject)),
        "json_schema" => {
            let mut inner = format.object("json_schema")?.ok_or_else(|| format.missing("json_schema"))?;
            let schema: &RawValue = inner.take("schema").ok_or_else(|| inner.missing("schema"))?;
            Ok(Some(OutputFormat::JsonSchema {
                name: inner.optional("name", "a string")?,
                description: inner.optional("description", "a string")?,
                schema: schema.to_owned(),
                strict: inner.optional("strict", "a boolean")?,
            }))
        }
        // A grammar or a regular expression of the server's own.
        _ => {
            extras.push(Extra { name: NAME.to_owned(), raw: raw.to_owned() });
            Ok(None)
        }
    }
}

/// What is left in a member that is an object, its path within the outer object before each name.
fn nested(inner: Fields<'_>, name: &str) -> impl Iterator<Item = Extra> {
    inner.rest().into_iter().map(move |extra| Extra { name: format!("{name}.{}", extra.name), raw: extra.raw })
}
