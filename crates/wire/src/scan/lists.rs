//! Walks over the members of an object or the elements of an array.

use std::borrow::Cow;
use std::ops::Range;

use super::{Broken, Scanner};

/// A key with its escapes. Ours are shorter, even with each letter escaped; guards against unescaping a huge one.
pub(crate) const KEY_BYTES_MAX: usize = 128;

/// A key between its quotes, escapes and all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    pub(super) text: &'a [u8],
    /// Whether it is known to hold no escape.
    pub(super) plain: bool,
}

impl<'a> Key<'a> {
    /// The key with its escapes resolved; empty when it is none that anybody here looks for.
    #[inline]
    pub(crate) fn name(self) -> Cow<'a, [u8]> {
        if self.plain { Cow::Borrowed(self.text) } else { key_name(self.text) }
    }
}

/// One member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    key: Key<'a>,
    /// Where the key begins, its quote included.
    at: usize,
    /// Where the value begins.
    start: usize,
    /// The value's bytes.
    pub(crate) value: &'a [u8],
}

impl<'a> Member<'a> {
    /// The key with its escapes resolved; empty when it is none that anybody here looks for.
    #[inline]
    pub(crate) fn name(&self) -> Cow<'a, [u8]> {
        self.key.name()
    }

    /// Where the value stands.
    #[inline]
    pub(crate) fn place(&self) -> Range<usize> {
        self.start..self.start + self.value.len()
    }

    /// Where key and value stand.
    pub(crate) fn whole_place(&self) -> Range<usize> {
        self.at..self.start + self.value.len()
    }

    /// The value with its escapes resolved, when it is a string and Unicode.
    pub(crate) fn text(&self) -> Option<String> {
        match self.value {
            // Without an escape it says what it is: it was walked over already.
            [b'"', text @ .., b'"'] if memchr::memchr(b'\\', text).is_none() => {
                str::from_utf8(text).ok().map(str::to_owned)
            }
            value => serde_json::from_slice(value).ok(),
        }
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
        let mut scanner = Scanner::new(json);
        scanner.skip_space();
        scanner.skip(b'{').then(|| Self { inside: scanner.at(), scanner, state: List::Begun })
    }

    /// The offset just behind the opening brace.
    pub(crate) fn inside(&self) -> usize {
        self.inside
    }

    /// The next member; after the last, whether the whole text is one object.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Result<Option<Member<'a>>, Broken> {
        let mut scanner = self.scanner;
        if !scanner.list_goes_on(&mut self.state, b'}', "expected `,` or `}`")? {
            return Ok(None);
        }
        let at = scanner.at();
        let key = scanner.skip_key()?;
        let value = scanner;
        scanner.skip_value()?;
        self.scanner = scanner;
        Ok(Some(Member { key, at, start: value.at(), value: scanner.since(value) }))
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
        let mut scanner = Scanner::new(json);
        scanner.skip_space();
        scanner.skip(b'[').then_some(Self { scanner, state: List::Begun })
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
        let value = self.scanner;
        self.scanner.skip_value()?;
        Ok(Some(self.scanner.since(value)))
    }
}

impl<'a> Scanner<'a> {
    /// Walks over the object that begins here. `visit` gets each key and must skip its value.
    #[inline(always)]
    pub(crate) fn each_member(
        &mut self,
        mut visit: impl FnMut(Key<'a>, &mut Self) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        if !self.skip(b'{') {
            return self.broken("expected an object");
        }
        self.skip_space();
        if self.skip(b'}') {
            return Ok(());
        }
        loop {
            let key = self.skip_key()?;
            visit(key, self)?;
            self.skip_space();
            if self.skip(b'}') {
                return Ok(());
            }
            if !self.skip(b',') {
                return self.broken("expected `,` or `}`");
            }
            self.skip_space();
        }
    }

    /// The value that begins here; it is behind then.
    #[inline(always)]
    pub(crate) fn value(&mut self) -> Result<&'a [u8], Broken> {
        let start = *self;
        self.skip_value()?;
        Ok(self.since(start))
    }

    /// Moves to the next item of a top-level list, or past its end and the end of the text.
    #[inline(always)]
    fn list_goes_on(&mut self, state: &mut List, close: u8, what: &'static str) -> Result<bool, Broken> {
        if *state == List::Over {
            return Ok(false);
        }
        self.skip_space();
        if self.skip(close) {
            *state = List::Over;
            self.expect_end()?;
            return Ok(false);
        }
        if *state == List::Begun {
            *state = List::Going;
            return Ok(true);
        }
        if !self.skip(b',') {
            return self.broken(what);
        }
        self.skip_space();
        Ok(true)
    }
}
