//! Finds where JSON values begin and end without reading what they say: the hot path of every request.
//!
//! Accepts what serde_json's `IgnoredAny` accepts, save that nesting has a limit. Invalid UTF-8 inside strings is not
//! looked at.

use std::borrow::Cow;
use std::ops::Range;

/// Levels of nesting in one value. Guards the bit stack that remembers them: 8 KiB at most.
const DEPTH_MAX: usize = 1 << 16;

/// A key with its escapes. Ours are shorter, even with each letter escaped; guards against unescaping a huge one.
pub(crate) const KEY_BYTES_MAX: usize = 128;

/// Bytes looked at in one step of the search for a string's end; the compiler turns such a step into vector code.
const BLOCK: usize = 32;

/// Where the text stops being JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Offset of the byte that cannot stand there.
    pub(crate) at: usize,
    /// What is wrong with it.
    pub(crate) what: &'static str,
}

/// One member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    /// The key between its quotes, escapes and all.
    key: &'a [u8],
    /// Where the value stands.
    pub(crate) place: Range<usize>,
    /// The value's bytes.
    pub(crate) value: &'a [u8],
}

impl<'a> Member<'a> {
    /// The key with its escapes resolved; empty when it is none that anybody here looks for.
    pub(crate) fn name(&self) -> Cow<'a, [u8]> {
        key_name(self.key)
    }

    /// Whether the value is `null`.
    pub(crate) fn is_null(&self) -> bool {
        self.value == b"null"
    }

    /// Whether the value is a string, an object and so on, by its first byte.
    pub(crate) fn starts_with(&self, byte: u8) -> bool {
        self.value.first() == Some(&byte)
    }
}

/// A key between its quotes with its escapes resolved; empty when it is no Unicode, or so long that it is none of ours.
pub(crate) fn key_name(key: &[u8]) -> Cow<'_, [u8]> {
    if key.len() > KEY_BYTES_MAX {
        return Cow::Borrowed(b"");
    }
    if !key.contains(&b'\\') {
        return Cow::Borrowed(key);
    }
    let quoted = [b"\"", key, b"\""].concat();
    Cow::Owned(serde_json::from_slice::<String>(&quoted).map(String::into_bytes).unwrap_or_default())
}

/// The members of one object, in order.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    scanner: Scanner<'a>,
    inside: usize,
    state: List,
}

/// How far a list of members or elements was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Begun,
    Going,
    Over,
}

impl<'a> Members<'a> {
    /// The object that `json` is; `None` when it is another value, or nothing.
    pub(crate) fn open(json: &'a [u8]) -> Option<Self> {
        let mut scanner = Scanner { json, at: 0 };
        scanner.skip_space();
        if scanner.byte() != Some(b'{') {
            return None;
        }
        scanner.at += 1;
        Some(Self { inside: scanner.at, scanner, state: List::Begun })
    }

    /// The offset just behind the opening brace.
    pub(crate) fn inside(&self) -> usize {
        self.inside
    }

    /// The next member; after the last, whether the whole text is one object.
    pub(crate) fn next(&mut self) -> Result<Option<Member<'a>>, Broken> {
        if !self.scanner.list_goes_on(&mut self.state, b'}', "expected `,` or `}`")? {
            return Ok(None);
        }
        let key_start = self.scanner.at + 1;
        let key_end = self.scanner.skip_key()?;
        let start = self.scanner.at;
        self.scanner.skip_value()?;
        let place = start..self.scanner.at;
        Ok(Some(Member {
            key: self.scanner.json.get(key_start..key_end).unwrap_or_default(),
            value: self.scanner.json.get(place.clone()).unwrap_or_default(),
            place,
        }))
    }
}

/// The elements of one array, in order.
#[derive(Debug)]
pub(crate) struct Elements<'a> {
    scanner: Scanner<'a>,
    state: List,
}

impl<'a> Elements<'a> {
    /// The array that `json` is; `None` when it is another value, or nothing.
    pub(crate) fn open(json: &'a [u8]) -> Option<Self> {
        let mut scanner = Scanner { json, at: 0 };
        scanner.skip_space();
        if scanner.byte() != Some(b'[') {
            return None;
        }
        scanner.at += 1;
        Some(Self { scanner, state: List::Begun })
    }

    /// Whether nothing was read and nothing is there to read; an array that is broken at its beginning is not empty.
    pub(crate) fn is_empty(&self) -> bool {
        let mut ahead = self.scanner;
        ahead.skip_space();
        self.state == List::Begun && ahead.byte() == Some(b']')
    }

