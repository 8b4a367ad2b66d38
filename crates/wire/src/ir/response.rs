//! A whole answer.

use super::Usage;

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It had said everything, or met a stop text.
    End,
    /// It met the token limit.
    Length,
    /// A filter cut it off.
    Filtered,
    /// Any other word, kept.
    Other(String),
}

/// A whole answer of one choice.
#[derive(Clone, Debug)]
pub struct Response {
    /// The provider's id for it.
    pub id: String,
    /// The name the client asked for.
    pub model: String,
    /// Seconds since the Unix epoch.
    pub created: u64,
    /// What was said.
    pub text: String,
    /// Why it ended.
    pub stop: StopReason,
    /// What it took.
    pub usage: Option<Usage>,
}
