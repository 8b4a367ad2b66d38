//! `[ledger]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BodiesSection, Period, Size};

/// How requests are recorded, and for how long. Read at the start only.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerSection {
    /// What is promised of a finished request.
    #[serde(default)]
    pub durability: Durability,
    /// How long the record of a request is kept. The sums of hours and days outlive it.
    #[serde(default)]
    #[schemars(extend("x-default" = "for good"))]
    pub keep: Option<Period>,
    /// How much room the records of requests may take in the database; the oldest go first. The sums of hours and days
    /// outlive them.
    #[serde(default)]
    #[schemars(extend("x-default" = "no limit"))]
    pub keep_bytes: Option<Size>,
    /// How much of the data folder records may take while the database cannot be written.
    #[serde(default = "default_spool_bytes")]
    pub spool_bytes: Size,
    /// What of requests and answers is kept to be read again.
    #[serde(default)]
    pub bodies: BodiesSection,
}

impl Default for LedgerSection {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            keep: None,
            keep_bytes: None,
            spool_bytes: default_spool_bytes(),
            bodies: BodiesSection::default(),
        }
    }
}

/// What is promised of a finished request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// A crash loses at most what finished within `store.flush_interval` and the time of one write.
    #[default]
    Batch,
    /// The last byte of an answer waits until its record is safe.
    Strict,
}

fn default_spool_bytes() -> Size {
    Size::from_mebibytes(64)
}
