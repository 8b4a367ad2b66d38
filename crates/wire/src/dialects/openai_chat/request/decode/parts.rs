//! Reads parts of a message's content: OpenAI's, those that local servers added, and Anthropic's as Cursor sends them.

use serde_json::value::RawValue;

use super::super::marks;
use super::messages::Calls;
use super::nested;
use crate::fields::{Fields, parse, parse_list, starts_with};
use crate::ir::{
    Block, Content, Extra, Media, MediaKind, MediaSource, Reasoning, Seal, SealOrigin, ToolCall, ToolResult,
};
use crate::{DialectId, WireError};

/// Where a part stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Message,
    /// In a tool's result, which holds neither calls nor results: nesting has an end.
    Result,
}

/// Reads one part. One of an unknown type, or of a shape that is not understood, is opaque.
pub(super) fn decode(raw: &RawValue, path: String, calls: &mut Calls) -> Result<Block, WireError> {
    decode_within(raw, path, calls, Within::Message)
}

fn decode_within(raw: &RawValue, path: String, calls: &mut Calls, within: Within) -> Result<Block, WireError> {
    let mut fields = Fields::of_value(raw, path)?;
    let kind: String = fields.required("type", "a string")?;
    let mut extras = Vec::new();
    let content = match kind.as_str() {
        "text" => Some(Content::Text(fields.required("text", "a string")?)),
        "refusal" => Some(Content::Refusal(fields.required("refusal", "a string")?)),
        "image_url" => Some(Content::Media(decode_address(&mut fields, &kind, MediaKind::Image, &mut extras)?)),
        "audio_url" => Some(Content::Media(decode_address(&mut fields, &kind, MediaKind::Audio, &mut extras)?)),
        "video_url" => Some(Content::Media(decode_address(&mut fields, &kind, MediaKind::Video, &mut extras)?)),
        "input_audio" => Some(Content::Media(decode_audio(&mut fields, &mut extras)?)),
        "file" => Some(Content::Media(decode_file(&mut fields, &mut extras)?)),
        "image" => decode_anthropic_image(&mut fields).map(Content::Media),
        "thinking" => decode_thinking(&mut fields).map(Content::Reasoning),
        "tool_use" if within == Within::Message => Some(Content::ToolCall(decode_tool_use(&mut fields, calls)?)),
        "tool_result" if within == Within::Message => {
            Some(Content::ToolResult(decode_tool_result(&mut fields, calls)?))
        }
        _ => None,
    };
    let Some(content) = content else {
        let opaque = Content::Opaque { origin: DialectId::OpenaiChat, kind, raw: raw.to_owned() };
        return Ok(Block::from(opaque).at(fields.at()));
    };
    let (cache, at) = (marks::take(&mut fields), fields.at());
    extras.extend(fields.rest());
    Ok(Block { cache, extras, at, ..Block::from(content) })
}

/// `{"image_url": {"url", "detail"}}`, and the same for sounds and films.
fn decode_address(
    fields: &mut Fields<'_>,
    name: &str,
    kind: MediaKind,
    extras: &mut Vec<Extra>,
) -> Result<Media, WireError> {
    let bare = fields.look(name).filter(|raw| starts_with(raw, '"')).and_then(parse::<String>);
    if let Some(url) = bare {
        fields.take(name);
        return Ok(media(kind, &url));
    }
    let mut inner = fields.object(name)?.ok_or_else(|| fields.missing(name))?;
    let url: String = inner.required("url", "a string")?;
    let mut media = media(kind, &url);
    media.detail = inner.optional("detail", "a string")?;
    extras.extend(nested(inner, name));
    Ok(media)
}

/// What an address names: itself, or what a data URL holds.
fn media(kind: MediaKind, url: &str) -> Media {
    let (source, media_type) = match data_url(url) {
        Some((media_type, data)) => (MediaSource::Base64(data.to_owned()), media_type.map(str::to_owned)),
        None => (MediaSource::Url(url.to_owned()), None),
    };
    Media { kind, source, media_type, name: None, detail: None }
}

/// The MIME type and the base64 of a data URL.
fn data_url(url: &str) -> Option<(Option<&str>, &str)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let media_type = head.strip_suffix(";base64")?;
    Some(((!media_type.is_empty()).then_some(media_type), data))
}

