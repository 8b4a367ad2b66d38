//! Reads messages. What an assistant's message holds comes in the order thoughts, words, calls.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::super::super::thoughts;
use super::super::marks;
use super::{nested, parts};
use crate::WireError;
use crate::dialects::openai_chat::response::read_annotation;
use crate::fields::{Fields, parse, parse_list, starts_with};
use crate::ir::{Block, Content, Message, Role, Seal, SealOrigin, ToolCall, ToolResult};

/// Reads all of them.
pub(super) fn decode(fields: &mut Fields<'_>, mut calls: Calls) -> Result<Vec<Message>, WireError> {
    const EXPECTED: &str = "a non-empty array";
    let raw: Vec<&RawValue> = fields.list("messages", EXPECTED)?.ok_or_else(|| fields.missing("messages"))?;
    if raw.is_empty() {
        return Err(fields.wrong("messages", EXPECTED));
    }
    raw.into_iter()
        .enumerate()
        .map(|(index, raw)| decode_message(raw, format!("messages[{index}]"), &mut calls))
        .collect()
}

/// The calls that messages so far made.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Whether each is of a custom tool, by its id.
    made: BTreeMap<String, bool>,
    /// Ids of calls of 2023, which had none, by the function's name; the last one counts.
    unnamed: BTreeMap<String, String>,
    /// Whether a result need not answer one.
    optional: bool,
}

impl Calls {
    /// None so far, where results need not answer any.
    pub(super) fn optional() -> Self {
        Self { optional: true, ..Self::default() }
    }

    /// Notes a call.
    pub(super) fn made(&mut self, call: &ToolCall) {
        self.made.insert(call.id.clone(), call.custom);
    }

    /// The result of the call with this id; `None` when there was none.
    pub(super) fn answer(&self, call_id: String, blocks: Vec<Block>) -> Option<ToolResult> {
        let custom = self.made.get(&call_id).copied().or(self.optional.then_some(false))?;
        Some(ToolResult { call_id, name: None, blocks, is_error: None, custom })
    }
}

fn decode_message(raw: &RawValue, path: String, calls: &mut Calls) -> Result<Message, WireError> {
    const ROLES: &str = "`system`, `developer`, `user`, `assistant`, `tool` or `function`";
    let mut fields = Fields::of_value(raw, path)?;
    let role: String = fields.required("role", "a string")?;
    match role.as_str() {
        "system" => decode_said(fields, Role::System, calls),
        "developer" => decode_said(fields, Role::Developer, calls),
        "user" => decode_said(fields, Role::User, calls),
        "assistant" => decode_assistant(fields, calls),
        "tool" => decode_result(fields, calls),
        "function" => decode_old_result(fields, calls),
        _ => Err(fields.wrong("role", ROLES)),
    }
}

fn decode_said(mut fields: Fields<'_>, role: Role, calls: &mut Calls) -> Result<Message, WireError> {
    let mut blocks = decode_content(&mut fields, calls)?.ok_or_else(|| fields.missing("content"))?;
    take_mark(&mut fields, &mut blocks);
    Ok(message(role, blocks, fields))
}

fn message(role: Role, blocks: Vec<Block>, fields: Fields<'_>) -> Message {
    let at = fields.at();
    Message { role, blocks, extras: fields.rest(), at }
}

/// A string or parts; `None` when nothing is there.
fn decode_content(fields: &mut Fields<'_>, calls: &mut Calls) -> Result<Option<Vec<Block>>, WireError> {
    const EXPECTED: &str = "a string or an array of parts";
    let Some(raw) = fields.take("content") else { return Ok(None) };
    if starts_with(raw, '"') {
        let text: String = parse(raw).ok_or_else(|| fields.wrong("content", EXPECTED))?;
        return Ok(Some(vec![Block::text(text).at(fields.at_member("content"))]));
    }
    let parts = parse_list(raw).ok_or_else(|| fields.wrong("content", EXPECTED))?;
    let path = fields.path("content");
    let part = |(index, part)| parts::decode(part, format!("{path}[{index}]"), calls);
    parts.into_iter().enumerate().map(part).collect::<Result<_, _>>().map(Some)
}

/// A mark on the whole message is one behind its last part.
fn take_mark(fields: &mut Fields<'_>, blocks: &mut [Block]) {
    if let Some(last) = blocks.last_mut().filter(|last| last.cache.is_none()) {
        last.cache = marks::take(fields);
    }
}

fn decode_assistant(mut fields: Fields<'_>, calls: &mut Calls) -> Result<Message, WireError> {
    let mut blocks = thoughts::take(&mut fields);
    // It may have said nothing but tool calls.
    blocks.extend(decode_content(&mut fields, calls)?.unwrap_or_default());
    if let Some(refusal) = fields.optional("refusal", "a string")? {
        blocks.push(Block::from(Content::Refusal(refusal)).at(fields.at_member("refusal")));
    }
    take_annotations(&mut fields, &mut blocks);
    let list = fields.list("tool_calls", "an array")?;
    for (index, raw) in list.into_iter().flatten().enumerate() {
        let block = decode_call(raw, fields.path(&format!("tool_calls[{index}]")))?;
        if let Content::ToolCall(call) = &block.content {
            calls.made(call);
        }
        blocks.push(block);
    }
    blocks.extend(decode_old_call(&mut fields, calls)?);
    take_mark(&mut fields, &mut blocks);
    Ok(message(Role::Assistant, blocks, fields))
}

