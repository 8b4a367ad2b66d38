//! `[store]`

use schemars::JsonSchema;
use serde::Deserialize;

use super::Period;
use crate::Secret;

/// Where the ledger of requests is kept. Read at the start only.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// The database, such as `sqlite:///var/lib/trunkline/trunkline.db`.
    #[serde(default)]
    #[schemars(extend("x-default" = "`trunkline.db` in the data folder", "x-unit" = "URL"))]
    pub url: Option<Secret>,
    /// How often finished requests are written. A crash loses at most what finished within this time.
    #[serde(default = "default_flush_interval")]
    pub flush_interval: Period,
}

impl Default for StoreSection {
    fn default() -> Self {
        Self { url: None, flush_interval: default_flush_interval() }
    }
}

fn default_flush_interval() -> Period {
    Period::from_millis(100)
}