fn decode_audio(fields: &mut Fields<'_>, extras: &mut Vec<Extra>) -> Result<Media, WireError> {
    const NAME: &str = "input_audio";
    let mut inner = fields.object(NAME)?.ok_or_else(|| fields.missing(NAME))?;
    let data: String = inner.required("data", "a string")?;
    let format: Option<String> = inner.optional("format", "a string")?;
    let media_type = format.map(|format| match format.as_str() {
        "mp3" => "audio/mpeg".to_owned(),
        _ => format!("audio/{format}"),
    });
    extras.extend(nested(inner, NAME));
    let source = MediaSource::Base64(data);
    Ok(Media { kind: MediaKind::Audio, source, media_type, name: None, detail: None })
}

fn decode_file(fields: &mut Fields<'_>, extras: &mut Vec<Extra>) -> Result<Media, WireError> {
    const NAME: &str = "file";
    let mut inner = fields.object(NAME)?.ok_or_else(|| fields.missing(NAME))?;
    let id: Option<String> = inner.optional("file_id", "a string")?;
    let data: Option<String> = inner.optional("file_data", "a string")?;
    let mut file = match (id, data) {
        // Servers other than OpenAI take an address here.
        (None, Some(data)) if data.starts_with("data:") || data.starts_with("http") => {
            media(MediaKind::Document, &data)
        }
        (None, Some(data)) => Media { source: MediaSource::Base64(data), ..media(MediaKind::Document, "") },
        (Some(id), None) => Media { source: MediaSource::File(id), ..media(MediaKind::Document, "") },
        (None, None) => return Err(inner.missing("file_data")),
        (Some(_), Some(_)) => return Err(inner.wrong("file_data", "absent when there is a `file_id`")),
    };
    file.name = inner.optional("filename", "a string")?;
    extras.extend(nested(inner, NAME));
    Ok(file)
}

fn decode_anthropic_image(fields: &mut Fields<'_>) -> Option<Media> {
    let mut source = fields.object("source").ok()??;
    let kind: String = source.required("type", "a string").ok()?;
    match kind.as_str() {
        "base64" => {
            let data = source.required("data", "a string").ok()?;
            let media_type = source.optional("media_type", "a string").ok()?;
            Some(Media { source: MediaSource::Base64(data), media_type, ..media(MediaKind::Image, "") })
        }
        "url" => Some(media(MediaKind::Image, &source.required::<String>("url", "a string").ok()?)),
        _ => None,
    }
}

fn decode_thinking(fields: &mut Fields<'_>) -> Option<Reasoning> {
    let text = fields.required("thinking", "a string").ok()?;
    let signature: Option<String> = fields.optional("signature", "a string").ok()?;
    let seal = signature.and_then(|signature| Seal::read(&signature, SealOrigin::Anthropic));
    Some(Reasoning { text, seal, ..Reasoning::default() })
}

fn decode_tool_use(fields: &mut Fields<'_>, calls: &mut Calls) -> Result<ToolCall, WireError> {
    let id = fields.required("id", "a string")?;
    let name = fields.required("name", "a string")?;
    let arguments = fields.take("input").map_or_else(String::new, |input| input.get().to_owned());
    let call = ToolCall { id, name, arguments, ..ToolCall::default() };
    calls.made(&call);
    Ok(call)
}

fn decode_tool_result(fields: &mut Fields<'_>, calls: &mut Calls) -> Result<ToolResult, WireError> {
    const EXPECTED: &str = "a string or an array of parts";
    let call_id: String = fields.required("tool_use_id", "a string")?;
    let path = fields.path("content");
    let blocks = match fields.take("content") {
        None => Vec::new(),
        Some(raw) if starts_with(raw, '"') => {
            let text: String = parse(raw).ok_or_else(|| fields.wrong("content", EXPECTED))?;
            vec![Block::text(text).at(path)]
        }
        Some(raw) => {
            let parts = parse_list(raw).ok_or_else(|| fields.wrong("content", EXPECTED))?;
            let part = |(index, part)| decode_within(part, format!("{path}[{index}]"), calls, Within::Result);
            parts.into_iter().enumerate().map(part).collect::<Result<_, _>>()?
        }
    };
    let orphan = || fields.wrong("tool_use_id", "the id of an earlier tool call");
    let mut result = calls.answer(call_id, blocks).ok_or_else(orphan)?;
    result.is_error = fields.optional("is_error", "a boolean")?;
    Ok(result)
}