/// Sources stand beside the text; without one they stay where they are.
fn take_annotations(fields: &mut Fields<'_>, blocks: &mut [Block]) {
    let last = blocks.iter_mut().rev().find(|block| block.as_text().is_some());
    let list = fields.look("annotations").and_then(parse_list);
    if let (Some(last), Some(list)) = (last, list) {
        fields.take("annotations");
        last.citations.extend(list.into_iter().map(read_annotation));
    }
}

fn decode_call(raw: &RawValue, path: String) -> Result<Block, WireError> {
    const EXPECTED: &str = "a non-empty string";
    let mut fields = Fields::of_value(raw, path)?;
    let id: String = fields.required("id", EXPECTED)?;
    if id.is_empty() {
        return Err(fields.wrong("id", EXPECTED));
    }
    let kind: Option<String> = fields.optional("type", "a string")?;
    let (kind, text) = match kind.as_deref() {
        None | Some("function") => ("function", "arguments"),
        Some("custom") => ("custom", "input"),
        Some(_) => return Err(fields.wrong("type", "`function` or `custom`")),
    };
    let mut inner = fields.object(kind)?.ok_or_else(|| fields.missing(kind))?;
    let name: String = inner.required("name", EXPECTED)?;
    if name.is_empty() {
        return Err(inner.wrong("name", EXPECTED));
    }
    let arguments = take_arguments(&mut inner, text)?;
    let seal = take_signature(&mut fields);
    let call = ToolCall { id, name, arguments, custom: kind == "custom", seal };
    let (cache, at) = (marks::take(&mut fields), fields.at());
    let extras = nested(inner, kind).chain(fields.rest()).collect();
    Ok(Block { cache, extras, at, ..Block::from(Content::ToolCall(call)) })
}

/// JSON as text; some clients send the object itself.
fn take_arguments(inner: &mut Fields<'_>, name: &str) -> Result<String, WireError> {
    match inner.look(name) {
        Some(raw) if starts_with(raw, '{') => {
            inner.take(name);
            Ok(raw.get().to_owned())
        }
        _ => Ok(inner.optional(name, "a string")?.unwrap_or_default()),
    }
}

/// Google's place for a signature, which the AI SDK sends back: `extra_content.google.thought_signature`.
fn take_signature(fields: &mut Fields<'_>) -> Option<Seal> {
    const NAME: &str = "extra_content";
    let mut extra = Fields::of_value(fields.look(NAME)?, String::new()).ok()?;
    let mut google = extra.object("google").ok()??;
    let signature: String = google.optional("thought_signature", "a string").ok()??;
    // What says more than that stays where it is.
    if !extra.is_empty() || !google.is_empty() {
        return None;
    }
    fields.take(NAME);
    Seal::read(&signature, SealOrigin::Gemini)
}

fn decode_old_call(fields: &mut Fields<'_>, calls: &mut Calls) -> Result<Option<Block>, WireError> {
    let Some(mut function) = fields.object("function_call")? else { return Ok(None) };
    let name: String = function.required("name", "a string")?;
    let arguments = take_arguments(&mut function, "arguments")?;
    let id = format!("call_{}_{name}", calls.made.len());
    let call = ToolCall { id: id.clone(), name: name.clone(), arguments, ..ToolCall::default() };
    calls.made(&call);
    calls.unnamed.insert(name, id);
    Ok(Some(Block::from(Content::ToolCall(call)).at(fields.at_member("function_call"))))
}

fn decode_result(mut fields: Fields<'_>, calls: &mut Calls) -> Result<Message, WireError> {
    let call_id: String = fields.required("tool_call_id", "a string")?;
    if !fields.has("content") {
        return Err(fields.missing("content"));
    }
    let blocks = decode_content(&mut fields, calls)?.unwrap_or_default();
    let orphan = || fields.wrong("tool_call_id", "the id of an earlier tool call");
    let mut result = calls.answer(call_id, blocks).ok_or_else(orphan)?;
    result.name = fields.optional("name", "a string")?;
    Ok(result_message(result, fields))
}

fn decode_old_result(mut fields: Fields<'_>, calls: &mut Calls) -> Result<Message, WireError> {
    let name: String = fields.required("name", "a string")?;
    if !fields.has("content") {
        return Err(fields.missing("content"));
    }
    let blocks = decode_content(&mut fields, calls)?.unwrap_or_default();
    let answered = calls.unnamed.get(&name).cloned();
    let orphan = || fields.wrong("name", "the name of a function that was called before");
    let mut result = answered.and_then(|id| calls.answer(id, blocks)).ok_or_else(orphan)?;
    result.name = Some(name);
    Ok(result_message(result, fields))
}

fn result_message(result: ToolResult, mut fields: Fields<'_>) -> Message {
    let cache = marks::take(&mut fields);
    let block = Block { cache, at: fields.at(), ..Block::from(Content::ToolResult(result)) };
    message(Role::Tool, vec![block], fields)
}
