//! Finds calls that a model wrote into its text, as it comes: what cannot become one leaves at once, what might is held no
//! longer than needed to tell, and what turns out to be none is given back to the byte.

use std::sync::Arc;

use super::offered::Offered;
use after::Behind;
use cursor::{Cursor, Stop};
use ends::EndFinder;
pub(crate) use families::Families;
use family::{Family, Head, Opening, Raw, Trust};
use flow::Flow;
use markers::{LINE, MID, State};
use phase::Phase;
pub(crate) use slices::slices;

mod after;
pub(crate) mod balance;
pub(crate) mod cursor;
pub(crate) mod ends;
pub(crate) mod families;
pub(crate) mod family;
mod flow;
pub(crate) mod json;
pub(crate) mod markers;
mod phase;
pub(crate) mod python;
mod slices;
pub(crate) mod xml;

/// Bytes behind a marker by which a call must show what it is. Bounds what is read again while they come.
pub(crate) const HEAD_BYTES_MAX: usize = 256;

/// Bytes of a call that is read when it has ended; longer ones are text. Guards memory, and text behind a marker that
/// was none from waiting for ever.
pub(crate) const CALL_BYTES_MAX: usize = 1 << 20;

/// What opens and closes a block of code.
pub(crate) const FENCE: &str = "```";

/// A tool that is called.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Its place among the offered ones.
    pub(crate) tool: usize,
    /// How and with what.
    pub(crate) raw: Raw,
}

/// Who is told what was found.
pub(crate) trait Sink {
    /// Text that is none of a call.
    fn text(&mut self, text: &str);
    /// Calls of one block. False when they cannot be made; then their text follows as such. `cut`: the block did not end.
    fn calls(&mut self, found: &[Found], cut: bool) -> bool;
    /// A call whose arguments follow.
    fn begin(&mut self, tool: usize);
    /// More of them.
    fn arguments(&mut self, text: &str);
    /// They have ended.
    fn end(&mut self, cut: bool);
}

/// A search through one text.
#[derive(Debug)]
pub(crate) struct ToolText {
    families: Arc<Families>,
    offered: Arc<Offered>,
    /// What was not decided yet.
    held: String,
    phase: Phase,
    state: State,
    /// How much of `held` the automaton has seen.
    scanned: usize,
    /// Whether nothing but white space came so far.
    fresh: bool,
    /// Whether the text stands between the fences of a code block.
    fenced: bool,
    /// The last byte that went out as text.
    last: u8,
    /// Calls that count when nothing else follows, and their text.
    waiting: Vec<Found>,
    waiting_text: String,
    /// White space behind a call: text when text follows.
    spaces: String,
    /// Bytes that were looked at.
    work: u64,
}

impl ToolText {
    pub(crate) fn new(families: Arc<Families>, offered: Arc<Offered>) -> Self {
        Self {
            families,
            offered,
            held: String::new(),
            phase: Phase::Text,
            state: LINE,
            scanned: 0,
            fresh: true,
            fenced: false,
            last: b'\n',
            waiting: Vec::new(),
            waiting_text: String::new(),
            spaces: String::new(),
            work: 0,
        }
    }

    /// Bytes that were looked at so far, each as often as it was.
    pub(crate) fn work(&self) -> u64 {
        self.work
    }

    /// Whether `text` can pass as it is: then it was looked at, and nothing is held.
    #[inline]
    pub(crate) fn passes(&mut self, text: &str) -> bool {
        if !matches!(self.phase, Phase::Text) || !self.held.is_empty() || self.fresh {
            return false;
        }
        let before = self.state;
        let found = self.families.markers().find(&mut self.state, text.as_bytes());
        self.work += text.len() as u64;
        if found.is_none() && self.families.markers().held(self.state) == 0 {
            self.last = text.bytes().last().unwrap_or(self.last);
            return true;
        }
        self.state = before;
        false
    }

    /// Whether the text so far ends within the arguments of a call.
    pub(crate) fn is_within_call(&self) -> bool {
        self.phase.is_within_call()
    }

    /// Takes more of the text.
    pub(crate) fn push(&mut self, text: &str, sink: &mut impl Sink) {
        for slice in slices(text) {
            self.held.push_str(slice);
            while self.step(false, sink) {}
        }
    }

