//! The turns of the conversation and their parts.

use serde_json::value::RawValue;

use super::calls::Calls;
use crate::dialects::gemini::request::{leftovers, spelling};
use crate::dialects::gemini::{part, signature};
use crate::fields::{Fields, parse, starts_with};
use crate::ir::{Block, Content, Extra, Media, MediaSource, Message, Reasoning, Role, Seal, ToolCall, ToolResult};
use crate::{DialectId, WireError};

const TEXT: &str = "a string";
const NAME: &str = "a non-empty string";

/// One turn.
pub(super) fn decode(mut fields: Fields<'_>, calls: &mut Calls) -> Result<Message, WireError> {
    let role = match fields.optional::<String>("role", TEXT)?.as_deref() {
        None | Some("user") => Role::User,
        Some("model") => Role::Assistant,
        // The first version of function calling had a role for results.
        Some("function") => Role::Tool,
        Some(_) => return Err(fields.wrong("role", "`user` or `model`")),
    };
    let blocks = decode_parts(&mut fields, calls)?;
    let at = fields.at();
    Ok(Message { role, blocks, extras: fields.rest(), at })
}

/// The parts of a turn.
pub(super) fn decode_parts(fields: &mut Fields<'_>, calls: &mut Calls) -> Result<Vec<Block>, WireError> {
    let parts = fields.list("parts", "an array")?.ok_or_else(|| fields.missing("parts"))?;
    let path = fields.path("parts");
    let part = |(index, raw): (usize, &RawValue)| decode_part(raw, format!("{path}[{index}]"), calls);
    parts.into_iter().enumerate().map(part).collect()
}

fn decode_part(raw: &RawValue, path: String, calls: &mut Calls) -> Result<Block, WireError> {
    let mut fields = Fields::of_value(raw, path)?;
    let at = fields.at();
    let (content, mut extras) = if let Some(call) = take(&mut fields, "functionCall")? {
        decode_call(call, &mut fields, calls)?
    } else if let Some(result) = take(&mut fields, "functionResponse")? {
        decode_result(result, calls)?
    } else if let Some((media, extras)) = take_media(&mut fields)? {
        (Content::Media(media), extras)
    } else if let Some(text) = fields.optional::<String>("text", TEXT)? {
        (decode_text(text, &mut fields)?, Vec::new())
    } else {
        let kind = fields.names().find(|name| !is_beside(name)).unwrap_or("part").to_owned();
        let opaque = Content::Opaque { origin: DialectId::Gemini, kind, raw: raw.to_owned() };
        return Ok(Block::from(opaque).at(at));
    };
    extras.extend(fields.rest());
    Ok(Block { extras, at, ..Block::from(content) })
}

/// Whether a member stands beside what a part is about.
fn is_beside(name: &str) -> bool {
    matches!(name, "thought" | "thoughtSignature" | "thought_signature" | "partMetadata" | "part_metadata")
}

fn take<'a>(fields: &mut Fields<'a>, name: &'static str) -> Result<Option<Fields<'a>>, WireError> {
    let name = spelling(fields, name);
    fields.object(&name)
}

/// A seal on text that is no thought has no place of its own: it stays an extra, unless there is nothing but it.
fn decode_text(text: String, fields: &mut Fields<'_>) -> Result<Content, WireError> {
    let thought = fields.look("thought").is_some_and(|raw| raw.get() == "true");
    if thought {
        fields.take("thought");
        let seal = take_seal(fields)?;
        return Ok(Content::Reasoning(Reasoning { text, summary: true, seal, ..Reasoning::default() }));
    }
    if text.is_empty()
        && let Some(seal) = take_seal(fields)?
    {
        return Ok(Content::Reasoning(Reasoning { redacted: true, seal: Some(seal), ..Reasoning::default() }));
    }
    Ok(Content::Text(text))
}

fn take_seal(fields: &mut Fields<'_>) -> Result<Option<Seal>, WireError> {
    let name = spelling(fields, "thoughtSignature");
    let Some(text) = fields.optional::<String>(&name, TEXT)? else { return Ok(None) };
    signature::read(&text).map(Some).ok_or_else(|| fields.wrong(&name, "a signature as it came"))
}

