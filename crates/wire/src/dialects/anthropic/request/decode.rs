//! Reads a request into the neutral model. What that has no word for rides along untouched.

mod blocks;
mod settings;
mod tools;

use std::collections::HashSet;

use serde_json::value::RawValue;

use crate::dialects::anthropic::tier;
use crate::fields::{Fields, parse, starts_with};
use crate::ir::{Block, Content, Message, Request, Role, Sampling};
use crate::{DialectId, WireError};

pub(in crate::dialects::anthropic) use blocks::block;

/// Reads a request; every error names the path of the field to blame.
pub(in crate::dialects::anthropic) fn decode(body: &[u8]) -> Result<Request, WireError> {
    let request = decode_prompt(body)?;
    if request.sampling.output_tokens_max.is_none() {
        return Err(WireError::Missing { path: "max_tokens".to_owned() });
    }
    Ok(request)
}

/// The same, where `max_tokens` need not be said.
pub(in crate::dialects::anthropic) fn decode_prompt(body: &[u8]) -> Result<Request, WireError> {
    let request = decode_orphans(body)?;
    answers_have_calls(&request.messages)?;
    Ok(request)
}

/// The same, where results need not answer a call either.
///
/// # Errors
/// As for any prompt, save for that.
pub(crate) fn decode_orphans(body: &[u8]) -> Result<Request, WireError> {
    let mut fields = Fields::of_body(body)?;
    let mut request = Request::new(DialectId::Anthropic, text_of(&mut fields, "model")?);
    request.sampling = sampling(&mut fields)?;
    let turns = messages(&mut fields)?;
    request.messages = system(&mut fields)?.into_iter().chain(turns).collect();
    let mut extras = Vec::new();
    request.tools = tools::tools(&mut fields)?;
    tools::choice(&mut fields, &mut request, &mut extras)?;
    settings::thinking(&mut fields, &mut request, &mut extras)?;
    settings::output_config(&mut fields, &mut request, &mut extras)?;
    request.stop = stop_sequences(&mut fields)?;
    request.user = settings::user(&mut fields, &mut extras)?;
    let tier: Option<String> = fields.optional("service_tier", "a string")?;
    request.handling.tier = tier.as_deref().map(tier::read_asked);
    request.caching.mark = settings::cache_mark(&mut fields, &mut extras)?;
    request.stream = fields.optional("stream", "a boolean")?.unwrap_or(false);
    // Every stream of Messages tells its usage.
    request.include_usage = request.stream;
    extras.extend(fields.rest());
    request.extras = extras;
    Ok(request)
}

/// A text that must be there and not be empty.
fn text_of(fields: &mut Fields<'_>, name: &str) -> Result<String, WireError> {
    const EXPECTED: &str = "a non-empty string";
    let text: String = fields.required(name, EXPECTED)?;
    if text.is_empty() { Err(fields.wrong(name, EXPECTED)) } else { Ok(text) }
}

fn sampling(fields: &mut Fields<'_>) -> Result<Sampling, WireError> {
    const EXPECTED: &str = "an integer of at least 1";
    let output_tokens_max: Option<u64> = fields.optional("max_tokens", EXPECTED)?;
    if output_tokens_max == Some(0) {
        return Err(fields.wrong("max_tokens", EXPECTED));
    }
    Ok(Sampling {
        temperature: fields.optional("temperature", "a number")?,
        top_p: fields.optional("top_p", "a number")?,
        top_k: fields.optional("top_k", "a non-negative integer")?,
        output_tokens_max,
        ..Sampling::default()
    })
}

fn system(fields: &mut Fields<'_>) -> Result<Option<Message>, WireError> {
    let path = fields.path("system");
    let Some(raw) = fields.take("system") else { return Ok(None) };
    Ok(Some(Message::new(Role::System, content(raw, path.clone())?).at(path)))
}

fn messages(fields: &mut Fields<'_>) -> Result<Vec<Message>, WireError> {
    const EXPECTED: &str = "a non-empty array";
    let raw = fields.list("messages", EXPECTED)?.ok_or_else(|| fields.missing("messages"))?;
    if raw.is_empty() {
        return Err(fields.wrong("messages", EXPECTED));
    }
    raw.into_iter().enumerate().map(|(index, raw)| message(raw, format!("messages[{index}]"))).collect()
}

fn message(raw: &RawValue, path: String) -> Result<Message, WireError> {
    let mut fields = Fields::of_value(raw, path)?;
    let role = text_of(&mut fields, "role")?;
    let role = match role.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => Role::Other(role),
    };
    let (path, at) = (fields.path("content"), fields.at());
    let raw = fields.take("content").ok_or_else(|| fields.missing("content"))?;
    Ok(Message { role, blocks: content(raw, path)?, extras: fields.rest(), at })
}

/// A string, or blocks.
fn content(raw: &RawValue, path: String) -> Result<Vec<Block>, WireError> {
    const EXPECTED: &str = "a string or an array of blocks";
    if starts_with(raw, '"') {
        return match parse::<String>(raw) {
            Some(text) => Ok(vec![Block::text(text).at(path)]),
            None => Err(WireError::Wrong { path, expected: EXPECTED }),
        };
    }
    let Some(raw) = crate::fields::parse_list(raw) else { return Err(WireError::Wrong { path, expected: EXPECTED }) };
    raw.into_iter().enumerate().map(|(index, raw)| block(raw, format!("{path}[{index}]"))).collect()
}

/// A result of a tool must answer a call that came before it.
fn answers_have_calls(messages: &[Message]) -> Result<(), WireError> {
    let mut calls = HashSet::new();
    for message in messages {
        for block in &message.blocks {
            match &block.content {
                Content::ToolCall(call) => {
                    calls.insert(call.id.as_str());
                }
                Content::ToolResult(result) if !calls.contains(result.call_id.as_str()) => {
                    let path = format!("{}.tool_use_id", block.at.as_str());
                    return Err(WireError::Wrong { path, expected: "the id of an earlier `tool_use` block" });
                }
                Content::ToolResult(_)
                | Content::Text(_)
                | Content::Refusal(_)
                | Content::Media(_)
                | Content::Reasoning(_)
                | Content::Opaque { .. } => {}
            }
        }
    }
    Ok(())
}

fn stop_sequences(fields: &mut Fields<'_>) -> Result<Vec<String>, WireError> {
    Ok(fields.optional("stop_sequences", "an array of strings")?.unwrap_or_default())
}
