//! `[replicas]`

use schemars::JsonSchema;
use serde::Deserialize;

use super::Period;
use crate::Secret;

/// How several replicas share the limits and budgets of client keys, and who is left alone. Read at the start only.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicasSection {
    /// A server that speaks Redis' protocol, such as `redis://user:password@host:6379/0`, or `rediss:` for TLS. All that is
    /// shared is exact with it. Without one, replicas on one PostgreSQL store each have a part of every limit.
    #[serde(default)]
    #[schemars(extend("x-unit" = "URL"))]
    pub url: Option<Secret>,
    /// What names begin with at that server: those that share it and have the same one are replicas of each other.
    #[serde(default = "default_prefix")]
    pub prefix: String,
    /// The longest wait of a request for that server; then this replica works on its own part of the limits until the
    /// server answers again.
    #[serde(default = "default_timeout")]
    pub timeout: Period,
}

impl Default for ReplicasSection {
    fn default() -> Self {
        Self { url: None, prefix: default_prefix(), timeout: default_timeout() }
    }
}

fn default_prefix() -> String {
    "trunkline".to_owned()
}

fn default_timeout() -> Period {
    Period::from_millis(100)
}
