//! The relay of a stream of server-sent events.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use super::answer::Beginning;
use super::long::Long;
use super::pass::{Held, Pass};
use super::reader::{Failure, HELD_BYTES_MAX, Names, Reader};
use super::{Changes, Facts};
use crate::frame::sse::{Search, field, lines, without_bom};

/// A server-sent-event answer passing through. Whole events pass in the call that completes them; the beginning of an
/// event is held back until its end has come.
#[derive(Debug)]
pub struct SseRelay {
    withhold_usage: bool,
    reader: Reader,
    /// The beginning of an event, not sent yet.
    held: Held,
    search: Search,
    /// The event on its way when it is too long to hold.
    long: Option<Box<Long>>,
    started: bool,
    /// The last event ended with a CR; an LF that follows shares its fate.
    after_cr: Option<Fate>,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passed,
    Withheld,
}

impl SseRelay {
    /// A relay for one answer.
    pub fn new(changes: Changes) -> Self {
        Self {
            withhold_usage: changes.withhold_usage,
            reader: Reader::new(changes.model),
            held: Held::default(),
            search: Search::default(),
            long: None,
            started: false,
            after_cr: None,
        }
    }

    /// What to send on now that `chunk` has come; may be empty. Any cutting of the input gives the same bytes in all.
    /// When `chunk` is whole events and nothing in it changes, it is given back without a copy.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        if self.has_failed() {
            return Bytes::new();
        }
        let mut held = std::mem::take(&mut self.held);
        let out = held.push(chunk, |buffer, pass| self.walk(buffer, pass));
        self.held = held;
        out
    }

    /// What is left when the provider ended properly; an event without its blank line counts as one. A second call gives
    /// nothing.
    pub fn finish(&mut self) -> Bytes {
        let held = self.held.take();
        let mut pass = Pass::default();
        if self.long.is_none() && !held.is_empty() {
            self.examine(&held, 0..held.len(), &mut pass);
        }
        self.search = Search::default();
        pass.finish(held, usize::MAX)
    }

    /// Forgets what is held when the provider broke off, so that an event of ours can follow. True when part of an event
    /// went out already: then a blank line must come first.
    #[must_use = "says whether a blank line must come before the next event"]
    pub fn abandon(&mut self) -> bool {
        self.held = Held::default();
        self.search = Search::default();
        self.long.take().is_some()
    }

    /// How many events passed, or were withheld for no more than their usage.
    pub fn events(&self) -> u64 {
        self.reader.events
    }

    /// What the provider said when it failed, where it said that in an event that was not too long to hold.
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

    /// Passes the complete events of `buffer`; gives where the one to hold begins.
    fn walk(&mut self, buffer: &[u8], pass: &mut Pass) -> usize {
        let mut at = self.pass_line_feed(buffer, pass);
        loop {
            let rest = buffer.get(at..).unwrap_or_default();
            let fresh = self.search.is_fresh();
            if fresh && let Some(len) = self.reader.recognise(buffer, at..buffer.len(), pass) {
                at += len;
                continue;
            }
            let Some(end) = self.search.event_end(rest) else {
                if self.long.is_none() && rest.len() < HELD_BYTES_MAX {
                    return at;
                }
                let behind = self.search.rebase();
                self.read_long(rest, behind);
                return at + behind;
            };
            let after = end.line_feed_after(rest);
            let event = at..at + end.at + after;
            at = event.end;
            let fate = if self.long.is_some() || end.at > HELD_BYTES_MAX {
                self.read_long(rest, end.at);
                self.long = None;
                Fate::Passed
            } else if !fresh && self.reader.recognise(buffer, event.clone(), pass).is_some() {
                Fate::Passed
            } else {
                self.examine(buffer, event, pass)
            };
            if self.has_failed() {
                // What some servers send behind an error, such as `[DONE]`, would make it an answer. An LF behind a CR may
                // not be here yet, so it never passes.
                return pass.end(buffer, at - after);
            }
            self.after_cr = (end.after_cr && after == 0).then_some(fate);
        }
    }

    /// Reads `len` bytes of a long event, which `rest` begins or goes on with.
    #[cold]
    fn read_long(&mut self, rest: &[u8], len: usize) {
        self.reader.events += u64::from(self.long.is_none());
        let facts = &mut self.reader.facts;
        let begin = || {
            // No more than this, for how much more is there depends on how the stream was cut.
            let beginning = Beginning::of_event(rest.get(..HELD_BYTES_MAX).unwrap_or(rest));
            Box::new(Long::new(beginning, facts))
        };
        let mut long = self.long.take().unwrap_or_else(begin);
        long.read(rest.get(..len).unwrap_or_default(), &mut self.reader.facts);
        self.long = Some(long);
    }

    /// Passes or drops the LF that belongs to the event before; gives where the next one begins.
    fn pass_line_feed(&mut self, buffer: &[u8], pass: &mut Pass) -> usize {
        let Some(first) = buffer.first() else { return 0 };
        match self.after_cr.take() {
            Some(fate) if *first == b'\n' => {
                if fate == Fate::Withheld {
                    pass.replace(buffer, 0..1, b"");
                }
                1
            }
            Some(_) | None => 0,
        }
    }

    /// Reads one event, changes what must change and passes or drops it.
    fn examine(&mut self, buffer: &[u8], range: Range<usize>, pass: &mut Pass) -> Fate {
        let whole = buffer.get(range.clone()).unwrap_or_default();
        let event = if self.started { whole } else { without_bom(whole) };
        self.started = true;
        let at = range.end - event.len();
        let Some(data) = Data::of(event) else { return Fate::Passed };
        if data.text.trim_ascii() == b"[DONE]" {
            self.reader.facts.done = true;
            return Fate::Passed;
        }
        let Some(answer) = self.reader.read(&data.text) else { return Fate::Passed };
        let flat_error = answer.is_flat_error();
        if self.withhold_usage && answer.is_usage_only() || flat_error {
            self.reader.events -= u64::from(flat_error);
            pass.replace(buffer, range, b"");
            return Fate::Withheld;
        }
        let models: Names = answer.models.iter().filter_map(|place| data.place(place)).collect();
        let mut renamed = self.reader.rename(buffer, at, models, pass);
        let one_line =
            data.one_line().filter(|_| answer.is_plain() && renamed.len() <= 1 && event.len() == whole.len());
        if let Some(json) = one_line {
            self.reader.memory.learn(event, json, renamed.pop());
        }
        Fate::Passed
    }
}

