//! What the native lane does to an answer on its way: it renames the model, withholds the usage chunk that only we asked
//! for, and reads usage. Everything else passes as it came, and nothing it fails to understand stops the bytes.
//!
//! A relay is not told the dialect: the framing chooses the relay, and what stands in an event says what it is.

mod answer;
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

use crate::ir::Usage;

/// What was learnt from an answer that passed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The provider's own count, when it gave one.
    pub usage: Option<Usage>,
    /// Stream events that carried content; an estimate of output tokens when there is no usage.
    pub content_events: u64,
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
    /// Takes in one more usage figure.
    fn add_usage(&mut self, usage: Option<Usage>) {
        self.usage = usage::merge(self.usage, usage);
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
