//! Blocks as parts.

use std::borrow::Cow;

use super::{Calls, Part};
use crate::capabilities::{ReasoningReplay, ThinkingMode};
use crate::dialects::gemini::part::{Json, Shown, object_text};
use crate::dialects::gemini::request::decode::minted;
use crate::ir::{
    Block, Content, Extra, Lost, Media, MediaKind, MediaSource, Member, Message, Reasoning, Seal, SealOrigin, ToolCall,
    ToolResult,
};
use crate::{Capabilities, DialectId, WireError};

/// `skip_thought_signature_validator` in base64: what Gemini 3 takes in the place of a signature that nobody has, see
/// <https://ai.google.dev/gemini-api/docs/thought-signatures> (2026-11-21).
const NO_SIGNATURE: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

/// Turns the blocks of one request into parts.
#[derive(Debug)]
pub(super) struct Writer<'a, 'w, 'r> {
    own: bool,
    to: &'w Capabilities,
    pub(super) lost: &'w mut Lost<'r>,
    calls: Calls<'a>,
    /// Whether a call of this message was written: Gemini wants a signature on the first one alone.
    called: bool,
}

impl<'a, 'w, 'r> Writer<'a, 'w, 'r> {
    pub(super) fn new(origin: DialectId, to: &'w Capabilities, lost: &'w mut Lost<'r>) -> Self {
        Self { own: origin == DialectId::Gemini, to, lost, calls: Calls::default(), called: false }
    }

    pub(super) fn begin_message(&mut self) {
        self.called = false;
    }

    /// What can be written back of what a message carried; the rest is lost.
    pub(super) fn extras(&mut self, message: &'a Message) -> &'a [Extra] {
        if self.own {
            return &message.extras;
        }
        self.lost.message_extras(message);
        &[]
    }

    fn block_extras(&mut self, block: &'a Block) -> &'a [Extra] {
        if self.own {
            return &block.extras;
        }
        self.lost.block_extras(block);
        &[]
    }

    /// Adds a block to `parts`; the result of a tool goes to `results` where there are some.
    pub(super) fn block(
        &mut self,
        block: &'a Block,
        parts: &mut Vec<Part<'a>>,
        results: Option<&mut Vec<Part<'a>>>,
    ) -> Result<(), WireError> {
        self.lose_marks(block);
        let extras = self.block_extras(block);
        match &block.content {
            Content::Text(text) if text.is_empty() && !self.own => {}
            Content::Text(text) => parts.push(Part::Text { text, extras }),
            Content::Refusal(text) => {
                // That it was one.
                self.lost.block(block);
                parts.push(Part::Text { text, extras });
            }
            Content::Media(media) => parts.extend(self.media(media, extras, block)),
            Content::Reasoning(reasoning) => parts.extend(self.reasoning(reasoning, extras, block)),
            Content::ToolCall(call) => {
                let part = self.call(call, extras, block);
                parts.push(part);
            }
            Content::ToolResult(result) => {
                let mut beside = Vec::new();
                let part = self.result((block, result), extras, &mut beside)?;
                results.unwrap_or(parts).push(part);
                parts.extend(beside);
            }
            Content::Opaque { origin: DialectId::Gemini, raw, .. } => parts.push(Part::Raw(raw)),
            Content::Opaque { .. } => self.lost.block(block),
        }
        Ok(())
    }

    fn lose_marks(&mut self, block: &Block) {
        if let Some(mark) = &block.cache {
            self.lost.mark(mark);
        }
        if !block.citations.is_empty() {
            self.lost.of_block(block, Member::Citations);
        }
    }

    fn media(&mut self, media: &'a Media, extras: &'a [Extra], block: &Block) -> Option<Part<'a>> {
        let taken = match media.kind {
            MediaKind::Image => self.to.images,
            MediaKind::Document => self.to.documents,
            MediaKind::Audio => self.to.audio,
            MediaKind::Video => true,
        };
        if !taken || (!self.own && matches!(media.source, MediaSource::File(_))) {
            self.lost.block(block);
            return None;
        }
        if media.detail.as_deref().is_some_and(|detail| detail != "auto") {
            self.lost.of_block(block, Member::MediaDetail);
        }
        let (mut name, mut media_type) = (media.name.as_deref(), media.media_type.as_deref());
        if !self.own {
            // The public API refuses a name beside the data.
            if name.take().is_some() {
                self.lost.of_block(block, Member::MediaName);
            }
            media_type = media_type.or_else(|| Some(guess(media)));
        }
        Some(Part::Media(Shown { source: &media.source, media_type, name, extras }))
    }

    fn reasoning(&mut self, reasoning: &'a Reasoning, extras: &'a [Extra], block: &Block) -> Option<Part<'a>> {
        match self.to.reasoning_replay {
            ReasoningReplay::Dropped => return None,
            ReasoningReplay::ReasoningContent | ReasoningReplay::Reasoning => {}
        }
        let signature = self.seal(reasoning.seal.as_ref(), block);
        let text = reasoning.text.as_str();
        match signature {
            Some(signature) if reasoning.redacted => Some(Part::Signature { signature, extras }),
            None if text.is_empty() && !self.own => None,
            signature => Some(Part::Thought { text, signature, extras }),
        }
    }

