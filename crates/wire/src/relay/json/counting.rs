//! Reads the usage of an answer that comes in pieces.

use crate::ir::Usage;
use crate::relay::Facts;
use crate::relay::usage::{Evaluated, read_usage, read_usage_metadata};

/// A `usage` object or a count; a longer one is not read. Guards the copy that is made of it.
pub(super) const USAGE_BYTES_MAX: usize = 64 << 10;

/// What a value counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Counted {
    #[default]
    Usage,
    /// Gemini's usage.
    Metadata,
    /// Ollama's tokens of the prompt.
    PromptCount,
    /// Ollama's tokens of the answer.
    OutputCount,
}

/// The value with usage on its way.
#[derive(Debug, Default)]
pub(super) struct Counting {
    /// Where in the current buffer it begins, or goes on.
    start: Option<usize>,
    counted: Counted,
    /// What of it came in earlier buffers.
    kept: Vec<u8>,
    evaluated: Evaluated,
}

impl Counting {
    /// Whether a value with usage is on its way.
    #[inline]
    pub(super) fn is_on(&self) -> bool {
        self.start.is_some()
    }

    /// Such a value begins at `start`.
    pub(super) fn begin(&mut self, counted: Counted, start: usize) {
        (self.counted, self.start) = (counted, Some(start));
    }

    /// Such a value goes on in the next buffer: what `buffer` holds of it is kept.
    pub(super) fn keep(&mut self, buffer: &[u8]) {
        let Some(start) = self.start else { return };
        let more = buffer.get(start..).unwrap_or_default();
        if self.kept.len() + more.len() > USAGE_BYTES_MAX {
            self.kept.clear();
            self.start = None;
            return;
        }
        self.kept.extend_from_slice(more);
    }

    /// The next buffer comes.
    pub(super) fn go_on(&mut self) {
        self.start = self.start.map(|_| 0);
    }

    /// The value on its way ends where `buffer` does.
    pub(super) fn end(&mut self, buffer: &[u8], facts: &mut Facts) {
        let Some(start) = self.start else { return };
        let json = buffer.get(start..).unwrap_or_default();
        if self.kept.is_empty() && json.len() <= USAGE_BYTES_MAX {
            self.take(json, facts);
        } else {
            self.keep(buffer);
            if self.start.is_some() {
                let json = std::mem::take(&mut self.kept);
                self.take(&json, facts);
            }
        }
        self.start = None;
    }

    /// What stood at the top level by itself.
    pub(super) fn evaluated(&self) -> Option<Usage> {
        self.evaluated.usage()
    }

    fn take(&mut self, json: &[u8], facts: &mut Facts) {
        match self.counted {
            Counted::Usage => facts.add_usage(read_usage(json)),
            Counted::Metadata => facts.add_usage(read_usage_metadata(json)),
            Counted::PromptCount => self.evaluated.take_prompt(json),
            Counted::OutputCount => self.evaluated.take_output(json),
        }
    }
}
