//! What requests used and cost: what is asked of whoever keeps the sums, and what they look like from outside.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::requests::Looked;

/// Whose sums are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(missing_docs, reason = "the words of a report")]
pub enum UsageBy {
    ClientKey,
    Model,
    Provider,
    UpstreamModel,
}

/// Which times are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[expect(missing_docs, reason = "the words of a calendar")]
pub enum UsagePer {
    Hour,
    Day,
}

/// A form in which sums are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum UsageFormat {
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

/// What is asked. What is left out tells nothing apart and excludes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UsageQuestion {
    /// Whose sums are told apart; nobody's when left out.
    pub by: Option<UsageBy>,
    /// Which times are told apart; none when left out.
    pub per: Option<UsagePer>,
    /// From when on: a day (in `zone`), a moment such as `2026-11-22T08:00:00Z`, or how long ago, such as `24h`. Its hour
    /// counts as a whole. A day ago when left out.
    pub since: Option<String>,
    /// Until when, likewise; now when left out.
    pub until: Option<String>,
    /// How far the clocks of those who ask are ahead of UTC, such as `+02:00`: where their days begin.
    pub zone: Option<String>,
    /// Only the requests of this client key.
    pub client_key: Option<String>,
    /// Only requests for this model.
    pub model: Option<String>,
    /// Only requests that this provider served last.
    pub provider: Option<String>,
    /// The form; what `Accept` says when left out.
    pub format: Option<UsageFormat>,
}

/// What requests used and cost.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Usage {
    /// The sums of each group: times in order, and within each the dearest first.
    pub groups: Vec<UsageGroup>,
    /// Those of all of them together.
    pub all: UsageGroup,
    /// From when on; `None`: from the beginning.
    #[schemars(extend("format" = "date-time"))]
    pub since: Option<String>,
    /// Until when; `None`: until now.
    #[schemars(extend("format" = "date-time"))]
    pub until: Option<String>,
    /// Where days begin.
    pub zone: String,
}

/// The sums of one group.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UsageGroup {
    /// Whose they are; `None` where nobody's were told apart, or there was no such name.
    pub name: Option<String>,
    /// When the hour or the day began; `None` where no times were told apart.
    #[schemars(extend("format" = "date-time"))]
    pub start_at: Option<String>,
    /// Requests that ended.
    pub requests: u64,
    /// How many of them failed.
    pub errors: u64,
    /// How many their callers left.
    pub client_left: u64,
    /// How many have tokens that the provider did not count to the end.
    pub inexact: u64,
    /// How many used tokens without a known price: their cost is not in `cost`.
    pub unknown_cost: u64,
    /// How many were given an answer that was given before.
    pub cached: u64,
    /// Tokens put in, those from and for a cache not counted.
    pub input_tokens: u64,
    /// Tokens read from a cache.
    pub cache_read_tokens: u64,
    /// Tokens written to a cache.
    pub cache_write_tokens: u64,
    /// Tokens that came out.
    pub output_tokens: u64,
    /// How many of those were reasoning.
    pub reasoning_tokens: u64,
    /// How many tokens put in were sound.
    pub audio_input_tokens: u64,
    /// How many that came out.
    pub audio_output_tokens: u64,
    /// In USD; `None`: nobody knows.
    #[schemars(extend("format" = "decimal"))]
    pub cost: Option<String>,
    /// What was not paid because of a cache, in USD; `None` as for the cost.
    #[schemars(extend("format" = "decimal"))]
    pub saved: Option<String>,
    /// From arrival to the end.
    pub total: Latency,
    /// From arrival to the first byte of an answer, of those requests that got one.
    pub first_byte: Latency,
}

/// How long something took; percentiles are estimates. `None` when nothing was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the words of statistics")]
pub struct Latency {
    pub mean_us: Option<u64>,
    pub p50_us: Option<u64>,
    pub p95_us: Option<u64>,
    pub p99_us: Option<u64>,
}

/// Whoever keeps the sums.
pub trait Sums: Send + Sync {
    /// The sums of each group.
    fn usage(&self, question: UsageQuestion) -> Looked<Usage>;
    /// The same as a table, a line a group, after one of names.
    fn usage_csv(&self, question: UsageQuestion) -> Looked<String>;
}
