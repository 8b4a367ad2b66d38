//! The relay of a stream of lines, each one JSON object, as Ollama streams.

use std::ops::Range;

use bytes::Bytes;

use super::answer::Beginning;
use super::long::Long;
use super::pass::{Held, Pass};
use super::reader::{Failure, HELD_BYTES_MAX, Reader};
use super::{Changes, Facts};

/// A newline-delimited JSON answer passing through. Whole lines pass in the call that completes them; the beginning of a
/// line is held back until its end has come.
#[derive(Debug)]
pub struct LinesRelay {
    reader: Reader,
    /// The beginning of a line, not sent yet.
    held: Held,
    /// How much of that was searched for its end.
    searched: usize,
    /// The line on its way when it is too long to hold.
    long: Option<Box<Long>>,
}

impl LinesRelay {
    /// A relay for one answer. Lines are renamed and never withheld: no dialect of lines has one for usage alone.
    pub fn new(changes: Changes) -> Self {
        Self { reader: Reader::new(changes.model), held: Held::default(), searched: 0, long: None }
    }

    /// What to send on now that `chunk` has come; may be empty. Any cutting of the input gives the same bytes in all.
    /// When `chunk` is whole lines and nothing in it changes, it is given back without a copy.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        if self.has_failed() {
            return Bytes::new();
        }
        let mut held = std::mem::take(&mut self.held);
        let out = held.push(chunk, |buffer, pass| self.walk(buffer, pass));
        self.held = held;
        out
    }

    /// What is left when the provider ended properly; a line without its end counts as one. A second call gives nothing.
    pub fn finish(&mut self) -> Bytes {
        let held = self.held.take();
        let mut pass = Pass::default();
        if self.long.is_none() {
            self.examine(&held, 0..held.len(), &mut pass);
        }
        self.searched = 0;
        pass.finish(held, usize::MAX)
    }

    /// Forgets what is held when the provider broke off, so that a line of ours can follow. True when part of a line
    /// went out already: then a line end must come first.
    #[must_use = "says whether a line end must come before the next line"]
    pub fn abandon(&mut self) -> bool {
        self.held = Held::default();
        self.searched = 0;
        self.long.take().is_some()
    }

    /// What the provider said when it failed, where it said that in a line that was not too long to hold.
    pub fn failure(&self) -> Option<&Failure> {
        self.reader.failure.as_ref()
    }

    /// Whether the provider said that it failed, and all of that came by.
    fn has_failed(&self) -> bool {
        self.reader.facts.error && self.long.is_none()
    }

    /// What was learnt so far.
    pub fn facts(&self) -> &Facts {
        &self.reader.facts
    }

    /// Passes the complete lines of `buffer`; gives where the one to hold begins.
    fn walk(&mut self, buffer: &[u8], pass: &mut Pass) -> usize {
        let mut at = 0;
        loop {
            let rest = buffer.get(at..).unwrap_or_default();
            let fresh = self.searched == 0 && self.long.is_none();
            if fresh && let Some(len) = self.reader.recognise(buffer, at..buffer.len(), pass) {
                at += len;
                continue;
            }
            let unsearched = rest.get(self.searched..).unwrap_or_default();
            let Some(end) = memchr::memchr(b'\n', unsearched) else {
                if self.long.is_none() && rest.len() < HELD_BYTES_MAX {
                    self.searched = rest.len();
                    return at;
                }
                self.searched = 0;
                self.read_long(rest, rest.len());
                return buffer.len();
            };
            let line = at..at + self.searched + end + 1;
            (at, self.searched) = (line.end, 0);
            if self.long.is_some() || line.len() > HELD_BYTES_MAX {
                self.read_long(rest, line.len());
                self.long = None;
            } else if fresh || self.reader.recognise(buffer, line.clone(), pass).is_none() {
                self.examine(buffer, line, pass);
            }
            if self.has_failed() {
                return pass.end(buffer, at);
            }
        }
    }

    /// Reads `len` bytes of a long line, which `rest` begins or goes on with.
    #[cold]
    fn read_long(&mut self, rest: &[u8], len: usize) {
        let facts = &mut self.reader.facts;
        let begin = || {
            // No more than this, for how much more is there depends on how the stream was cut.
            let beginning = Beginning::of_json(rest.get(..HELD_BYTES_MAX).unwrap_or(rest));
            Box::new(Long::new(beginning, facts))
        };
        let mut long = self.long.take().unwrap_or_else(begin);
        long.read(rest.get(..len).unwrap_or_default(), &mut self.reader.facts);
        self.long = Some(long);
    }

    /// Reads one line and changes what must change.
    fn examine(&mut self, buffer: &[u8], range: Range<usize>, pass: &mut Pass) {
        let line = buffer.get(range.clone()).unwrap_or_default();
        if line.trim_ascii().is_empty() {
            return;
        }
        let Some(mut answer) = self.reader.read(line) else { return };
        let mut renamed = self.reader.rename(buffer, range.start, std::mem::take(&mut answer.models), pass);
        if answer.is_plain() && renamed.len() <= 1 {
            self.reader.memory.learn(line, 0..line.len(), renamed.pop());
        }
    }
}

#[cfg(test)]
mod tests;
