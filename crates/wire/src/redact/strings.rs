//! The strings of JSON that may be broken off, and the texts that they make up.

use std::collections::BTreeMap;
use std::ops::Range;

use smallvec::SmallVec;

use super::Form;

/// One string, between its quotes.
#[derive(Clone, Debug)]
pub(super) struct Literal {
    pub(super) place: Range<usize>,
    /// The name of the member whose value it is.
    pub(super) key: Option<Range<usize>>,
    /// It is a name itself.
    is_key: bool,
    /// The line that it stands in.
    line: usize,
    /// What that is the number of, for a name such as `index`.
    index: Option<u64>,
}

/// A text as it is meant, made of one or more strings.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    /// Where each byte stands, or the escape that it comes from.
    at: Vec<usize>,
    /// Where the strings begin in `bytes`, and where they end outside.
    parts: Vec<(usize, usize)>,
}

/// All strings, in order. One that is broken off ends with its line.
pub(super) fn literals(raw: &[u8]) -> Vec<Literal> {
    let mut found = Vec::new();
    let (mut at, mut line, mut key) = (0, 0, None);
    while let Some(ahead) = memchr::memchr2(b'"', b'\n', raw.get(at..).unwrap_or_default()) {
        at += ahead;
        if raw.get(at) == Some(&b'\n') {
            (at, line) = (at + 1, line + 1);
            continue;
        }
        let place = at + 1..string_end(raw, at + 1);
        at = place.end + usize::from(raw.get(place.end) == Some(&b'"'));
        let next = skip_space(raw, at);
        let is_key = raw.get(next) == Some(&b':');
        let value = skip_space(raw, next + 1);
        let index = is_key.then(|| index_of(raw, &place, value)).flatten();
        found.push(Literal { key: key.take(), is_key, line, index, place: place.clone() });
        if is_key && raw.get(value) == Some(&b'"') {
            key = Some(place);
        }
    }
    found
}

/// Where the string ends that begins here: at its quote, its line's end, or the end of all.
fn string_end(raw: &[u8], begin: usize) -> usize {
    let mut at = begin;
    while let Some(ahead) = memchr::memchr3(b'"', b'\\', b'\n', raw.get(at..).unwrap_or_default()) {
        at += ahead;
        if raw.get(at) != Some(&b'\\') {
            return at;
        }
        at += 2;
    }
    raw.len()
}

fn skip_space(raw: &[u8], at: usize) -> usize {
    let rest = raw.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The number at `value`, where the name says that it tells pieces apart.
fn index_of(raw: &[u8], name: &Range<usize>, value: usize) -> Option<u64> {
    let name = raw.get(name.clone())?;
    let digits = raw.get(value..)?.iter().take(18).take_while(|byte| byte.is_ascii_digit());
    let is_index = name.ends_with(b"index") && raw.get(value)?.is_ascii_digit();
    is_index.then(|| digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// The texts: each string is one, but in frames those of one member and the same numbers are one together.
pub(super) fn texts(raw: &[u8], literals: &[Literal], form: Form) -> Vec<Text> {
    let mut texts: Vec<Text> = Vec::new();
    let mut by_channel = BTreeMap::new();
    for frame in literals.chunk_by(|a, b| a.line == b.line) {
        let indices: SmallVec<[u64; 4]> = frame.iter().filter_map(|literal| literal.index).collect();
        for literal in frame {
            let number = match (form, &literal.key) {
                (Form::Frames, Some(key)) if !literal.is_key => {
                    let channel = (raw.get(key.clone()), indices.clone());
                    *by_channel.entry(channel).or_insert(texts.len())
                }
                (Form::Frames | Form::Whole, _) => texts.len(),
            };
            if number == texts.len() {
                texts.push(Text::default());
            }
            if let Some(text) = texts.get_mut(number) {
                text.push(raw, literal.place.clone());
            }
        }
    }
    texts
}

impl Text {
    /// Adds a string, its escapes undone.
    fn push(&mut self, raw: &[u8], place: Range<usize>) {
        self.parts.push((self.bytes.len(), place.end));
        let mut at = place.start;
        while at < place.end {
            let rest = raw.get(at..place.end).unwrap_or_default();
            let (length, meant) = match rest {
                [b'\\', b'u', ..] => unicode(rest),
                [b'\\', escaped, ..] => (2, char::from(unescaped(*escaped))),
                [byte, ..] => {
                    self.bytes.push(*byte);
                    self.at.push(at);
                    at += 1;
                    continue;
                }
                [] => break,
            };
            let mut room = [0; 4];
            for byte in meant.encode_utf8(&mut room).bytes() {
                self.bytes.push(byte);
                self.at.push(at);
            }
            at += length;
        }
    }

    /// Where these bytes stand, a place for each string that holds some of them.
    pub(super) fn pieces(&self, bytes: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
        let ends = self.parts.iter().skip(1).map(|(begin, _)| *begin).chain([self.bytes.len()]);
        self.parts.iter().zip(ends).filter_map(move |((begin, outside_end), end)| {
            let inside = bytes.start.max(*begin)..bytes.end.min(end);
            if inside.is_empty() {
                return None;
            }
            let outside = if inside.end < end { self.at.get(inside.end) } else { Some(outside_end) };
            Some(*self.at.get(inside.start)?..*outside?)
        })
    }
}

/// What `\uXXXX` means, two of them where it takes two, and how long that is.
fn unicode(rest: &[u8]) -> (usize, char) {
    let unit = |at: usize| {
        let digits = std::str::from_utf8(rest.get(at..at + 4)?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(2) else { return (2, char::REPLACEMENT_CHARACTER) };
    let second = (rest.get(6..8) == Some(b"\\u")).then(|| unit(8)).flatten();
    let pair = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    match (char::from_u32(first.into()), pair) {
        (Some(meant), _) => (6, meant),
        (None, Some(meant)) => (12, meant),
        (None, None) => (6, char::REPLACEMENT_CHARACTER),
    }
}

fn unescaped(escaped: u8) -> u8 {
    match escaped {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        other => other,
    }
}
