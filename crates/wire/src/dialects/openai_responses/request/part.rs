//! Parts of messages and of tool results, both ways.

use serde_json::value::RawValue;

use super::super::{annotation, form};
use crate::fields::{Fields, parse};
use crate::ir::{Block, CacheMark, Content, Extra, Media, MediaKind, MediaSource};
use crate::write::{Array, Object};
use crate::{DialectId, WireError};

/// Reads a part at `path`; one of an unknown type is opaque.
pub(in super::super) fn decode(raw: &RawValue, path: String) -> Result<Block, WireError> {
    let mut fields = Fields::of_value(raw, path)?;
    let kind: String = fields.required("type", "a string")?;
    let content = match kind.as_str() {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => {
            Content::Text(fields.required("text", "a string")?)
        }
        "refusal" => Content::Refusal(fields.required("refusal", "a string")?),
        "input_image" => match image(&mut fields)? {
            Some(media) => Content::Media(media),
            None => return Ok(opaque(kind, raw).at(fields.at())),
        },
        "input_file" => match file(&mut fields)? {
            Some(media) => Content::Media(media),
            None => return Ok(opaque(kind, raw).at(fields.at())),
        },
        "input_audio" => Content::Media(audio(&mut fields)?),
        _ => return Ok(opaque(kind, raw).at(fields.at())),
    };
    let mut block = Block::from(content).at(fields.at());
    let annotations = fields.list("annotations", "an array")?.unwrap_or_default();
    block.citations = annotations.into_iter().map(annotation::read).collect();
    if fields.look("logprobs").is_some_and(|raw| raw.get() == "[]") {
        block.extras.extend(fields.take("logprobs").map(|raw| form::mark(form::LOGPROBS, raw)));
    }
    if fields.look("prompt_cache_breakpoint").is_some_and(is_explicit) {
        fields.take("prompt_cache_breakpoint");
        let at = fields.at_member("prompt_cache_breakpoint");
        block.cache = Some(CacheMark { at, ttl: None });
    }
    block.extras.extend(fields.rest());
    Ok(block)
}

/// A part or an item in its own words.
pub(super) fn opaque(kind: String, raw: &RawValue) -> Block {
    Content::Opaque { origin: DialectId::OpenaiResponses, kind, raw: raw.to_owned() }.into()
}

fn is_explicit(raw: &RawValue) -> bool {
    let whole: Option<serde_json::Map<String, serde_json::Value>> = parse(raw);
    whole.is_some_and(|whole| whole.len() == 1 && whole.get("mode").is_some_and(|mode| mode == "explicit"))
}

fn image(fields: &mut Fields<'_>) -> Result<Option<Media>, WireError> {
    let url: Option<String> = fields.optional("image_url", "a string")?;
    let file: Option<String> = fields.optional("file_id", "a string")?;
    let (source, media_type) = match (url, file) {
        (Some(url), None) => from_url(url),
        (None, Some(id)) => (MediaSource::File(id), None),
        // Nothing to look at, or two things: the provider's to judge.
        (_, _) => return Ok(None),
    };
    let detail = fields.optional("detail", "a string")?;
    Ok(Some(Media { kind: MediaKind::Image, source, media_type, name: None, detail }))
}

fn file(fields: &mut Fields<'_>) -> Result<Option<Media>, WireError> {
    let data: Option<String> = fields.optional("file_data", "a string")?;
    let url: Option<String> = fields.optional("file_url", "a string")?;
    let file: Option<String> = fields.optional("file_id", "a string")?;
    let (source, media_type) = match (data, url, file) {
        (Some(data), None, None) => match from_url(data) {
            // Bare base64, without the beginning of a data URL.
            (MediaSource::Url(data), _) => (MediaSource::Base64(data), None),
            whole => whole,
        },
        (None, Some(url), None) => (MediaSource::Url(url), None),
        (None, None, Some(id)) => (MediaSource::File(id), None),
        (_, _, _) => return Ok(None),
    };
    let name = fields.optional("filename", "a string")?;
    let detail = fields.optional("detail", "a string")?;
    Ok(Some(Media { kind: MediaKind::Document, source, media_type, name, detail }))
}

fn audio(fields: &mut Fields<'_>) -> Result<Media, WireError> {
    let mut inner = fields.object("input_audio")?.ok_or_else(|| fields.missing("input_audio"))?;
    let source = MediaSource::Base64(inner.required("data", "a string")?);
    let format: String = inner.required("format", "a string")?;
    let media_type = Some(format!("audio/{format}"));
    Ok(Media { kind: MediaKind::Audio, source, media_type, name: None, detail: None })
}

/// A data URL's type and base64; any other address as it is.
fn from_url(url: String) -> (MediaSource, Option<String>) {
    let split = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match split {
        Some((media_type, data)) if !media_type.contains([';', ',']) && !media_type.is_empty() => {
            (MediaSource::Base64(data.to_owned()), Some(media_type.to_owned()))
        }
        Some(_) | None => (MediaSource::Url(url), None),
    }
}

