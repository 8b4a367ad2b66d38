//! `[enforce_tool_call]`, and the same for one model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PeriodOrZero;

/// Whether models must call a tool when they are offered some. Without one, an answer is asked for again.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnforceSection {
    /// Whether they must.
    #[serde(default)]
    #[schemars(extend("x-default" = "`false`"))]
    pub enabled: Option<bool>,
    /// What a model writes when it is done and calls nothing; clients do not see it. `""`: it must always call.
    #[serde(default)]
    #[schemars(extend("x-default" = "`[TASK_COMPLETE]`"))]
    pub termination_flag: Option<String>,
    /// How often an answer is asked for again before the request fails.
    #[serde(default)]
    #[schemars(range(min = 0, max = 50), extend("x-default" = "`10`"))]
    pub max_retries: Option<u32>,
    /// What the model is told beforehand, with `{flag}` where the flag is to stand. `""`: nothing.
    #[serde(default)]
    #[schemars(extend("x-default" = "to call a tool, or to write the flag"))]
    pub guidance: Option<String>,
    /// The pause before each piece of a streamed answer, which is whole before its first piece goes out; at most `10s`.
    #[serde(default)]
    #[schemars(extend("x-default" = "`0s`"))]
    pub stream_chunk_delay: Option<PeriodOrZero>,
    /// Whether an answer that says nothing at all is asked for again.
    #[serde(default)]
    #[schemars(extend("x-default" = "`strict`"))]
    pub empty_response_policy: Option<EmptyResponsePolicy>,
}

/// What becomes of an answer that says nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmptyResponsePolicy {
    /// It is asked for again.
    Strict,
    /// It passes.
    Lenient,
}
