//! An event too long to hold: its bytes pass as they come, and only its usage and whether it says why the answer ended
//! are read on the way.

use super::answer::{Beginning, FINISH_REASON, FINISH_REASON_OF_GEMINI, Kind, ReasonKey};
use super::json::JsonRelay;
use super::{Changes, Facts};

/// What is read of a long event.
#[derive(Debug)]
pub(super) struct Long {
    answer: JsonRelay,
    /// Bytes before the answer.
    before: usize,
    /// The last bytes read, where a reason may have begun.
    tail: Vec<u8>,
}

impl Long {
    /// A reader of the event that begins as `beginning` says; counts what that tells.
    pub(super) fn new(beginning: Beginning, facts: &mut Facts) -> Self {
        facts.content_events += u64::from(beginning.kind == Kind::Content);
        facts.garbled |= beginning.garbled;
        beginning.kind.tell(facts);
        Self { answer: JsonRelay::new(Changes::default()), before: beginning.answer_at, tail: Vec::new() }
    }

    /// Reads on.
    pub(super) fn read(&mut self, bytes: &[u8], facts: &mut Facts) {
        facts.finished |= self.says_why(bytes);
        let skipped = self.before.min(bytes.len());
        self.before -= skipped;
        self.answer.read_along(bytes.get(skipped..).unwrap_or_default());
        facts.add_usage(self.answer.facts().usage);
    }

    /// Whether a reason for the end stands in `bytes`, or ends there.
    fn says_why(&mut self, bytes: &[u8]) -> bool {
        const OVERLAP: usize = ReasonKey::GIVEN_BYTES_MAX - 1;
        let gives_reason = |text: &[u8]| FINISH_REASON.is_given_in(text) || FINISH_REASON_OF_GEMINI.is_given_in(text);
        self.tail.extend_from_slice(bytes.get(..OVERLAP).unwrap_or(bytes));
        let found = gives_reason(&self.tail) || gives_reason(bytes);
        if let Some(last) = bytes.last_chunk::<OVERLAP>() {
            self.tail = last.to_vec();
        }
        self.tail.drain(..self.tail.len().saturating_sub(OVERLAP));
        found
    }
}
