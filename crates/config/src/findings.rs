//! What was found while a configuration is read: where its settings stand, what is wrong, what is worth knowing.

use std::collections::HashMap;
use std::ops::Range;

use crate::document::Document;
use crate::path::Path;
use crate::problem::{Problem, Problems};

/// Where a setting stands in the document.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    /// Its path as written. Differs from the path after checking when an item before it was bad and left out.
    pub(crate) shown: Path,
    /// Its key; items of a list have none.
    pub(crate) key: Option<Range<usize>>,
    /// Its value. For a table this is as good as its header.
    pub(crate) value: Range<usize>,
    pub(crate) is_table: bool,
}

/// The most problems that are told. Guards the log, and the time each takes, against a file that is something else.
const PROBLEMS_MAX: usize = 200;

/// Problems and notes so far, and the positions to give to further ones.
#[derive(Debug)]
pub(crate) struct Findings<'d> {
    document: &'d Document,
    pub(crate) spots: HashMap<Path, Spot>,
    problems: Vec<Problem>,
    /// Problems beyond the most that are told.
    untold: usize,
    pub(crate) notes: Vec<String>,
}

impl<'d> Findings<'d> {
    pub(crate) fn new(document: &'d Document) -> Self {
        Self { document, spots: HashMap::new(), problems: Vec::new(), untold: 0, notes: Vec::new() }
    }

    /// One more problem, while there is room.
    pub(crate) fn push(&mut self, problem: impl FnOnce() -> Problem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem());
        } else {
            self.untold += 1;
        }
    }

    /// How many problems there are.
    pub(crate) fn count(&self) -> usize {
        self.problems.len() + self.untold
    }

    /// Everything that is wrong; `None` when nothing is.
    pub(crate) fn problems(self) -> Option<Problems> {
        (!self.problems.is_empty()).then(|| Problems::new(self.problems, self.untold))
    }

    /// A problem with the value at `path`, or where it should have been.
    pub(crate) fn at(&mut self, path: &Path, message: impl Into<String>, hint: Option<String>) {
        let (message, mut stands) = (message.into(), Some(path.clone()));
        let spot = loop {
            match stands {
                Some(nearer) => match self.spots.get(&nearer) {
                    Some(spot) => break Some((spot, nearer == *path)),
                    None => stands = nearer.parent(),
                },
                None => break None,
            }
        };
        let problem = match spot {
            Some((spot, exact)) => {
                let span = spot.key.as_ref().filter(|_| spot.is_table || !exact).unwrap_or(&spot.value);
                let shown = if exact { &spot.shown } else { path };
                self.document.problem(span, shown, message, hint)
            }
            None => Problem { place: None, path: path.to_string(), message, hint },
        };
        self.push(|| problem);
    }

    /// A problem with the key, not the value, at `path`.
    pub(crate) fn at_key(&mut self, path: &Path, message: impl Into<String>, hint: Option<String>) {
        match self.spots.get(path) {
            Some(Spot { shown, key: Some(key), .. }) => {
                let problem = self.document.problem(key, shown, message.into(), hint);
                self.push(|| problem);
            }
            Some(Spot { key: None, .. }) | None => self.at(path, message, hint),
        }
    }

    /// A problem with a variable or a flag.
    pub(crate) fn outside(&mut self, name: &str, message: impl Into<String>, hint: Option<String>) {
        self.push(|| Problem { place: None, path: name.to_owned(), message: message.into(), hint });
    }

    /// What the document says at `path`, as written; an empty text when it does not.
    pub(crate) fn quote(&self, path: &Path) -> String {
        self.spots.get(path).map(|spot| self.document.quote(&spot.value)).unwrap_or_default()
    }

    /// Whether something at or below `path` is known to be wrong, so that what follows from it need not be said.
    pub(crate) fn is_marred(&self, path: &Path) -> bool {
        let shown = self.spots.get(path).map_or_else(|| path.to_string(), |spot| spot.shown.to_string());
        self.problems.iter().any(|problem| {
            let rest = problem.path.strip_prefix(&shown);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }
}
