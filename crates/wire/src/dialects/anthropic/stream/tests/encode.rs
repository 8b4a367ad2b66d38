use expect_test::{Expect, expect};
use serde_json::value::RawValue;

use crate::dialect::{StreamDecoder, StreamEncoder, StreamHead};
use crate::dialects::anthropic::stream::{Decoder, Encoder};
use crate::ir::{BlockKind, Citation, Delta, Event, Seal, SealOrigin, StopReason, Usage};
use crate::{DialectId, Fault, FaultKind};

fn write(events: &[Event]) -> Vec<u8> {
    let mut encoder = Encoder::new(StreamHead {
        model: "m".into(),
        include_usage: false,
        created: 7,
        request_id: "0".repeat(32),
        request: None,
        cost: None,
    });
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.push(event, &mut out));
    encoder.finish(&mut out);
    let length = out.len();
    encoder.finish(&mut out);
    encoder.ping(&mut out);
    assert_eq!(out.len(), length, "nothing comes after the end");
    out
}

/// What is written after the start of the message.
#[track_caller]
fn check(events: &[Event], expected: &Expect) {
    let mut all = vec![start()];
    all.extend_from_slice(events);
    let text = String::from_utf8(write(&all)).expect("text");
    let (_, rest) = text.split_once("\n\n").expect("an event");
    expected.assert_eq(rest);
}

fn start() -> Event {
    Event::Start { id: "chatcmpl-1".to_owned() }
}

fn thoughts(redacted: bool) -> BlockKind {
    BlockKind::Reasoning { summary: false, redacted, id: None }
}

fn call(id: &str, custom: bool) -> BlockKind {
    BlockKind::ToolCall { id: id.to_owned(), name: "f".to_owned(), custom }
}

fn open(block: u32, kind: BlockKind) -> Event {
    Event::Open { block, kind }
}

fn text(block: u32, text: &str) -> Event {
    Event::Delta { block, delta: Delta::Text(text.to_owned()) }
}

fn arguments(block: u32, text: &str) -> Event {
    Event::Delta { block, delta: Delta::Arguments(text.to_owned()) }
}

fn seal(block: u32, origin: SealOrigin) -> Event {
    Event::Delta { block, delta: Delta::Seal(Seal { origin, data: "x".to_owned() }) }
}

fn close(block: u32) -> Event {
    Event::Close { block }
}

const STOP: Event = Event::Stop(StopReason::End);

#[test]
fn a_stream_has_its_whole_life_cycle() {
    let usage = Usage { input: 1, cache_read: 2, cache_write: 3, output: 4, reasoning: 2, ..Usage::default() };
    let events = [
        start(),
        open(0, BlockKind::Text),
        text(0, "a\n"),
        Event::Ping,
        close(0),
        Event::Usage(usage),
        Event::Stop(StopReason::StopText("END".to_owned())),
    ];
    expect![[r#"
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_00000000000000000000000000000000","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\n"}}

        event: ping
        data: {"type":"ping"}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"input_tokens":1,"cache_creation_input_tokens":3,"cache_read_input_tokens":2,"output_tokens":4,"output_tokens_details":{"thinking_tokens":2}}}

        event: message_stop
        data: {"type":"message_stop"}

    "#]].assert_eq(std::str::from_utf8(&write(&events)).expect("text"));
}

#[test]
fn thoughts_end_with_a_signature() {
    check(
        &[
            open(0, thoughts(false)),
            text(0, "th"),
            seal(0, SealOrigin::Openai),
            close(0),
            open(1, thoughts(false)),
            text(1, "ab"),
            text(1, "c"),
            close(1),
            open(2, thoughts(true)),
            seal(2, SealOrigin::Anthropic),
            close(2),
            open(3, thoughts(true)),
            close(3),
            STOP,
        ],
        &expect![[r#"
            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"th"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"tl1.openai.x"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: content_block_start
            data: {"type":"content_block_start","index":1,"content_block":{"type":"thinking","thinking":"","signature":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"thinking_delta","thinking":"ab"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"thinking_delta","thinking":"c"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"signature_delta","signature":"tl1.none.1a47e90b"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":1}

            event: content_block_start
            data: {"type":"content_block_start","index":2,"content_block":{"type":"redacted_thinking","data":"x"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":2}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}

            event: message_stop
            data: {"type":"message_stop"}

        "#]],
    );
}

#[test]
fn blocks_at_once_come_one_after_another() {
    let opaque = |origin| {
        let raw = RawValue::from_string("{\"type\":\"server_tool_use\",\n\"id\":\"s\"}".to_owned()).expect("JSON");
        BlockKind::Opaque { origin, kind: "server_tool_use".to_owned(), raw }
    };
    check(
        &[
            open(0, call("c0", false)),
            open(1, call("c1", true)),
            arguments(1, "a \"b\""),
            open(2, opaque(DialectId::Gemini)),
            close(2),
            open(3, opaque(DialectId::Anthropic)),
            arguments(0, "{}"),
            close(3),
            arguments(1, "\n"),
            close(1),
            close(0),
            open(4, call("c4", false)),
            close(4),
            STOP,
        ],
        &expect![[r#"
            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c0","name":"f","input":{}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: content_block_start
            data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"c1","name":"f","input":{}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"input\":\"a \\\"b\\\""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\\n"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"}"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":1}

            event: content_block_start
            data: {"type":"content_block_start","index":2,"content_block":{"type":"server_tool_use","id":"s"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":2}

            event: content_block_start
            data: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"c4","name":"f","input":{}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{}"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":3}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}

            event: message_stop
            data: {"type":"message_stop"}

        "#]],
    );
}

#[test]
fn what_waits_is_bounded() {
    let long = "x".repeat(3 << 20);
    let events =
        [open(0, BlockKind::Text), open(1, BlockKind::Text), text(1, &long), text(1, &long), close(0), close(1), STOP];
    check(
        &events,
        &expect![[r#"
        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: error
        data: {"type":"error","error":{"type":"api_error","message":"the provider answers with several blocks at once that are too long to put in order"}}

    "#]],
    );
}

#[test]
fn faults_end_the_stream() {
    let fault = Fault::new(FaultKind::Overloaded, "full");
    check(
        &[open(0, BlockKind::Text), Event::Fault(Box::new(fault))],
        &expect![[r#"
        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: error
        data: {"type":"error","error":{"type":"overloaded_error","message":"full"}}

    "#]],
    );
    check(
        &[],
        &expect![[r#"
        event: error
        data: {"type":"error","error":{"type":"api_error","message":"the provider's answer broke off before it was complete; try again"}}

    "#]],
    );
}

#[test]
fn its_own_reader_understands_it() {
    let citation = RawValue::from_string("{\"n\":1}".to_owned()).expect("JSON");
    let events = vec![
        Event::Start { id: "msg_1".to_owned() },
        Event::Usage(Usage::default()),
        open(0, thoughts(false)),
        text(0, "th"),
        seal(0, SealOrigin::Gemini),
        close(0),
        open(1, BlockKind::Text),
        text(1, "a"),
        Event::Delta { block: 1, delta: Delta::Citation(Box::new(Citation::own(DialectId::Anthropic, citation))) },
        close(1),
        open(2, call("c", false)),
        arguments(2, "{\"a\":"),
        arguments(2, "1}"),
        close(2),
        Event::Usage(Usage { input: 1, output: 2, ..Usage::default() }),
        Event::Stop(StopReason::ToolCalls),
    ];
    let mut read = Vec::new();
    Decoder::new().push(&write(&events), &mut read);
    assert_eq!(format!("{read:?}"), format!("{events:?}"));
}
