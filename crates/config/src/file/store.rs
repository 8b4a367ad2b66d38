//! `[store]`

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Period, PeriodOrZero};
use crate::Secret;

/// Where the ledger of requests and the answers of Responses are kept. Read at the start only.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// The database, such as `sqlite:///var/lib/trunkline/trunkline.db`, or one of a PostgreSQL server, such as
    /// `postgres://user:password@host:5432/trunkline`.
    #[serde(default)]
    #[schemars(extend("x-default" = "`trunkline.db` in the data folder", "x-unit" = "URL"))]
    pub url: Option<Secret>,
    /// How often finished requests are written. With `ledger.durability = "batch"`, a crash loses at
    /// most what finished within this time and that of one write.
    #[serde(default = "default_flush_interval")]
    pub flush_interval: Period,
    /// How long answers of Responses are kept, so that a later request can name one in `previous_response_id`; `0s` keeps
    /// none. Answers of providers that speak Responses themselves are kept by those, not here.
    #[serde(default = "default_responses_ttl")]
    pub responses_ttl: PeriodOrZero,
}

impl Default for StoreSection {
    fn default() -> Self {
        Self { url: None, flush_interval: default_flush_interval(), responses_ttl: default_responses_ttl() }
    }
}

fn default_flush_interval() -> Period {
    Period::from_millis(100)
}

fn default_responses_ttl() -> PeriodOrZero {
    PeriodOrZero::from_secs(7 * 24 * 60 * 60)
}
