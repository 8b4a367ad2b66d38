//! What can be wrong with a client's body.

use thiserror::Error;

/// A body that cannot be taken; the text is for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// Not JSON at all.
    #[error("the body is not valid JSON: {what} at line {line} column {column}")]
    NotJson {
        /// What the reader met.
        what: String,
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("the body must be a JSON object")]
    NotAnObject,
    /// A required field is absent.
    #[error("`{path}` is required")]
    Missing {
        /// Such as `messages[0].role`.
        path: String,
    },
    /// A field has a value that cannot be taken.
    #[error("`{path}` must be {expected}")]
    Wrong {
        /// Such as `messages[0].role`.
        path: String,
        /// Such as `a string`.
        expected: &'static str,
    },
}

impl WireError {
    /// The field that is to blame, for the `param` of an error body.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::NotJson { .. } | Self::NotAnObject => None,
            Self::Missing { path } | Self::Wrong { path, .. } => Some(path),
        }
    }
}
