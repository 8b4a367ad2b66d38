use std::fmt::Write;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::dialect::StreamDecoder;
use crate::dialects::anthropic::stream::Decoder;
use crate::ir::{Event, Grammar};

pub(super) fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    pieces.into_iter().for_each(|piece| decoder.push(piece, &mut events));
    decoder.finish(&mut events);
    let count = events.len();
    decoder.finish(&mut events);
    decoder.push(b"event: ping\ndata: {\"type\":\"ping\"}\n\n", &mut events);
    assert_eq!(events.len(), count, "nothing comes after the end");
    let mut grammar = Grammar::new();
    for event in &events {
        assert_eq!(grammar.step(event), Ok(()), "{event:?} of {events:?}");
    }
    assert!(grammar.is_over(), "{events:?}");
    events
}

pub(super) fn shown(events: &[Event]) -> String {
    events.iter().fold(String::new(), |mut text, event| {
        writeln!(text, "{event:?}").expect("memory");
        text
    })
}

/// The events of a stream; `lines` are its data, each named by its type.
fn stream(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("event: x\ndata: {line}\n\n")).collect()
}

/// Every cut in two must give the same events.
#[track_caller]
fn check(lines: &[&str], expected: &Expect) {
    let text = stream(lines);
    let whole = shown(&read([text.as_bytes()]));
    for at in 0..text.len() {
        let (front, back) = text.as_bytes().split_at(at);
        assert_eq!(shown(&read([front, back])), whole, "cut at {at}");
    }
    assert_eq!(shown(&read(text.as_bytes().chunks(1))), whole, "byte by byte");
    expected.assert_eq(&whole);
}

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":9,"cache_read_input_tokens":3,"output_tokens":1}}}"#;
const END: [&str; 2] = [
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}"#,
    r#"{"type":"message_stop"}"#,
];

#[test]
fn reads_thoughts_text_and_calls() {
    check(
        &[
            START,
            r#"{"type":"ping"}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hé"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqoB"}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"Emw"}}"#,
            r#"{"type":"content_block_stop","index":1}"#,
            r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"a"}}"#,
            r#"{"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{"n":1}}}"#,
            r#"{"type":"content_block_stop","index":2}"#,
            r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}"#,
            r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":""}}"#,
            r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}"#,
            r#"{"type":"content_block_stop","index":3}"#,
            r#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","name":"g","input":{}}}"#,
            r#"{"type":"content_block_stop","index":4}"#,
            END[0],
            END[1],
        ],
        &expect![[r#"
            Start { id: "msg_1" }
            Usage(Usage { input: 9, cache_read: 3, cache_write: 0, output: 1, reasoning: 0, audio_input: 0, audio_output: 0 })
            Ping
            Open { block: 0, kind: Reasoning { summary: false, redacted: false, id: None } }
            Delta { block: 0, delta: Text("hé") }
            Delta { block: 0, delta: Seal(Seal { origin: Anthropic, data: "EqoB" }) }
            Close { block: 0 }
            Open { block: 1, kind: Reasoning { summary: false, redacted: true, id: None } }
            Delta { block: 1, delta: Seal(Seal { origin: Anthropic, data: "Emw" }) }
            Close { block: 1 }
            Open { block: 2, kind: Text }
            Delta { block: 2, delta: Text("a") }
            Delta { block: 2, delta: Citation(Citation { origin: Anthropic, raw: RawValue({"n":1}), page: None }) }
            Close { block: 2 }
            Open { block: 3, kind: ToolCall { id: "toolu_1", name: "f", custom: false } }
            Delta { block: 3, delta: Arguments("{\"a\":1}") }
            Close { block: 3 }
            Open { block: 4, kind: ToolCall { id: "toolu_msg_1_4", name: "g", custom: false } }
            Delta { block: 4, delta: Arguments("{}") }
            Close { block: 4 }
            Usage(Usage { input: 9, cache_read: 3, cache_write: 0, output: 7, reasoning: 0, audio_input: 0, audio_output: 0 })
            Stop(ToolCalls)
        "#]],
    );
}

