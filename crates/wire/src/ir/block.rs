//! Pieces of content: of requests and of answers.

use serde_json::value::RawValue;

use super::{At, Citation};
use crate::DialectId;

/// A field that the neutral model has no place for, word for word. Its origin is that of what it stands in.
#[derive(Clone, Debug)]
pub struct Extra {
    /// Its name in the body, such as `logit_bias`.
    pub name: String,
    /// Its value, untouched.
    pub raw: Box<RawValue>,
}

impl Extra {
    /// What the name of an extra begins with that remembers only in which form its origin wrote something: its own
    /// dialect needs it to write the same again, and nothing is lost when another one does not. No dot follows it.
    pub const FORM: &'static str = "form:";

    /// Bytes of all of them.
    pub(super) fn bytes(extras: &[Self]) -> usize {
        extras.iter().map(|extra| extra.name.len() + extra.raw.get().len()).sum()
    }

    /// Whether it remembers a form, and says nothing.
    pub fn is_form(&self) -> bool {
        self.name.starts_with(Self::FORM)
    }
}

/// One piece of content.
#[derive(Clone, Debug)]
pub struct Block {
    /// What it is.
    pub content: Content,
    /// Up to here the prompt is worth caching.
    pub cache: Option<CacheMark>,
    /// Sources of a text.
    pub citations: Vec<Citation>,
    /// How likely each token of a text was: objects as OpenAI has them, which others have taken over.
    pub logprobs: Vec<Box<RawValue>>,
    /// Everything else it carried.
    pub extras: Vec<Extra>,
    /// Where it stood.
    pub at: At,
}

impl Block {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::from(Content::Text(text.into()))
    }

    /// The same, standing there.
    pub fn at(self, at: impl Into<At>) -> Self {
        Self { at: at.into(), ..self }
    }

    /// Bytes of what it says, for whoever holds it.
    pub(super) fn bytes(&self) -> usize {
        let seal = |seal: &Option<Seal>| seal.as_ref().map_or(0, |seal| seal.data.len());
        let content = match &self.content {
            Content::Text(text) | Content::Refusal(text) => text.len(),
            Content::Reasoning(thought) => thought.text.len() + seal(&thought.seal),
            Content::ToolCall(call) => call.id.len() + call.name.len() + call.arguments.len() + seal(&call.seal),
            Content::ToolResult(result) => result.call_id.len() + result.blocks.iter().map(Self::bytes).sum::<usize>(),
            Content::Media(media) => media.source.bytes(),
            Content::Opaque { kind, raw, .. } => kind.len() + raw.get().len(),
        };
        let citations: usize = self.citations.iter().map(Citation::bytes).sum();
        let logprobs: usize = self.logprobs.iter().map(|token| size_of_val(token) + token.get().len()).sum();
        size_of::<Self>() + content + citations + logprobs + Extra::bytes(&self.extras)
    }

    /// The text, when that is what it is.
    pub fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Refusal(_)
            | Content::Media(_)
            | Content::Reasoning(_)
            | Content::ToolCall(_)
            | Content::ToolResult(_)
            | Content::Opaque { .. } => None,
        }
    }
}

impl From<Content> for Block {
    fn from(content: Content) -> Self {
        let at = At::default();
        Self { content, cache: None, citations: Vec::new(), logprobs: Vec::new(), extras: Vec::new(), at }
    }
}

/// What a block holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Text for the person, or from them.
    Text(String),
    /// Why the model will not answer.
    Refusal(String),
    /// An image, a document, a sound.
    Media(Media),
    /// The model's thoughts.
    Reasoning(Reasoning),
    /// The model asks for a tool.
    ToolCall(ToolCall),
    /// What the tool said.
    ToolResult(ToolResult),
    /// What the neutral model has no word for, in the words of its origin.
    Opaque {
        /// Whose words these are.
        origin: DialectId,
        /// Its own name for itself, such as `server_tool_use`.
        kind: String,
        /// The whole block, untouched.
        raw: Box<RawValue>,
    },
}

/// Asks the provider to keep the prompt up to here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheMark {
    /// For how long, such as `5m` or `1h`; `None` for the provider's usual time.
    pub ttl: Option<String>,
    /// Where it stood.
    pub at: At,
}

/// Something to look at or listen to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// What sort of thing.
    pub kind: MediaKind,
    /// Where it is.
    pub source: MediaSource,
    /// Its MIME type, when said; a data URL's is taken out of it.
    pub media_type: Option<String>,
    /// A file name or title.
    pub name: Option<String>,
    /// How closely to look: `low`, `high`, `auto`.
    pub detail: Option<String>,
}

/// What sort of thing a [`Media`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A PDF or text file.
    Document,
    /// A sound.
    Audio,
    /// Moving pictures.
    Video,
}

/// Where a [`Media`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaSource {
    /// Here, in base64.
    Base64(String),
    /// At an address that the provider must fetch.
    Url(String),
    /// Uploaded before, under this id; only its own provider knows it.
    File(String),
    /// Here, as plain text.
    Text(String),
}

impl MediaSource {
    fn bytes(&self) -> usize {
        match self {
            Self::Base64(data) => data.len(),
            Self::Url(text) | Self::File(text) | Self::Text(text) => text.len(),
        }
    }
}

/// What a model thought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// The thoughts, or a summary of them; empty when they are only sealed.
    pub text: String,
    /// Whether `text` is a summary.
    pub summary: bool,
    /// What proves the thoughts to the one who sealed them, or holds them in secret.
    pub seal: Option<Seal>,
    /// Whether the provider hid them: then `seal` is all there is.
    pub redacted: bool,
    /// The provider's id for it, where it has one.
    pub id: Option<String>,
}

/// Opaque state that only its maker can use: a signature, encrypted thoughts. Its maker gets it back byte for byte;
/// nobody else gets it at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Whose it is.
    pub origin: SealOrigin,
    /// What it says, untouched.
    pub data: String,
}

/// Who made a [`Seal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealOrigin {
    /// A `signature` or redacted `data` of Messages.
    Anthropic,
    /// `encrypted_content` of Responses.
    Openai,
    /// A `thoughtSignature`.
    Gemini,
    /// `reasoning_details` of OpenRouter and those who do as it does.
    Openrouter,
}

/// A call that the model asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCall {
    /// Its id; a result names it. Never empty: a decoder makes one where the provider gave none.
    pub id: String,
    /// The tool.
    pub name: String,
    /// JSON text as the model wrote it, perhaps broken, perhaps empty; of a custom tool, plain text.
    pub arguments: String,
    /// Whether the tool takes plain text in place of JSON.
    pub custom: bool,
    /// What the maker wants back with it.
    pub seal: Option<Seal>,
}

/// What a tool said.
#[derive(Clone, Debug, Default)]
pub struct ToolResult {
    /// The call it answers.
    pub call_id: String,
    /// The tool, where the dialect says so.
    pub name: Option<String>,
    /// What it said, in order: text, images, documents.
    pub blocks: Vec<Block>,
    /// Whether it failed; `None` when not said.
    pub is_error: Option<bool>,
    /// Whether the call was of a custom tool.
    pub custom: bool,
}
