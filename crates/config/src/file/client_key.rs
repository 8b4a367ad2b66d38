//! `[[client_keys]]`

use schemars::JsonSchema;
use serde::Deserialize;

use super::Priority;
use crate::Secret;

/// A key that callers authenticate with.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientKeySection {
    /// What reports and logs call its holder; each name once.
    pub name: String,
    /// The key itself, `${VAR}`, or `sha256:` and the 64 hexadecimal digits of its SHA-256. Only the hash is kept.
    pub key: Secret,
    /// Whose requests go first where they have to wait. A request may say less with `x-trunkline-priority`, not more.
    #[serde(default)]
    pub priority: Priority,
}
