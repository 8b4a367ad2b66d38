//! Reads a request into the neutral model. What it has no word for rides along untouched.

use serde_json::value::RawValue;

use super::super::{call, media};
use super::calls::Calls;
use super::{FUNCTION, options, tools};
use crate::fields::Fields;
use crate::ir::{Block, Content, Extra, Message, Reasoning, Request, Role, ToolCall, ToolResult};
use crate::{DialectId, WireError};

/// Reads the body of `/api/chat`; every error names the path of the field to blame. No messages at all are fine: that
/// loads a model, or unloads it.
pub(in super::super) fn decode(body: &[u8]) -> Result<Request, WireError> {
    let mut fields = Fields::of_body(body)?;
    let mut request = options::decode(&mut fields)?;
    request.messages = decode_messages(&mut fields)?;
    request.tools = tools::decode(&mut fields)?;
    request.extras.extend(fields.rest());
    Ok(request)
}

/// A request that names its model and nothing else.
pub(super) fn named(fields: &mut Fields<'_>) -> Result<Request, WireError> {
    const EXPECTED: &str = "a non-empty string";
    let model: String = fields.required("model", EXPECTED)?;
    if model.is_empty() {
        return Err(fields.wrong("model", EXPECTED));
    }
    Ok(Request::new(DialectId::Ollama, model))
}

/// The elements of `images`, each bare base64.
pub(in super::super) fn decode_images(fields: &mut Fields<'_>) -> Result<Vec<Block>, WireError> {
    let raw = fields.list("images", "an array of base64 strings")?.unwrap_or_default();
    let image = |(index, raw): (usize, &RawValue)| {
        let data: Option<String> = crate::fields::parse(raw);
        let data = data.ok_or_else(|| fields.wrong(&format!("images[{index}]"), "a base64 string"))?;
        Ok(Block::from(Content::Media(media::read(data))).at(fields.at_member(&format!("images[{index}]"))))
    };
    raw.into_iter().enumerate().map(image).collect()
}

fn decode_messages(fields: &mut Fields<'_>) -> Result<Vec<Message>, WireError> {
    let raw = fields.list("messages", "an array")?.unwrap_or_default();
    let mut calls = Calls::default();
    let read = |(index, raw)| decode_message(Fields::of_value(raw, format!("messages[{index}]"))?, &mut calls);
    raw.into_iter().enumerate().map(read).collect()
}

fn decode_message(mut fields: Fields<'_>, calls: &mut Calls) -> Result<Message, WireError> {
    // Ollama takes roles in any case.
    let role = fields.required::<String>("role", "a string")?.to_lowercase();
    let role = match role.as_str() {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" => Role::Tool,
        _ => Role::Other(role),
    };
    let content: Option<String> = fields.optional("content", "a string")?;
    let images = decode_images(&mut fields)?;
    if content.is_none() && images.is_empty() && role != Role::Assistant {
        return Err(fields.missing("content"));
    }
    let text = content.filter(|text| !text.is_empty());
    let text = text.map(|text| Block::text(text).at(fields.at_member("content")));
    let blocks = if role == Role::Tool {
        vec![decode_result(&mut fields, text.into_iter().chain(images).collect(), calls)?]
    } else {
        let thinking: Option<String> = fields.optional("thinking", "a string")?;
        let thinking = thinking.filter(|text| !text.is_empty());
        let thinking = thinking.map(|text| {
            let thoughts = Content::Reasoning(Reasoning { text, ..Reasoning::default() });
            Block::from(thoughts).at(fields.at_member("thinking"))
        });
        let tool_calls = decode_calls(&mut fields, calls)?;
        thinking.into_iter().chain(text).chain(images).chain(tool_calls).collect()
    };
    let at = fields.at();
    Ok(Message { role, blocks, extras: fields.rest(), at })
}

fn decode_result(fields: &mut Fields<'_>, blocks: Vec<Block>, calls: &mut Calls) -> Result<Block, WireError> {
    let id: Option<String> = fields.optional("tool_call_id", "a string")?;
    let name: Option<String> = fields.optional("tool_name", "a string")?;
    let call_id = match (id.filter(|id| !id.is_empty()), &name) {
        (Some(id), _) => {
            calls.answer_id(&id).ok_or_else(|| fields.wrong("tool_call_id", "the id of an earlier tool call"))?
        }
        (None, Some(name)) => calls
            .answer_name(name)
            .ok_or_else(|| fields.wrong("tool_name", "the name of a tool that was called and has not answered"))?,
        (None, None) => calls.answer_next().ok_or_else(|| fields.missing("tool_call_id"))?,
    };
    let result = Content::ToolResult(ToolResult { call_id, name, blocks, ..ToolResult::default() });
    Ok(Block::from(result).at(fields.at()))
}

fn decode_calls(fields: &mut Fields<'_>, calls: &mut Calls) -> Result<Vec<Block>, WireError> {
    let raw = fields.list("tool_calls", "an array")?.unwrap_or_default();
    let path = fields.path("tool_calls");
    raw.into_iter().enumerate().map(|(index, raw)| decode_call(raw, format!("{path}[{index}]"), calls)).collect()
}

fn decode_call(raw: &RawValue, path: String, calls: &mut Calls) -> Result<Block, WireError> {
    let mut fields = Fields::of_value(raw, path)?;
    let given: Option<String> = fields.optional("id", "a string")?;
    let mut function = fields.object("function")?.ok_or_else(|| fields.missing("function"))?;
    let name: String = function.required("name", "a non-empty string")?;
    if name.is_empty() {
        return Err(function.wrong("name", "a non-empty string"));
    }
    let arguments = function.take("arguments");
    if arguments.is_some_and(|raw| !raw.get().starts_with(['{', '"'])) {
        return Err(function.wrong("arguments", "an object"));
    }
    let id = calls.add(given, &name, raw.get().as_bytes());
    let arguments = call::arguments_text(arguments);
    let at = fields.at();
    let mut extras = fields.rest();
    let inner = function.rest().into_iter();
    extras.extend(inner.map(|extra| Extra { name: format!("{FUNCTION}{}", extra.name), raw: extra.raw }));
    let content = Content::ToolCall(ToolCall { id, name, arguments, ..ToolCall::default() });
    Ok(Block { extras, at, ..Block::from(content) })
}