#[test]
fn blocks_without_a_word_come_whole() {
    check(
        &[
            START,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"query\":"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\"x\"}"}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"compaction","content":""}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"compaction_delta","content":"so "}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"compaction_delta","content":"far"}}"#,
            r#"{"type":"content_block_stop","index":1}"#,
            r#"{"type":"newer_event"}"#,
            END[0],
            END[1],
        ],
        &expect![[r#"
            Start { id: "msg_1" }
            Usage(Usage { input: 9, cache_read: 3, cache_write: 0, output: 1, reasoning: 0, audio_input: 0, audio_output: 0 })
            Open { block: 0, kind: Opaque { origin: Anthropic, kind: "server_tool_use", raw: RawValue({"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"x"}}) } }
            Close { block: 0 }
            Open { block: 1, kind: Opaque { origin: Anthropic, kind: "compaction", raw: RawValue({"type":"compaction","content":"so far"}) } }
            Close { block: 1 }
            Usage(Usage { input: 9, cache_read: 3, cache_write: 0, output: 7, reasoning: 0, audio_input: 0, audio_output: 0 })
            Stop(End)
        "#]],
    );
}

#[test]
fn a_refusal_says_why() {
    check(
        &[
            START,
            r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"explanation":"no"}}}"#,
            END[1],
        ],
        &expect![[r#"
            Start { id: "msg_1" }
            Usage(Usage { input: 9, cache_read: 3, cache_write: 0, output: 1, reasoning: 0, audio_input: 0, audio_output: 0 })
            Open { block: 0, kind: Refusal }
            Delta { block: 0, delta: Text("no") }
            Close { block: 0 }
            Stop(Filtered)
        "#]],
    );
}

#[test]
fn what_breaks_off_is_a_fault() {
    let broken = expect![[r#"
        Fault(Fault { kind: UpstreamBroken, message: "the provider's answer broke off before it was complete; try again", param: None, code: None, retry_after: None, upstream: None })
    "#]];
    check(&[], &broken);
    check(
        &[START, END[0]],
        &expect![[r#"
            Start { id: "msg_1" }
            Usage(Usage { input: 9, cache_read: 3, cache_write: 0, output: 1, reasoning: 0, audio_input: 0, audio_output: 0 })
            Usage(Usage { input: 9, cache_read: 3, cache_write: 0, output: 7, reasoning: 0, audio_input: 0, audio_output: 0 })
            Fault(Fault { kind: UpstreamBroken, message: "the provider's answer broke off before it was complete; try again", param: None, code: None, retry_after: None, upstream: None })
        "#]],
    );
    check(
        &[START, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, END[1]],
        &expect![[r#"
            Start { id: "msg_1" }
            Usage(Usage { input: 9, cache_read: 3, cache_write: 0, output: 1, reasoning: 0, audio_input: 0, audio_output: 0 })
            Fault(Fault { kind: Overloaded, message: "Overloaded", param: None, code: None, retry_after: None, upstream: None })
        "#]],
    );
    check(
        &[r#"{"error":{"message":"prompt is too long: 9 tokens > 8 maximum"}}"#],
        &expect![[r#"
        Fault(Fault { kind: ContextTooLong, message: "prompt is too long: 9 tokens > 8 maximum", param: None, code: None, retry_after: None, upstream: None })
    "#]],
    );
    check(
        &[START, "{"],
        &expect![[r#"
            Start { id: "msg_1" }
            Usage(Usage { input: 9, cache_read: 3, cache_write: 0, output: 1, reasoning: 0, audio_input: 0, audio_output: 0 })
            Fault(Fault { kind: UpstreamBroken, message: "the provider's stream holds an event that is no JSON object; try again", param: None, code: None, retry_after: None, upstream: None })
        "#]],
    );
}

#[test]
fn servers_that_forget_marks_are_understood() {
    check(
        &[
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"1","name":"f","input":{"a":1}}}"#,
            r#"{"type":"content_block_delta","index":5,"delta":{"type":"text_delta","text":"lost"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"wrong"}}"#,
            r#"{"type":"message_stop"}"#,
        ],
        &expect![[r#"
            Start { id: "" }
            Open { block: 0, kind: Text }
            Delta { block: 0, delta: Text("a") }
            Close { block: 0 }
            Open { block: 1, kind: ToolCall { id: "1", name: "f", custom: false } }
            Delta { block: 1, delta: Arguments("{\"a\":1}") }
            Close { block: 1 }
            Stop(ToolCalls)
        "#]],
    );
}

proptest! {
    #[test]
    fn never_panics_and_keeps_the_grammar(
        kinds in proptest::collection::vec((0..8_usize, 0..3_u8, 0..4_usize), 0..24),
        change in any::<Option<(prop::sample::Index, u8)>>(),
        step in 1..9_usize,
    ) {
        let blocks = [
            r#"{"type":"text","text":"a"}"#,
            r#"{"type":"tool_use","id":"","name":"f","input":{"a":1}}"#,
            r#"{"type":"thinking","thinking":"b","signature":"s"}"#,
            r#"{"type":"web_search_tool_result","content":[]}"#,
        ];
        let deltas = [
            r#"{"type":"text_delta","text":"é"}"#,
            r#"{"type":"input_json_delta","partial_json":"{}"}"#,
            r#"{"type":"signature_delta","signature":"tl1.gemini.x"}"#,
            r#"{"type":"newer_delta","content":{}}"#,
        ];
        let line = |(kind, index, which): &(usize, u8, usize)| match kind {
            0 => START.to_owned(),
            1 | 2 => format!(r#"{{"type":"content_block_start","index":{index},"content_block":{}}}"#, blocks[*which]),
            3 | 4 => format!(r#"{{"type":"content_block_delta","index":{index},"delta":{}}}"#, deltas[*which]),
            5 => format!(r#"{{"type":"content_block_stop","index":{index}}}"#),
            6 => END[0].to_owned(),
            _ => if *which == 0 { END[1].to_owned() } else { r#"{"type":"ping"}"#.to_owned() },
        };
        let lines: Vec<String> = kinds.iter().map(line).collect();
        let mut text = stream(&lines.iter().map(String::as_str).collect::<Vec<_>>()).into_bytes();
        if let Some((at, byte)) = change && !text.is_empty() {
            let at = at.index(text.len());
            text[at] = byte;
        }
        let whole = shown(&read([text.as_slice()]));
        prop_assert_eq!(shown(&read(text.chunks(step))), whole);
    }
}
