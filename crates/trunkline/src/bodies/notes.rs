//! How a request went, beyond the numbers of its record.

use serde::{Deserialize, Serialize};
use trunkline_route::{Report, Tries, Try};

/// What is separated in the lists of a report.
const SEPARATOR: &str = ", ";

/// The lists of a report, and what else its record has no column for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notes {
    /// What became of the tries before the one that answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attempts: Vec<NotedTry>,
    /// How many more there were.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) attempts_beyond: u32,
    /// When the last one began, in microseconds from arrival.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_began_us: Option<u64>,
    /// The label of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_key: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) losses: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) repairs: Vec<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) continued: u32,
}

/// A try that did not answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NotedTry {
    pub(crate) provider: String,
    pub(crate) upstream_model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    pub(crate) lane: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dialect: Option<String>,
    pub(crate) outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    pub(crate) started_us: u64,
    pub(crate) total_us: u64,
}

impl Notes {
    /// What is to be kept of how a request went; `None` when that is nothing. Losses alone are worth it only `with_losses`:
    /// where dialects differ, every request has some.
    pub(crate) fn of(report: &Report, with_losses: bool) -> Option<Self> {
        let is_plain = report.tries.is_none() && report.repairs.is_none() && report.continued == 0;
        if is_plain && (report.losses.is_none() || !with_losses) {
            return None;
        }
        let list = |list: Option<&str>| list.map(|list| list.split(SEPARATOR).map(str::to_owned).collect());
        let tries = report.tries.as_deref();
        Some(Self {
            attempts: tries.map(Self::attempts).unwrap_or_default(),
            attempts_beyond: tries.and_then(|tries| u32::try_from(tries.beyond).ok()).unwrap_or_default(),
            last_began_us: tries.and_then(|tries| tries.last_began_us),
            last_key: tries.and_then(|tries| tries.last_key.as_ref()).map(|key| key.to_string()),
            losses: list(report.losses.as_deref()).unwrap_or_default(),
            repairs: list(report.repairs.as_deref()).unwrap_or_default(),
            continued: report.continued,
        })
    }

    fn attempts(tries: &Tries) -> Vec<NotedTry> {
        let noted = |tried: &Try| NotedTry {
            provider: tried.provider.to_string(),
            upstream_model: tried.upstream_model.to_string(),
            key: tried.key.as_ref().map(|key| key.to_string()),
            lane: tried.lane.to_owned(),
            dialect: tried.dialect.map(str::to_owned),
            outcome: tried.outcome.to_owned(),
            status: tried.status,
            detail: tried.detail.clone(),
            started_us: tried.started_us,
            total_us: tried.total_us,
        };
        tries.before.iter().map(noted).collect()
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers can be written")
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}
