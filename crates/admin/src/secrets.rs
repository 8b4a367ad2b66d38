//! Stored secrets: what is asked of whoever keeps them. Nobody is ever told one.

use std::fmt;
use std::pin::Pin;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::plane::Misasked;
use crate::read::named;

/// What is told of a secret: all but itself.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Secret")]
pub struct SecretRow {
    /// What the document names it by, as `secret:NAME`.
    pub name: String,
    /// Where the document does.
    pub used_by: Vec<String>,
    /// When it was set, in RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub set_at: Option<String>,
}

/// A secret on its way in. Its `Debug` shows nothing of it.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretValue {
    /// The secret.
    pub value: String,
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(..)")
    }
}

/// Why something cannot be done with secrets.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SecretProblem {
    /// There is none.
    #[error("no secret is called {}", named(.0))]
    NotFound(String),
    /// The document would be wrong without it.
    #[error("the secret {name:?} is named by {}; take it out there first", .used_by.join(", "))]
    InUse {
        /// Which.
        name: String,
        /// Where the document names it.
        used_by: Vec<String>,
    },
    /// What is asked for is wrong.
    #[error(transparent)]
    Misasked(#[from] Misasked),
    /// There is no key, or the wrong one; in words for the operator.
    #[error("{0}")]
    Sealed(String),
    /// The store does not answer.
    #[error("the store does not answer")]
    Down,
}

/// An answer on its way.
pub type Told<T> = Pin<Box<dyn Future<Output = Result<T, SecretProblem>> + Send>>;

/// Whoever keeps the secrets.
pub trait Secrets: Send + Sync {
    /// All there are, by name.
    fn list(&self) -> Told<Vec<SecretRow>>;
    /// Keeps one in place of what had its name; `who` sets it.
    fn set(&self, name: String, value: SecretValue, who: String) -> Told<()>;
    /// Forgets one that nothing names.
    fn remove(&self, name: String) -> Told<()>;
}
