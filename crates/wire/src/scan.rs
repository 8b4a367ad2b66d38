//! Finds where JSON values begin and end without reading what they say: the hot path of every request.
//!
//! Accepts what serde_json's `IgnoredAny` accepts, save that nesting has a limit. Invalid UTF-8 inside strings is not
//! looked at.

mod lists;
mod nest;
mod strings;

use nest::{Inside, Nest};
use strings::long_string_end;

pub(crate) use lists::{Elements, KEY_BYTES_MAX, Key, Member, Members, key_name};
pub(crate) use strings::{plain_string, string_end, string_stop, table_of};

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
    let mut scanner = Scanner::new(json);
    scanner.skip_space();
    scanner.skip_value()?;
    scanner.expect_end()
}

/// Walks over a text, byte after byte. Each step is inlined where it is taken, so that the compiler keeps the place in
/// registers: a call a token costs more than the token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanner<'a> {
    /// What is still to come.
    rest: &'a [u8],
    /// The length of the whole text.
    len: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(json: &'a [u8]) -> Self {
        Self { rest: json, len: json.len() }
    }

    /// The offset in the whole text.
    #[inline]
    pub(crate) fn at(&self) -> usize {
        self.len - self.rest.len()
    }

    #[inline]
    pub(crate) fn byte(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Skips `byte` when it is next.
    #[inline]
    fn skip(&mut self, byte: u8) -> bool {
        let found = self.rest.strip_prefix(&[byte]);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// What stands between `earlier`, which must be this scanner's own past, and here.
    #[inline]
    fn since(&self, earlier: Self) -> &'a [u8] {
        earlier.rest.get(..earlier.rest.len() - self.rest.len()).unwrap_or_default()
    }

    #[inline(always)]
    fn broken<T>(self, what: &'static str) -> Result<T, Broken> {
        Err(broken(self.rest, self.len, what))
    }

    #[inline(always)]
    pub(crate) fn skip_space(&mut self) {
        if let [b' ' | b'\n' | b'\t' | b'\r', rest @ ..] = self.rest {
            self.rest = without_space(rest);
        }
    }

    fn expect_end(mut self) -> Result<(), Broken> {
        self.skip_space();
        if self.rest.is_empty() { Ok(()) } else { self.broken("unexpected characters after the value") }
    }

    /// Skips a key and its colon, up to the value.
    #[inline(always)]
    fn skip_key(&mut self) -> Result<Key<'a>, Broken> {
        if !self.skip(b'"') {
            return self.broken("expected a key in double quotes");
        }
        let key = match plain_string(self.rest) {
            Some((text, rest)) => {
                self.rest = rest;
                Key { text, plain: true }
            }
            None => {
                let (text, rest) = odd_key(self.rest, self.len)?;
                self.rest = rest;
                Key { text, plain: false }
            }
        };
        self.skip_space();
        if !self.skip(b':') {
            return self.broken("expected `:`");
        }
        self.skip_space();
        Ok(key)
    }

    /// Skips the value that begins here.
    #[inline(always)]
    pub(crate) fn skip_value(&mut self) -> Result<(), Broken> {
        match self.byte() {
            Some(b'{' | b'[') => {
                self.rest = behind_list(self.rest, self.len)?;
                Ok(())
            }
            Some(_) | None => self.skip_scalar(),
        }
    }

    /// Skips a string, a number or a word.
    #[inline(always)]
    fn skip_scalar(&mut self) -> Result<(), Broken> {
        if self.skip(b'"') {
            return self.skip_string_rest();
        }
        match self.byte() {
            Some(b'-' | b'0'..=b'9') => self.skip_number(),
            Some(b't') => self.skip_word(b"true"),
            Some(b'f') => self.skip_word(b"false"),
            Some(b'n') => self.skip_word(b"null"),
            Some(_) | None => self.broken("expected a value"),
        }
    }

    #[inline(always)]
    fn skip_word(&mut self, word: &'static [u8]) -> Result<(), Broken> {
        let Some(rest) = self.rest.strip_prefix(word) else { return self.broken("expected a value") };
        self.rest = rest;
        Ok(())
    }

    #[inline(always)]
    fn skip_number(&mut self) -> Result<(), Broken> {
        self.skip(b'-');
        if self.skip(b'0') {
            if let Some(b'0'..=b'9') = self.byte() {
                return self.broken("a number must not begin with 0");
            }
        } else {
            self.skip_digits()?;
        }
        match self.byte() {
            Some(b'.' | b'e' | b'E') => {
                self.rest = behind_fraction(self.rest, self.len)?;
                Ok(())
            }
            Some(_) | None => Ok(()),
        }
    }

    #[inline(always)]
    fn skip_digits(&mut self) -> Result<(), Broken> {
        let Some(b'0'..=b'9') = self.byte() else { return self.broken("expected a digit") };
        while let [b'0'..=b'9', rest @ ..] = self.rest {
            self.rest = rest;
        }
        Ok(())
    }

    /// Skips the rest of a string whose opening quote is behind, closing quote included.
    #[inline(always)]
    fn skip_string_rest(&mut self) -> Result<(), Broken> {
        if let Some((_, rest)) = plain_string(self.rest) {
            self.rest = rest;
            return Ok(());
        }
        match long_string_end(self.rest) {
            Ok(quote) => {
                self.rest = self.rest.get(quote + 1..).unwrap_or_default();
                Ok(())
            }
            Err(at) => Err(broken_string(self.rest, self.len, at)),
        }
    }
}

