//! What an event says that it is, where its dialect has names for that: Messages and Responses.

use crate::frame::sse::{field, lines};
use crate::relay::Facts;
use crate::scan::Members;

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

    /// What the beginning of a long event says: its `event` line, or a `type` near the front of its data.
    pub(in crate::relay) fn of_beginning(event: &[u8]) -> Self {
        for (_, line) in lines(event) {
            if let Some(name) = field(line, b"event") {
                return Self::named(name);
            }
            if let Some(json) = field(line, b"data") {
                return Self::of_first_members(json);
            }
        }
        Self::Content
    }

    /// What `json` says, which is cut off somewhere.
    fn of_first_members(json: &[u8]) -> Self {
        let Some(mut members) = Members::open(json) else { return Self::Content };
        while let Ok(Some(member)) = members.next() {
            if member.name().as_ref() == b"type" {
                return Self::of(member.value);
            }
        }
        Self::Content
    }

    fn named(name: &[u8]) -> Self {
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
