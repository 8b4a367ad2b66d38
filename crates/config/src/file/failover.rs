//! `[failover]`, and the words for it in other sections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Period, PeriodOrZero};

/// What happens when a provider does not answer as it should.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailoverSection {
    /// How often all the tries of a request are begun again, when the last one failed in a way that may pass.
    #[serde(default = "default_retries")]
    #[schemars(range(min = 0, max = 10))]
    pub retries: u32,
    /// How often the keys of a target are gone through before the next target is asked; those that rest are passed over.
    #[serde(default = "default_key_cycles")]
    #[schemars(range(min = 1, max = 8))]
    pub key_cycles: u32,
    /// The wait before the first of these; it doubles with each, give or take a fifth.
    #[serde(default = "default_backoff")]
    pub backoff: Period,
    /// The longest of these waits.
    #[serde(default = "default_backoff_max")]
    pub backoff_max: Period,
    /// What happens to a request when everything that could serve it rests.
    #[serde(default)]
    pub when_resting: WhenResting,
    /// The longest wait for something to come back, for `when_resting = "wait"`.
    #[serde(default = "default_wait")]
    pub wait: Period,
    /// Failures of one target within `circuit_window` that take it out of use; 0: never.
    #[serde(default = "default_circuit_failures")]
    pub circuit_failures: u32,
    /// How long failures are remembered for that.
    #[serde(default = "default_circuit_window")]
    pub circuit_window: Period,
    /// How long such a target is left alone before one request probes it; doubled, up to 5 minutes, each time that fails.
    #[serde(default = "default_circuit_open")]
    pub circuit_open: Period,
    /// How long a target that is back takes to come to its whole share again: one whose circuit was open, or whose
    /// provider rested. `0s`: it has all of it at once.
    #[serde(default = "default_slow_start")]
    pub slow_start: PeriodOrZero,
}

impl Default for FailoverSection {
    fn default() -> Self {
        Self {
            retries: default_retries(),
            key_cycles: default_key_cycles(),
            backoff: default_backoff(),
            backoff_max: default_backoff_max(),
            when_resting: WhenResting::default(),
            wait: default_wait(),
            circuit_failures: default_circuit_failures(),
            circuit_window: default_circuit_window(),
            circuit_open: default_circuit_open(),
            slow_start: default_slow_start(),
        }
    }
}

/// What happens to a request when everything that could serve it rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenResting {
    /// It fails at once, and the error says when the first of them is back.
    #[default]
    Fail,
    /// It is tried all the same.
    Try,
    /// It waits for the first of them, if that is soon enough.
    Wait,
}

/// The order of the targets of one priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// By chance, in proportion to their weights.
    #[default]
    Weighted,
    /// In turn, each as often as its weight says.
    RoundRobin,
    /// As written: the next only when the one before it cannot serve.
    Backup,
    /// The one with the fewest open requests for its weight.
    LeastBusy,
    /// The better of two drawn by chance: the one that is likely to answer first.
    TwoChoices,
    /// The same for all requests of a session, as long as it can be used.
    Sticky,
    /// The one that was last asked for the longest beginning of the same prompt, unless it is busier than the others.
    Prefix,
    /// As written, then the targets of other declared models that have the same `model` at their providers.
    Duplicate,
    /// Another name of `round_robin`.
    Rotational,
}

impl Strategy {
    /// Its name in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Weighted => "weighted",
            Self::RoundRobin => "round_robin",
            Self::Backup => "backup",
            Self::LeastBusy => "least_busy",
            Self::TwoChoices => "two_choices",
            Self::Sticky => "sticky",
            Self::Prefix => "prefix",
            Self::Duplicate => "duplicate",
            Self::Rotational => "rotational",
        }
    }

    /// Whether it asks how busy targets are.
    pub fn asks_for_loads(self) -> bool {
        matches!(self, Self::LeastBusy | Self::TwoChoices | Self::Prefix)
    }

    /// Whether targets take turns.
    pub fn takes_turns(self) -> bool {
        matches!(self, Self::RoundRobin | Self::Rotational)
    }
}

/// Which of a provider's keys is used first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyStrategy {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// The first as long as it can be used.
    FillFirst,
    /// The one with the fewest requests in the last minute.
    LeastUsed,
    /// By chance, in proportion to their weights.
    Weighted,
}

/// When conversations are put right whose tool messages do not go together: calls without an answer, answers without a
/// call, answers out of place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FixToolMessages {
    /// Only where an error calls for `auto_fix_tool_responses`.
    #[default]
    Off,
    /// When a provider refuses the request; then it is asked once more.
    OnError,
    /// Before any provider is asked.
    Always,
}

/// What follows from an error of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorAction {
    /// The key rests for every model; the next one is tried.
    GlobalKeyFailure,
    /// The key rests for this model; the next one is tried.
    ModelKeyFailure,
    /// The whole provider rests; the next target is tried.
    ProviderCooldown,
    /// The target rests; the next one is tried.
    RouteFailure,
    /// Nobody rests; the next target is tried.
    FallbackNoCooldown,
    /// Nobody rests; tool messages that do not go together are put right and the same target is asked once more. Where there is
    /// nothing to put right the client is told.
    AutoFixToolResponses,
    /// Nobody rests, the failure counts toward the target's circuit; the next target is tried, and this one again.
    Retry,
    /// The client is told.
    PassThrough,
}

fn default_retries() -> u32 {
    1
}

fn default_key_cycles() -> u32 {
    1
}

fn default_backoff() -> Period {
    Period::from_millis(500)
}

fn default_backoff_max() -> Period {
    Period::from_secs(5)
}

fn default_wait() -> Period {
    Period::from_secs(10)
}

fn default_circuit_failures() -> u32 {
    5
}

fn default_circuit_window() -> Period {
    Period::from_secs(30)
}

fn default_circuit_open() -> Period {
    Period::from_secs(15)
}

fn default_slow_start() -> PeriodOrZero {
    PeriodOrZero::from_secs(30)
}
