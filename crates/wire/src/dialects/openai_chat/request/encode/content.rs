//! Writes what a message says: one string where that says it all, else parts.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::marks;
use super::{is_own, nested, outer};
use crate::ir::{Block, CacheMark, Content, Extra, Lost, Media, MediaKind, MediaSource, Member, Request};
use crate::write::{Array, Object};
use crate::{Capabilities, DialectId};

/// What becomes of several plain texts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Several {
    /// Each is a part.
    Parts,
    /// They are one text with this between them: many chat templates know nothing but strings.
    Joined(&'static str),
}

/// One part that can be said.
pub(super) struct Part<'a> {
    what: What<'a>,
    mark: Option<&'a CacheMark>,
    extras: &'a [Extra],
}

enum What<'a> {
    Text(Cow<'a, str>),
    Refusal(&'a str),
    Media(&'a Media),
    Raw(&'a RawValue),
}

impl<'a> Part<'a> {
    /// A text of our own.
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self { what: What::Text(text.into()), mark: None, extras: &[] }
    }

    /// The same with a mark.
    pub(super) fn marked(self, mark: Option<&'a CacheMark>) -> Self {
        Self { mark, ..self }
    }

    /// The block as a part; `None` when it cannot be one. What gets lost is noted.
    pub(super) fn of(block: &'a Block, request: &Request, to: &Capabilities, lost: &mut Lost<'_>) -> Option<Self> {
        let own = is_own(request);
        let what = match &block.content {
            Content::Text(text) => Some(What::Text(Cow::Borrowed(text))),
            Content::Refusal(text) if own => Some(What::Refusal(text)),
            Content::Refusal(text) => Some(What::Text(Cow::Borrowed(text))),
            Content::Media(media) => of_media(media, request, to),
            Content::Opaque { origin: DialectId::OpenaiChat, raw, .. } => Some(What::Raw(raw)),
            Content::Opaque { .. } | Content::Reasoning(_) | Content::ToolCall(_) | Content::ToolResult(_) => None,
        };
        let Some(what) = what else {
            lost.block(block);
            return None;
        };
        if let Some(mark) = block.cache.as_ref().filter(|_| !to.cache_marks) {
            lost.mark(mark);
        }
        if !own {
            lost.block_extras(block);
        }
        if block.citations.iter().any(|citation| citation.origin != DialectId::OpenaiChat) {
            lost.of_block(block, Member::Citations);
        }
        if let What::Media(media) = &what {
            lose_of_media(media, block, lost);
        }
        let mark = block.cache.as_ref().filter(|_| to.cache_marks);
        Some(Self { what, mark, extras: if own { &block.extras } else { &[] } })
    }

    fn as_plain(&self) -> Option<&str> {
        match &self.what {
            What::Text(text) if self.mark.is_none() && self.extras.is_empty() => Some(text),
            What::Text(_) | What::Refusal(_) | What::Media(_) | What::Raw(_) => None,
        }
    }

    /// Writes it into a list of parts.
    pub(super) fn write(&self, list: &mut Array<'_>, to: &Capabilities) {
        let finish = |object: &mut Object<'_>, member: &str| {
            outer(self.extras, member).for_each(|(name, raw)| object.raw(name, raw));
            if let Some(mark) = self.mark {
                marks::write(object, mark, to);
            }
        };
        match &self.what {
            What::Raw(raw) => list.raw(raw),
            What::Text(text) => list.object(|object| {
                object.put("type", "text");
                object.put("text", text);
                finish(object, "text");
            }),
            What::Refusal(text) => list.object(|object| {
                object.put("type", "refusal");
                object.put("refusal", text);
                finish(object, "refusal");
            }),
            What::Media(media) => list.object(|object| {
                let member = member_of(media);
                object.put("type", member);
                object.object(member, |inner| {
                    write_media(inner, media);
                    nested(self.extras, member).for_each(|(name, raw)| inner.raw(name, raw));
                });
                finish(object, member);
            }),
        }
    }
}

/// Writes the member `content`.
pub(super) fn write(object: &mut Object<'_>, parts: &[Part<'_>], several: Several, to: &Capabilities) {
    let plain: Option<Vec<&str>> = parts.iter().map(Part::as_plain).collect();
    match (plain.as_deref(), several) {
        (Some([]), _) => object.put("content", ""),
        (Some([only]), _) => object.put("content", only),
        (Some(texts), Several::Joined(separator)) => object.put("content", &texts.join(separator)),
        (_, Several::Parts) | (None, Several::Joined(_)) => {
            object.array("content", |list| parts.iter().for_each(|part| part.write(list, to)));
        }
    }
}

