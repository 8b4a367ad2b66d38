//! How a request went, beyond the numbers of its record.

use serde::{Deserialize, Serialize};
use trunkline_route::Report;

/// What is separated in the lists of a report.
const SEPARATOR: &str = ", ";

/// The lists of a report, and what else its record has no column for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notes {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tries: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) losses: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) repairs: Vec<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) continued: u32,
}

impl Notes {
    /// What is to be kept of how a request went; `None` when that is nothing. Losses alone are worth it only `with_losses`:
    /// where dialects differ, every request has some.
    pub(crate) fn of(report: &Report, with_losses: bool) -> Option<Self> {
        let is_plain = report.trail.is_none() && report.repairs.is_none() && report.continued == 0;
        if is_plain && (report.losses.is_none() || !with_losses) {
            return None;
        }
        let list = |list: Option<&str>| list.map(|list| list.split(SEPARATOR).map(str::to_owned).collect());
        Some(Self {
            tries: list(report.trail.as_deref()).unwrap_or_default(),
            losses: list(report.losses.as_deref()).unwrap_or_default(),
            repairs: list(report.repairs.as_deref()).unwrap_or_default(),
            continued: report.continued,
        })
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers can be written")
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}
