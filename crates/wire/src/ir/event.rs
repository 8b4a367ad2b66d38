//! A streamed answer, step by step: `Start (Open Delta* Close | Usage | Served | Ping)* (Stop | Fault)`.

use serde_json::value::RawValue;

use super::{Citation, Content, Reasoning, Seal, ServiceTier, StopReason, ToolCall, Usage};
use crate::{DialectId, Fault};

/// One step of a stream.
#[derive(Clone, Debug)]
pub enum Event {
    /// The answer begins.
    Start {
        /// The provider's id for it; empty when it gave none.
        id: String,
    },
    /// A block begins.
    Open {
        /// Its number, unique in the stream; blocks are in the order of their numbers.
        block: u32,
        /// What it will hold.
        kind: BlockKind,
    },
    /// More of an open block.
    Delta {
        /// Which block.
        block: u32,
        /// What is added.
        delta: Delta,
    },
    /// A block ends.
    Close {
        /// Which block.
        block: u32,
    },
    /// Tokens so far; the field-wise maximum counts.
    Usage(Usage),
    /// With which capacity it is served; the last one counts.
    Served(ServiceTier),
    /// Nothing new, but alive.
    Ping,
    /// The answer is complete.
    Stop(StopReason),
    /// The answer broke off.
    Fault(Box<Fault>),
}

/// What a block holds.
#[derive(Clone, Debug)]
pub enum BlockKind {
    /// Text for the person.
    Text,
    /// Why the model will not answer.
    Refusal,
    /// The model's thoughts.
    Reasoning {
        /// Whether they are a summary.
        summary: bool,
        /// Whether the provider hid them: then a seal is all that comes.
        redacted: bool,
        /// The provider's id for them, where it has one.
        id: Option<String>,
    },
    /// The model asks for a tool.
    ToolCall {
        /// Its id, never empty.
        id: String,
        /// The tool.
        name: String,
        /// Whether the tool takes plain text in place of JSON.
        custom: bool,
    },
    /// What the neutral model has no word for; nothing follows but its close.
    Opaque {
        /// Whose words these are.
        origin: DialectId,
        /// Its own name for itself.
        kind: String,
        /// All of it, untouched.
        raw: Box<RawValue>,
    },
}

impl BlockKind {
    /// The kind of a block that holds this; `None` for what no model answers with.
    pub fn of(content: &Content) -> Option<Self> {
        match content {
            Content::Text(_) => Some(Self::Text),
            Content::Refusal(_) => Some(Self::Refusal),
            Content::Reasoning(Reasoning { summary, redacted, id, .. }) => {
                Some(Self::Reasoning { summary: *summary, redacted: *redacted, id: id.clone() })
            }
            Content::ToolCall(ToolCall { id, name, custom, .. }) => {
                Some(Self::ToolCall { id: id.clone(), name: name.clone(), custom: *custom })
            }
            Content::Opaque { origin, kind, raw } => {
                Some(Self::Opaque { origin: *origin, kind: kind.clone(), raw: raw.clone() })
            }
            Content::Media(_) | Content::ToolResult(_) => None,
        }
    }
}

/// A piece of a block.
#[derive(Clone, Debug)]
pub enum Delta {
    /// More of a text, a refusal or thoughts. Never half a character.
    Text(String),
    /// More of a call's arguments.
    Arguments(String),
    /// What the maker of thoughts or of a call wants back with them; the last one counts.
    Seal(Seal),
    /// A source for the text.
    Citation(Box<Citation>),
    /// How likely the tokens of the text were that came with it, as in [`super::Block::logprobs`].
    Logprobs(Vec<Box<RawValue>>),
}

impl Delta {
    /// Bytes of what it adds, for whoever holds it.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Arguments(text) => text.len(),
            Self::Seal(seal) => seal.data.len(),
            Self::Citation(citation) => citation.raw.get().len(),
            Self::Logprobs(tokens) => tokens.iter().map(|token| token.get().len()).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_fits_a_cache_line() {
        assert!(size_of::<Event>() <= 64, "{} bytes are moved for every word of an answer", size_of::<Event>());
    }
}
