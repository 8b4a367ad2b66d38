//! An operator's own patterns: regular expressions that say where in a text a call stands, as data.

use std::ops::Range;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};
use thiserror::Error;

use super::offered::Offered;
use apply::apply;
use defaults::Default;

mod apply;
mod defaults;
mod text;

use defaults::DEFAULTS;
pub(super) use text::PatternText;

/// Bytes that a compiled pattern may take. Guards memory, and the time of a search.
const COMPILED_BYTES_MAX: usize = 1 << 20;

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

/// Why patterns cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PatternError {
    /// It is no regular expression, too large a one, or one that takes more than linear time.
    #[error("pattern `{name}` cannot be compiled: {reason}")]
    Regex {
        /// Which.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// It names a group that it does not have.
    #[error("pattern `{name}` has no group {group}")]
    Group {
        /// Which.
        name: String,
        /// The group.
        group: usize,
    },
    /// Nothing says which tool is called.
    #[error("pattern `{name}` needs one of `tool_name`, `tool_name_group` and `tool_name_json_path`")]
    NoName {
        /// Which.
        name: String,
    },
    /// It matches where nothing stands.
    #[error("pattern `{name}` matches an empty text")]
    Empty {
        /// Which.
        name: String,
    },
    /// There are more than [`PATTERNS_MAX`].
    #[error("there are more than {PATTERNS_MAX} patterns")]
    TooMany,
}

/// Patterns, ready to be tried.
#[derive(Clone, Debug, std::default::Default)]
pub struct Patterns(Vec<Ready>);

#[derive(Clone, Debug)]
struct Ready {
    pattern: Pattern,
    regex: Regex,
    /// What every match begins with.
    prefix: String,
}

/// A call that a pattern found.
#[derive(Clone, Debug, PartialEq)]
pub struct Matched {
    /// The pattern's name.
    pub pattern: String,
    /// The bytes of the text that the call took.
    pub range: Range<usize>,
    /// The tool.
    pub tool: String,
    /// What it is given.
    pub arguments: Map<String, Value>,
}

impl Patterns {
    /// Compiles those that are enabled.
    ///
    /// # Errors
    /// At the first that cannot be used.
    pub fn compile(patterns: &[Pattern]) -> Result<Self, PatternError> {
        if patterns.len() > PATTERNS_MAX {
            return Err(PatternError::TooMany);
        }
        let mut ready =
            patterns.iter().filter(|pattern| pattern.enabled).map(Ready::of).collect::<Result<Vec<_>, _>>()?;
        ready.sort_by_key(|ready| std::cmp::Reverse(ready.pattern.priority));
        Ok(Self(ready))
    }

    /// Every call that the patterns find in a text, in the text's order. Where two find the same, the higher priority
    /// counts.
    pub fn find(&self, text: &str) -> Vec<Matched> {
        let mut all: Vec<Matched> = Vec::new();
        for ready in &self.0 {
            for captures in ready.regex.captures_iter(text).take(MATCHES_MAX) {
                let Some(matched) = apply(&ready.pattern, &captures) else { continue };
                let Some(taken) = all.iter_mut().find(|taken| overlap(&taken.range, &matched.range)) else {
                    all.push(matched);
                    continue;
                };
                // What stands around a call goes with it.
                if encloses(&matched.range, &taken.range) {
                    taken.range = matched.range;
                }
            }
            all.truncate(MATCHES_MAX);
        }
        all.sort_by_key(|matched| matched.range.start);
        all
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

fn encloses(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Calls that patterns find in one text. Bounds the work of keeping them apart.
const MATCHES_MAX: usize = 128;

impl Ready {
    fn of(pattern: &Pattern) -> Result<Self, PatternError> {
        let name = || pattern.name.clone();
        let regex = RegexBuilder::new(&pattern.regex)
            .dot_matches_new_line(true)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(COMPILED_BYTES_MAX)
            .build()
            .map_err(|error| PatternError::Regex { name: name(), reason: error.to_string() })?;
        let mapped = pattern.parameter_mapping.iter().filter_map(|(key, _)| key.parse().ok());
        if let Some(group) =
            pattern.tool_name_group.into_iter().chain(mapped).find(|group| *group >= regex.captures_len())
        {
            return Err(PatternError::Group { name: name(), group });
        }
        if pattern.tool_name.is_none() && pattern.tool_name_group.is_none() && pattern.tool_name_json_path.is_none() {
            return Err(PatternError::NoName { name: name() });
        }
        if regex.is_match("") {
            return Err(PatternError::Empty { name: name() });
        }
        Ok(Self { pattern: pattern.clone(), regex, prefix: prefix(&pattern.regex) })
    }
}

/// What every match of an expression begins with, as far as its own text says so.
fn prefix(regex: &str) -> String {
    let mut prefix = String::new();
    let mut characters = regex.chars().peekable();
    if is_choice(regex) {
        return prefix;
    }
    while let Some(c) = characters.next() {
        let literal = match c {
            '\\' => match characters.next() {
                Some(c) if c.is_ascii_punctuation() => c,
                Some(_) | None => break,
            },
            '.' | '^' | '$' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' => break,
            c => c,
        };
        if matches!(characters.peek(), Some('*' | '?' | '{')) {
            break;
        }
        prefix.push(literal);
        if characters.peek() == Some(&'+') {
            break;
        }
    }
    prefix
}

/// Whether an expression is a choice of several, outside of all groups.
fn is_choice(regex: &str) -> bool {
    let mut depth = 0_usize;
    let mut characters = regex.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => return true,
            _ => {}
        }
    }
    false
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
