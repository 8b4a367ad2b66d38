//! What an event says that it is, where its dialect has names for that: Messages and Responses.

use crate::relay::Facts;

/// What an event is to a relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::relay) enum Kind {
    /// A piece of content, or an event of a dialect without names.
    #[default]
    Content,
    /// What stands around content.
    Frame,
    /// Says why a message ended, when it does.
    Ending,
    /// The last event of a message.
    Stop,
    /// The last event of a response, which holds all of it.
    Completed,
    /// The same of a response that failed.
    Failed,
    /// Reports an error.
    Error,
}

impl Kind {
    /// What the value of `type` says, a JSON string.
    pub(super) fn of(json: &[u8]) -> Self {
        match json {
            [b'"', name @ .., b'"'] => Self::named(name),
            _ => Self::Content,
        }
    }

    pub(super) fn named(name: &[u8]) -> Self {
        match name {
            b"message_start" | b"content_block_start" | b"content_block_stop" | b"ping" => Self::Frame,
            b"message_delta" => Self::Ending,
            b"message_stop" => Self::Stop,
            b"error" => Self::Error,
            b"response.completed" | b"response.incomplete" => Self::Completed,
            b"response.failed" => Self::Failed,
            _ if name.starts_with(b"response.") && !name.ends_with(b".delta") => Self::Frame,
            _ => Self::Content,
        }
    }

    /// Adds what the name alone says.
    pub(in crate::relay) fn tell(self, facts: &mut Facts) {
        match self {
            Self::Content | Self::Frame | Self::Ending => {}
            Self::Stop => facts.done = true,
            Self::Completed => (facts.finished, facts.done) = (true, true),
            Self::Failed => (facts.finished, facts.done, facts.error) = (true, true, true),
            Self::Error => facts.error = true,
        }
    }
}
