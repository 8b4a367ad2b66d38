//! Rests: who is left alone, until when, and why.

use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use trunkline_wire::FaultKind;

/// A moment, in milliseconds since the Unix epoch: a rest may outlive the process that ordered it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    /// How long it is from `earlier` to here; zero when it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, period: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(period.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// Who rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The whole provider.
    Provider,
    /// One model of one provider.
    Target,
    /// One key, for every model.
    Key,
    /// One key, for one model.
    KeyForModel,
}

impl Whose {
    /// The name in the API, the header of attempts and explanations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Target => "target",
            Self::Key => "key",
            Self::KeyForModel => "key_for_model",
        }
    }
}

/// What a rest is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What failed.
    pub kind: FaultKind,
    /// The provider's status, when it answered.
    pub status: Option<u16>,
}

/// One rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// When it was ordered.
    pub since: Moment,
    /// When it is over.
    pub until: Moment,
    /// What for.
    pub cause: Cause,
}

impl Rest {
    /// A longer rest replaces this one, a shorter one changes nothing.
    pub(super) fn extend(&mut self, by: Self) {
        if by.until > self.until {
            *self = Self { since: self.since, ..by };
        }
    }
}

/// What keeps a target or a key from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Somebody rests.
    Resting {
        /// Who.
        whose: Whose,
        /// Until when, and why.
        rest: Rest,
    },
    /// The prompt cannot fit.
    TooLong {
        /// Tokens that it is at least.
        tokens: u64,
        /// Tokens that the target takes at most.
        window: u64,
    },
    /// The client does not want it.
    Unwanted,
    /// The target's circuit is open, or one try is probing it.
    Open {
        /// When the next try may probe it.
        until: Moment,
    },
    /// The key was used as often, or for as many tokens, as it may be within a minute.
    KeyRate {
        /// When it is below that again.
        until: Moment,
    },
    /// The provider fails when it is asked whether it is well.
    Unhealthy {
        /// Since when.
        since: Moment,
        /// When it is asked again.
        until: Moment,
    },
    /// The provider or the target takes no new requests: the operator says so.
    Draining,
}

impl Held {
    /// The name in the header of attempts and in explanations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resting { whose: Whose::Provider, .. } => "provider_rests",
            Self::Resting { whose: Whose::Target, .. } => "target_rests",
            Self::Resting { whose: Whose::Key | Whose::KeyForModel, .. } => "key_rests",
            Self::Open { .. } => "circuit_open",
            Self::KeyRate { .. } => "key_rate",
            Self::Unhealthy { .. } => "unhealthy",
            Self::Draining => "draining",
            Self::TooLong { .. } => "context",
            Self::Unwanted => "not_wanted",
        }
    }

    /// The same in a sentence.
    pub fn why(self) -> String {
        match self {
            Self::Resting { whose, rest: Rest { cause, .. } } => {
                let status = cause.status.map(|status| format!(" ({status})")).unwrap_or_default();
                format!("the {} rests after {}{status}", whose.as_str(), cause.kind.as_str())
            }
            Self::Open { .. } => "its circuit is open".to_owned(),
            Self::KeyRate { .. } => "the key has used up its minute".to_owned(),
            Self::Unhealthy { .. } => "the provider is not well".to_owned(),
            Self::Draining => "it is draining".to_owned(),
            Self::TooLong { tokens, window } => {
                format!("the prompt is at least {tokens} tokens, and it takes {window} at most")
            }
            Self::Unwanted => "the request does not want it".to_owned(),
        }
    }

    /// When it may be used again; `None`: never for this request, or not before the operator says so.
    pub fn until(self) -> Option<Moment> {
        match self {
            Self::Resting { rest, .. } => Some(rest.until),
            Self::Open { until } | Self::KeyRate { until } | Self::Unhealthy { until, .. } => Some(until),
            Self::TooLong { .. } | Self::Unwanted | Self::Draining => None,
        }
    }
}

/// One rest as it is shown and kept: neither key nor model for a provider's, a model for a target's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestRow {
    /// The provider's name.
    pub provider: Arc<str>,
    /// The key's label.
    pub key: Option<Arc<str>>,
    /// The provider's own name for the model.
    pub model: Option<Arc<str>>,
    /// Until when, and why.
    pub rest: Rest,
}
