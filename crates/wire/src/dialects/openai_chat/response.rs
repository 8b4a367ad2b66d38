//! The whole answer: `chat.completion`.

use bytes::Bytes;
use serde::Serialize;

use crate::ir::{self, StopReason};

/// A whole answer.
#[derive(Serialize)]
struct Completion<'a> {
    /// The answer's id.
    id: &'a str,
    /// Always `chat.completion`.
    object: &'static str,
    /// Seconds since the Unix epoch.
    created: u64,
    /// The name the client asked for.
    model: &'a str,
    /// Always one.
    choices: [Choice<'a>; 1],
    /// Tokens, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageBody>,
}

/// One alternative of an answer.
#[derive(Serialize)]
struct Choice<'a> {
    /// Its number.
    index: u32,
    /// What was said.
    message: Message<'a>,
    /// Not offered.
    logprobs: Option<()>,
    /// Why it ended.
    finish_reason: &'a str,
}

/// What was said.
#[derive(Serialize)]
struct Message<'a> {
    /// Always `assistant`.
    role: &'static str,
    /// The text.
    content: &'a str,
    /// Not offered.
    refusal: Option<()>,
}

/// Tokens in OpenAI's arithmetic: the prompt's count holds what came from the cache.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct UsageBody {
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
}

/// Parts of the prompt's tokens.
#[derive(Clone, Copy, Debug, Serialize)]
struct PromptDetails {
    /// Read from the provider's cache.
    cached_tokens: u64,
}

/// Parts of the output's tokens.
#[derive(Clone, Copy, Debug, Serialize)]
struct CompletionDetails {
    /// Spent on reasoning.
    reasoning_tokens: u64,
}

impl From<ir::Usage> for UsageBody {
    fn from(usage: ir::Usage) -> Self {
        let some = |count: u64| (count > 0).then_some(count);
        Self {
            prompt_tokens: usage.prompt(),
            completion_tokens: usage.output,
            total_tokens: usage.prompt().saturating_add(usage.output),
            prompt_tokens_details: some(usage.cache_read).map(|cached_tokens| PromptDetails { cached_tokens }),
            completion_tokens_details: some(usage.reasoning)
                .map(|reasoning_tokens| CompletionDetails { reasoning_tokens }),
        }
    }
}

/// The dialect's word for why an answer ended.
pub(super) fn finish_reason(stop: &StopReason) -> &str {
    match stop {
        StopReason::End => "stop",
        StopReason::Length => "length",
        StopReason::Filtered => "content_filter",
        StopReason::Other(word) => word,
    }
}

/// Writes a whole answer.
pub(super) fn encode(response: &ir::Response) -> Bytes {
    let completion = Completion {
        id: &response.id,
        object: "chat.completion",
        created: response.created,
        model: &response.model,
        choices: [Choice {
            index: 0,
            message: Message { role: "assistant", content: &response.text, refusal: None },
            logprobs: None,
            finish_reason: finish_reason(&response.stop),
        }],
        usage: response.usage.map(UsageBody::from),
    };
    Bytes::from(serde_json::to_vec(&completion).expect("text and numbers always serialise"))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(stop: StopReason, usage: Option<ir::Usage>, expected: &Expect) {
        let response = ir::Response {
            id: "chatcmpl-1".into(),
            model: "m".into(),
            created: 7,
            text: "a \"b\"".into(),
            stop,
            usage,
        };
        expected.assert_eq(std::str::from_utf8(&encode(&response)).expect("text"));
    }

    #[test]
    fn writes_a_whole_answer() {
        check(
            StopReason::End,
            None,
            &expect![[
                r#"{"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a \"b\"","refusal":null},"logprobs":null,"finish_reason":"stop"}]}"#
            ]],
        );
        check(
            StopReason::Other("eos".into()),
            Some(ir::Usage { input: 3, cache_read: 4, cache_write: 5, output: 6, reasoning: 2 }),
            &expect![[
                r#"{"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a \"b\"","refusal":null},"logprobs":null,"finish_reason":"eos"}],"usage":{"prompt_tokens":12,"completion_tokens":6,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}"#
            ]],
        );
    }
}
