//! `[admin]`

use schemars::JsonSchema;
use serde::Deserialize;

use crate::Secret;

/// Who may use the admin API at `/api/v1/`. It is off while there is no token.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminSection {
    /// The token that callers send as `Authorization: Bearer TOKEN`: itself, `${VAR}`, or `sha256:` and the 64 hexadecimal
    /// digits of its SHA-256. Only the hash is kept for comparing.
    #[serde(default)]
    #[schemars(extend("x-default" = "none: the admin API is off"))]
    pub token: Option<Secret>,
    /// Further tokens, such as one for each program that calls.
    #[serde(default)]
    pub tokens: Vec<Secret>,
}
