//! One member of streamed arguments: `"name": value`.

use serde_json::Value;

use super::may_go;
use crate::filter::arguments::coerce;
use crate::filter::offered::Schema;
use crate::filter::tool_text::balance::{Balance, Syntax};

/// Bytes of a name, or of white space, that are waited for. Bounds what is read again while they come.
const AHEAD_BYTES_MAX: usize = 256;

/// Where reading a member stands. Offsets are into the whole arguments.
#[derive(Debug)]
pub(super) struct Member {
    /// Where it begins.
    start: usize,
    /// How much was looked at.
    read: usize,
    name: String,
    /// Where its value begins; that of a text behind the quote.
    from: usize,
    /// Up to where a text is content for certain.
    safe: usize,
    part: Part,
}

#[derive(Debug)]
enum Part {
    Name,
    Colon,
    /// Before the value.
    Before,
    /// A string of which every part may go out as it comes.
    Text,
    /// Behind the string's quote, before what shows that it was its end.
    Quote,
    /// A value that is looked at when it is whole.
    Whole(Balance),
}

/// What a step found.
#[derive(Debug)]
pub(super) enum Next {
    /// More must come; up to `send` everything may go out.
    More { send: usize },
    /// The member is whole and right.
    Done { name: String },
    /// It is not as it should be; up to `send` everything may go out all the same.
    Wrong { send: usize },
}

impl Member {
    pub(super) fn new(start: usize) -> Self {
        Self { start, read: start, name: String::new(), from: 0, safe: 0, part: Part::Name }
    }

    /// How much was looked at.
    pub(super) fn read(&self) -> usize {
        self.read
    }

    /// The text that may go out in parts: the member's name, and where its content begins.
    pub(super) fn text_begun(&self) -> Option<(&str, usize)> {
        matches!(self.part, Part::Text | Part::Quote).then_some((&self.name, self.from))
    }

    /// Goes as far as the text does.
    pub(super) fn step(&mut self, raw: &str, schema: Option<&Schema>) -> Next {
        loop {
            let next = match &self.part {
                Part::Name => self.name(raw, schema),
                Part::Colon => self.colon(raw),
                Part::Before => self.before(raw, schema),
                Part::Text => self.text(raw),
                Part::Quote => Some(self.quote(raw)),
                Part::Whole(_) => Some(self.whole(raw, schema)),
            };
            if let Some(next) = next {
                return next;
            }
        }
    }

