//! Recognises an event that differs from an earlier one in known places alone.
//!
//! A model's stream is hundreds of events that are byte for byte the same around one text. Comparing costs a few
//! nanoseconds; parsing each costs hundreds.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::value::RawValue;
use smallvec::SmallVec;

use crate::scan::string_end;

/// Bytes of an event that is learnt. One with more around its text is not one of hundreds.
const EVENT_BYTES_MAX: usize = 4 << 10;

/// Events between two attempts to learn in a stream whose events are all unlike. Guards against learning in vain.
const PAUSE_MAX: u32 = 64;

/// Places of one event that stay open, without allocation; more cost one.
const HOLES_USUAL: usize = 4;

/// What was learnt of a stream so far; `T` says what an event like the one learnt tells.
#[derive(Debug)]
pub(crate) struct Likeness<T> {
    known: Option<Known<T>>,
    /// Events to let go by before the next attempt to learn.
    pause: u32,
    /// The next pause, should nothing be like this event either.
    next_pause: u32,
}

impl<T> Default for Likeness<T> {
    fn default() -> Self {
        Self { known: None, pause: 0, next_pause: 0 }
    }
}

/// Where an event may differ from another one that tells the same but for its text.
#[derive(Debug)]
pub(crate) struct Sketch<'a, T> {
    /// What it tells.
    pub(crate) told: T,
    /// The string that holds the text.
    pub(crate) text: &'a RawValue,
    /// Strings and numbers that tell nothing, whatever they are.
    pub(crate) idle: SmallVec<[&'a RawValue; HOLES_USUAL]>,
}

/// An event that is like the one learnt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Alike<'a, T> {
    /// The length of the event.
    pub(crate) len: usize,
    /// What it tells.
    pub(crate) told: T,
    /// Its text.
    pub(crate) text: Cow<'a, str>,
}

impl<T: Copy> Likeness<T> {
    /// The event that `bytes` begin with, when it is like the one learnt and whole.
    #[inline]
    pub(crate) fn recognise<'a>(&mut self, bytes: &'a [u8]) -> Option<Alike<'a, T>> {
        let found = self.known.as_ref()?.matches(bytes)?;
        (self.pause, self.next_pause) = (0, 0);
        Some(found)
    }

    /// Takes an event as the model of those to come: all its lines, the blank one included, and its `sketch`, whose
    /// values must stand in these very bytes.
    pub(crate) fn learn<'a>(&mut self, event: &'a [u8], sketch: impl FnOnce() -> Option<Sketch<'a, T>>) {
        if self.pause > 0 {
            self.pause -= 1;
            return;
        }
        self.pause = self.next_pause;
        self.next_pause = (self.next_pause * 2).clamp(1, PAUSE_MAX);
        // Behind a CR there may be an LF that belongs to the event, or not.
        if event.len() <= EVENT_BYTES_MAX && event.last() == Some(&b'\n') {
            self.known = sketch().and_then(|sketch| Known::of(event, &sketch)).or(self.known.take());
        }
    }
}

#[derive(Debug)]
struct Known<T> {
    event: Vec<u8>,
    told: T,
    /// What must be the same, from the first to the last.
    parts: SmallVec<[Part; HOLES_USUAL + 1]>,
}

/// What must be the same in every event.
#[derive(Debug)]
struct Part {
    /// What stands before it and may differ.
    hole: Hole,
    /// Where it stands in the event that was learnt.
    place: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hole {
    Nothing,
    /// The inside of the string that is told.
    Text,
    /// The inside of another string.
    Idle,
    Digits,
    /// Spaces, any number of them.
    Padding,
}

impl<T: Copy> Known<T> {
    fn of(event: &[u8], sketch: &Sketch<'_, T>) -> Option<Self> {
        let mut holes = SmallVec::<[(Hole, Range<usize>); HOLES_USUAL]>::new();
        holes.push((Hole::Text, inside_string(event, sketch.text)?));
        for raw in &sketch.idle {
            if let Some(place) = inside_string(event, raw) {
                holes.push((Hole::Idle, place));
            } else if raw.get().bytes().all(|byte| byte.is_ascii_digit()) {
                holes.push((Hole::Digits, place_of(event, raw)?));
            }
        }
        holes.sort_unstable_by_key(|(_, place)| place.start);
        let last = holes.last().map_or(0, |(_, place)| place.end);
        holes.extend(padding(event, last).map(|place| (Hole::Padding, place)));
        let (mut parts, mut before, mut from) = (SmallVec::new(), Hole::Nothing, 0);
        for (hole, place) in holes {
            parts.push(Part { hole: before, place: from..place.start });
            (before, from) = (hole, place.end);
        }
        parts.push(Part { hole: before, place: from..event.len() });
        Some(Self { event: event.to_vec(), told: sketch.told, parts })
    }

