//! Walks over the members of an object or the elements of an array.

use std::borrow::Cow;
use std::ops::Range;

use super::{Broken, Scanner};

/// A key with its escapes. Ours are shorter, even with each letter escaped; guards against unescaping a huge one.
pub(crate) const KEY_BYTES_MAX: usize = 128;

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

impl Scanner<'_> {
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
}
