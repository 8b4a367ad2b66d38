//! Recognises an event that differs from an earlier one in the text of its content alone.
//!
//! A model's stream is hundreds of events that are byte for byte the same around one or two strings. Comparing costs a
//! few nanoseconds; parsing each costs hundreds.

use std::ops::Range;

use smallvec::SmallVec;

use crate::scan::string_end;

/// Members whose strings differ from event to event and decide nothing that a relay looks for.
const HOLES: [&[u8]; 7] =
    [b"content", b"text", b"reasoning_content", b"reasoning", b"arguments", b"delta", b"obfuscation"];

/// Strings left open in one template. Guards against an event that is all strings.
const HOLES_MAX: usize = 4;

/// Bytes of a template. An event with more around its content is not one of hundreds.
const TEMPLATE_BYTES_MAX: usize = 4 << 10;

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
}

impl Memory {
    /// The event that `text` begins with, when it is like one before and whole.
    #[inline]
    pub(super) fn recognise(&mut self, text: &[u8]) -> Option<Match> {
        let found = self.template.as_ref()?.matches(text)?;
        (self.pause, self.next_pause) = (0, 0);
        Some(found)
    }

    /// Takes an event as the model of those to come; see [`Template::learn`].
    pub(super) fn learn(&mut self, event: &[u8], json: Range<usize>, model: Option<Range<usize>>) {
        if self.pause > 0 {
            self.pause -= 1;
        } else if let Some(template) = Template::learn(event, json, model) {
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
    /// What must be the same, in order; between one and the next lies the rest of a string.
    fixed: SmallVec<[Range<usize>; HOLES_MAX + 1]>,
    /// Where the name to replace stands, and in which fixed part.
    model: Option<(usize, Range<usize>)>,
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
    fn learn(event: &[u8], json: Range<usize>, model: Option<Range<usize>>) -> Option<Self> {
        if event.len() > TEMPLATE_BYTES_MAX || event.last() != Some(&b'\n') {
            return None;
        }
        let mut fixed: SmallVec<[Range<usize>; HOLES_MAX + 1]> = SmallVec::new();
        let (mut from, mut at) = (0, json.start);
        while fixed.len() < HOLES_MAX
            && let Some(hole) = next_hole(event, at, json.end)
        {
            at = hole.end + 1;
            fixed.push(from..hole.start);
            from = hole.end;
        }
        if fixed.is_empty() {
            return None;
        }
        fixed.push(from..event.len());
        let model = match model {
            None => None,
            Some(model) => {
                let part = fixed.iter().position(|part| part.start <= model.start && model.end <= part.end)?;
                Some((part, model))
            }
        };
        Some(Self { event: event.to_vec(), fixed, model })
    }

    /// The event that `text` begins with, when it is like the template and whole.
    #[inline]
    fn matches(&self, text: &[u8]) -> Option<Match> {
        let mut found = Match { len: 0, model: None };
        for (index, part) in self.fixed.iter().enumerate() {
            if index > 0 {
                found.len = string_end(text, found.len)?;
            }
            let expected = self.event.get(part.clone())?;
            if !text.get(found.len..)?.starts_with(expected) {
                return None;
            }
            if let Some((_, model)) = self.model.as_ref().filter(|(part, _)| *part == index) {
                found.model = Some(found.len + model.start - part.start..found.len + model.end - part.start);
            }
            found.len += expected.len();
        }
        Some(found)
    }
}

/// The next string between quotes that belongs to one of the members in [`HOLES`]. `event` is valid JSON up to `end`.
fn next_hole(event: &[u8], mut at: usize, end: usize) -> Option<Range<usize>> {
    let mut in_hole = false;
    loop {
        let start = at + memchr::memchr(b'"', event.get(at..end)?)? + 1;
        // Between a key and its string stands nothing but the colon and white space.
        let follows = event.get(at..start - 1)?.trim_ascii() == b":";
        let close = string_end(event, start)?;
        if in_hole && follows {
            return Some(start..close);
        }
        in_hole = HOLES.contains(&event.get(start..close)?);
        at = close + 1;
    }
}