    /// The text is over.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) {
        while self.step(true, sink) {}
        self.commit(sink);
    }

    /// Another text begins.
    pub(crate) fn restart(&mut self) {
        let fresh = Self::new(Arc::clone(&self.families), Arc::clone(&self.offered));
        *self = Self { work: self.work, ..fresh };
    }

    /// Goes one phase on; false when more must come first.
    fn step(&mut self, ended: bool, sink: &mut impl Sink) -> bool {
        match &self.phase {
            Phase::Text => self.look(ended, sink),
            Phase::Head { marker } => {
                let marker = *marker;
                self.head(marker, ended, sink)
            }
            Phase::Body { .. } => self.body(ended, sink),
            Phase::Arguments(_) => self.arguments(ended, sink),
            Phase::After => self.after(ended),
            Phase::Discard => {
                self.held.clear();
                false
            }
        }
    }

    /// Looks for a marker.
    fn look(&mut self, ended: bool, sink: &mut impl Sink) -> bool {
        if self.held.is_empty() {
            return false;
        }
        if self.fresh && self.scanned == 0 {
            let start = self.held.len() - self.held.trim_start().len();
            if self.held.get(start..).is_some_and(|rest| rest.starts_with(['{', '['])) {
                self.give(start, sink);
                self.phase = Phase::Head { marker: None };
                return true;
            }
        }
        let rest = self.held.as_bytes().get(self.scanned..).unwrap_or_default();
        let found = self.families.markers().find(&mut self.state, rest);
        self.work += found.map_or(rest.len(), |(end, _)| end) as u64;
        if let Some((end, marker)) = found {
            let start = self.scanned + end - self.families.text(marker).len();
            self.give(start, sink);
            self.phase = Phase::Head { marker: Some(marker) };
            return true;
        }
        let keep = if ended { 0 } else { self.families.markers().held(self.state) };
        let end = self.held.len() - keep;
        self.give(end, sink);
        self.scanned = self.held.len();
        false
    }

    /// Sees whether a marker begins a call.
    fn head(&mut self, marker: Option<u16>, ended: bool, sink: &mut impl Sink) -> bool {
        let text = marker.map_or("", |marker| self.families.text(marker));
        let behind = self.held.get(text.len()..).unwrap_or_default();
        let near = behind.get(..behind.floor_char_boundary(HEAD_BYTES_MAX)).unwrap_or_default();
        let offered = Arc::clone(&self.offered);
        for family in self.families.of(marker) {
            if !self.may(family) {
                continue;
            }
            let mut opening = Opening { marker: text, cursor: Cursor::new(near), offered: &offered };
            let head = (family.head)(&mut opening);
            self.work += opening.cursor.at() as u64 + 1;
            match head {
                Ok(head) => {
                    let at = text.len() + opening.cursor.at();
                    self.begin(family, head, at, sink);
                    return true;
                }
                Err(Stop::More) if !ended && near.len() == behind.len() => return false,
                Err(Stop::More | Stop::No) => {}
            }
        }
        self.refuse(text, sink);
        true
    }

    /// Whether a family counts here: examples stand in code, and between quotes.
    fn may(&self, family: &Family) -> bool {
        let example = self.fenced || matches!(self.last, b'`' | b'"' | b'\'');
        !example && (family.trust != Trust::Alone || self.fresh || !self.waiting.is_empty())
    }

    /// A marker that begins no call is text; another one may begin behind its first character.
    fn refuse(&mut self, marker: &str, sink: &mut impl Sink) {
        self.phase = Phase::Text;
        self.fresh = false;
        self.scanned = 0;
        if marker.is_empty() {
            self.state = LINE;
            return;
        }
        self.state = MID;
        if marker == FENCE {
            self.fenced = !self.fenced;
            return self.give(marker.len(), sink);
        }
        let first = self.held.chars().next().map_or(0, char::len_utf8);
        self.give(first, sink);
    }

    fn begin(&mut self, family: &'static Family, head: Head, at: usize, sink: &mut impl Sink) {
        match head {
            Head::Collect(ends) => self.phase = Phase::Body { family, finder: EndFinder::new(ends, at) },
            Head::Stream { tool, depth, ends } => {
                self.commit(sink);
                sink.begin(tool);
                self.spaces.clear();
                self.held.drain(..at);
                self.phase = Phase::Arguments(Flow::new(ends, depth));
            }
        }
        self.scanned = 0;
    }

    /// Collects a call until it ends.
    fn body(&mut self, ended: bool, sink: &mut impl Sink) -> bool {
        let Phase::Body { family, finder } = &mut self.phase else { return false };
        let family = *family;
        let before = finder.at();
        let found = finder.find(&self.held);
        self.work += (finder.at() - before) as u64;
        let (end, cut) = match found {
            Some(end) => (end, false),
            None if ended => (finder.last(&self.held), true),
            None if self.held.len() > CALL_BYTES_MAX => (self.held.len(), true),
            None => return false,
        };
        self.phase = Phase::Text;
        self.state = LINE;
        self.scanned = 0;
        let text = self.held.get(..end).unwrap_or_default();
        self.work += text.len() as u64;
        let calls = if end > CALL_BYTES_MAX { None } else { self.read(family, text) };
        match calls {
            Some(found) => self.settle(family, &found, end, cut, sink),
            None => self.give(end, sink),
        }
        true
    }

    /// The calls of a block, all of them offered.
    fn read(&self, family: &Family, text: &str) -> Option<Vec<Found>> {
        let found = |raw: Raw| Some(Found { tool: self.offered.find(&raw.name)?, raw });
        let found: Vec<Found> = (family.read)(text)?.into_iter().map(found).collect::<Option<_>>()?;
        (!found.is_empty()).then_some(found)
    }

    /// A block's calls count at once, or wait to see that nothing follows.
    fn settle(&mut self, family: &'static Family, found: &[Found], end: usize, cut: bool, sink: &mut impl Sink) {
        if family.trust == Trust::Anywhere {
            self.commit(sink);
            if !sink.calls(found, cut) {
                return self.give(end, sink);
            }
            self.spaces.clear();
            self.held.drain(..end);
        } else {
            self.waiting_text.push_str(&std::mem::take(&mut self.spaces));
            self.waiting_text.extend(self.held.drain(..end));
            self.waiting.extend_from_slice(found);
        }
        self.phase = if family.last { Phase::Discard } else { Phase::After };
    }

    /// What waited counts.
    fn commit(&mut self, sink: &mut impl Sink) {
        let waiting = std::mem::take(&mut self.waiting);
        let text = std::mem::take(&mut self.waiting_text);
        if !waiting.is_empty() && !sink.calls(&waiting, false) {
            sink.text(&text);
        }
    }

    /// Passes arguments on.
    fn arguments(&mut self, ended: bool, sink: &mut impl Sink) -> bool {
        let Phase::Arguments(flow) = &mut self.phase else { return false };
        let progress = flow.advance(&self.held, ended);
        self.work += progress.used as u64 + 1;
        sink.arguments(self.held.get(..progress.arguments).unwrap_or_default());
        self.held.drain(..progress.used);
        if !progress.done && !ended {
            return false;
        }
        let cut = !flow.is_over() && !progress.done;
        sink.end(cut);
        self.phase = Phase::After;
        true
    }

    /// Leaves out what stands behind calls and says nothing.
    fn after(&mut self, ended: bool) -> bool {
        if self.held.is_empty() {
            return false;
        }
        self.work += 1;
        let kept = if self.waiting.is_empty() { &mut self.spaces } else { &mut self.waiting_text };
        match after::look(&self.held, ended) {
            Behind::More => return false,
            Behind::Spaces(len) => kept.extend(self.held.drain(..len)),
            Behind::Noise(len) if self.waiting.is_empty() => {
                kept.clear();
                self.held.drain(..len);
            }
            Behind::Noise(len) => kept.extend(self.held.drain(..len)),
            Behind::Text => {
                self.phase = Phase::Text;
                self.state = LINE;
                self.scanned = 0;
            }
        }
        true
    }

    /// Gives text away.
    fn give(&mut self, end: usize, sink: &mut impl Sink) {
        if end == 0 {
            return;
        }
        let text = self.held.get(..end).unwrap_or_default();
        if !text.trim().is_empty() {
            self.fresh = false;
        }
        if !self.waiting.is_empty() {
            self.waiting.clear();
            sink.text(&std::mem::take(&mut self.waiting_text));
        }
        if !self.spaces.is_empty() {
            sink.text(&std::mem::take(&mut self.spaces));
        }
        self.last = text.bytes().last().unwrap_or(self.last);
        sink.text(text);
        self.held.drain(..end);
        self.scanned = self.scanned.saturating_sub(end);
    }
}
