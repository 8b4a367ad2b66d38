//! What is known of one way in which models write calls into text.

use super::cursor::{Cursor, Stop};
use super::ends::Ends;
use super::markers::Place;
use crate::filter::arguments::Given;
use crate::filter::offered::Offered;

/// One family of formats.
#[derive(Debug)]
pub(crate) struct Family {
    /// Its name in settings and reports.
    pub(crate) name: &'static str,
    /// Texts with which its calls begin.
    pub(crate) markers: &'static [(&'static str, Place)],
    /// How sure a marker and a good beginning make it.
    pub(crate) trust: Trust,
    /// Whether what follows its calls is none of the model's business: it only imagines the answer.
    pub(crate) last: bool,
    /// Looks at what follows a marker.
    pub(crate) head: fn(&mut Opening<'_>) -> Result<Head, Stop>,
    /// Reads a call's text, markers and all. `None` when it is none.
    pub(crate) read: fn(&str) -> Option<Vec<Raw>>,
}

/// Where calls of a family are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Anywhere: the marker is a special token or a tag of its own.
    Anywhere,
    /// Only where nothing but other calls follows.
    AtTheEnd,
    /// The same, and nothing may stand before it either.
    Alone,
}

/// What follows a marker, as far as it has come.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    pub(crate) marker: &'a str,
    pub(crate) cursor: Cursor<'a>,
    pub(crate) offered: &'a Offered,
}

impl Opening<'_> {
    /// The place of the tool of this name, which must have been offered.
    pub(crate) fn tool(&self, name: &str) -> Result<usize, Stop> {
        self.offered.find(name).ok_or(Stop::No)
    }
}

/// What a beginning shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Head {
    /// A call that is read when it has ended.
    Collect(Ends),
    /// A call whose arguments can pass on as they come: from where the cursor stands, within so many brackets.
    Stream {
        /// Which tool.
        tool: usize,
        /// Brackets that are open around the arguments.
        depth: u32,
        /// What ends it where its brackets do not.
        ends: Ends,
    },
}

/// A call as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raw {
    pub(crate) name: String,
    pub(crate) given: Given,
}