    #[inline]
    fn matches<'a>(&self, bytes: &'a [u8]) -> Option<Alike<'a, T>> {
        let mut rest = bytes;
        let mut text = 0..0;
        for part in &self.parts {
            let at = bytes.len() - rest.len();
            let len = match part.hole {
                Hole::Nothing => 0,
                Hole::Text => {
                    let len = string_end(rest).ok()?;
                    text = at..at + len;
                    len
                }
                Hole::Idle | Hole::Digits | Hole::Padding => part.hole.idle_len(rest)?,
            };
            rest = rest.get(len..)?.strip_prefix(self.event.get(part.place.clone())?)?;
        }
        let text = text_at(bytes, text)?;
        Some(Alike { len: bytes.len() - rest.len(), told: self.told, text })
    }
}

impl Hole {
    /// The length of what fills the hole at the beginning of `rest`, when a parser could make nothing else of it.
    fn idle_len(self, rest: &[u8]) -> Option<usize> {
        match self {
            Self::Nothing => Some(0),
            Self::Text | Self::Idle => {
                let len = string_end(rest).ok()?;
                std::str::from_utf8(rest.get(..len)?).ok()?;
                Some(len)
            }
            Self::Digits => {
                let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
                (digits == 1 || digits > 1 && rest.first() != Some(&b'0')).then_some(digits)
            }
            Self::Padding => rest.iter().position(|byte| *byte != b' '),
        }
    }
}

/// The text of the string whose inside is at `place`. `None` when it is no text: then a parser must say so.
#[inline]
fn text_at(bytes: &[u8], place: Range<usize>) -> Option<Cow<'_, str>> {
    let inside = bytes.get(place.clone())?;
    if memchr::memchr(b'\\', inside).is_none() {
        return Some(Cow::Borrowed(std::str::from_utf8(inside).ok()?));
    }
    let quoted = bytes.get(place.start.checked_sub(1)?..place.end + 1)?;
    serde_json::from_slice(quoted).ok().map(Cow::Owned)
}

/// Where `raw` stands in `event`; `None` when it stands elsewhere.
fn place_of(event: &[u8], raw: &RawValue) -> Option<Range<usize>> {
    let start = raw.get().as_ptr().addr().checked_sub(event.as_ptr().addr())?;
    let place = start..start.checked_add(raw.get().len())?;
    (event.get(place.clone())? == raw.get().as_bytes()).then_some(place)
}

/// The same without the quotes of a string; `None` when it is none.
fn inside_string(event: &[u8], raw: &RawValue) -> Option<Range<usize>> {
    raw.get().strip_prefix('"')?.strip_suffix('"')?;
    let place = place_of(event, raw)?;
    Some(place.start + 1..place.end - 1)
}

/// The spaces before the event's last brace, behind `from`: Anthropic hides lengths that way. `None` when there are none,
/// or when they may stand on another line.
fn padding(event: &[u8], from: usize) -> Option<Range<usize>> {
    let padded = event.get(from..)?.trim_ascii_end().strip_suffix(b"}")?;
    let spaces = padded.iter().rev().take_while(|byte| **byte == b' ').count();
    let end = from + padded.len();
    (spaces > 0 && memchr::memchr2(b'\n', b'\r', padded).is_none()).then_some(end - spaces..end)
}

#[cfg(test)]
mod tests;
