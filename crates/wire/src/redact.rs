//! Takes secrets out of what was said, before it is kept.
//!
//! What is read is JSON, or a stream of it, perhaps broken off: so it is not parsed but searched for its strings, which are
//! read as they are meant, escapes undone. In a stream the pieces of one text stand in many frames; they are read as the
//! one text that they are, and a secret is taken out of all the frames it is spread over.

mod rules;
mod strings;

use std::ops::Range;

use regex::bytes::Regex;

pub use rules::{REDACT_RULES_MAX, Redactions, RuleError};

use strings::{Literal, Text};

/// What stands in the place of a secret.
const MARK: &[u8] = b"[redacted]";

/// Bytes that are looked at beyond what is kept, so that a secret on the edge is seen whole.
pub const REDACT_MARGIN_BYTES: usize = 4 << 10;

/// Bytes between strings below which there can be no secret.
const GAP_BYTES_MIN: usize = 8;

/// What a text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One JSON value, or anything else.
    Whole,
    /// Frames of a stream, server-sent or in lines, each with a JSON value.
    Frames,
}

/// A text without its secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redacted {
    /// What is left of it.
    pub text: Vec<u8>,
    /// How many secrets were taken out.
    pub taken: u32,
}

/// Finds secrets. Expressions take time in proportion to what they read, whatever it is.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    redactions: Redactions,
    rules: Vec<Regex>,
}

impl PartialEq for Redactor {
    fn eq(&self, other: &Self) -> bool {
        self.redactions == other.redactions
    }
}

impl Eq for Redactor {}

impl Redactor {
    /// One that takes out what is asked for.
    ///
    /// # Errors
    /// Every expression that is none, by its place in the list.
    pub fn new(redactions: Redactions) -> Result<Self, Vec<(usize, RuleError)>> {
        let rules = rules::compile(&redactions)?;
        Ok(Self { redactions, rules })
    }

    /// The first `bytes_max` bytes of `raw`, without the secrets that begin in them.
    pub fn redact(&self, raw: &[u8], form: Form, bytes_max: usize) -> Redacted {
        let mut found = match form {
            Form::Whole if !looks_like_json(raw) => self.in_text(raw, 0),
            Form::Whole | Form::Frames => self.in_strings(raw, form),
        };
        found.sort_by_key(|edit| (edit.place.start, edit.place.end));
        without(raw, &found, boundary(raw, bytes_max))
    }

    /// Secrets in bytes that begin at `offset`.
    fn in_text(&self, bytes: &[u8], offset: usize) -> Vec<Edit> {
        let edit = |place: Range<usize>| Edit { place: place.start + offset..place.end + offset, is_marked: true };
        self.find(bytes).map(edit).collect()
    }

    fn in_strings(&self, raw: &[u8], form: Form) -> Vec<Edit> {
        let literals = strings::literals(raw);
        let mut found = Vec::new();
        for text in strings::texts(raw, &literals, form) {
            for place in self.find(&text.bytes) {
                found.extend(edits(&text, place));
            }
        }
        if self.redactions.credentials {
            let secret = |literal: &&Literal| literal.key.clone().is_some_and(|key| rules::names_secret(raw, key));
            let all = literals.iter().filter(secret).filter(|literal| !literal.place.is_empty());
            found.extend(all.map(|literal| Edit { place: literal.place.clone(), is_marked: true }));
        }
        let mut end = 0;
        let edges = literals.iter().map(|literal| literal.place.clone()).chain(std::iter::once(raw.len()..raw.len()));
        for place in edges {
            let gap = raw.get(end..place.start).filter(|gap| gap.len() >= GAP_BYTES_MIN);
            found.extend(gap.into_iter().flat_map(|gap| self.in_text(gap, end)));
            end = place.end;
        }
        found
    }

    fn find<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
        let all = self.rules.iter().flat_map(|rule| rule.find_iter(bytes));
        all.map(|found| found.range()).filter(|place| !place.is_empty())
    }
}

/// What is taken out of a text.
#[derive(Debug)]
struct Edit {
    place: Range<usize>,
    /// Whether it is seen that something was there: of a secret in many pieces the first shows it.
    is_marked: bool,
}

/// A secret in a text, where its pieces stand.
fn edits<'a>(text: &'a Text, secret: Range<usize>) -> impl Iterator<Item = Edit> + 'a {
    text.pieces(secret).enumerate().map(|(number, place)| Edit { place, is_marked: number == 0 })
}

/// The bytes before `end`, without what was found; secrets that lie over each other are one.
fn without(raw: &[u8], found: &[Edit], end: usize) -> Redacted {
    let mut redacted = Redacted::default();
    let mut done = 0;
    for Edit { place, is_marked } in found.iter().filter(|edit| edit.place.start < end) {
        if place.end <= done {
            continue;
        }
        redacted.text.extend_from_slice(raw.get(done..place.start).unwrap_or_default());
        if *is_marked && done <= place.start {
            redacted.text.extend_from_slice(MARK);
            redacted.taken = redacted.taken.saturating_add(1);
        }
        done = place.end;
    }
    redacted.text.extend_from_slice(raw.get(done..end).unwrap_or_default());
    redacted
}

fn looks_like_json(raw: &[u8]) -> bool {
    raw.trim_ascii_start().first().is_some_and(|first| matches!(first, b'{' | b'[' | b'"'))
}

/// Where so many bytes end without a character cut through.
fn boundary(raw: &[u8], bytes_max: usize) -> usize {
    let is_inside = |end: &usize| raw.get(*end).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = bytes_max.min(raw.len());
    (end.saturating_sub(3)..=end).rev().find(|end| !is_inside(end)).unwrap_or(end)
}

#[cfg(test)]
mod tests;