    /// A seal of Gemini's own; another one is lost.
    fn seal(&mut self, seal: Option<&Seal>, block: &Block) -> Option<String> {
        let seal = seal?;
        match seal.origin {
            SealOrigin::Gemini => Some(seal.data.clone()),
            SealOrigin::Anthropic | SealOrigin::Openai | SealOrigin::Openrouter => {
                self.lost.of_block(block, Member::Seal);
                None
            }
        }
    }

    fn call(&mut self, call: &'a ToolCall, extras: &'a [Extra], block: &Block) -> Part<'a> {
        let position = self.calls.make(call);
        let thinks = match self.to.thinking {
            ThinkingMode::Adaptive | ThinkingMode::Always => true,
            ThinkingMode::Any | ThinkingMode::Never | ThinkingMode::Budget => false,
        };
        let first = !std::mem::replace(&mut self.called, true);
        let signature = self.seal(call.seal.as_ref(), block);
        let signature = signature.or_else(|| (first && thinks).then(|| NO_SIGNATURE.to_owned()));
        let args = match Json::of_arguments(call) {
            Json::Empty if self.own => Json::Absent,
            args @ (Json::Absent | Json::Empty | Json::Whole(_)) => args,
            args @ Json::Wrapped { .. } => {
                if !call.custom {
                    self.lost.of_block(block, Member::Arguments);
                }
                args
            }
        };
        Part::Call { id: self.id(&call.id, position), name: &call.name, args, signature, extras }
    }

    /// The id, unless the decoder made it because the client gave none.
    fn id(&self, id: &'a str, position: usize) -> Option<&'a str> {
        (!self.own || id != minted(position)).then_some(id)
    }

    fn result(
        &mut self,
        (block, result): (&Block, &'a ToolResult),
        extras: &'a [Extra],
        beside: &mut Vec<Part<'a>>,
    ) -> Result<Part<'a>, WireError> {
        let call = self.calls.find(&result.call_id);
        let Some(name) = call.map(|(_, call)| call.name.as_str()).or(result.name.as_deref()) else {
            return Err(WireError::Wrong {
                path: block.at.as_str().to_owned(),
                expected: "the result of an earlier call",
            });
        };
        let (mut texts, mut parts) = (Vec::new(), Vec::new());
        for block in &result.blocks {
            self.lose_marks(block);
            let extras = self.block_extras(block);
            match &block.content {
                Content::Text(text) | Content::Refusal(text) => texts.push(text.as_str()),
                Content::Media(media) => {
                    // Models that take none in a result take it beside.
                    let inside = self.own || self.to.tool_images;
                    let part = self.media(media, extras, block);
                    if inside { parts.extend(part) } else { beside.extend(part) }
                }
                Content::Opaque { origin: DialectId::Gemini, raw, .. } => parts.push(Part::Raw(raw)),
                Content::Reasoning(_) | Content::ToolCall(_) | Content::ToolResult(_) | Content::Opaque { .. } => {
                    self.lost.block(block);
                }
            }
        }
        let id = match call {
            Some((position, _)) => self.id(&result.call_id, position),
            None => Some(result.call_id.as_str()),
        };
        let response = response(&texts, result.is_error);
        Ok(Part::Result { id, name: Cow::Borrowed(name), response, parts, extras })
    }
}

/// What a tool said, as an object: one that it wrote itself, or its text under the name that Gemini gives it.
fn response<'a>(texts: &[&'a str], is_error: Option<bool>) -> Json<'a> {
    let name = match is_error {
        Some(true) => "error",
        Some(false) => "output",
        None => "result",
    };
    let text = match texts {
        [one] => Cow::Borrowed(*one),
        many => Cow::Owned(many.join("\n")),
    };
    match (text, is_error) {
        (Cow::Borrowed(text), None | Some(false)) => {
            object_text(text).map_or(Json::Wrapped { name, text: Cow::Borrowed(text) }, Json::Whole)
        }
        (text, _) => Json::Wrapped { name, text },
    }
}

/// The MIME type that an address ends with, else the usual one of its kind: Gemini wants one.
fn guess(media: &Media) -> &'static str {
    let extension = match &media.source {
        MediaSource::Url(url) => url.split(['?', '#']).next().and_then(|url| url.rsplit_once('.')),
        MediaSource::Text(_) => return "text/plain",
        MediaSource::Base64(_) | MediaSource::File(_) => None,
    };
    match extension.map(|(_, end)| end.to_ascii_lowercase()).as_deref() {
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("gif") => "image/gif",
        Some("heic") => "image/heic",
        Some("mp3") => "audio/mp3",
        Some("ogg") => "audio/ogg",
        Some("webm") => "video/webm",
        Some("txt") => "text/plain",
        Some("html") => "text/html",
        Some("csv") => "text/csv",
        Some(_) | None => match media.kind {
            MediaKind::Image => "image/png",
            MediaKind::Document => "application/pdf",
            MediaKind::Audio => "audio/wav",
            MediaKind::Video => "video/mp4",
        },
    }
}
