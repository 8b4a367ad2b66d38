//! A streamed answer put together beside its way to the client, up to a size.

use trunkline_wire::ir::{Collector, Event, Response};

/// What was said so far, unless it was too much.
pub(crate) struct Gathered {
    answer: Collector,
    bytes: usize,
    bytes_max: usize,
}

impl Gathered {
    /// Nothing yet, of an answer of which so many bytes are worth holding.
    pub(crate) fn up_to(bytes_max: usize) -> Self {
        Self { answer: Collector::default(), bytes: 0, bytes_max }
    }

    /// Takes one event of the answer.
    pub(crate) fn push(&mut self, event: &Event) {
        if let Event::Delta { delta, .. } = event {
            self.bytes += delta.bytes();
        }
        if self.bytes <= self.bytes_max {
            self.answer.push(event);
        } else {
            // Nobody will want it, so it need not be held.
            self.answer = Collector::default();
        }
    }

    /// The whole answer, under the client's name for the model; how long it was, when that was too much.
    pub(crate) fn finish(self, model: String, created: u64) -> Result<Response, usize> {
        if self.bytes > self.bytes_max { Err(self.bytes) } else { Ok(self.answer.finish(model, created)) }
    }
}
