//! Finds where JSON values begin and end without reading what they say: the hot path of every request.
//!
//! Accepts what serde_json's `IgnoredAny` accepts, save that nesting has a limit. Invalid UTF-8 inside strings is not
//! looked at.

mod lists;
mod nest;
mod strings;

use nest::{Inside, Nest};
use strings::skip_string;

pub(crate) use lists::{Elements, KEY_BYTES_MAX, Member, Members, key_name};
pub(crate) use strings::string_stop;

/// Where the text stops being JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Offset of the byte that cannot stand there.
    pub(crate) at: usize,
    /// What is wrong with it.
    pub(crate) what: &'static str,
}

/// Whether `json` is one JSON value with nothing but white space around it.
pub(crate) fn check(json: &[u8]) -> Result<(), Broken> {
    let mut scanner = Scanner { json, at: 0 };
    scanner.skip_space();
    scanner.skip_value()?;
    scanner.expect_end()
}

/// Where the string that began just before `at` ends: the offset of its closing quote. `None` when it does not end in
/// `json` or is no JSON string.
pub(crate) fn string_end(json: &[u8], at: usize) -> Option<usize> {
    skip_string(json, at).ok().map(|behind| behind - 1)
}

#[derive(Clone, Copy, Debug)]
struct Scanner<'a> {
    json: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn byte(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    #[cold]
    fn broken<T>(&self, what: &'static str) -> Result<T, Broken> {
        let what = if self.at < self.json.len() { what } else { "unexpected end" };
        Err(Broken { at: self.at.min(self.json.len()), what })
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.byte() {
            self.at += 1;
        }
    }

    fn expect_end(&mut self) -> Result<(), Broken> {
        self.skip_space();
        if self.at < self.json.len() { self.broken("unexpected characters after the value") } else { Ok(()) }
    }

    /// Skips a key and its colon, up to the value; gives the offset of the key's closing quote.
    #[inline]
    fn skip_key(&mut self) -> Result<usize, Broken> {
        if self.byte() != Some(b'"') {
            return self.broken("expected a key in double quotes");
        }
        self.at += 1;
        self.skip_string_rest()?;
        let end = self.at - 1;
        self.skip_space();
        if self.byte() != Some(b':') {
            return self.broken("expected `:`");
        }
        self.at += 1;
        self.skip_space();
        Ok(end)
    }

    /// Skips the value that begins here, however deep, without recursion.
    fn skip_value(&mut self) -> Result<(), Broken> {
        let mut nest = Nest::default();
        loop {
            self.skip_one(&mut nest)?;
            if nest.just_opened {
                continue;
            }
            loop {
                let Some(inside) = nest.top() else { return Ok(()) };
                self.skip_space();
                match (inside, self.byte()) {
                    (Inside::Object, Some(b',')) => {
                        self.at += 1;
                        self.skip_space();
                        self.skip_key()?;
                        break;
                    }
                    (Inside::Array, Some(b',')) => {
                        self.at += 1;
                        self.skip_space();
                        break;
                    }
                    (Inside::Object, Some(b'}')) | (Inside::Array, Some(b']')) => {
                        self.at += 1;
                        nest.pop();
                    }
                    (Inside::Object, _) => return self.broken("expected `,` or `}`"),
                    (Inside::Array, _) => return self.broken("expected `,` or `]`"),
                }
            }
        }
    }

    /// Skips a scalar or an empty list, or enters a list up to its first value.
    #[inline]
    fn skip_one(&mut self, nest: &mut Nest) -> Result<(), Broken> {
        nest.just_opened = false;
        match self.byte() {
            Some(b'"') => {
                self.at += 1;
                self.skip_string_rest()
            }
            Some(b'{') => {
                self.at += 1;
                self.skip_space();
                if self.byte() == Some(b'}') {
                    self.at += 1;
                    return Ok(());
                }
                if !nest.push(Inside::Object) {
                    return self.broken("nested too deep");
                }
                self.skip_key().map(|_| ())
            }
            Some(b'[') => {
                self.at += 1;
                self.skip_space();
                if self.byte() == Some(b']') {
                    self.at += 1;
                    return Ok(());
                }
                if !nest.push(Inside::Array) {
                    return self.broken("nested too deep");
                }
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => self.skip_number(),
            Some(b't') => self.skip_word(b"true"),
            Some(b'f') => self.skip_word(b"false"),
            Some(b'n') => self.skip_word(b"null"),
            Some(_) | None => self.broken("expected a value"),
        }
    }

    fn skip_word(&mut self, word: &'static [u8]) -> Result<(), Broken> {
        match self.json.get(self.at..) {
            Some(rest) if rest.starts_with(word) => {
                self.at += word.len();
                Ok(())
            }
            Some(_) | None => self.broken("expected a value"),
        }
    }

    fn skip_number(&mut self) -> Result<(), Broken> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => {
                self.at += 1;
                if let Some(b'0'..=b'9') = self.byte() {
                    return self.broken("a number must not begin with 0");
                }
            }
            Some(_) | None => self.skip_digits()?,
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.skip_digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.skip_digits()?;
        }
        Ok(())
    }

    fn skip_digits(&mut self) -> Result<(), Broken> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        if self.at == start { self.broken("expected a digit") } else { Ok(()) }
    }

    /// Skips the rest of a string whose opening quote is behind, closing quote included.
    #[inline]
    fn skip_string_rest(&mut self) -> Result<(), Broken> {
        match skip_string(self.json, self.at) {
            Ok(behind) => {
                self.at = behind;
                Ok(())
            }
            Err(at) => self.broken_string(at),
        }
    }

    /// Says what is wrong with a string at `at`.
    #[cold]
    fn broken_string(&mut self, at: usize) -> Result<(), Broken> {
        self.at = at;
        if self.byte() != Some(b'\\') {
            return self.broken("a control character inside a string must be escaped");
        }
        self.at += 1;
        if self.byte() != Some(b'u') {
            return self.broken("unknown escape");
        }
        self.at += 1;
        while self.byte().is_some_and(|byte| byte.is_ascii_hexdigit()) {
            self.at += 1;
        }
        self.broken("expected four hexadecimal digits after `\\u`")
    }
}

#[cfg(test)]
pub(crate) mod tests;
