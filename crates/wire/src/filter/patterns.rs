//! An operator's own patterns: regular expressions that say where in a text a call stands, as data.

use std::sync::Arc;

use super::offered::Offered;
use defaults::{DEFAULTS, Default};
pub use error::PatternError;
use ready::Ready;
pub use search::{Matched, Searched, Tried};
pub(super) use text::PatternText;

mod apply;
mod defaults;
mod error;
mod ready;
mod search;
mod text;

/// Patterns of one model. Guards the time of a search.
pub const PATTERNS_MAX: usize = 64;

/// One pattern, as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// What it is called.
    pub name: String,
    /// Those with a higher number are tried first.
    pub priority: i64,
    /// The regular expression; a dot stands for any character, line breaks too. It has neither look-around nor
    /// back-references, so that it takes linear time.
    pub regex: String,
    /// The tool that is called, whatever the text says.
    pub tool_name: Option<String>,
    /// The group that holds the tool's name.
    pub tool_name_group: Option<usize>,
    /// Where the tool's name stands in the JSON that was found, its parts with dots between.
    pub tool_name_json_path: Option<String>,
    /// What the names that models write are called here.
    pub tool_name_mapping: Vec<(String, String)>,
    /// What arguments are called here; a number stands for the group of that number.
    pub parameter_mapping: Vec<(String, String)>,
    /// Whether it is tried.
    pub enabled: bool,
}

/// Patterns, ready to be tried.
#[derive(Clone, Debug, std::default::Default)]
pub struct Patterns {
    /// Those that are tried, in this order.
    ready: Vec<Ready>,
    /// Those that are switched off.
    off: Vec<Pattern>,
}

impl Patterns {
    /// Compiles those that are enabled.
    ///
    /// # Errors
    /// At the first that cannot be used.
    pub fn compile(patterns: &[Pattern]) -> Result<Self, PatternError> {
        let (ready, errors) = Self::check(patterns);
        errors.into_iter().next().map_or(Ok(ready), |(_, error)| Err(error))
    }

    /// Compiles those that are enabled, and says what is wrong with the others, each with its place in the list. A switched
    /// off pattern may be anything.
    pub fn check(patterns: &[Pattern]) -> (Self, Vec<(usize, PatternError)>) {
        let (mut checked, mut errors) = (Self::default(), Vec::new());
        for (place, pattern) in patterns.iter().enumerate() {
            if place == PATTERNS_MAX {
                errors.push((place, PatternError::TooMany));
                break;
            }
            if !pattern.enabled {
                checked.off.push(pattern.clone());
                continue;
            }
            match Ready::of(pattern) {
                Ok(ready) => checked.ready.push(ready),
                Err(wrong) => errors.extend(wrong.into_iter().map(|error| (place, error))),
            }
        }
        checked.ready.sort_by_key(|ready| std::cmp::Reverse(ready.pattern.priority));
        (checked, errors)
    }

    /// Those that are tried, in this order.
    pub fn iter(&self) -> impl Iterator<Item = &Pattern> {
        self.ready.iter().map(|ready| &ready.pattern)
    }

    /// Those that are switched off.
    pub fn off(&self) -> &[Pattern] {
        &self.off
    }

    /// All of them, in the order in which they are tried; those that are switched off at the end.
    pub fn all(&self) -> Vec<Pattern> {
        let mut all: Vec<Pattern> = self.iter().chain(self.off()).cloned().collect();
        sort(&mut all);
        all
    }

    /// The same with those that ship, save those in whose place one of these stands.
    pub fn beside_defaults(&self) -> Vec<Pattern> {
        let mut all = self.all();
        for default in defaults() {
            if !all.iter().any(|pattern| pattern.name == default.name) {
                all.push(default);
            }
        }
        sort(&mut all);
        all
    }

    /// Every call that the patterns find in a text, in the text's order. Where two find the same, the higher priority
    /// counts.
    pub fn find(&self, text: &str) -> Vec<Matched> {
        self.search(text).calls
    }

    /// The same, and what became of each pattern.
    pub fn search(&self, text: &str) -> Searched {
        search::search(&self.ready, text)
    }

    /// Whether none is tried.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }
}

/// As they are tried, those that are not at the end.
fn sort(patterns: &mut [Pattern]) {
    patterns.sort_by_key(|pattern| (!pattern.enabled, std::cmp::Reverse(pattern.priority)));
}

/// The ten patterns that ship, off until they are asked for.
pub fn defaults() -> Vec<Pattern> {
    DEFAULTS.iter().map(Default::pattern).collect()
}

/// The calls of tools that were offered.
fn offered(matched: Vec<Matched>, offered: &Arc<Offered>) -> Vec<(usize, Matched)> {
    matched.into_iter().filter_map(|matched| Some((offered.find(&matched.tool)?, matched))).collect()
}

#[cfg(test)]
mod tests;
