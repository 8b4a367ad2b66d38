//! Recognises an event that differs from an earlier one in the text of its content alone.
//!
//! A model's stream is hundreds of events that are byte for byte the same around one or two strings. Comparing costs a
//! few nanoseconds; parsing each costs hundreds.

use std::ops::Range;

use smallvec::SmallVec;

use super::content::{Pieces, is_text};
use crate::scan::{string_end, without_space};
use crate::tokens::Produced;

/// Members beside [texts](is_text) whose strings differ from event to event and decide nothing that a relay looks for.
const HOLES: [&[u8]; 2] = [b"obfuscation", b"created_at"];

/// Members whose numbers do so.
const NUMBER_HOLES: [&[u8]; 1] = [b"sequence_number"];

/// Members whose strings or numbers are the same in all events of most streams, and differ in each of a few.
const RARE_HOLES: [&[u8]; 2] = [b"id", b"created"];

/// Values left open in one template. Guards against an event that is all strings.
const HOLES_MAX: usize = 6;

/// Parts of one template: before each hole, behind the last, and behind padding.
const PARTS_MAX: usize = HOLES_MAX + 2;

/// Templates in a row that fit nothing, before the rare holes are left open too.
const MISSES_MAX: u32 = 2;

/// Bytes of a template. An event with more around its content is not one of hundreds.
const TEMPLATE_BYTES_MAX: usize = 4 << 10;

/// Bytes in which the next string begins, as a rule.
const BETWEEN_STRINGS: usize = 8;

/// Events between two attempts to learn in a stream whose events are all unlike. Guards against learning in vain.
const PAUSE_MAX: u32 = 64;

/// What was learnt of a stream so far.
#[derive(Debug, Default)]
pub(super) struct Memory {
    template: Option<Template>,
    /// Events to let go by before the next attempt to learn.
    pause: u32,
    /// The next pause, should this template fit nothing either.
    next_pause: u32,
    /// Whether the rare holes are left open.
    wide: bool,
}

impl Memory {
    /// The event that `text` begins with, when it is like one before and whole. Otherwise what is in `produced` means
    /// nothing.
    #[inline]
    pub(super) fn recognise(&mut self, text: &[u8], produced: &mut Produced) -> Option<Match> {
        let found = self.template.as_ref()?.matches(text, produced)?;
        (self.pause, self.next_pause) = (0, 0);
        Some(found)
    }

    /// Takes an event as the model of those to come; see [`Template::learn`].
    pub(super) fn learn(&mut self, event: &[u8], json: Range<usize>, model: Option<Range<usize>>) {
        if self.pause > 0 {
            self.pause -= 1;
            return;
        }
        self.wide |= self.next_pause >= MISSES_MAX;
        if let Some(template) = Template::learn(event, json, model, self.wide) {
            self.template = Some(template);
            self.pause = self.next_pause;
            self.next_pause = (self.next_pause * 2).clamp(1, PAUSE_MAX);
        }
    }
}

/// An event with its content taken out.
#[derive(Debug)]
struct Template {
    event: Vec<u8>,
    parts: SmallVec<[Part; PARTS_MAX]>,
    /// Where the name to replace stands, and in which part.
    model: Option<(usize, Range<usize>)>,
}

/// What must be the same in every event.
#[derive(Debug)]
struct Part {
    /// What stands before it and may differ.
    hole: Hole,
    /// Where it stands in the template's event.
    place: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hole {
    Nothing,
    /// The rest of a string.
    Text,
    /// The rest of a string that is a piece of the answer.
    Content,
    Digits,
    /// Spaces, any number of them.
    Padding,
}

impl Hole {
    /// The length of what fills the hole at the beginning of `text`, when that is no string: out of the way of strings.
    #[inline(never)]
    fn rare_len(self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Nothing | Self::Text | Self::Content => None,
            Self::Digits => {
                let digits = text.iter().position(|byte| !byte.is_ascii_digit())?;
                (digits == 1 || digits > 1 && text.first() != Some(&b'0')).then_some(digits)
            }
            Self::Padding => text.iter().position(|byte| *byte != b' '),
        }
    }
}

/// An event that is like the template.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// Its length.
    pub(super) len: usize,
    /// Where in it the name to replace stands.
    pub(super) model: Option<Range<usize>>,
}

impl Template {
    /// A template of `event`, which must end with LF and hold one line of valid JSON at `json`; `model` is the name to
    /// replace. `None` when it has no content to take out.
    fn learn(event: &[u8], json: Range<usize>, model: Option<Range<usize>>, wide: bool) -> Option<Self> {
        if event.len() > TEMPLATE_BYTES_MAX || event.last() != Some(&b'\n') {
            return None;
        }
        let mut parts = SmallVec::<[Part; PARTS_MAX]>::new();
        let (mut hole, mut from, mut at) = (Hole::Nothing, 0, json.start);
        while parts.len() < HOLES_MAX
            && let Some((next, place)) = next_hole(event, at, json.end, wide)
        {
            parts.push(Part { hole, place: from..place.start });
            (hole, from, at) = (next, place.end, place.end + 1);
        }
        if parts.is_empty() {
            return None;
        }
        if let Some(padding) = padding(event, from..json.end) {
            parts.push(Part { hole, place: from..padding.start });
            (hole, from) = (Hole::Padding, padding.end);
        }
        parts.push(Part { hole, place: from..event.len() });
        let model = match model {
            None => None,
            Some(model) => {
                let holds = |part: &Part| part.place.start <= model.start && model.end <= part.place.end;
                Some((parts.iter().position(holds)?, model))
            }
        };
        Some(Self { event: event.to_vec(), parts, model })
    }

