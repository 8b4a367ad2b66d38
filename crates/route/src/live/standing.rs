//! What stands against a provider whatever its answers are: it is not well, or it is being drained.

use std::sync::Arc;
use std::time::Duration;

use super::rest::{Held, Moment};

/// The shortest time until a provider that is not well may be another: the next question is under way when its moment has
/// passed. Guards those who wait for that moment against asking again and again.
const RECHECK_MIN: Duration = Duration::from_secs(1);

/// What stands against one provider.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) sick: Option<Sick>,
    /// Whether all of it is drained.
    pub(super) drains: bool,
    /// The models of it that are.
    pub(super) draining: Vec<Arc<str>>,
}

/// A provider that fails when it is asked whether it is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sick {
    /// Since when.
    pub since: Moment,
    /// When it is asked again.
    pub next: Moment,
    /// What was wrong last.
    pub why: Arc<str>,
}

impl Standing {
    pub(super) fn held(&self, model: &str, now: Moment) -> Option<Held> {
        if self.drains || self.draining.iter().any(|draining| **draining == *model) {
            return Some(Held::Draining);
        }
        let Sick { since, next, .. } = self.sick.as_ref()?;
        Some(Held::Unhealthy { since: *since, until: (*next).max(now + RECHECK_MIN) })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sick.is_none() && !self.drains && self.draining.is_empty()
    }
}
