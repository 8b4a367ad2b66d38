//! Items of an answer, their parts and the counts at its end: exactly what stands on the wire.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::{Usd, ir};

/// An item of `output`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum OutputItem<'a> {
    /// What the model said.
    Message {
        /// `msg_` and a number.
        id: &'a str,
        /// `in_progress`, `completed` or `incomplete`.
        status: &'a str,
        /// Always `assistant`.
        role: &'static str,
        /// Its parts.
        content: &'a [Box<RawValue>],
    },
    /// A call of a function.
    FunctionCall {
        /// `fc_` and a number.
        id: &'a str,
        /// `in_progress` or `completed`.
        status: &'a str,
        /// What the result names.
        call_id: &'a str,
        /// The namespace of the function, where it has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<&'a str>,
        /// The function.
        name: &'a str,
        /// JSON text.
        arguments: &'a str,
    },
    /// A call of a custom tool.
    CustomToolCall {
        /// `ctc_` and a number.
        id: &'a str,
        /// `in_progress` or `completed`.
        status: &'a str,
        /// What the result names.
        call_id: &'a str,
        /// The namespace of the tool, where it has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<&'a str>,
        /// The tool.
        name: &'a str,
        /// Plain text.
        input: &'a str,
    },
    /// What the model thought.
    Reasoning {
        /// `rs_` and a number, or the provider's own.
        id: &'a str,
        /// A summary, or nothing.
        summary: &'a [Part<'a>],
        /// The thoughts themselves, where they are shown.
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<&'a [Part<'a>]>,
        /// What the client sends back with them.
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<&'a str>,
    },
}

/// A part of an item.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part<'a> {
    /// Text for the person.
    OutputText {
        /// All of it.
        text: &'a str,
        /// Its sources.
        annotations: &'a [Box<RawValue>],
        /// How likely each token was; empty unless asked for.
        logprobs: &'a [Box<RawValue>],
    },
    /// Why the model will not answer.
    Refusal {
        /// All of it.
        refusal: &'a str,
    },
    /// Thoughts.
    ReasoningText {
        /// All of them.
        text: &'a str,
    },
    /// A summary of thoughts.
    SummaryText {
        /// All of it.
        text: &'a str,
    },
}

impl OutputItem<'_> {
    /// As it stands on the wire.
    pub(super) fn json(&self) -> Box<RawValue> {
        to_raw_value(self).expect("text always serialises")
    }
}

impl Part<'_> {
    /// As it stands on the wire.
    pub(super) fn json(&self) -> Box<RawValue> {
        to_raw_value(self).expect("text always serialises")
    }
}

/// Tokens in OpenAI's arithmetic: the input's count holds what came from the cache and what went into it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct UsageBody {
    /// All of the prompt.
    input_tokens: u64,
    /// What of it was special; strict clients insist on it.
    input_tokens_details: Option<InputDetails>,
    /// All of the output.
    output_tokens: u64,
    /// What of it was special; likewise.
    output_tokens_details: Option<OutputDetails>,
    /// Both together.
    total_tokens: u64,
    /// What they cost; absent unless the client asked.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    cost: Option<Usd>,
}

/// Parts of the prompt's tokens.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct InputDetails {
    /// Read from the provider's cache.
    cached_tokens: u64,
    /// Written to it.
    cache_write_tokens: u64,
    /// Of sound; absent when there was none.
    #[serde(skip_serializing_if = "is_none")]
    audio_tokens: u64,
}

/// Parts of the output's tokens.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct OutputDetails {
    /// Spent on reasoning.
    reasoning_tokens: u64,
    /// Of sound; absent when there was none.
    #[serde(skip_serializing_if = "is_none")]
    audio_tokens: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl UsageBody {
    /// The same with what it cost.
    pub(super) fn with_cost(self, cost: Option<Usd>) -> Self {
        Self { cost, ..self }
    }
}

impl From<ir::Usage> for UsageBody {
    fn from(usage: ir::Usage) -> Self {
        Self {
            input_tokens: usage.prompt(),
            input_tokens_details: Some(InputDetails {
                cached_tokens: usage.cache_read,
                cache_write_tokens: usage.cache_write,
                audio_tokens: usage.audio_input,
            }),
            output_tokens: usage.output,
            output_tokens_details: Some(OutputDetails {
                reasoning_tokens: usage.reasoning,
                audio_tokens: usage.audio_output,
            }),
            total_tokens: usage.prompt().saturating_add(usage.output),
            cost: None,
        }
    }
}

impl From<UsageBody> for ir::Usage {
    fn from(body: UsageBody) -> Self {
        let input = body.input_tokens_details.unwrap_or_default();
        let cached = input.cached_tokens.saturating_add(input.cache_write_tokens);
        let output = body.output_tokens_details.unwrap_or_default();
        Self {
            input: body.input_tokens.saturating_sub(cached),
            cache_read: input.cached_tokens,
            cache_write: input.cache_write_tokens,
            output: body.output_tokens,
            reasoning: output.reasoning_tokens,
            audio_input: input.audio_tokens,
            audio_output: output.audio_tokens,
        }
    }
}
