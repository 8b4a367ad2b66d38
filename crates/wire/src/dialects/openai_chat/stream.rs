//! The streamed answer: `chat.completion.chunk` events and `[DONE]`.

use serde::Serialize;

use super::error;
use super::response::{UsageBody, finish_reason};
use crate::dialect::{StreamEncoder, StreamHead};
use crate::ir::{self, Delta, Event};
use crate::{Fault, FaultKind};

/// Writes one stream. A client that asked for usage gets it as OpenAI sends it, in a chunk of its own; another one gets
/// it on the chunk that says why the answer ended.
#[derive(Debug)]
pub(super) struct Encoder {
    head: StreamHead,
    id: String,
    usage: Option<ir::Usage>,
    over: bool,
    grammar: ir::Grammar,
}

/// One event's data.
#[derive(Serialize)]
struct Chunk<'a> {
    /// The answer's id, the same in every chunk.
    id: &'a str,
    /// Always `chat.completion.chunk`.
    object: &'static str,
    /// Seconds since the Unix epoch.
    created: u64,
    /// The name the client asked for.
    model: &'a str,
    /// One, or none beside the usage.
    choices: &'a [Choice<'a>],
    /// Tokens; null in every other chunk of a stream that ends with them, else absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<UsageBody>>,
}

/// What is new in the only alternative.
#[derive(Serialize)]
struct Choice<'a> {
    /// Its number.
    index: u32,
    /// What is added.
    delta: DeltaBody<'a>,
    /// Not offered.
    logprobs: Option<()>,
    /// Why it ended; null until it did.
    finish_reason: Option<&'a str>,
}

/// What is added.
#[derive(Default, Serialize)]
struct DeltaBody<'a> {
    /// `assistant`, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    /// More text.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

impl Encoder {
    pub(super) fn new(head: StreamHead) -> Self {
        Self { head, id: String::new(), usage: None, over: false, grammar: ir::Grammar::new() }
    }

    fn write(&self, delta: DeltaBody<'_>, stop: Option<&str>, usage: Option<Option<UsageBody>>, out: &mut Vec<u8>) {
        self.write_chunk(&[Choice { index: 0, delta, logprobs: None, finish_reason: stop }], usage, out);
    }

    fn write_chunk(&self, choices: &[Choice<'_>], usage: Option<Option<UsageBody>>, out: &mut Vec<u8>) {
        let (object, created, model) = ("chat.completion.chunk", self.head.created, &self.head.model);
        let chunk = Chunk { id: &self.id, object, created, model, choices, usage };
        out.extend_from_slice(b"data: ");
        serde_json::to_writer(&mut *out, &chunk).expect("text and numbers always serialise into memory");
        out.extend_from_slice(b"\n\n");
    }

    /// What a chunk that is not the one with the usage says of it.
    fn no_usage(&self) -> Option<Option<UsageBody>> {
        self.head.include_usage.then_some(None)
    }

    fn stop(&mut self, reason: &ir::StopReason, out: &mut Vec<u8>) {
        self.over = true;
        let usage = self.usage.map(UsageBody::from);
        let word = Some(finish_reason(reason));
        if self.head.include_usage {
            self.write(DeltaBody::default(), word, self.no_usage(), out);
            if usage.is_some() {
                self.write_chunk(&[], Some(usage), out);
            }
        } else {
            self.write(DeltaBody::default(), word, usage.map(Some), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.over = true;
        out.extend_from_slice(&error::encode_frame(fault));
    }
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        debug_assert_eq!(self.grammar.step(event), Ok(()), "{event:?} breaks the grammar of streams");
        if self.over {
            return;
        }
        match event {
            Event::Start { id } => {
                self.id.clone_from(id);
                let delta = DeltaBody { role: Some("assistant"), content: Some("") };
                self.write(delta, None, self.no_usage(), out);
            }
            Event::Delta { block: _, delta: Delta::Text(text) } => {
                self.write(DeltaBody { role: None, content: Some(text) }, None, self.no_usage(), out);
            }
            // Chat Completions has no word for where a block begins or ends.
            Event::Open { .. } | Event::Close { .. } => {}
            Event::Usage(usage) => self.usage = Some(self.usage.unwrap_or_default().max(*usage)),
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            Event::Stop(reason) => self.stop(reason, out),
            Event::Fault(fault) => self.fail(fault, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.over {
            let message = "the provider's answer broke off before it was complete; try again";
            self.fail(&Fault::new(FaultKind::UpstreamBroken, message), out);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::ir::{BlockKind, StopReason};

    #[track_caller]
    fn check(include_usage: bool, events: &[Event], expected: &Expect) {
        let mut encoder = Encoder::new(StreamHead { model: "m".into(), include_usage, created: 7 });
        let mut out = Vec::new();
        for event in events {
            encoder.push(event, &mut out);
        }
        encoder.finish(&mut out);
        encoder.finish(&mut out);
        expected.assert_eq(std::str::from_utf8(&out).expect("text"));
    }

    fn answer(end: Event) -> Vec<Event> {
        let text = |text: &str| Event::Delta { block: 0, delta: Delta::Text(text.into()) };
        let usage = ir::Usage { input: 3, output: 2, ..ir::Usage::default() };
        vec![
            Event::Start { id: "c1".into() },
            Event::Open { block: 0, kind: BlockKind::Text },
            text("a"),
            Event::Ping,
            text("\nb"),
            Event::Close { block: 0 },
            Event::Usage(usage),
            end,
        ]
    }

    #[test]
    fn usage_comes_in_its_own_chunk_when_asked_for() {
        check(
            true,
            &answer(Event::Stop(StopReason::Length)),
            &expect![[r#"
            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}

            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"a"},"logprobs":null,"finish_reason":null}],"usage":null}

            : ping

            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"\nb"},"logprobs":null,"finish_reason":null}],"usage":null}

            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}],"usage":null}

            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}

            data: [DONE]

        "#]],
        );
    }

    #[test]
    fn usage_comes_with_the_last_chunk_when_not_asked_for() {
        check(
            false,
            &answer(Event::Stop(StopReason::End)),
            &expect![[r#"
            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}

            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"a"},"logprobs":null,"finish_reason":null}]}

            : ping

            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"\nb"},"logprobs":null,"finish_reason":null}]}

            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}

            data: [DONE]

        "#]],
        );
    }

    #[test]
    fn a_fault_ends_the_stream_without_done() {
        let fault = Fault::new(FaultKind::UpstreamTimeout, "too slow");
        check(
            false,
            &[Event::Start { id: "c1".into() }, Event::Fault(fault)],
            &expect![[r#"
            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}

            data: {"error":{"message":"too slow","type":"server_error","param":null,"code":"timeout"}}

        "#]],
        );
    }

    #[test]
    fn a_stream_that_just_ends_is_told_as_broken() {
        check(
            false,
            &[Event::Start { id: "c1".into() }],
            &expect![[r#"
            data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}

            data: {"error":{"message":"the provider's answer broke off before it was complete; try again","type":"server_error","param":null,"code":"upstream_error"}}

        "#]],
        );
    }
}
