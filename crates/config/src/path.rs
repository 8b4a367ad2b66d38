//! The way to a setting, such as `providers.groq.keys[0]`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The longest path, in steps. Guards against a caller that nests without end.
const STEPS_MAX: usize = 64;

/// Keys and indexes from the top of the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path(Vec<Step>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// What is not a path.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not the path of a setting; write one such as `providers.groq.keys[0]` or `models.\"gpt-4.1\".price`")]
pub struct PathError(String);

impl FromStr for Path {
    type Err = PathError;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, after) = step(rest, steps.is_empty()).ok_or_else(|| PathError(text.to_owned()))?;
            steps.push(step);
            rest = after;
            if steps.len() > STEPS_MAX {
                return Err(PathError(text.to_owned()));
            }
        }
        if steps.is_empty() { Err(PathError(text.to_owned())) } else { Ok(Self(steps)) }
    }
}

/// The first step of a path's text, and what comes after it.
fn step(text: &str, first: bool) -> Option<(Step, &str)> {
    if let Some(index) = text.strip_prefix('[') {
        let (digits, rest) = index.split_once(']')?;
        let plain = !first && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        return Some((Step::Index(plain.then(|| digits.parse().ok())??), rest));
    }
    let text = if first { text } else { text.strip_prefix('.')? };
    if let Some(quoted) = text.strip_prefix('"') {
        let mut escaped = false;
        let end = quoted.find(|char| {
            let ends = char == '"' && !escaped;
            escaped = char == '\\' && !escaped;
            ends
        })?;
        let (written, rest) = text.split_at_checked(end + 2)?;
        return Some((Step::Key(serde_json::from_str(written).ok()?), rest));
    }
    let end = text.find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '_' | '-')));
    let (key, rest) = text.split_at(end.unwrap_or(text.len()));
    (!key.is_empty()).then(|| (Step::Key(key.to_owned()), rest))
}

impl Path {
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }
    pub(crate) fn of_steps(steps: &[Step]) -> Self {
        Self(steps.to_vec())
    }
    /// A key in it.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }
    /// An element of it, counted from 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }
    /// A path of keys, from the top of the document.
    pub fn of_keys(keys: &[&str]) -> Self {
        path(keys)
    }
    /// Whether it is the other one, or leads further.
    pub fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
    /// What stands there in what is said at the top.
    pub fn of<'v>(&self, top: &'v serde_json::Value) -> Option<&'v serde_json::Value> {
        self.0.iter().try_fold(top, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        })
    }
    pub(crate) fn is_in_list(&self) -> bool {
        self.0.iter().any(|step| matches!(step, Step::Index(_)))
    }
    /// `None` at the top.
    pub(crate) fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, before)| Self(before.to_vec()))
    }
    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

/// A path of keys, from the top.
pub(crate) fn path(keys: &[&str]) -> Path {
    Path(keys.iter().map(|key| Step::Key((*key).to_owned())).collect())
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    let dot = if position > 0 { "." } else { "" };
                    let bare = !key.is_empty()
                        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
                    if bare { write!(f, "{dot}{key}")? } else { write!(f, "{dot}{key:?}")? }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        for text in ["a", "models.x.targets[0].weight", "models.\"gpt-4.1\".price", "a-b._c[10][2]", "a.\"q\\\"]\".b"] {
            assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
        }
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "[0]",
            "a[",
            "a[]",
            "a[-1]",
            "a[0",
            "a]b",
            "a b",
            "a.\"b",
            "é",
            "a[99999999999999999999]",
        ] {
            assert!(text.parse::<Path>().is_err(), "{text}");
        }
        assert!("a.".repeat(100).trim_end_matches('.').parse::<Path>().is_err());
    }
}
