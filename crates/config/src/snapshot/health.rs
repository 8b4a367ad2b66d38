//! How a provider is asked whether it is well, resolved.

use std::time::Duration;

/// How, how often, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// The time from one question to the next.
    pub interval: Duration,
    /// The longest wait for an answer.
    pub timeout: Duration,
    /// What is asked for; `None`: the list of its models.
    pub path: Option<String>,
    /// The statuses that a well one answers with; empty: any 2xx.
    pub statuses: Vec<u16>,
    /// A text that the answer of a well one has in it.
    pub contains: Option<String>,
    /// Whether a serverless one without a running worker counts as well.
    pub cold_is_well: bool,
    /// Questions in a row that must go wrong before it is left alone; at least 1.
    pub unhealthy_after: u32,
    /// Questions in a row that must go well before it is asked for work again; at least 1.
    pub healthy_after: u32,
}