/// The data of one event.
#[derive(Debug)]
struct Data<'a> {
    text: Cow<'a, [u8]>,
    /// For each line where it begins, in `text` and in the event.
    starts: SmallVec<[(usize, usize); 1]>,
}

impl<'a> Data<'a> {
    /// `None` when the event has no data, or nothing in it.
    fn of(event: &'a [u8]) -> Option<Self> {
        let mut values = lines(event).filter_map(|(start, line)| {
            let value = field(line, b"data")?;
            Some((start + line.len() - value.len(), value))
        });
        let (start, first) = values.next()?;
        let mut data = Self { text: Cow::Borrowed(first), starts: SmallVec::from_elem((0, start), 1) };
        for (start, value) in values {
            let text = data.text.to_mut();
            text.push(b'\n');
            data.starts.push((text.len(), start));
            text.extend_from_slice(value);
        }
        (!data.text.trim_ascii().is_empty()).then_some(data)
    }

    /// Where in the event a range of the text stands that lies within one line.
    fn place(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let line = self.starts.partition_point(|(in_text, _)| *in_text <= range.start).checked_sub(1)?;
        let (in_text, in_event) = *self.starts.get(line)?;
        Some(in_event + range.start - in_text..in_event + range.end - in_text)
    }

    /// Where the text stands in the event, when it is one line.
    fn one_line(&self) -> Option<Range<usize>> {
        match self.starts.as_slice() {
            [(_, start)] => Some(*start..*start + self.text.len()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
