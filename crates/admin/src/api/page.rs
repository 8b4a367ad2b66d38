//! Lists, a page at a time.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plane::Misasked;

/// Items of a page when nobody says how many.
const LIMIT: usize = 50;

/// The most of them.
const LIMIT_MAX: usize = 200;

/// Some of a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// What asks for the next page; `null` when there is none.
    pub(crate) next_cursor: Option<String>,
}

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub(crate) struct PageQuery {
    /// Items of the page; 50 when not said, 200 at most.
    limit: Option<usize>,
    /// What the page before called its `next_cursor`.
    cursor: Option<String>,
}

/// The same, and a filter.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub(crate) struct SearchQuery {
    /// Only items with this in their names.
    q: Option<String>,
    /// Items of the page; 50 when not said, 200 at most.
    limit: Option<usize>,
    /// What the page before called its `next_cursor`.
    cursor: Option<String>,
}

/// What a query of a list says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    limit: Option<usize>,
    /// The name of the last item of the page before.
    cursor: Option<String>,
    pub(crate) q: Option<String>,
}

impl Wanted {
    /// Reads a query; `is_searched` says whether the list takes a filter.
    ///
    /// # Errors
    /// At the first parameter that there is not, or that is no number.
    fn read(query: Option<&str>, is_searched: bool) -> Result<Self, Misasked> {
        let mut wanted = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let wrong = |message: String| Misasked { field: name.to_string(), message };
            match &*name {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                    wanted.limit =
                        Some(limit.ok_or_else(|| wrong(format!("it must be a number from 1 to {LIMIT_MAX}")))?);
                }
                "cursor" => wanted.cursor = Some(value.to_string()),
                "q" if is_searched => wanted.q = Some(value.to_string()),
                _ => return Err(wrong("there is no such parameter".to_owned())),
            }
        }
        Ok(wanted)
    }

    /// Which page of a list is asked for.
    ///
    /// # Errors
    /// As for a search.
    pub(crate) fn page(query: Option<&str>) -> Result<Self, Misasked> {
        Self::read(query, false)
    }

    /// Which page of what is searched for.
    ///
    /// # Errors
    /// At the first parameter that there is not, or that is no number.
    pub(crate) fn search(query: Option<&str>) -> Result<Self, Misasked> {
        Self::read(query, true)
    }

    /// How many items are asked for, and which was the last of the page before, for lists that are kept in pages.
    pub(crate) fn place(&self) -> (usize, Option<&str>) {
        (self.limit.unwrap_or(LIMIT), self.cursor.as_deref())
    }

    /// The page of a list whose items have names of their own.
    ///
    /// # Errors
    /// When no page ended with the item that the cursor names.
    pub(crate) fn of<T>(&self, mut items: Vec<T>, name: impl Fn(&T) -> &str) -> Result<Page<T>, Misasked> {
        if let Some(cursor) = &self.cursor {
            let last = items.iter().position(|item| name(item) == cursor);
            let wrong = || Misasked { field: "cursor".to_owned(), message: "no page ended with it".to_owned() };
            items.drain(..=last.ok_or_else(wrong)?);
        }
        let limit = self.limit.unwrap_or(LIMIT);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|item| name(item).to_owned());
        Ok(Page { items, next_cursor })
    }
}

impl<T> Page<T> {
    /// All there is.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}
