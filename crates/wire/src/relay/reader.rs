//! What the relays of streams share: one event after the other is read, renamed and counted.

use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use super::Facts;
use super::answer::Answer;
use super::pass::Pass;
use super::template::Memory;

/// One event with all its lines; a longer one passes as it is, and only its usage is read. Guards memory against an upstream that ends none.
pub(super) const HELD_BYTES_MAX: usize = 256 << 10;

/// Where the names to replace stand in one event.
pub(super) type Names = SmallVec<[Range<usize>; 1]>;

/// What was learnt from a stream so far, and the name that it is to show.
#[derive(Debug)]
pub(super) struct Reader {
    /// As a JSON string.
    name: Option<Bytes>,
    pub(super) facts: Facts,
    pub(super) memory: Memory,
    /// Events so far; see [`super::SseRelay::events`].
    pub(super) events: u64,
    /// What failed, once that was said.
    pub(super) failure: Option<Failure>,
}

/// What a provider said when it failed in the middle of its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The JSON of its last event.
    pub json: Vec<u8>,
    /// Whether that was withheld: not all clients of its dialect know it.
    pub withheld: bool,
}

impl Reader {
    pub(super) fn new(name: Option<Bytes>) -> Self {
        Self { name, facts: Facts::default(), memory: Memory::default(), events: 0, failure: None }
    }

    /// Passes the event at the beginning of `range` when it is like one before; gives its length.
    #[inline]
    pub(super) fn recognise(&mut self, buffer: &[u8], range: Range<usize>, pass: &mut Pass) -> Option<usize> {
        let at = range.start;
        let before = self.facts.produced.place();
        let found = self.memory.recognise(buffer.get(range)?, &mut self.facts.produced);
        let Some(found) = found.filter(|found| found.len < HELD_BYTES_MAX) else {
            self.facts.produced.back_to(before);
            return None;
        };
        self.facts.produced.settle();
        if let (Some(model), Some(name)) = (found.model, &self.name) {
            pass.replace(buffer, at + model.start..at + model.end, name);
        }
        self.facts.content_events += 1;
        self.events += 1;
        Some(found.len)
    }

    /// Reads the JSON of one event and counts what it says; `None` when it is not one valid object.
    pub(super) fn read(&mut self, json: &[u8]) -> Option<Answer> {
        let answer = Answer::event(json);
        self.events += 1;
        match &answer {
            Some(answer) => answer.count_into(json, &mut self.facts),
            None => (self.facts.content_events, self.facts.garbled) = (self.facts.content_events + 1, true),
        }
        if self.facts.error {
            let withheld = answer.as_ref().is_some_and(Answer::is_flat_error);
            self.failure = Some(Failure { json: json.to_vec(), withheld });
        }
        answer
    }

    /// Replaces the names at `models` of the event that begins at `at`; gives those that were others.
    pub(super) fn rename(&self, buffer: &[u8], at: usize, models: Names, pass: &mut Pass) -> Names {
        let Some(name) = &self.name else { return Names::new() };
        let mut renamed = Names::new();
        for model in models {
            let place = at + model.start..at + model.end;
            if buffer.get(place.clone()) != Some(name) {
                pass.replace(buffer, place, name);
                renamed.push(model);
            }
        }
        renamed
    }
}