    /// The event that `text` begins with, when it is like the template and whole; its content is taken in.
    #[inline]
    fn matches(&self, text: &[u8], produced: &mut Produced) -> Option<Match> {
        let mut pieces = Pieces::new(produced);
        let mut found = Match { len: 0, model: None };
        let mut rest = text;
        for (index, part) in self.parts.iter().enumerate() {
            if matches!(part.hole, Hole::Text | Hole::Content) {
                let (string, behind) = rest.split_at_checked(string_end(rest).ok()?)?;
                if part.hole == Hole::Content {
                    pieces.push(string);
                }
                rest = behind;
            } else if part.hole != Hole::Nothing {
                rest = rest.get(part.hole.rare_len(rest)?..)?;
            }
            if let Some((_, model)) = self.model.as_ref().filter(|(part, _)| *part == index) {
                let at = text.len() - rest.len();
                found.model = Some(at + model.start - part.place.start..at + model.end - part.place.start);
            }
            rest = rest.strip_prefix(self.event.get(part.place.clone())?)?;
        }
        found.len = text.len() - rest.len();
        Some(found)
    }
}

/// The spaces before the last brace of `range`, which Anthropic varies so that lengths tell nothing; `None` when there
/// are none.
fn padding(event: &[u8], range: Range<usize>) -> Option<Range<usize>> {
    let padded = event.get(range.clone())?.trim_ascii_end().strip_suffix(b"}")?;
    let spaces = padded.iter().rev().take_while(|byte| **byte == b' ').count();
    let end = range.start + padded.len();
    (spaces > 0).then_some(end - spaces..end)
}

/// The next value that belongs to one of the members that are [texts](is_text), in [`HOLES`] or in [`NUMBER_HOLES`], or
/// when `wide` in [`RARE_HOLES`]: a string between its quotes, or the digits of a number that is nothing else. `event` is
/// valid JSON up to `end`.
fn next_hole(event: &[u8], mut at: usize, end: usize, wide: bool) -> Option<(Hole, Range<usize>)> {
    let is_hole = |key: &[u8]| {
        let is_string = is_text(key) || HOLES.contains(&key);
        is_string || NUMBER_HOLES.contains(&key) || wide && RARE_HOLES.contains(&key)
    };
    loop {
        let (key, value_at) = next_value(event, at, end, is_hole)?;
        at = value_at;
        let value = event.get(value_at..end)?;
        if let Some(text) = string_at(event, value_at, end) {
            let hole = if is_text(key) { Hole::Content } else { Hole::Text };
            return Some((hole, text));
        }
        let numbers = NUMBER_HOLES.contains(&key);
        let digits = value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
        if (wide || numbers) && digits > 0 && matches!(value.get(digits), Some(b',' | b'}')) {
            return Some((Hole::Digits, value_at..value_at + digits));
        }
    }
}

/// The next string, without its quotes, that is a [text](is_text). `event` is valid JSON.
pub(super) fn next_text(event: &[u8], mut at: usize) -> Option<Range<usize>> {
    loop {
        let (_, value_at) = next_value(event, at, event.len(), is_text)?;
        if let Some(text) = string_at(event, value_at, event.len()) {
            return Some(text);
        }
        at = value_at;
    }
}

/// The next member whose key is one that `is_wanted`, and where its value begins.
fn next_value(event: &[u8], mut at: usize, end: usize, is_wanted: impl Fn(&[u8]) -> bool) -> Option<(&[u8], usize)> {
    loop {
        let start = at + next_quote(event.get(at..end)?)? + 1;
        let close = start + string_end(event.get(start..end)?).ok()?;
        at = close + 1;
        let key = event.get(start..close)?;
        let behind = event.get(at..end)?;
        if !is_wanted(key) {
            // The string that belongs to a key is none itself.
            if let Some(string) = behind.strip_prefix(b":\"") {
                at += 2 + string_end(string).ok()? + 1;
            }
            continue;
        }
        // What is no key has no colon behind it.
        let Some(value) = without_space(behind).strip_prefix(b":").map(without_space) else { continue };
        return Some((key, end - value.len()));
    }
}

/// Where the next string begins. Between two of them there are a few bytes, as a rule, of which a search would make much.
#[inline]
fn next_quote(text: &[u8]) -> Option<usize> {
    let near = text.iter().take(BETWEEN_STRINGS).position(|byte| *byte == b'"');
    near.or_else(|| Some(BETWEEN_STRINGS + memchr::memchr(b'"', text.get(BETWEEN_STRINGS..)?)?))
}

/// The text of the string that begins at `at`, if one does.
fn string_at(event: &[u8], at: usize, end: usize) -> Option<Range<usize>> {
    let text = event.get(at..end)?.strip_prefix(b"\"")?;
    Some(at + 1..at + 1 + string_end(text).ok()?)
}