fn of_media<'a>(media: &'a Media, request: &Request, to: &Capabilities) -> Option<What<'a>> {
    let openai_file = match request.origin {
        DialectId::OpenaiChat | DialectId::OpenaiResponses => true,
        DialectId::OpenaiCompletions | DialectId::Anthropic | DialectId::Ollama | DialectId::Gemini => false,
    };
    let taken = match (media.kind, &media.source) {
        (MediaKind::Document, MediaSource::Text(text)) => {
            let title = media.name.as_deref().map(|name| format!("{name}\n\n{text}"));
            return Some(What::Text(title.map_or(Cow::Borrowed(text.as_str()), Cow::Owned)));
        }
        (MediaKind::Image, MediaSource::Base64(_) | MediaSource::Url(_)) => to.images,
        (MediaKind::Audio, MediaSource::Base64(_) | MediaSource::Url(_)) => to.audio,
        (MediaKind::Video, MediaSource::Base64(_) | MediaSource::Url(_)) => true,
        (MediaKind::Document, MediaSource::Base64(_)) => to.documents,
        // OpenAI does not fetch documents; servers that do were asked in their own words.
        (MediaKind::Document, MediaSource::Url(_)) => to.documents && is_own(request),
        (MediaKind::Document, MediaSource::File(_)) => to.documents && openai_file,
        (MediaKind::Image | MediaKind::Audio | MediaKind::Video, MediaSource::File(_) | MediaSource::Text(_)) => false,
    };
    taken.then_some(What::Media(media))
}

/// What a part that says a media has no member for.
fn lose_of_media(media: &Media, block: &Block, lost: &mut Lost<'_>) {
    let (named, detailed) = match media.kind {
        MediaKind::Document => (true, false),
        MediaKind::Image | MediaKind::Video => (false, true),
        MediaKind::Audio => (false, false),
    };
    if media.name.is_some() && !named {
        lost.of_block(block, Member::MediaName);
    }
    if media.detail.is_some() && !detailed {
        lost.of_block(block, Member::MediaDetail);
    }
}

/// Both the part's type and the member that holds it.
fn member_of(media: &Media) -> &'static str {
    match (media.kind, &media.source) {
        (MediaKind::Image, _) => "image_url",
        (MediaKind::Audio, MediaSource::Base64(_)) => "input_audio",
        (MediaKind::Audio, MediaSource::Url(_) | MediaSource::File(_) | MediaSource::Text(_)) => "audio_url",
        (MediaKind::Video, _) => "video_url",
        (MediaKind::Document, _) => "file",
    }
}

fn write_media(object: &mut Object<'_>, media: &Media) {
    match (media.kind, &media.source) {
        (MediaKind::Audio, MediaSource::Base64(data)) => {
            object.put("data", data);
            object.put("format", audio_format(media.media_type.as_deref()));
        }
        (MediaKind::Document, MediaSource::File(id)) => {
            object.put("file_id", id);
            object.put_some("filename", media.name.as_ref());
        }
        (MediaKind::Document, source) => {
            object.put_some("filename", media.name.as_ref());
            object.put("file_data", &address(source, media.media_type.as_deref(), "application/pdf"));
        }
        (MediaKind::Image | MediaKind::Audio | MediaKind::Video, source) => {
            let usual = if media.kind == MediaKind::Video { "video/mp4" } else { "image/png" };
            object.put("url", &address(source, media.media_type.as_deref(), usual));
            object.put_some("detail", media.detail.as_ref());
        }
    }
}

fn address(source: &MediaSource, media_type: Option<&str>, usual: &str) -> String {
    match source {
        MediaSource::Base64(data) => format!("data:{};base64,{data}", media_type.unwrap_or(usual)),
        MediaSource::Url(text) | MediaSource::File(text) | MediaSource::Text(text) => text.clone(),
    }
}

fn audio_format(media_type: Option<&str>) -> &str {
    match media_type {
        None => "wav",
        Some("audio/mpeg") => "mp3",
        Some("audio/x-wav" | "audio/wave") => "wav",
        Some(other) => other.strip_prefix("audio/").unwrap_or(other),
    }
}
