//! `[providers.NAME.models."ID".capabilities]` and `[models.NAME.capabilities]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a model takes of what a client may say, where Trunkline does not know it, or knows it wrong. It decides what
/// requests are left without when they are translated; requests in the provider's own dialect go through as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapabilitiesSection {
    /// How it is told to think.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub thinking: Option<Thinking>,
    /// Whether `temperature`, `top_p` and `top_k` may be given.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub sampling: Option<bool>,
    /// Whether it takes what OpenAI's own server does not know: `top_k`, `min_p`, `repetition_penalty`.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub extended_sampling: Option<bool>,
    /// Whether it takes what OpenAI's own server does and few others: `metadata`, `service_tier`, `safety_identifier`,
    /// `verbosity`, `store`, `moderation`, `prompt_cache_options`.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub openai_options: Option<bool>,
    /// Whether system messages may stand between the turns, and not only before the first.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub system_in_middle: Option<bool>,
    /// Whether it knows the role `developer`.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub developer_role: Option<bool>,
    /// By which name it is told the most tokens to produce.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub max_tokens_field: Option<MaxTokensField>,
    /// The most tokens it can produce; requests for more are cut down to it.
    #[serde(default)]
    #[schemars(range(min = 1), extend("x-default" = KNOWN, "x-unit" = "tokens"))]
    pub output_tokens_max: Option<u64>,
    /// Tokens to ask for where a number must be stated and the client gives none.
    #[serde(default)]
    #[schemars(range(min = 1), extend("x-default" = KNOWN, "x-unit" = "tokens"))]
    pub output_tokens_default: Option<u64>,
    /// Whether it sees images.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub images: Option<bool>,
    /// Whether it reads documents such as PDF files.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub documents: Option<bool>,
    /// Whether it hears.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub audio: Option<bool>,
    /// Whether the results of tools may hold images.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub tool_images: Option<bool>,
    /// Whether it calls tools at all.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub tools: Option<bool>,
    /// Whether it may be told to call one tool at a time.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub parallel_tools: Option<bool>,
    /// Whether its answer can be held to a JSON schema.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub json_schema: Option<bool>,
    /// How earlier thoughts go back to it.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub reasoning_replay: Option<ReasoningReplay>,
    /// Whether marks of what to cache reach it.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub cache_marks: Option<bool>,
    /// Whether it goes on from a last message of its own; where not, it is asked to in words.
    #[serde(default)]
    #[schemars(extend("x-default" = KNOWN))]
    pub prefill: Option<bool>,
    /// The most stop texts it takes; more are left out.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = KNOWN))]
    pub stop_texts_max: Option<u32>,
}

/// The default of each.
const KNOWN: &str = "as known of the provider and the model's name";

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Thinking {
    /// Nothing is known: what the client asks for is said.
    Any,
    /// It does not think, and refuses to be told to.
    Never,
    /// By a number of tokens.
    Budget,
    /// By itself, with an effort; it can be told not to.
    Adaptive,
    /// By itself, always.
    Always,
}

/// The name of the limit on output tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaxTokensField {
    /// What nearly all know.
    MaxTokens,
    /// What OpenAI's reasoning models insist on.
    MaxCompletionTokens,
}

/// How earlier thoughts go back to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningReplay {
    /// Not at all.
    Dropped,
    /// In a field of this name of the assistant's message.
    ReasoningContent,
    /// In a field of this name of the assistant's message.
    Reasoning,
}
