//! Patterns over a text as it comes: what cannot begin a match goes on, and from where one may begin, the text waits for
//! its end.

use std::sync::Arc;

use super::{Patterns, offered};
use crate::filter::arguments::Given;
use crate::filter::offered::Offered;
use crate::filter::tool_text::family::Raw;
use crate::filter::tool_text::markers::{LINE, Markers, Place, State};
use crate::filter::tool_text::{Found, Sink, ToolText};

/// Bytes that wait for a match; a longer text goes on without. Guards memory.
const WAITING_BYTES_MAX: usize = 1 << 20;

/// A search for patterns in one text.
#[derive(Debug)]
pub(crate) struct PatternText {
    patterns: Arc<Patterns>,
    offered: Arc<Offered>,
    /// What matches begin with; `None` when one may begin with anything.
    prefixes: Option<Markers>,
    state: State,
    held: String,
    scanned: usize,
    /// Whether what is held begins as a match does.
    waiting: bool,
    work: u64,
}

impl PatternText {
    /// `None` when there is nothing to search for.
    pub(crate) fn new(patterns: &Arc<Patterns>, offered: &Arc<Offered>) -> Option<Self> {
        if patterns.is_empty() {
            return None;
        }
        let any = patterns.ready.iter().any(|ready| ready.prefix.is_empty());
        let texts = patterns.ready.iter().map(|ready| (ready.prefix.as_str(), Place::Anywhere));
        Some(Self {
            patterns: Arc::clone(patterns),
            offered: Arc::clone(offered),
            prefixes: (!any).then(|| Markers::new(texts)),
            state: LINE,
            held: String::new(),
            scanned: 0,
            waiting: any,
            work: 0,
        })
    }

    /// Bytes that were looked at so far.
    pub(crate) fn work(&self) -> u64 {
        self.work
    }

    /// Takes more; what no match can begin in goes on.
    pub(crate) fn push<S: Sink>(&mut self, text: &str, next: &mut ToolText, sink: &mut S) {
        self.held.push_str(text);
        if let Some(prefixes) = self.prefixes.as_ref().filter(|_| !self.waiting) {
            let rest = self.held.as_bytes().get(self.scanned..).unwrap_or_default();
            self.work += rest.len() as u64;
            let found = prefixes.find(&mut self.state, rest);
            self.waiting = found.is_some();
            let keep = prefixes.held(self.state);
            let end = found.map_or(self.held.len(), |(end, _)| self.scanned + end) - keep;
            next.push(self.held.get(..end).unwrap_or_default(), sink);
            self.held.drain(..end);
            self.scanned = self.held.len();
        }
        if self.held.len() > WAITING_BYTES_MAX {
            self.finish(next, sink);
        }
    }

    /// The text is over: calls are told, and what is between them goes on.
    pub(crate) fn finish<S: Sink>(&mut self, next: &mut ToolText, sink: &mut S) {
        let held = std::mem::take(&mut self.held);
        let searched = self.patterns.search(&held);
        self.work += searched.bytes;
        let mut from = 0;
        for (tool, matched) in offered(searched.calls, &self.offered) {
            let raw = Raw { name: matched.tool, given: Given::Texts(matched.arguments) };
            next.push(held.get(from..matched.range.start).unwrap_or_default(), sink);
            next.finish(sink);
            if sink.calls(&[Found { tool, raw }], false) {
                from = matched.range.end;
            } else {
                from = matched.range.start;
            }
        }
        let rest = held.get(from..).unwrap_or_default();
        next.push(if from > 0 { rest.trim_end() } else { rest }, sink);
        (self.scanned, self.state, self.waiting) = (0, LINE, self.prefixes.is_none());
    }
}
