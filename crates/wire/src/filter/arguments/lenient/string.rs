//! Strings as models write them.

use super::{Reader, Role};

/// Bytes looked at behind a quote to see whether it closes its string. Bounds the work a text full of quotes can make.
const LOOK_BYTES_MAX: usize = 96;

impl Reader<'_> {
    /// Reads a string of any quotes. A quote that cannot be its end belongs to it.
    pub(super) fn string(&mut self, role: Role) -> String {
        let Some(open) = self.next() else { return String::new() };
        if matches!(open, '"' | '\'') && self.is_triple(open) {
            return self.triple(open);
        }
        let mut text = String::new();
        loop {
            match self.next() {
                None => {
                    self.cut = true;
                    return text;
                }
                Some('\\') => self.escape(&mut text),
                Some(c) if closes(open, c) && self.is_end(role) => return text,
                Some('\0') => {}
                Some(c) => text.push(c),
            }
        }
    }

    /// Whether the two quotes that follow open a string of Python's triple quotes: an empty string has something else
    /// behind it.
    fn is_triple(&self, open: char) -> bool {
        let doubled: String = [open; 2].iter().collect();
        let behind = self.rest().strip_prefix(&doubled).map(str::trim_start).unwrap_or_default();
        !behind.is_empty() && !behind.starts_with([',', '}', ']', ')', ':'])
    }

    fn triple(&mut self, open: char) -> String {
        let close: String = [open; 3].iter().collect();
        self.at += 2;
        let rest = self.rest();
        let end = rest.find(&close);
        self.cut |= end.is_none();
        let text = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default().to_owned();
        self.at += end.map_or(rest.len(), |end| end + 3);
        text
    }

    /// Whether a quote that was just read ends its string, by what comes next.
    fn is_end(&self, role: Role) -> bool {
        let rest = self.rest();
        let near = rest.get(..rest.floor_char_boundary(LOOK_BYTES_MAX)).unwrap_or_default();
        let behind = near.trim_start();
        match behind.chars().next() {
            None => true,
            Some(':' | '=' | '\u{ff1a}') => role == Role::Key,
            Some('}' | ']' | ')' | ';') => role == Role::Value,
            Some(',' | '\u{ff0c}') => role == Role::Value && begins_something(behind.get(1..).unwrap_or_default()),
            // A comma is missing, when a key follows.
            Some('"' | '\'') => role == Role::Value && is_key(behind),
            Some('/') => behind.starts_with("//") || behind.starts_with("/*"),
            Some(_) => false,
        }
    }

    fn escape(&mut self, text: &mut String) {
        let before = self.at;
        match self.next() {
            None => self.cut = true,
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some(c @ ('"' | '\\' | '/' | '\'' | '\n')) => text.push(c),
            Some('u') => match self.unicode() {
                Some(c) => text.push(c),
                None => text.push_str("\\u"),
            },
            // No escape of JSON: the backslash was meant.
            Some(_) => {
                text.push('\\');
                self.at = before;
            }
        }
    }

    /// The character behind `\u`; halves of a pair are joined, and a lone one is replaced.
    fn unicode(&mut self) -> Option<char> {
        let high = self.hex()?;
        if !(0xd800..0xe000).contains(&high) {
            return Some(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.at;
        if self.skip("\\u")
            && let Some(low @ 0xdc00..0xe000) = self.hex()
        {
            return char::from_u32(0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff));
        }
        self.at = before;
        Some(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| all_hex)?;
        self.at += 4;
        Some(number)
    }
}

fn closes(open: char, c: char) -> bool {
    match open {
        '\u{201c}' | '\u{201d}' => matches!(c, '\u{201c}' | '\u{201d}'),
        '\u{2018}' => c == '\u{2019}',
        _ => c == open,
    }
}

/// Whether a value, a key or the end of a list may begin here.
fn begins_something(text: &str) -> bool {
    match text.trim_start().chars().next() {
        None | Some('"' | '\'' | '{' | '[' | '}' | ']' | ')' | '-' | '_' | '\u{201c}' | '/') => true,
        Some(c) => c.is_ascii_digit() || (c.is_alphabetic() && starts_bare(text.trim_start())),
    }
}

/// Whether a word stands here that ends as a key or a value without quotes does.
fn starts_bare(text: &str) -> bool {
    let behind = text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').trim_start();
    behind.starts_with([':', '=', ',', '}', ']', ')'])
}

/// Whether a string and a colon stand here.
fn is_key(text: &str) -> bool {
    let quote = text.chars().next().unwrap_or('"');
    let within = text.get(1..).unwrap_or_default();
    within
        .split_once(quote)
        .is_some_and(|(key, behind)| behind.trim_start().starts_with(':') && !key.contains([',', '\n', '{', '}', ':']))
}
