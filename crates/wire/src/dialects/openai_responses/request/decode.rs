//! Reads a request into the neutral model.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::super::{form, machine};
use super::items::{Conversation, Item, decode_item};
use super::tools;
use crate::dialects::openai_chat::request::handling;
use crate::fields::{Fields, parse, parse_list, starts_with};
use crate::ir::{
    Block, Caching, Content, Effort, Extra, Handling, Message, OutputFormat, Request, Role, Sampling, Thinking,
};
use crate::{DialectId, WireError};

/// Reads a request; every error names the path of the field to blame.
pub(in super::super) fn decode(body: &[u8]) -> Result<Request, WireError> {
    let mut fields = Fields::of_body(body)?;
    let model: String = fields.required("model", "a non-empty string")?;
    if model.is_empty() {
        return Err(fields.wrong("model", "a non-empty string"));
    }
    let conversation = decode_conversation(&mut fields)?;
    let mut extras = conversation.additional;
    let mut tools = match fields.list("tools", "an array")? {
        Some(list) => tools::decode_list(list, "tools")?,
        None => Vec::new(),
    };
    tools.extend(conversation.tools);
    machine::keep_apart(&mut tools);
    let tool_choice = tools::decode_choice(&mut fields, &tools, &mut extras)?;
    let thinking = decode_reasoning(&mut fields, &mut extras)?;
    let (output_format, verbosity) = decode_text(&mut fields, &mut extras)?;
    let sampling = Sampling {
        temperature: fields.optional("temperature", "a number")?,
        top_p: fields.optional("top_p", "a number")?,
        output_tokens_max: decode_output_tokens_max(&mut fields)?,
        ..Sampling::default()
    };
    let caching = Caching {
        key: fields.optional("prompt_cache_key", "a string")?,
        retention: fields.optional("prompt_cache_retention", "a string")?,
        mark: None,
    };
    let parallel_tool_calls = fields.optional("parallel_tool_calls", "a boolean")?;
    let stream = fields.optional("stream", "a boolean")?.unwrap_or(false);
    let user = fields.optional("user", "a string")?;
    let handling = decode_handling(&mut fields, verbosity, &mut extras)?;
    extras.extend(fields.rest().into_iter().filter(|extra| extra.raw.get() != "null"));
    Ok(Request {
        messages: conversation.messages,
        tools,
        tool_choice,
        parallel_tool_calls,
        stream,
        // Every answer of this dialect ends with its usage.
        include_usage: true,
        sampling,
        thinking,
        output_format,
        user,
        handling,
        caching,
        extras,
        ..Request::new(DialectId::OpenaiResponses, model)
    })
}

/// `instructions` and `input`.
fn decode_conversation(fields: &mut Fields<'_>) -> Result<Conversation, WireError> {
    const EXPECTED: &str = "a string or an array of items";
    let mut conversation = Conversation::default();
    if let Some(raw) = fields.take("instructions") {
        let text: String = parse(raw).ok_or_else(|| fields.wrong("instructions", "a string"))?;
        let block = Block::text(text).at("instructions");
        let mut message = Message::new(Role::System, vec![block]).at("instructions");
        message.extras.push(form::flag(form::INSTRUCTIONS));
        conversation.messages.push(message);
    }
    // What came before stands elsewhere: this may be nothing, and may answer calls that it does not hold.
    let continued = ["previous_response_id", "conversation", "prompt"].iter().any(|name| fields.look(name).is_some());
    let Some(raw) = fields.take("input") else {
        return if continued { Ok(conversation) } else { Err(fields.missing("input")) };
    };
    if starts_with(raw, '"') {
        let text: String = parse(raw).ok_or_else(|| fields.wrong("input", EXPECTED))?;
        let mut message = Message::new(Role::User, vec![Block::text(text).at("input")]).at("input");
        message.extras.push(form::flag(form::INPUT));
        conversation.messages.push(message);
        return Ok(conversation);
    }
    let items = parse_list(raw).ok_or_else(|| fields.wrong("input", EXPECTED))?;
    decode_items(items, !continued, &mut conversation)?;
    Ok(conversation)
}

/// Reads the items of `input`. Where it is `whole`, a result must answer a call before it.
fn decode_items(items: Vec<&RawValue>, whole: bool, conversation: &mut Conversation) -> Result<(), WireError> {
    let mut calls = Calls::default();
    for (index, raw) in items.into_iter().enumerate() {
        let item = decode_item(raw, format!("input[{index}]"))?;
        let known = match &item {
            Item::Message(message) => calls.take(&message.blocks),
            Item::Said(blocks, _) => calls.take(blocks),
            Item::Tools(..) => true,
        };
        if whole && !known {
            return Err(WireError::Wrong { path: format!("input[{index}].call_id"), expected: ANSWER });
        }
        conversation.push(item);
    }
    Ok(())
}

