//! What keeps a pattern from being used.

use thiserror::Error;

use super::PATTERNS_MAX;

/// Why patterns cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PatternError {
    /// It is no regular expression, too large a one, or one that takes more than linear time.
    #[error("cannot be compiled: {0}")]
    Regex(String),
    /// The tool's name is to stand in a group that the expression does not have.
    #[error("there is no group {0}")]
    NameGroup(usize),
    /// An argument is to stand in a group that the expression does not have. Holds what the mapping says.
    #[error("there is no group {0}")]
    ParameterGroup(String),
    /// Nothing says which tool is called.
    #[error("needs one of `tool_name`, `tool_name_group` and `tool_name_json_path`")]
    NoName,
    /// It matches where nothing stands.
    #[error("matches an empty text")]
    Empty,
    /// There are more than [`PATTERNS_MAX`].
    #[error("there are more than {PATTERNS_MAX} patterns")]
    TooMany,
}

impl From<regex::Error> for PatternError {
    fn from(error: regex::Error) -> Self {
        let words = error.to_string();
        // The expression itself and a line that points into it stand before what is wrong.
        let reason = words.rsplit_once("error: ").map_or(&*words, |(_, reason)| reason);
        Self::Regex(reason.trim_end().trim_end_matches('.').replace('\n', " "))
    }
}