fn decode_call(
    mut call: Fields<'_>,
    part: &mut Fields<'_>,
    calls: &mut Calls,
) -> Result<(Content, Vec<Extra>), WireError> {
    let name = take_name(&mut call)?;
    let id = calls.make(call.optional("id", TEXT)?, &name);
    let arguments = match call.take("args") {
        None => String::new(),
        Some(args) if starts_with(args, '{') => args.get().to_owned(),
        Some(_) => return Err(call.wrong("args", "an object")),
    };
    let seal = take_seal(part)?;
    let call_ = ToolCall { id, name, arguments, custom: false, seal };
    Ok((Content::ToolCall(call_), leftovers("functionCall.", call).collect()))
}

fn take_name(fields: &mut Fields<'_>) -> Result<String, WireError> {
    let name: String = fields.required("name", NAME)?;
    if name.is_empty() { Err(fields.wrong("name", NAME)) } else { Ok(name) }
}

fn decode_result(mut result: Fields<'_>, calls: &mut Calls) -> Result<(Content, Vec<Extra>), WireError> {
    let name = take_name(&mut result)?;
    let id: Option<String> = result.optional("id", TEXT)?;
    let call_id = calls
        .answer(id.as_deref(), &name)
        .ok_or_else(|| result.wrong(if id.is_some() { "id" } else { "name" }, "that of an earlier `functionCall`"))?;
    let response = result.take("response").ok_or_else(|| result.missing("response"))?;
    if !starts_with(response, '{') {
        return Err(result.wrong("response", "an object"));
    }
    let (text, is_error) = read_response(response);
    let mut blocks = vec![Block::text(text).at(result.at_member("response"))];
    for (index, raw) in result.list("parts", "an array")?.unwrap_or_default().into_iter().enumerate() {
        let mut part = Fields::of_value(raw, result.path(&format!("parts[{index}]")))?;
        let at = part.at();
        let content = match take_media(&mut part)? {
            Some((media, extras)) if extras.is_empty() && part.is_empty() => Content::Media(media),
            Some(_) | None => Content::Opaque {
                origin: DialectId::Gemini,
                kind: "functionResponsePart".to_owned(),
                raw: raw.to_owned(),
            },
        };
        blocks.push(Block::from(content).at(at));
    }
    let content = ToolResult { call_id, name: Some(name), blocks, is_error, custom: false };
    Ok((Content::ToolResult(content), leftovers("functionResponse.", result).collect()))
}

/// What a tool said: the text when that is all, else the object. An object inside a text stays where it is, for the
/// encoder takes a text that is an object as the whole response.
fn read_response(raw: &RawValue) -> (String, Option<bool>) {
    let said: Option<indexmap::IndexMap<String, &RawValue>> = serde_json::from_str(raw.get()).ok();
    let only = said.as_ref().filter(|said| said.len() == 1).and_then(|said| said.first());
    if let Some((name, text)) = only
        && let Some(text) = parse::<String>(text)
    {
        match name.as_str() {
            "error" => return (text, Some(true)),
            "output" if part::object_text(&text).is_none() => return (text, Some(false)),
            "result" if part::object_text(&text).is_none() => return (text, None),
            _ => {}
        }
    }
    (raw.get().to_owned(), None)
}

fn take_media(fields: &mut Fields<'_>) -> Result<Option<(Media, Vec<Extra>)>, WireError> {
    let (mut data, inline) = match take(fields, "inlineData")? {
        Some(data) => (data, true),
        None => match take(fields, "fileData")? {
            Some(data) => (data, false),
            None => return Ok(None),
        },
    };
    let name = spelling(&data, "mimeType");
    let media_type: Option<String> = data.optional(&name, TEXT)?;
    let source = if inline {
        MediaSource::Base64(data.required("data", "base64 text")?)
    } else {
        let name = spelling(&data, "fileUri");
        let uri: String = data.required(&name, TEXT)?;
        if is_uploaded(&uri) { MediaSource::File(uri) } else { MediaSource::Url(uri) }
    };
    let name = spelling(&data, "displayName");
    let name = data.optional(&name, TEXT)?;
    let media = Media { kind: part::kind_of(media_type.as_deref()), source, media_type, name, detail: None };
    let prefix = if inline { "inlineData." } else { "fileData." };
    Ok(Some((media, leftovers(prefix, data).collect())))
}

/// Whether only Google can fetch it: from its file store or a bucket.
fn is_uploaded(uri: &str) -> bool {
    let public = uri.starts_with("https://") || uri.starts_with("http://");
    !public || uri.starts_with("https://generativelanguage.googleapis.com/")
}