const ANSWER: &str = "the `call_id` of a call before it";

/// The calls that may be answered.
#[derive(Debug, Default)]
struct Calls {
    ids: HashSet<String>,
    /// Items stand for others that are not here, so there may be calls nobody sees.
    hidden: bool,
}

impl Calls {
    /// Notes the calls; whether each result answers one.
    fn take(&mut self, blocks: &[Block]) -> bool {
        blocks.iter().all(|block| match &block.content {
            Content::ToolCall(call) => {
                self.ids.insert(call.id.clone());
                true
            }
            Content::ToolResult(result) => self.hidden || self.ids.contains(&result.call_id),
            Content::Opaque { kind, .. } => {
                self.hidden |= kind == "item_reference" || kind.starts_with("compaction");
                true
            }
            Content::Text(_) | Content::Refusal(_) | Content::Media(_) | Content::Reasoning(_) => true,
        })
    }
}

/// Whether each result answers a call before it, once all that came before is there.
///
/// # Errors
/// When one does not.
pub(in super::super) fn check_results(messages: &[Message]) -> Result<(), WireError> {
    let mut calls = Calls::default();
    if messages.iter().all(|message| calls.take(&message.blocks)) {
        return Ok(());
    }
    Err(WireError::Wrong { path: "input".to_owned(), expected: "items whose outputs answer calls before them" })
}

fn decode_output_tokens_max(fields: &mut Fields<'_>) -> Result<Option<u64>, WireError> {
    const EXPECTED: &str = "a positive integer";
    let limit = fields.optional("max_output_tokens", EXPECTED)?;
    if limit == Some(0) { Err(fields.wrong("max_output_tokens", EXPECTED)) } else { Ok(limit) }
}

/// `reasoning`; what has no word is an extra under its path.
fn decode_reasoning(fields: &mut Fields<'_>, extras: &mut Vec<Extra>) -> Result<Thinking, WireError> {
    let mut thinking = Thinking::default();
    let Some(mut reasoning) = fields.object("reasoning")? else { return Ok(thinking) };
    let effort: Option<String> = reasoning.optional("effort", "a string")?;
    thinking.effort = effort.as_deref().map(Effort::from_name);
    if let Some(raw) = reasoning.take("summary") {
        let summary: String = parse(raw).ok_or_else(|| reasoning.wrong("summary", "a string"))?;
        thinking.shown = Some(summary != "none");
        if summary != "none" && summary != "auto" {
            extras.push(Extra { name: "reasoning.summary".to_owned(), raw: raw.to_owned() });
        }
    }
    extras.extend(form::within("reasoning", reasoning));
    Ok(thinking)
}

/// How the answer is to be handled. `store` is what the answer's keeper reads, and stays an extra.
fn decode_handling(
    fields: &mut Fields<'_>,
    verbosity: Option<String>,
    extras: &mut Vec<Extra>,
) -> Result<Handling, WireError> {
    let obfuscation = handling::read_stream_options(fields.object(handling::STREAM_OPTIONS)?, extras)?;
    let include: Option<Vec<String>> = fields.look("include").and_then(parse);
    let logprobs = include.is_some_and(|names| names.iter().any(|name| name == form::INCLUDED_LOGPROBS));
    let logprobs = logprobs.then_some(true);
    Ok(Handling { verbosity, obfuscation, logprobs, ..handling::read(fields)? })
}

/// `text`: the form, and how much to say; what has no word likewise.
fn decode_text(
    fields: &mut Fields<'_>,
    extras: &mut Vec<Extra>,
) -> Result<(Option<OutputFormat>, Option<String>), WireError> {
    let Some(mut text) = fields.object("text")? else { return Ok((None, None)) };
    let verbosity = text.optional("verbosity", "a string")?;
    let Some(raw) = text.take("format") else {
        extras.extend(form::within("text", text));
        return Ok((None, verbosity));
    };
    let mut format = Fields::of_value(raw, text.path("format"))?;
    let kind: String = format.required("type", "a string")?;
    let read = match kind.as_str() {
        "json_object" => Some(OutputFormat::JsonObject),
        "json_schema" => Some(OutputFormat::JsonSchema {
            name: Some(format.required("name", "a string")?),
            description: format.optional("description", "a string")?,
            schema: format.take("schema").ok_or_else(|| format.missing("schema"))?.to_owned(),
            strict: format.optional("strict", "a boolean")?,
        }),
        "text" => {
            extras.push(form::mark(form::TEXT_FORMAT, raw));
            None
        }
        _ => {
            extras.push(Extra { name: "text.format".to_owned(), raw: raw.to_owned() });
            None
        }
    };
    if read.is_some() {
        extras.extend(form::within("text.format", format));
    }
    extras.extend(form::within("text", text));
    Ok((read, verbosity))
}
