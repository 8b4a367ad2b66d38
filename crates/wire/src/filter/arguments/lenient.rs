//! Reads JSON as models write it: Python's words and quotes, missing quotes, commas and closing brackets, comments, raw
//! line breaks, broken escapes. What was wrong is only counted; whoever wants to know whether a text is JSON asks serde.

use serde_json::{Map, Number, Value};

mod string;

/// Values within values that are followed; what is deeper is left out. Guards the stack.
const DEPTH_MAX: usize = 128;

/// Reads the value that `text` begins with: the value, how it ended, and the offset behind it. `None` when nothing there
/// looks like a value.
pub(crate) fn read(text: &str) -> Option<Read> {
    let mut reader = Reader::new(text);
    reader.filler();
    let value = reader.value(DEPTH_MAX)?;
    Some(Read { value, end: reader.at, cut: reader.cut })
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Read {
    pub(crate) value: Value,
    /// The offset behind it.
    pub(crate) end: usize,
    /// Whether it was not finished.
    pub(crate) cut: bool,
}

/// Reads `name=value` pairs, as in a Python call, up to a closing bracket or the end. Values without a name get a number.
pub(crate) fn keywords(text: &str) -> Option<(Map<String, Value>, usize)> {
    let mut reader = Reader::new(text);
    let mut pairs = Map::new();
    loop {
        reader.filler_and(b',');
        match reader.byte() {
            None => return Some((pairs, reader.at)),
            Some(b')') => return Some((pairs, reader.at + 1)),
            Some(_) => {}
        }
        let before = reader.at;
        let name = reader.keyword_name().unwrap_or_else(|| pairs.len().to_string());
        let value = reader.value(DEPTH_MAX)?;
        pairs.insert(name, value);
        if reader.at == before {
            return None;
        }
    }
}

pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    cut: bool,
}

/// What a string stands for; that decides what may stand behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Key,
    Value,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, cut: false }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip(&mut self, text: &str) -> bool {
        let stands = self.rest().starts_with(text);
        if stands {
            self.at += text.len();
        }
        stands
    }

    /// Leaves out spaces and comments.
    fn filler(&mut self) {
        loop {
            let rest = self.rest();
            self.at = self.text.len() - rest.trim_start().len();
            let rest = self.rest();
            let comment = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += comment;
        }
    }

    /// Leaves out spaces, comments and this separator, and its full-width form.
    fn filler_and(&mut self, separator: u8) {
        loop {
            self.filler();
            if self.byte() == Some(separator) {
                self.at += 1;
            } else if !self.skip("\u{ff0c}") {
                return;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        match self.rest().chars().next()? {
            '{' => Some(self.object(depth)),
            '[' => Some(self.list(depth, ']')),
            '(' => Some(self.list(depth, ')')),
            '"' | '\'' | '\u{201c}' | '\u{201d}' | '\u{2018}' => Some(Value::String(self.string(Role::Value))),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        self.at += 1;
        let mut object = Map::new();
        loop {
            self.filler_and(b',');
            let Some(byte) = self.byte() else {
                self.cut = true;
                break;
            };
            if matches!(byte, b'}' | b']' | b')') {
                self.at += 1;
                break;
            }
            if byte == b'{' && object.is_empty() {
                // Doubled brackets: what they hold is meant.
                let Some(inner) = self.value(depth) else { break };
                self.filler();
                self.skip("}");
                return inner;
            }
            if !self.member(depth, &mut object) {
                break;
            }
        }
        Value::Object(object)
    }

    /// Reads one member; false when there is none. A key without a value is left out where the text ends.
    fn member(&mut self, depth: usize, object: &mut Map<String, Value>) -> bool {
        let key = match self.byte() {
            Some(b'"' | b'\'') => self.string(Role::Key),
            _ if self.rest().starts_with(['\u{201c}', '\u{201d}', '\u{2018}']) => self.string(Role::Key),
            _ => match self.bare_key() {
                Some(key) => key,
                None => return false,
            },
        };
        self.filler();
        if !(self.skip(":") || self.skip("\u{ff1a}") || self.skip("=>") || self.skip("=")) {
            self.cut |= self.rest().is_empty();
            return !self.rest().is_empty() && self.byte() == Some(b',');
        }
        self.filler();
        if self.rest().is_empty() {
            self.cut = true;
            return false;
        }
        let Some(value) = self.value(depth) else { return false };
        object.insert(key, value);
        true
    }

    fn bare_key(&mut self) -> Option<String> {
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '.'))).unwrap_or(rest.len());
        let key = rest.get(..end).filter(|key| !key.is_empty())?;
        self.at += end;
        Some(key.to_owned())
    }

    /// A name before `=`; nothing is read when there is none.
    fn keyword_name(&mut self) -> Option<String> {
        let before = self.at;
        let name = self.bare_key();
        self.filler();
        if name.is_some() && !self.rest().starts_with("==") && (self.skip("=") || self.skip(":")) {
            self.filler();
            return name;
        }
        self.at = before;
        None
    }

    fn list(&mut self, depth: usize, close: char) -> Value {
        self.at += 1;
        let mut list = Vec::new();
        loop {
            self.filler_and(b',');
            match self.rest().chars().next() {
                None => {
                    self.cut = true;
                    break;
                }
                Some(c) if c == close => {
                    self.at += 1;
                    break;
                }
                // The bracket of what is around it: this one is missing.
                Some('}' | ']' | ')') => break,
                Some(_) => {}
            }
            let before = self.at;
            let Some(value) = self.value(depth) else { break };
            list.push(value);
            if self.at == before {
                break;
            }
        }
        Value::Array(list)
    }

    /// A number, a word of JSON, Python or JavaScript, or a string without quotes.
    fn word(&mut self) -> Option<Value> {
        let rest = self.rest();
        let end = rest.find(['"', ',', '}', ']', ')', '\n', '<', '\u{ff0c}', '\u{201c}']).unwrap_or(rest.len());
        let word = rest.get(..end)?;
        let first = word.split(|c: char| c.is_whitespace()).next().unwrap_or_default();
        let (value, read) = match known(first) {
            Some(value) => (value, first.len()),
            None => (Value::String(word.trim().to_owned()), end),
        };
        self.at += read;
        (read > 0).then_some(value)
    }
}

/// The value that a word without quotes means.
pub(crate) fn known(word: &str) -> Option<Value> {
    match word {
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        "null" | "None" | "nil" | "undefined" | "NaN" | "nan" | "Infinity" | "-Infinity" => Some(Value::Null),
        _ => number(word).map(Value::Number),
    }
}

/// A number as JSON has it, with a plus sign or underscores allowed.
pub(crate) fn number(word: &str) -> Option<Number> {
    if !word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return None;
    }
    let plain = word.strip_prefix('+').unwrap_or(word);
    if let Ok(number) = serde_json::from_str(plain) {
        return Some(number);
    }
    let plain = plain.replace('_', "");
    let is_float = plain.contains(|c: char| c.is_ascii_digit());
    plain.parse::<i64>().ok().map(Number::from).or_else(|| Number::from_f64(plain.parse().ok().filter(|_| is_float)?))
}

#[cfg(test)]
mod tests;
