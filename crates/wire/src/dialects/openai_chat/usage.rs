//! Tokens in OpenAI's arithmetic: the prompt's count holds what came from the cache and what went into it.

use serde::Serialize;

use crate::Usd;
use crate::ir::Usage;

/// Tokens of one answer, as they are written.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::dialects) struct UsageBody {
    /// All of the prompt.
    prompt_tokens: u64,
    /// All of the output.
    completion_tokens: u64,
    /// Both together.
    total_tokens: u64,
    /// What of the prompt was special; absent when nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<PromptDetails>,
    /// What of the output was special; absent when nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionDetails>,
    /// What they cost; absent unless the client asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Usd>,
}

/// Parts of the prompt's tokens.
#[derive(Clone, Copy, Debug, Serialize)]
struct PromptDetails {
    /// Read from the provider's cache.
    cached_tokens: u64,
    /// Written to the provider's cache; absent when none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    /// Of sound; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_tokens: Option<u64>,
}

/// Parts of the output's tokens.
#[derive(Clone, Copy, Debug, Serialize)]
struct CompletionDetails {
    /// Spent on reasoning.
    reasoning_tokens: u64,
    /// Of sound; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_tokens: Option<u64>,
}

impl UsageBody {
    /// The same with what it cost.
    pub(in crate::dialects) fn with_cost(self, cost: Option<Usd>) -> Self {
        Self { cost, ..self }
    }
}

impl From<Usage> for UsageBody {
    fn from(usage: Usage) -> Self {
        let some = |count: u64| (count > 0).then_some(count);
        let prompt = PromptDetails {
            cached_tokens: usage.cache_read,
            cache_write_tokens: some(usage.cache_write),
            audio_tokens: some(usage.audio_input),
        };
        let is_special = usage.cache_read > 0 || usage.cache_write > 0 || usage.audio_input > 0;
        let completion =
            CompletionDetails { reasoning_tokens: usage.reasoning, audio_tokens: some(usage.audio_output) };
        Self {
            prompt_tokens: usage.prompt(),
            completion_tokens: usage.output,
            total_tokens: usage.prompt().saturating_add(usage.output),
            prompt_tokens_details: is_special.then_some(prompt),
            completion_tokens_details: (usage.reasoning > 0 || usage.audio_output > 0).then_some(completion),
            cost: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::read_usage;

    #[test]
    fn counts_come_back_as_they_went() {
        for usage in [
            Usage::default(),
            Usage { input: 3, output: 2, ..Usage::default() },
            Usage { input: 3, cache_read: 4, cache_write: 5, output: 6, reasoning: 2, ..Usage::default() },
            Usage { input: 9, output: 8, audio_input: 4, audio_output: 3, ..Usage::default() },
            Usage { input: 0, cache_read: 0, cache_write: 5, output: 6, reasoning: 0, ..Usage::default() },
        ] {
            let text = serde_json::to_string(&UsageBody::from(usage)).expect("numbers");
            assert_eq!(read_usage(text.as_bytes()), Some(usage), "{text}");
        }
    }
}
