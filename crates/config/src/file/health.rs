//! `[providers.NAME.health]`

use schemars::JsonSchema;
use serde::Deserialize;

use super::Period;

/// Asks a provider again and again whether it is well; while it is not, no request is sent to it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthSection {
    /// The time from one question to the next.
    #[serde(default = "default_interval")]
    pub interval: Period,
    /// The longest wait for an answer.
    #[serde(default = "default_timeout")]
    pub timeout: Period,
    /// What is asked for, from the root of its host, such as `/health`. Not stated: the list of its models.
    #[serde(default)]
    #[schemars(extend("x-default" = "the model list", "x-unit" = "path"))]
    pub path: Option<String>,
    /// The statuses that a well one answers with. Not stated: any 2xx.
    #[serde(default)]
    #[schemars(extend("x-default" = "any 2xx", "x-unit" = "list of statuses"))]
    pub status: Vec<u16>,
    /// A text that the answer of a well one has in it.
    #[serde(default)]
    pub contains: Option<String>,
    /// Whether a serverless one that has no worker running, but would start one, counts as well.
    #[serde(default = "default_cold_is_well")]
    pub cold_is_well: bool,
    /// Questions in a row that must go wrong before it is left alone.
    #[serde(default = "default_unhealthy_after")]
    #[schemars(range(min = 1))]
    pub unhealthy_after: u32,
    /// Questions in a row that must go well before it is asked for work again.
    #[serde(default = "default_healthy_after")]
    #[schemars(range(min = 1))]
    pub healthy_after: u32,
}

fn default_interval() -> Period {
    Period::from_secs(10)
}

fn default_timeout() -> Period {
    Period::from_secs(5)
}

fn default_cold_is_well() -> bool {
    true
}

fn default_unhealthy_after() -> u32 {
    3
}

fn default_healthy_after() -> u32 {
    2
}