// Steps taken out of line get and give back values, not the scanner's address: with that known outside, it would live in
// memory everywhere. `rest` and `len` are the scanner's.

/// A key that is long or has escapes, and what is behind its closing quote.
#[inline(never)]
fn odd_key(rest: &[u8], len: usize) -> Result<(&[u8], &[u8]), Broken> {
    let quote = long_string_end(rest).map_err(|at| broken_string(rest, len, at))?;
    let (text, rest) = rest.split_at_checked(quote).unwrap_or_default();
    Ok((text, rest.get(1..).unwrap_or_default()))
}

/// What is behind the list that begins here, however deep it is, without recursion.
fn behind_list(rest: &[u8], len: usize) -> Result<&[u8], Broken> {
    let mut scanner = Scanner { rest, len };
    let mut nest = Nest::default();
    loop {
        if scanner.skip(b'{') {
            scanner.skip_space();
            if !scanner.skip(b'}') {
                if !nest.push(Inside::Object) {
                    return scanner.broken("nested too deep");
                }
                scanner.skip_key()?;
                continue;
            }
        } else if scanner.skip(b'[') {
            scanner.skip_space();
            if !scanner.skip(b']') {
                if !nest.push(Inside::Array) {
                    return scanner.broken("nested too deep");
                }
                continue;
            }
        } else {
            scanner.skip_scalar()?;
        }
        loop {
            let Some(inside) = nest.top() else { return Ok(scanner.rest) };
            scanner.skip_space();
            if scanner.skip(b',') {
                scanner.skip_space();
                if inside == Inside::Object {
                    scanner.skip_key()?;
                }
                break;
            }
            let (close, what) = match inside {
                Inside::Object => (b'}', "expected `,` or `}`"),
                Inside::Array => (b']', "expected `,` or `]`"),
            };
            if !scanner.skip(close) {
                return scanner.broken(what);
            }
            nest.pop();
        }
    }
}

/// What is behind the rest of a number that has a point or an exponent.
#[inline(never)]
fn behind_fraction(rest: &[u8], len: usize) -> Result<&[u8], Broken> {
    let mut scanner = Scanner { rest, len };
    if scanner.skip(b'.') {
        scanner.skip_digits()?;
    }
    if scanner.skip(b'e') || scanner.skip(b'E') {
        if !scanner.skip(b'+') {
            scanner.skip(b'-');
        }
        scanner.skip_digits()?;
    }
    Ok(scanner.rest)
}

/// What is wrong with a string so many bytes further on.
#[cold]
fn broken_string(rest: &[u8], len: usize, ahead: usize) -> Broken {
    let rest = rest.get(ahead..).unwrap_or_default();
    let Some(escape) = rest.strip_prefix(b"\\") else {
        return broken(rest, len, "a control character inside a string must be escaped");
    };
    let Some(digits) = escape.strip_prefix(b"u") else { return broken(escape, len, "unknown escape") };
    let wrong = digits.iter().position(|digit| !digit.is_ascii_hexdigit()).unwrap_or(digits.len());
    broken(digits.get(wrong..).unwrap_or_default(), len, "expected four hexadecimal digits after `\\u`")
}

#[cold]
fn broken(rest: &[u8], len: usize, what: &'static str) -> Broken {
    let what = if rest.is_empty() { "unexpected end" } else { what };
    Broken { at: len - rest.len(), what }
}

/// What is behind the white space that `text` begins with.
pub(crate) fn without_space(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\n' | b'\t' | b'\r', rest @ ..] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
pub(crate) mod tests;