/// Whose words a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// `input_text`.
    Input,
    /// `output_text`.
    Output,
}

/// What of a block is written beside its content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    /// Its extras, as they are in the words of this dialect.
    pub(super) own: bool,
    /// Its cache mark.
    pub(super) marks: bool,
}

/// Writes a text.
pub(super) fn put_text(array: &mut Array<'_>, text: &str, side: Side, block: &Block, keep: Keep) {
    array.object(|part| {
        part.put("type", if side == Side::Input { "input_text" } else { "output_text" });
        part.put("text", text);
        if side == Side::Output || !block.citations.is_empty() {
            part.array("annotations", |list| {
                let sayable = block.citations.iter().filter_map(|citation| annotation::annotation(citation, text));
                sayable.for_each(|raw| list.raw(&raw));
            });
        }
        put_extras(part, block, keep);
    });
}

/// Writes a refusal.
pub(super) fn put_refusal(array: &mut Array<'_>, refusal: &str, block: &Block, keep: Keep) {
    array.object(|part| {
        part.put("type", "refusal");
        part.put("refusal", refusal);
        put_extras(part, block, keep);
    });
}

/// Writes an image, a document or a sound; `false` when there is no word for it.
pub(super) fn put_media(array: &mut Array<'_>, media: &Media, block: &Block, keep: Keep) -> bool {
    if let MediaSource::File(_) = media.source
        && !keep.own
    {
        // Another provider's files are unknown here.
        return false;
    }
    match media.kind {
        MediaKind::Image => put_image(array, media, block, keep),
        MediaKind::Document => put_file(array, media, block, keep),
        MediaKind::Audio => put_audio(array, media, block, keep),
        MediaKind::Video => false,
    }
}

fn put_image(array: &mut Array<'_>, media: &Media, block: &Block, keep: Keep) -> bool {
    let (name, value) = match &media.source {
        MediaSource::Base64(data) => ("image_url", data_url(data, media.media_type.as_deref().unwrap_or("image/png"))),
        MediaSource::Url(url) => ("image_url", url.clone()),
        MediaSource::File(id) => ("file_id", id.clone()),
        MediaSource::Text(_) => return false,
    };
    array.object(|part| {
        part.put("type", "input_image");
        part.put(name, &value);
        // Only a client that speaks this dialect may leave it out: the schema requires it.
        let detail = media.detail.as_deref().or_else(|| (!keep.own).then_some("auto"));
        part.put_some("detail", detail);
        put_extras(part, block, keep);
    });
    true
}

fn put_file(array: &mut Array<'_>, media: &Media, block: &Block, keep: Keep) -> bool {
    let (name, value) = match (&media.source, media.media_type.as_deref()) {
        (MediaSource::Base64(data), Some(media_type)) => ("file_data", data_url(data, media_type)),
        (MediaSource::Base64(data), None) => ("file_data", data.clone()),
        (MediaSource::Url(url), _) => ("file_url", url.clone()),
        (MediaSource::File(id), _) => ("file_id", id.clone()),
        (MediaSource::Text(text), _) => {
            put_text(array, text, Side::Input, block, keep);
            return true;
        }
    };
    array.object(|part| {
        part.put("type", "input_file");
        // A name is required beside data.
        let fallback = (!keep.own && name == "file_data").then_some("document.pdf");
        part.put_some("filename", media.name.as_deref().or(fallback));
        part.put(name, &value);
        part.put_some("detail", media.detail.as_deref().filter(|_| keep.own));
        put_extras(part, block, keep);
    });
    true
}

fn put_audio(array: &mut Array<'_>, media: &Media, block: &Block, keep: Keep) -> bool {
    let MediaSource::Base64(data) = &media.source else { return false };
    let media_type = media.media_type.as_deref().unwrap_or("audio/wav");
    let format = match media_type.strip_prefix("audio/").unwrap_or(media_type) {
        "mpeg" => "mp3",
        "x-wav" => "wav",
        format => format,
    };
    array.object(|part| {
        part.put("type", "input_audio");
        part.object("input_audio", |audio| {
            audio.put("data", data);
            audio.put("format", format);
        });
        put_extras(part, block, keep);
    });
    true
}

fn data_url(data: &str, media_type: &str) -> String {
    format!("data:{media_type};base64,{data}")
}

/// What a part of our own carried beside its content.
fn put_extras(part: &mut Object<'_>, block: &Block, keep: Keep) {
    if block.cache.is_some() && keep.marks {
        part.object("prompt_cache_breakpoint", |mark| mark.put("mode", "explicit"));
    }
    if !keep.own {
        return;
    }
    if let Some(raw) = form::find(&block.extras, form::LOGPROBS) {
        part.raw("logprobs", raw);
    }
    for Extra { name, raw } in block.extras.iter().filter(|extra| !extra.is_form()) {
        if !name.starts_with(form::OF_MESSAGE) {
            part.raw(name, raw);
        }
    }
}
