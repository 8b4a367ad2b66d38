//! `[[client_keys]]`

use std::num::{NonZeroU32, NonZeroU64};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Amount, Day, Priority};
use crate::Secret;

/// A key that callers authenticate with.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ClientKeySection {
    /// What reports and logs call its holder; each name once.
    pub name: String,
    /// The key itself, `${VAR}`, or `sha256:` and the 64 hexadecimal digits of its SHA-256. Only the hash is kept.
    pub key: Secret,
    /// Whose it is: a person or a team.
    #[serde(default)]
    #[schemars(extend("x-default" = "none"))]
    pub owner: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whose requests go first where they have to wait. A request may say less with `x-trunkline-priority`, not more.
    #[serde(default)]
    pub priority: Priority,
    /// What its holder may do.
    #[serde(flatten)]
    pub allowance: AllowanceSection,
}

/// What the holder of a client key may do; everything, by default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AllowanceSection {
    /// The models that it may ask for, by the names that clients use; `*` stands for any text, `?` for one character. An
    /// empty list: all. Others are answered 403, and are not in its lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-default" = "all"))]
    pub models: Vec<String>,
    /// The providers that may serve it, by name. An empty list: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-default" = "all"))]
    pub providers: Vec<String>,
    /// When it ends: a day, whose beginning in UTC is meant, or a moment such as `2027-01-31T12:00:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "never"))]
    pub expires: Option<Day>,
    /// Whether it is let in.
    #[serde(skip_serializing_if = "is_true")]
    #[schemars(extend("x-default" = "`true`"))]
    pub enabled: bool,
    /// Requests that it may make within any minute; one more is answered 429.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "no limit", "x-unit" = "requests"))]
    pub requests_per_minute: Option<NonZeroU32>,
    /// Tokens, of prompts and answers, that it may use within any minute. What a request takes is known when it ends:
    /// until then its prompt counts by its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9_007_199_254_740_992_u64), extend("x-default" = "no limit", "x-unit" = "tokens"))]
    pub tokens_per_minute: Option<NonZeroU64>,
    /// Requests that it may have open at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "no limit", "x-unit" = "requests"))]
    pub parallel_requests: Option<NonZeroU32>,
    /// What it may spend.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<BudgetSection>,
}

impl Default for AllowanceSection {
    fn default() -> Self {
        Self {
            models: Vec::new(),
            providers: Vec::new(),
            expires: None,
            enabled: true,
            requests_per_minute: None,
            tokens_per_minute: None,
            parallel_requests: None,
            budgets: Vec::new(),
        }
    }
}

/// What a client key may spend in a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Budget")]
pub struct BudgetSection {
    /// How much, such as `"10.00"`.
    #[schemars(extend("x-unit" = "USD"))]
    pub usd: Amount,
    /// In what time; each begins anew in UTC.
    #[serde(default)]
    pub period: BudgetPeriod,
    /// Whether a request that might overrun it is answered 429. If not, answers beyond it carry a warning.
    #[serde(default = "hard")]
    pub hard: bool,
}

/// The time that a budget is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BudgetPeriod {
    /// An hour of the clock.
    Hour,
    /// A day.
    Day,
    /// A week from Monday on.
    Week,
    /// A month of the calendar.
    Month,
    /// As long as the key is there.
    #[default]
    Total,
}

impl BudgetPeriod {
    /// Every period, the shortest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Total];

    /// The period of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == name)
    }

    /// Its name in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_true(value: &bool) -> bool {
    *value
}

fn hard() -> bool {
    true
}
