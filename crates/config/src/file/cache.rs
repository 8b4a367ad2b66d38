//! `[cache]`, and `cache` of a model

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Period, Size};

/// Answers that are kept in memory for requests that say the same. Nothing is kept unless a model says so.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheSection {
    /// The most memory for the kept answers of all models; those that are asked for least make room.
    #[serde(default = "default_bytes_max")]
    pub bytes_max: Size,
}

impl Default for CacheSection {
    fn default() -> Self {
        Self { bytes_max: default_bytes_max() }
    }
}

/// Whether and how long a model's answers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelCacheSection {
    /// How long an answer may be given again.
    pub ttl: Period,
    /// Whether an answer that one client key was given is given to others, too.
    #[serde(default)]
    pub shared: bool,
}

fn default_bytes_max() -> Size {
    Size::from_mebibytes(64)
}
