//! The source of a text.

use std::ops::Range;

use serde_json::value::RawValue;

use crate::DialectId;

/// The source of a text.
#[derive(Clone, Debug)]
pub struct Citation {
    /// Whose words `raw` is.
    pub origin: DialectId,
    /// All of it, untouched.
    pub raw: Box<RawValue>,
    /// The page on the web that it names; `None` for a source of another kind, which only its own dialect can say.
    pub page: Option<Page>,
}

/// A page on the web.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: Option<String>,
    /// Words of it.
    pub cited: Option<String>,
    /// Where it is used, in characters of the text; `None` for all of the text.
    pub place: Option<Range<usize>>,
}

impl Citation {
    /// Bytes of what it says. A page says nothing that is not in its words.
    pub(super) fn bytes(&self) -> usize {
        let page = self.page.as_ref().map_or(0, |page| {
            let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            page.url.len() + length(&page.title) + length(&page.cited)
        });
        size_of::<Self>() + self.raw.get().len() + page
    }

    /// A source that only its own dialect can say.
    pub fn own(origin: DialectId, raw: Box<RawValue>) -> Self {
        Self { origin, raw, page: None }
    }

    /// The page, where it is not in the words of `own`, which says all of it better.
    pub fn page_for(&self, own: DialectId) -> Option<&Page> {
        self.page.as_ref().filter(|_| self.origin != own)
    }

    /// Whether `dialect` can say it, which has a word for pages.
    pub fn is_sayable(&self, dialect: DialectId) -> bool {
        self.origin == dialect || self.page.is_some()
    }
}
