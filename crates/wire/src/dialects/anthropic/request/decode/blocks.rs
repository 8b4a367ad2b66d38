//! Reads blocks of content: those of requests, and those of answers, which clients send back as they got them.

use serde_json::value::RawValue;

use super::{content, settings, text_of};
use crate::dialects::anthropic::{citation, extras, signature};
use crate::fields::{Fields, parse, starts_with};
use crate::ir::{Block, Citation, Content, Extra, Media, MediaKind, MediaSource, Reasoning, ToolCall, ToolResult};
use crate::{DialectId, WireError};

/// Reads the block at `path`. A kind that the neutral model has no word for is kept whole.
///
/// # Errors
/// When it is no object with a `type`, or lacks what its type requires.
pub(in crate::dialects::anthropic) fn block(raw: &RawValue, path: String) -> Result<Block, WireError> {
    let mut fields = Fields::of_value(raw, path)?;
    let kind = text_of(&mut fields, "type")?;
    let mut block = Block::from(Content::Text(String::new())).at(fields.at());
    let content = match kind.as_str() {
        "text" => {
            block.citations = citations(&mut fields)?;
            Some(Content::Text(fields.required("text", "a string")?))
        }
        "image" => media(&mut fields, MediaKind::Image, &mut block.extras)?.map(Content::Media),
        "document" => media(&mut fields, MediaKind::Document, &mut block.extras)?.map(Content::Media),
        "thinking" => Some(Content::Reasoning(thinking(&mut fields)?)),
        "redacted_thinking" => {
            let seal = signature::read(&fields.required::<String>("data", "a string")?);
            Some(Content::Reasoning(Reasoning { seal, redacted: true, ..Reasoning::default() }))
        }
        "tool_use" => Some(Content::ToolCall(tool_use(&mut fields)?)),
        "tool_result" => Some(Content::ToolResult(tool_result(&mut fields)?)),
        _ => None,
    };
    let Some(content) = content else {
        block.content = Content::Opaque { origin: DialectId::Anthropic, kind, raw: raw.to_owned() };
        return Ok(Block::from(block.content).at(block.at));
    };
    block.content = content;
    block.cache = settings::cache_mark(&mut fields, &mut block.extras)?;
    block.extras.extend(fields.rest());
    Ok(block)
}

fn citations(fields: &mut Fields<'_>) -> Result<Vec<Citation>, WireError> {
    let citations = fields.list("citations", "an array")?.unwrap_or_default();
    Ok(citations.into_iter().map(citation::read).collect())
}

fn thinking(fields: &mut Fields<'_>) -> Result<Reasoning, WireError> {
    let text = fields.required("thinking", "a string")?;
    let signature: Option<String> = fields.optional("signature", "a string")?;
    Ok(Reasoning { text, seal: signature.and_then(|text| signature::read(&text)), ..Reasoning::default() })
}

fn tool_use(fields: &mut Fields<'_>) -> Result<ToolCall, WireError> {
    let (id, name) = (text_of(fields, "id")?, text_of(fields, "name")?);
    let input = fields.take("input").ok_or_else(|| fields.missing("input"))?;
    if !starts_with(input, '{') {
        return Err(fields.wrong("input", "an object"));
    }
    Ok(ToolCall { id, name, arguments: input.get().to_owned(), ..ToolCall::default() })
}

fn tool_result(fields: &mut Fields<'_>) -> Result<ToolResult, WireError> {
    let call_id = text_of(fields, "tool_use_id")?;
    let path = fields.path("content");
    let blocks = fields.take("content").map(|raw| content(raw, path)).transpose()?.unwrap_or_default();
    let is_error = fields.optional("is_error", "a boolean")?;
    Ok(ToolResult { call_id, blocks, is_error, ..ToolResult::default() })
}

/// An image or a document; `None` for a source that the neutral model has no word for.
fn media(fields: &mut Fields<'_>, kind: MediaKind, extras: &mut Vec<Extra>) -> Result<Option<Media>, WireError> {
    let mut source = fields.object("source")?.ok_or_else(|| fields.missing("source"))?;
    let form: String = source.required("type", "a string")?;
    let mut media_type = None;
    let place = match form.as_str() {
        "base64" => {
            media_type = Some(source.required("media_type", "a string")?);
            MediaSource::Base64(source.required("data", "a string")?)
        }
        "text" => {
            media_type = source.optional("media_type", "a string")?;
            MediaSource::Text(source.required("data", "a string")?)
        }
        "url" => MediaSource::Url(source.required("url", "a string")?),
        "file" => MediaSource::File(source.required("file_id", "a string")?),
        "content" => {
            let Some(text) = source.look("content").and_then(plain_text) else { return Ok(None) };
            // How it was cut into pieces matters to citations; the same dialect gets it back word for word.
            let raw = RawValue::from_string("\"content\"".to_owned()).expect("a string in quotes is JSON");
            extras.push(Extra { name: "source.type".to_owned(), raw });
            MediaSource::Text(text)
        }
        _ => return Ok(None),
    };
    extras::keep(source, "source", extras);
    let name = if kind == MediaKind::Document { fields.optional("title", "a string")? } else { None };
    Ok(Some(Media { kind, source: place, media_type, name, detail: None }))
}

/// The text of a document that is given as content, when it is text throughout.
fn plain_text(raw: &RawValue) -> Option<String> {
    let blocks = content(raw, String::new()).ok()?;
    let texts: Option<Vec<&str>> = blocks.iter().map(Block::as_text).collect();
    texts.map(|texts| texts.join("\n")).or_else(|| parse(raw))
}
