//! `price` of a model or a target

use schemars::JsonSchema;
use serde::Deserialize;

/// What a model costs. A target at which all is 0 is free; what is not stated anywhere is unknown.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceSection {
    /// Prompt tokens.
    #[schemars(range(min = 0), extend("x-unit" = "USD per million tokens"))]
    pub input: f64,
    /// Completion tokens.
    #[schemars(range(min = 0), extend("x-unit" = "USD per million tokens"))]
    pub output: f64,
    /// Prompt tokens read from a cache.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `input`", "x-unit" = "USD per million tokens"))]
    pub cached_input: Option<f64>,
    /// Prompt tokens written to a cache.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `input`", "x-unit" = "USD per million tokens"))]
    pub cache_write: Option<f64>,
    /// Prompt tokens of sound.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `input`", "x-unit" = "USD per million tokens"))]
    pub audio_input: Option<f64>,
    /// Completion tokens of sound.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `output`", "x-unit" = "USD per million tokens"))]
    pub audio_output: Option<f64>,
    /// Each request, beside its tokens.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "0", "x-unit" = "USD per request"))]
    pub request: f64,
    /// Each second from asking the provider to the end of its answer, beside tokens.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "0", "x-unit" = "USD per second"))]
    pub second: f64,
    /// Each picture of the prompt, beside the tokens that it is counted for.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "0", "x-unit" = "USD per image"))]
    pub image: f64,
    /// What tokens cost instead when the prompt is long.
    #[serde(default)]
    pub tiers: Vec<PriceTier>,
    /// What it costs from some day on; earlier requests keep what they cost.
    #[serde(default)]
    pub changes: Vec<PriceChange>,
}

/// What a model costs from some day on. Nothing of the price before holds on.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceChange {
    /// The first day, such as `2026-12-01`; it begins at midnight UTC.
    pub from: String,
    /// Prompt tokens.
    #[schemars(range(min = 0), extend("x-unit" = "USD per million tokens"))]
    pub input: f64,
    /// Completion tokens.
    #[schemars(range(min = 0), extend("x-unit" = "USD per million tokens"))]
    pub output: f64,
    /// Prompt tokens read from a cache.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `input`", "x-unit" = "USD per million tokens"))]
    pub cached_input: Option<f64>,
    /// Prompt tokens written to a cache.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `input`", "x-unit" = "USD per million tokens"))]
    pub cache_write: Option<f64>,
    /// Prompt tokens of sound.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `input`", "x-unit" = "USD per million tokens"))]
    pub audio_input: Option<f64>,
    /// Completion tokens of sound.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `output`", "x-unit" = "USD per million tokens"))]
    pub audio_output: Option<f64>,
    /// Each request, beside its tokens.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "0", "x-unit" = "USD per request"))]
    pub request: f64,
    /// Each second from asking the provider to the end of its answer, beside tokens.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "0", "x-unit" = "USD per second"))]
    pub second: f64,
    /// Each picture of the prompt, beside the tokens that it is counted for.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "0", "x-unit" = "USD per image"))]
    pub image: f64,
    /// What tokens cost instead when the prompt is long.
    #[serde(default)]
    pub tiers: Vec<PriceTier>,
}

/// What all tokens of a request with a long prompt cost.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceTier {
    /// It holds for prompts of more tokens than this, cached ones included.
    #[schemars(range(min = 1), extend("x-unit" = "tokens"))]
    pub above: u64,
    /// Prompt tokens.
    #[schemars(range(min = 0), extend("x-unit" = "USD per million tokens"))]
    pub input: f64,
    /// Completion tokens.
    #[schemars(range(min = 0), extend("x-unit" = "USD per million tokens"))]
    pub output: f64,
    /// Prompt tokens read from a cache.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `input`", "x-unit" = "USD per million tokens"))]
    pub cached_input: Option<f64>,
    /// Prompt tokens written to a cache.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `input`", "x-unit" = "USD per million tokens"))]
    pub cache_write: Option<f64>,
    /// Prompt tokens of sound.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `input`", "x-unit" = "USD per million tokens"))]
    pub audio_input: Option<f64>,
    /// Completion tokens of sound.
    #[serde(default)]
    #[schemars(range(min = 0), extend("x-default" = "as `output`", "x-unit" = "USD per million tokens"))]
    pub audio_output: Option<f64>,
}
