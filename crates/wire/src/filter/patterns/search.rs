//! The search of patterns in a whole text.

use std::ops::Range;

use serde_json::{Map, Value};

use super::apply::apply;
use super::ready::Ready;

/// Calls that patterns find in one text. Bounds the work of keeping them apart.
const MATCHES_MAX: usize = 128;

/// Bytes over which one pattern is searched in one text; what follows stays text. A search may look at all that is left,
/// and still find next to nothing: many of them would cost the square of the text's length.
const SEARCHED_BYTES_MAX: usize = 8 << 20;

/// A call that a pattern found.
#[derive(Clone, Debug, PartialEq)]
pub struct Matched {
    /// The pattern's name.
    pub pattern: String,
    /// The bytes of the text that the call took.
    pub range: Range<usize>,
    /// The tool.
    pub tool: String,
    /// What it is given.
    pub arguments: Map<String, Value>,
}

/// What patterns found.
#[derive(Clone, Debug, PartialEq)]
pub struct Searched {
    /// The calls, in the text's order.
    pub calls: Vec<Matched>,
    /// What became of each pattern, in the order in which they were tried.
    pub tried: Vec<Tried>,
    /// Bytes over which they were searched, at most.
    pub bytes: u64,
}

/// What became of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Which.
    pub pattern: String,
    /// Calls that it made.
    pub calls: usize,
    /// Matches that name no tool.
    pub nameless: usize,
    /// The pattern that was before it, where it matched what was taken.
    pub behind: Option<String>,
}

pub(super) fn search(patterns: &[Ready], text: &str) -> Searched {
    let mut searched = Searched { calls: Vec::new(), tried: Vec::with_capacity(patterns.len()), bytes: 0 };
    for ready in patterns {
        let tried = attempt(ready, text, &mut searched);
        searched.tried.push(tried);
        searched.calls.truncate(MATCHES_MAX);
    }
    searched.calls.sort_by_key(|call| call.range.start);
    searched
}

/// Searches for one pattern.
fn attempt(ready: &Ready, text: &str, searched: &mut Searched) -> Tried {
    let mut tried = Tried { pattern: ready.pattern.name.clone(), ..Tried::default() };
    let (mut from, mut bytes) = (0, 0);
    for _ in 0..MATCHES_MAX {
        bytes += text.len() - from;
        if bytes > SEARCHED_BYTES_MAX {
            break;
        }
        searched.bytes += (text.len() - from) as u64;
        let Some(captures) = ready.regex.captures_at(text, from) else { break };
        let Some(whole) = captures.get(0).filter(|whole| !whole.is_empty()) else { break };
        from = whole.end();
        match apply(&ready.pattern, &captures) {
            Some(call) => keep(call, &mut searched.calls, &mut tried),
            None => tried.nameless += 1,
        }
    }
    tried
}

/// Keeps a call, unless an earlier pattern has made one of the same text.
fn keep(call: Matched, calls: &mut Vec<Matched>, tried: &mut Tried) {
    let Some(taken) = calls.iter_mut().find(|taken| overlap(&taken.range, &call.range)) else {
        tried.calls += 1;
        calls.push(call);
        return;
    };
    tried.behind.get_or_insert_with(|| taken.pattern.clone());
    // What stands around a call goes with it.
    if encloses(&call.range, &taken.range) {
        taken.range = call.range;
    }
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

fn encloses(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
