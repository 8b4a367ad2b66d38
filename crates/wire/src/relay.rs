//! What the native lane does to an answer on its way: it renames the model, withholds the usage chunk that only we asked
//! for, and reads usage. Everything else passes as it came, and nothing it fails to understand stops the bytes.
//!
//! A relay is not told the dialect: the framing chooses the relay, and what stands in an event says what it is.

mod answer;
mod content;
mod json;
mod lines;
mod long;
mod name;
mod pass;
mod reader;
mod sse;
mod template;
mod usage;

pub use json::JsonRelay;
pub use lines::LinesRelay;
pub use reader::Failure;
pub use sse::SseRelay;
pub use usage::read_usage;
pub(crate) use usage::read_usage_metadata;

use bytes::Bytes;

use crate::counting;
use crate::ir::{Response, Usage};
use crate::tokens::Produced;

/// What was learnt from an answer that passed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The provider's own count, when it gave one.
    pub usage: Option<Usage>,
    /// Stream events that carried content, or may have.
    pub content_events: u64,
    /// What has passed of an answer that comes in pieces, since the provider last said how much that is.
    pub produced: Produced,
    /// Whether the provider's figure is of something that had passed, not said in advance.
    pub counted: bool,
    /// Whether the answer came to its own end: a stream that said why it ended, a JSON answer whose last brace came.
    pub finished: bool,
    /// Whether a stream's last event came by: `data: [DONE]`, `message_stop`, `response.completed` and its like, a line
    /// with `"done": true`. Gemini has none.
    pub done: bool,
    /// Whether the provider itself reported an error inside the answer. Nothing of a stream passes behind that.
    pub error: bool,
    /// Whether an event came by that is no JSON object.
    pub garbled: bool,
}

impl Facts {
    /// Of a whole answer that was read: its usage, or about how many tokens it is where it has none.
    pub fn of_answer(response: &Response) -> Self {
        let produced = match response.usage {
            Some(_) => Produced::default(),
            None => Produced::about(counting::estimate_answer(response)),
        };
        Self { usage: response.usage, produced, ..Self::default() }
    }

    /// Takes in one more usage figure, of what has passed so far.
    pub fn add_usage(&mut self, usage: Option<Usage>) {
        let Some(usage) = usage else { return };
        if usage.output > 0 && !self.produced.is_empty() {
            self.counted = true;
            self.produced.clear();
        }
        self.usage = Some(self.usage.unwrap_or_default().max(usage));
    }

    /// About how many tokens the answer is so far: what the provider said, and what has come since.
    pub fn output_so_far(&self) -> u64 {
        let said = self.usage.map_or(0, |usage| usage.output);
        let passed = self.produced.tokens();
        // What it says in advance, some token or other, is a part of what comes.
        if self.counted { said + passed } else { said.max(passed) }
    }

    /// Whether the provider's last figure was one in advance, of which there is much more by now.
    pub fn is_outdated(&self) -> bool {
        const SAID_AHEAD_MAX: u64 = 8;
        let said = self.usage.map_or(0, |usage| usage.output);
        !self.counted && self.produced.tokens() > said.saturating_mul(2).saturating_add(SAID_AHEAD_MAX)
    }
}

/// What to change in an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The name to show instead of the provider's, as a JSON string.
    pub model: Option<Bytes>,
    /// Drop the chunk that holds nothing but usage.
    pub withhold_usage: bool,
}
