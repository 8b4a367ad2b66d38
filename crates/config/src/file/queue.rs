//! `[queue]`, and the word for its classes in other sections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Period;

/// How requests wait for a target that has no room, by its `requests_max`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueSection {
    /// Requests that may wait at one place; one more goes on to the next target, or is refused.
    #[serde(default = "default_waiting_max")]
    #[schemars(range(min = 1, max = 100_000))]
    pub waiting_max: u32,
    /// The longest time that one request waits in all.
    #[serde(default = "default_wait_max")]
    pub wait_max: Period,
    /// How long it waits at a target before it also waits at the next one.
    #[serde(default = "default_spill_after")]
    pub spill_after: Period,
    /// How long a client that asked for a stream waits in silence. Then its answer begins with signs of life, and it is
    /// told in the stream when nobody serves it. `0s`: it waits in silence.
    #[serde(default = "default_keepalive_after")]
    pub keepalive_after: Period,
}

impl Default for QueueSection {
    fn default() -> Self {
        Self {
            waiting_max: default_waiting_max(),
            wait_max: default_wait_max(),
            spill_after: default_spill_after(),
            keepalive_after: default_keepalive_after(),
        }
    }
}

/// Whose requests go first where they have to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// After all others.
    Low,
    /// Between the two.
    #[default]
    Normal,
    /// Before all others.
    High,
}

impl Priority {
    /// The class of this name, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Low, Self::Normal, Self::High].into_iter().find(|class| class.as_str().eq_ignore_ascii_case(name))
    }

    /// Its name in the document and in headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

fn default_waiting_max() -> u32 {
    256
}

fn default_wait_max() -> Period {
    Period::from_secs(60)
}

fn default_spill_after() -> Period {
    Period::from_secs(2)
}

fn default_keepalive_after() -> Period {
    Period::from_secs(15)
}
