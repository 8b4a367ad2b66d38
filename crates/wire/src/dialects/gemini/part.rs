//! One part of a content, ready to be written.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use crate::ir::{Extra, MediaKind, MediaSource, ToolCall};
use crate::write::{Array, Object};

/// A part with everything it says. `extras` are of Gemini's own making; those whose names begin with the part's kind and
/// a dot go inside.
#[derive(Debug)]
pub(super) enum Part<'a> {
    /// Plain text.
    Text { text: &'a str, extras: &'a [Extra] },
    /// Thoughts.
    Thought { text: &'a str, signature: Option<String>, extras: &'a [Extra] },
    /// A signature that belongs to no text: Gemini puts it beside an empty one.
    Signature { signature: String, extras: &'a [Extra] },
    /// Something to look at or listen to.
    Media(Shown<'a>),
    /// The model asks for a tool.
    Call { id: Option<&'a str>, name: &'a str, args: Json<'a>, signature: Option<String>, extras: &'a [Extra] },
    /// What the tool said.
    Result { id: Option<&'a str>, name: Cow<'a, str>, response: Json<'a>, parts: Vec<Part<'a>>, extras: &'a [Extra] },
    /// In Gemini's own words.
    Raw(&'a RawValue),
}

/// Something to look at or listen to, with what is said of it.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    /// Where it is.
    pub(super) source: &'a MediaSource,
    /// Its MIME type; what is here in base64 always has one.
    pub(super) media_type: Option<&'a str>,
    /// Its name.
    pub(super) name: Option<&'a str>,
    /// Of Gemini's own making.
    pub(super) extras: &'a [Extra],
}

/// A value that must be an object.
#[derive(Debug)]
pub(super) enum Json<'a> {
    /// It is not there.
    Absent,
    /// It is there, with nothing in it.
    Empty,
    /// It is one.
    Whole(&'a RawValue),
    /// It is text: the only member.
    Wrapped { name: &'static str, text: Cow<'a, str> },
}

impl<'a> Json<'a> {
    /// The arguments of a call. Plain text of a custom tool and what is no object stand in a member of their own.
    pub(super) fn of_arguments(call: &'a ToolCall) -> Self {
        let text = call.arguments.as_str();
        if call.custom {
            return Self::Wrapped { name: "input", text: Cow::Borrowed(text) };
        }
        if text.trim_ascii().is_empty() {
            return Self::Empty;
        }
        object_text(text).map_or(Self::Wrapped { name: "arguments", text: Cow::Borrowed(text) }, Self::Whole)
    }

    fn write(&self, name: &str, object: &mut Object<'_>) {
        match self {
            Self::Absent => {}
            Self::Empty => object.object(name, |_| {}),
            Self::Whole(raw) => object.raw(name, raw),
            Self::Wrapped { name: inner, text } => object.object(name, |object| object.put(inner, text)),
        }
    }
}

/// The text as a JSON object, when it is one.
pub(super) fn object_text(text: &str) -> Option<&RawValue> {
    if !text.trim_ascii_start().starts_with('{') {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Writes parts as the elements of `list`.
pub(super) fn write_all(parts: &[Part<'_>], list: &mut Array<'_>) {
    for part in parts {
        match part {
            Part::Raw(raw) => list.raw(raw),
            Part::Text { .. }
            | Part::Thought { .. }
            | Part::Signature { .. }
            | Part::Media(_)
            | Part::Call { .. }
            | Part::Result { .. } => list.object(|object| part.write(object)),
        }
    }
}

impl Part<'_> {
    /// Writes the members of the part.
    fn write(&self, part: &mut Object<'_>) {
        match self {
            Self::Text { text, extras } => {
                part.put("text", text);
                part.extras(extras);
            }
            Self::Thought { text, signature, extras } => {
                part.put("text", text);
                part.put("thought", &true);
                part.put_some("thoughtSignature", signature.as_deref());
                part.extras(extras);
            }
            Self::Signature { signature, extras } => {
                part.put("text", "");
                part.put("thoughtSignature", signature);
                part.extras(extras);
            }
            Self::Media(shown) => write_media(shown, part),
            Self::Call { id, name, args, signature, extras } => {
                part.object("functionCall", |call| {
                    call.put_some("id", *id);
                    call.put("name", name);
                    args.write("args", call);
                    inside(extras, "functionCall.").for_each(|(name, raw)| call.raw(name, raw));
                });
                part.put_some("thoughtSignature", signature.as_deref());
                outside(extras, "functionCall.", part);
            }
            Self::Result { id, name, response, parts, extras } => {
                part.object("functionResponse", |result| {
                    result.put_some("id", *id);
                    result.put("name", name);
                    response.write("response", result);
                    if !parts.is_empty() {
                        result.array("parts", |list| write_all(parts, list));
                    }
                    inside(extras, "functionResponse.").for_each(|(name, raw)| result.raw(name, raw));
                });
                outside(extras, "functionResponse.", part);
            }
            // `write_all` writes it as a whole.
            Self::Raw(_) => debug_assert!(false, "a raw part is no list of members"),
        }
    }
}

fn inside<'a>(extras: &'a [Extra], prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a RawValue)> {
    extras.iter().filter_map(move |extra| Some((extra.name.strip_prefix(prefix)?, extra.raw.as_ref())))
}

fn outside(extras: &[Extra], prefix: &str, part: &mut Object<'_>) {
    extras.iter().filter(|extra| !extra.name.starts_with(prefix)).for_each(|extra| part.raw(&extra.name, &extra.raw));
}

fn write_media(shown: &Shown<'_>, part: &mut Object<'_>) {
    let (kind, prefix) = match shown.source {
        MediaSource::Base64(_) | MediaSource::Text(_) => ("inlineData", "inlineData."),
        MediaSource::Url(_) | MediaSource::File(_) => ("fileData", "fileData."),
    };
    part.object(kind, |data| {
        data.put_some("mimeType", shown.media_type);
        match shown.source {
            MediaSource::Base64(text) => data.put("data", text),
            MediaSource::Text(text) => data.put("data", &STANDARD.encode(text)),
            MediaSource::Url(uri) | MediaSource::File(uri) => data.put("fileUri", uri),
        }
        data.put_some("displayName", shown.name);
        inside(shown.extras, prefix).for_each(|(name, raw)| data.raw(name, raw));
    });
    outside(shown.extras, prefix, part);
}

/// What sort of thing has this MIME type.
pub(super) fn kind_of(media_type: Option<&str>) -> MediaKind {
    match media_type.and_then(|text| text.split('/').next()) {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        Some("video") => MediaKind::Video,
        Some(_) | None => MediaKind::Document,
    }
}
