//! What happens when a provider does not answer as it should, resolved.

use std::time::Duration;

use trunkline_wire::FaultKind;

use super::QueueLimits;
pub use crate::file::{ErrorAction, FixToolMessages, KeyStrategy, Strategy};

/// How requests are tried again, and when things are left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failover {
    /// How often all the tries of a request are begun again.
    pub retries: u32,
    /// How often the keys of a target are gone through before the next target is asked.
    pub key_cycles: u32,
    /// The wait before the first of these; it doubles with each.
    pub backoff: Duration,
    /// The longest of these waits.
    pub backoff_max: Duration,
    /// What happens to a request when everything that could serve it rests.
    pub when_resting: WhenResting,
    /// When a target is taken out of use.
    pub circuit: CircuitLimits,
    /// How requests wait for a target that has no room.
    pub queue: QueueLimits,
}

/// What happens to a request when everything that could serve it rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenResting {
    /// It fails at once.
    Fail,
    /// It is tried all the same.
    Try,
    /// It waits for the first of them, at most so long.
    Wait(Duration),
}

/// When a target's circuit opens, for how long, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitLimits {
    /// Failures within `window` that open it; 0: never.
    pub failures: u32,
    /// How long failures are remembered.
    pub window: Duration,
    /// How long it stays open before one request probes it.
    pub open: Duration,
    /// How long it takes after that to come to its whole share again; zero: it has it at once.
    pub slow_start: Duration,
}

/// Which errors of a provider are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCase {
    /// This status.
    Status(u16),
    /// This kind, whatever the status.
    Kind(FaultKind),
    /// Statuses that begin with this digit.
    Class(u16),
}

impl ErrorCase {
    /// Reads `429`, `5xx`, or the name of a kind of which a provider can be the cause.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(class) = text.strip_suffix("xx") {
            return class.parse().ok().filter(|class| matches!(class, 4 | 5)).map(Self::Class);
        }
        if let Ok(status) = text.parse() {
            return (300..600).contains(&status).then_some(Self::Status(status));
        }
        FaultKind::named(text).filter(|kind| UPSTREAM_KINDS.contains(kind)).map(Self::Kind)
    }
}

/// Kinds of which a provider can be the cause.
pub(crate) const UPSTREAM_KINDS: [FaultKind; 9] = [
    FaultKind::RateLimited,
    FaultKind::QuotaExhausted,
    FaultKind::Overloaded,
    FaultKind::ContextTooLong,
    FaultKind::UpstreamAuth,
    FaultKind::Unreachable,
    FaultKind::UpstreamTimeout,
    FaultKind::UpstreamBroken,
    FaultKind::UpstreamRejected,
];