    /// The next element's bytes; after the last, whether the whole text is one array.
    pub(crate) fn next(&mut self) -> Result<Option<&'a [u8]>, Broken> {
        if !self.scanner.list_goes_on(&mut self.state, b']', "expected `,` or `]`")? {
            return Ok(None);
        }
        let start = self.scanner.at;
        self.scanner.skip_value()?;
        Ok(Some(self.scanner.json.get(start..self.scanner.at).unwrap_or_default()))
    }
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
    let mut scanner = Scanner { json, at };
    scanner.skip_string_rest().ok()?;
    Some(scanner.at - 1)
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

    /// Moves to the next item of a top-level list, or past its end and the end of the text.
    fn list_goes_on(&mut self, state: &mut List, close: u8, what: &'static str) -> Result<bool, Broken> {
        self.skip_space();
        match (*state, self.byte()) {
            (List::Over, _) => Ok(false),
            (List::Begun | List::Going, Some(byte)) if byte == close => {
                self.at += 1;
                *state = List::Over;
                self.expect_end()?;
                Ok(false)
            }
            (List::Begun, _) => {
                *state = List::Going;
                Ok(true)
            }
            (List::Going, Some(b',')) => {
                self.at += 1;
                self.skip_space();
                Ok(true)
            }
            (List::Going, _) => self.broken(what),
        }
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
        while let Some(block) = block(self.json, self.at) {
            let start = self.at;
            let mut stops = stops_in(block);
            loop {
                if stops == 0 {
                    self.at = start + BLOCK;
                    break;
                }
                self.at = start + stops.trailing_zeros() as usize;
                if self.skip_stop()? {
                    return Ok(());
                }
                let behind = self.at - start;
                if behind >= BLOCK {
                    break;
                }
                stops &= u32::MAX << behind;
            }
        }
        loop {
            self.at = string_stop(self.json, self.at);
            if self.skip_stop()? {
                return Ok(());
            }
        }
    }

    /// Skips the closing quote, then it is true, or an escape.
    #[inline]
    fn skip_stop(&mut self) -> Result<bool, Broken> {
        match self.byte() {
            Some(b'"') => {
                self.at += 1;
                Ok(true)
            }
            Some(b'\\') => self.skip_escape().map(|()| false),
            Some(_) | None => self.broken("a control character inside a string must be escaped"),
        }
    }

    #[inline]
    fn skip_escape(&mut self) -> Result<(), Broken> {
        self.at += 1;
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.byte().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return self.broken("expected four hexadecimal digits after `\\u`");
                    }
                }
                self.at += 1;
                Ok(())
            }
            Some(_) | None => self.broken("unknown escape"),
        }
    }
}

/// The offset, from `at` on, of the first byte that ends a run of plain string text: a quote, a backslash or a control
/// character; the length when there is none.
#[inline]
pub(crate) fn string_stop(json: &[u8], mut at: usize) -> usize {
    while let Some(block) = block(json, at) {
        let stops = stops_in(block);
        if stops != 0 {
            return at + stops.trailing_zeros() as usize;
        }
        at += BLOCK;
    }
    while let Some(word) = json.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let stops = stops_in_word(u64::from_le_bytes(*word));
        if stops != 0 {
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = json.get(at..).unwrap_or_default();
    at + rest.iter().position(|&byte| is_stop(byte)).unwrap_or(rest.len())
}

#[inline]
fn block(json: &[u8], at: usize) -> Option<&[u8; BLOCK]> {
    json.get(at..)?.first_chunk::<BLOCK>()
}

#[inline]
fn is_stop(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

/// One bit for each byte of the block that ends a run of plain text; the first byte is the lowest bit.
#[inline]
fn stops_in(block: &[u8; BLOCK]) -> u32 {
    let flags = block.map(|byte| u8::from(is_stop(byte)));
    let (words, _) = flags.as_chunks::<8>();
    let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
    let [Some(a), Some(b), Some(c), Some(d)] = [words.next(), words.next(), words.next(), words.next()] else { return 0 };
    if a | b | c | d == 0 {
        return 0;
    }
    // The multiplication gathers the lowest bits of eight bytes into the highest byte.
    let gather = |word: u64| (word.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32;
    gather(a) | gather(b) << 8 | gather(c) << 16 | gather(d) << 24
}

/// The high bit of the lowest byte that stops a run; bits above it may be wrong, since borrows travel upward.
#[inline]
fn stops_in_word(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let found = (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    found & HIGHS
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Array,
    Object,
}

/// Which lists are open, one bit each; the innermost is the lowest bit of `bits`.
#[derive(Debug, Default)]
struct Nest {
    bits: u64,
    depth: usize,
    full: Vec<u64>,
    just_opened: bool,
}

impl Nest {
    /// Enters a list; false when it is one too many.
    fn push(&mut self, inside: Inside) -> bool {
        if self.depth == DEPTH_MAX {
            return false;
        }
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.full.push(self.bits);
        }
        self.bits = (self.bits << 1) | u64::from(inside == Inside::Object);
        self.depth += 1;
        self.just_opened = true;
        true
    }

    fn pop(&mut self) {
        self.bits >>= 1;
        self.depth -= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.bits = self.full.pop().unwrap_or_default();
        }
    }

    fn top(&self) -> Option<Inside> {
        match (self.depth, self.bits & 1) {
            (0, _) => None,
            (_, 0) => Some(Inside::Array),
            (_, _) => Some(Inside::Object),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
