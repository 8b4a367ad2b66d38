use expect_test::{Expect, expect};

use super::*;
use crate::DialectId;
use crate::ir::{Citation, Seal, SealOrigin, Usage};
use serde_json::value::RawValue;

fn head() -> StreamHead {
    StreamHead {
        model: "m".into(),
        include_usage: true,
        created: 7,
        request_id: "0".repeat(32),
        request: None,
        cost: None,
    }
}

fn write(mut encoder: impl StreamEncoder, events: &[Event]) -> String {
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.push(event, &mut out));
    encoder.finish(&mut out);
    encoder.finish(&mut out);
    encoder.ping(&mut out);
    String::from_utf8(out).expect("text")
}

#[track_caller]
fn check(events: &[Event], expected: &Expect) {
    expected.assert_eq(&write(SseEncoder::new(head()), events));
    let array = write(ArrayEncoder::new(head()), events);
    let values: Vec<serde_json::Value> = serde_json::from_str(&array).expect("an array");
    let sse = write(SseEncoder::new(head()), events);
    let lines = sse.lines().filter_map(|line| line.strip_prefix("data: "));
    assert_eq!(values, lines.map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<serde_json::Value>>());
}

fn start() -> Event {
    Event::Start { id: "r".into() }
}
fn open(block: u32, kind: BlockKind) -> Event {
    Event::Open { block, kind }
}
fn text(block: u32, text: &str) -> Event {
    Event::Delta { block, delta: Delta::Text(text.into()) }
}
fn arguments(block: u32, text: &str) -> Event {
    Event::Delta { block, delta: Delta::Arguments(text.into()) }
}
fn seal(block: u32, origin: SealOrigin) -> Event {
    Event::Delta { block, delta: Delta::Seal(Seal { origin, data: "SEAL".into() }) }
}
fn close(block: u32) -> Event {
    Event::Close { block }
}
fn thoughts(redacted: bool) -> BlockKind {
    BlockKind::Reasoning { summary: true, redacted, id: None }
}
fn tool(id: &str, custom: bool) -> BlockKind {
    BlockKind::ToolCall { id: id.into(), name: format!("t{id}"), custom }
}

#[test]
fn thoughts_then_text_then_sources_and_usage() {
    let usage = Usage { input: 3, cache_read: 4, cache_write: 5, output: 6, reasoning: 2, ..Usage::default() };
    let raw = RawValue::from_string(r#"{"groundingMetadata":{"a":1}}"#.into()).expect("JSON");
    let origin = DialectId::Gemini;
    check(
        &[
            start(),
            open(0, thoughts(false)),
            text(0, "hm"),
            seal(0, SealOrigin::Anthropic),
            close(0),
            open(1, thoughts(true)),
            seal(1, SealOrigin::Gemini),
            close(1),
            open(2, BlockKind::Text),
            text(2, "a"),
            Event::Ping,
            Event::Delta { block: 2, delta: Delta::Citation(Box::new(Citation::own(origin, raw))) },
            text(2, "b"),
            Event::Usage(usage),
            close(2),
            Event::Stop(StopReason::Length),
        ],
        &expect![[r#"
            data: {"candidates":[{"content":{"parts":[{"text":"hm","thought":true}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"text":"","thought":true,"thoughtSignature":"dGwxLmFudGhyb3BpYy5TRUFM"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"SEAL"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}


            data: {"candidates":[{"content":{"parts":[{"text":"b"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"MAX_TOKENS","index":0,"groundingMetadata":{"a":1}}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":4,"totalTokenCount":18,"cachedContentTokenCount":4,"thoughtsTokenCount":2},"modelVersion":"m","responseId":"r"}

        "#]],
    );
}

#[test]
fn interleaved_blocks_come_one_after_the_other_and_calls_whole() {
    check(
        &[
            start(),
            open(0, BlockKind::Text),
            open(1, tool("1", false)),
            open(2, tool("2", true)),
            open(3, BlockKind::Refusal),
            arguments(1, "{\"a\""),
            arguments(2, "plain"),
            text(3, "no"),
            text(0, "x"),
            arguments(1, "\r\n :1}"),
            seal(1, SealOrigin::Gemini),
            close(2),
            close(1),
            text(0, "y"),
            close(0),
            text(3, "!"),
            close(3),
            open(4, tool("4", false)),
            close(4),
            open(5, tool("5", false)),
            arguments(5, "[1"),
            close(5),
            Event::Stop(StopReason::ToolCalls),
        ],
        &expect![[r#"
            data: {"candidates":[{"content":{"parts":[{"text":"x"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"text":"y"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"1","name":"t1","args":{"a" :1}},"thoughtSignature":"SEAL"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"2","name":"t2","args":{"input":"plain"}}}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"text":"no"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"text":"!"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"4","name":"t4","args":{}}}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"5","name":"t5","args":{"arguments":"[1"}}}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

            data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"modelVersion":"m","responseId":"r"}

        "#]],
    );
}

#[test]
fn a_fault_or_no_end_is_an_error_in_the_stream() {
    let fault = Fault::new(FaultKind::UpstreamTimeout, "too slow");
    check(
        &[start(), open(0, BlockKind::Text), text(0, "a"), Event::Fault(Box::new(fault))],
        &expect![[r#"
        data: {"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}

        data: {"error":{"code":504,"message":"too slow","status":"DEADLINE_EXCEEDED"}}

    "#]],
    );
    check(
        &[start()],
        &expect![[r#"
        data: {"error":{"code":502,"message":"the provider's answer broke off before it was complete; try again","status":"UNAVAILABLE"}}

    "#]],
    );
}

#[test]
fn what_is_held_has_an_end() {
    let big = "x".repeat(HELD_BYTES_MAX);
    let told = write(
        SseEncoder::new(head()),
        &[start(), open(0, tool("1", false)), arguments(0, &big), close(0), Event::Stop(StopReason::ToolCalls)],
    );
    assert_eq!(
        told,
        "data: {\"error\":{\"code\":502,\"message\":\"the answer holds more than 4194304 bytes in blocks that are not complete\",\"status\":\"UNAVAILABLE\"}}\n\n"
    );
}
