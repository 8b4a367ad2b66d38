//! What was spent before anybody here knew.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use trunkline_route::Moment;
use trunkline_route::budget::Spent;

/// The record does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastError;

impl fmt::Display for PastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the ledger does not say what was spent before")
    }
}

impl std::error::Error for PastError {}

/// What is told of the past, in time.
pub type Untold = Pin<Box<dyn Future<Output = Result<Vec<Spent>, PastError>> + Send>>;

/// Tells what was spent with a client key.
pub trait Past: fmt::Debug + Send + Sync {
    /// What was spent in each period that it is now.
    fn spent(&self, key: &Arc<str>, now: Moment) -> Untold;
}
