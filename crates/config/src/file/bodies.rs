//! `[ledger.bodies]`

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Period, Size};

/// What of requests and answers is kept to be read again: nothing, unless `sample` or `failed` says so. What is kept of how
/// requests went (who was tried, what was put right) is kept as long.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodiesSection {
    /// The share of requests whose bodies are kept, chosen evenly: `0.01` is one in a hundred, `1` is all.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub sample: f64,
    /// Whether those of all requests that fail are kept, whatever the share.
    #[serde(default)]
    pub failed: bool,
    /// How long they are kept.
    #[serde(default = "default_keep")]
    pub keep: Period,
    /// How much room all of them may take in the database, compressed; the oldest go first.
    #[serde(default = "default_keep_bytes")]
    pub keep_bytes: Size,
    /// How much is kept of one body; what is longer is cut off, and said to be.
    #[serde(default = "default_body_bytes_max")]
    pub body_bytes_max: Size,
    /// Whether keys, tokens and passwords are taken out of them before they are written.
    #[serde(default = "default_redact_credentials")]
    pub redact_credentials: bool,
    /// Whether e-mail addresses are as well.
    #[serde(default)]
    pub redact_emails: bool,
    /// Expressions for whatever else is to be taken out. They take time in proportion to the text: no look-around and no
    /// back-references.
    #[serde(default)]
    #[schemars(extend("x-unit" = "regex"))]
    pub redact: Vec<String>,
}

impl Default for BodiesSection {
    fn default() -> Self {
        Self {
            sample: 0.0,
            failed: false,
            keep: default_keep(),
            keep_bytes: default_keep_bytes(),
            body_bytes_max: default_body_bytes_max(),
            redact_credentials: default_redact_credentials(),
            redact_emails: false,
            redact: Vec::new(),
        }
    }
}

fn default_keep() -> Period {
    Period::from_secs(7 * 24 * 60 * 60)
}

fn default_keep_bytes() -> Size {
    Size::from_mebibytes(1024)
}

fn default_body_bytes_max() -> Size {
    Size::from_kibibytes(64)
}

fn default_redact_credentials() -> bool {
    true
}