    fn rest<'r>(&self, raw: &'r str) -> &'r [u8] {
        raw.as_bytes().get(self.read..).unwrap_or_default()
    }

    fn nothing() -> Option<Next> {
        Some(Next::More { send: 0 })
    }

    fn wrong() -> Option<Next> {
        Some(Next::Wrong { send: 0 })
    }

    /// A name has no escapes.
    fn name(&mut self, raw: &str, schema: Option<&Schema>) -> Option<Next> {
        let from = self.start + 1;
        let Some(end) = memchr::memchr3(b'"', b'\\', b'\n', raw.as_bytes().get(from..).unwrap_or_default()) else {
            self.read = self.start;
            return if raw.len() - from > AHEAD_BYTES_MAX { Self::wrong() } else { Self::nothing() };
        };
        if end > AHEAD_BYTES_MAX {
            return Self::wrong();
        }
        let name = raw.get(from..from + end).unwrap_or_default();
        if raw.as_bytes().get(from + end) != Some(&b'"') || !may_go(schema, name) {
            return Self::wrong();
        }
        self.name = name.to_owned();
        self.read = from + end + 1;
        self.part = Part::Colon;
        None
    }

    fn colon(&mut self, raw: &str) -> Option<Next> {
        match self.rest(raw).first() {
            None => return Self::nothing(),
            Some(b' ' | b'\n' | b'\r' | b'\t') => {}
            Some(b':') => self.part = Part::Before,
            Some(_) => return Self::wrong(),
        }
        self.read += 1;
        None
    }

    fn before(&mut self, raw: &str, schema: Option<&Schema>) -> Option<Next> {
        let free = schema.and_then(|schema| schema.property(&self.name)).is_none_or(Schema::is_free_text);
        match self.rest(raw).first() {
            None => return Self::nothing(),
            Some(b' ' | b'\n' | b'\r' | b'\t') => {}
            Some(b'"') if free => {
                self.part = Part::Text;
                (self.from, self.safe) = (self.read + 1, self.read + 1);
            }
            Some(_) => {
                self.part = Part::Whole(Balance::new(Syntax::Json).within(1));
                self.from = self.read;
                return None;
            }
        }
        self.read += 1;
        None
    }

    fn text(&mut self, raw: &str) -> Option<Next> {
        while let Some(byte) = self.rest(raw).first() {
            match byte {
                b'"' => {
                    self.read += 1;
                    self.part = Part::Quote;
                    return None;
                }
                b'\\' => match escape(self.rest(raw)) {
                    Some(0) => return Some(Next::Wrong { send: self.safe }),
                    Some(len) => self.read += len,
                    None => break,
                },
                0..=0x1f => return Some(Next::Wrong { send: self.safe }),
                _ => self.read += 1,
            }
            self.safe = self.read;
        }
        Some(Next::More { send: self.safe })
    }

    fn quote(&mut self, raw: &str) -> Next {
        let rest = self.rest(raw);
        let spaces = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let ends = match rest.get(spaces) {
            _ if spaces > AHEAD_BYTES_MAX => Some(false),
            None => None,
            Some(b',') => behind_comma(rest.get(spaces + 1..).unwrap_or_default()),
            Some(byte) => Some(*byte == b'}'),
        };
        match ends {
            None => Next::More { send: self.safe },
            Some(true) => Next::Done { name: self.name.clone() },
            Some(false) => Next::Wrong { send: self.safe },
        }
    }

    fn whole(&mut self, raw: &str, schema: Option<&Schema>) -> Next {
        let Part::Whole(balance) = &mut self.part else { return Next::Wrong { send: 0 } };
        while let Some(byte) = raw.as_bytes().get(self.read) {
            if balance.depth() == 1 && !balance.in_string() && matches!(byte, b',' | b'}') {
                return self.judge(raw, schema);
            }
            balance.step(*byte);
            self.read += 1;
        }
        Next::More { send: 0 }
    }

    /// Whether a whole value is right as it is.
    fn judge(&self, raw: &str, schema: Option<&Schema>) -> Next {
        let text = raw.get(self.from..self.read).unwrap_or_default();
        let Ok(value) = serde_json::from_str::<Value>(text) else { return Next::Wrong { send: 0 } };
        let property = schema.and_then(|schema| schema.property(&self.name));
        let fits = property.is_none_or(|property| coerce::is_right(&value, property));
        if fits { Next::Done { name: self.name.clone() } } else { Next::Wrong { send: 0 } }
    }
}

/// Bytes of the escape at the beginning; 0 when it is none of JSON, `None` when it is not all there.
fn escape(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => unicode(bytes),
        _ => Some(0),
    }
}

/// The same of `\u`: a pair is one, and half of one or a null is wrong.
fn unicode(bytes: &[u8]) -> Option<usize> {
    let unit = |at: usize| -> Option<Option<u32>> {
        let digits = bytes.get(at..at + 4)?;
        let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        Some(text.and_then(|text| u32::from_str_radix(text, 16).ok()))
    };
    match unit(2)? {
        None | Some(0) => Some(0),
        Some(0xdc00..0xe000) => Some(0),
        Some(0xd800..0xdc00) => {
            let pair = bytes.get(6..8)? == b"\\u" && matches!(unit(8)?, Some(0xdc00..0xe000));
            Some(if pair { 12 } else { 0 })
        }
        Some(_) => Some(6),
    }
}

/// Whether another member begins behind a comma; `None` when that is not known yet.
fn behind_comma(bytes: &[u8]) -> Option<bool> {
    let spaces = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if spaces > AHEAD_BYTES_MAX {
        return Some(false);
    }
    bytes.get(spaces).map(|byte| *byte == b'"')
}
