use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::dialect::{StreamEncoder as _, StreamHead};
use crate::dialects::openai_chat::stream::Encoder;
use crate::ir::{BlockKind, Delta, Grammar, Seal, SealOrigin, StopReason, Usage};
use crate::scan::tests::mutated_json;

mod alike;
mod ends;

/// The events of a stream that comes in these pieces; they keep the grammar.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut events);
    }
    decoder.finish(&mut events);
    decoder.finish(&mut events);
    let mut grammar = Grammar::new();
    for event in &events {
        assert_eq!(grammar.step(event), Ok(()), "{event:?} in {events:?}");
    }
    assert!(grammar.is_over(), "{events:?}");
    events
}

fn show(events: &[Event]) -> String {
    let lines: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
    lines.join("\n")
}

/// A stream of these data, which gives the same wherever it is cut once.
#[track_caller]
fn check(data: &[&str], expected: &Expect) {
    let stream: String = data.iter().map(|data| format!("data: {data}\r\n\r\n")).collect();
    let whole = show(&read([stream.as_bytes()]));
    for at in 0..stream.len() {
        let (before, after) = stream.as_bytes().split_at(at);
        assert_eq!(show(&read([before, after])), whole, "cut at {at}");
    }
    expected.assert_eq(&whole);
}

fn chunk(delta: &str) -> String {
    format!(r#"{{"id":"x","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#)
}

const STOP: &str = r#"{"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const DONE: &str = "[DONE]";

#[track_caller]
fn check_deltas(deltas: &[&str], expected: &Expect) {
    let chunks: Vec<String> = deltas.iter().map(|delta| chunk(delta)).collect();
    let data: Vec<&str> = chunks.iter().map(String::as_str).chain([STOP, DONE]).collect();
    check(&data, expected);
}

#[test]
fn reads_words_thoughts_and_usage() {
    check(
        &[
            r#"{"id":"","choices":[],"prompt_filter_results":[]}"#,
            &chunk(r#"{"role":"assistant","content":""}"#),
            &chunk(r#"{"content":"","reasoning_content":"h"}"#),
            &chunk(r#"{"reasoning":"m"}"#),
            &chunk(r#"{"content":"a\n"}"#),
            &chunk(r#"{"content":"é"}"#),
            r#"{"choices":[{"delta":{"content":"!"},"finish_reason":"length"}],"usage":null}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":1,"cache_write_tokens":2}}}"#,
            DONE,
            &chunk(r#"{"content":"after"}"#),
        ],
        &expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: Reasoning { summary: false, redacted: false, id: None } }
            Delta { block: 0, delta: Text("h") }
            Delta { block: 0, delta: Text("m") }
            Close { block: 0 }
            Open { block: 1, kind: Text }
            Delta { block: 1, delta: Text("a\n") }
            Delta { block: 1, delta: Text("é") }
            Delta { block: 1, delta: Text("!") }
            Close { block: 1 }
            Usage(Usage { input: 2, cache_read: 1, cache_write: 2, output: 3, reasoning: 0, audio_input: 0, audio_output: 0 })
            Stop(Length)"#]],
    );
}

#[test]
fn calls_may_come_mixed_up() {
    check_deltas(
        &[
            r#"{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}"#,
            r#"{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{"}},{"index":0,"function":{"arguments":"{\"x\""}}]}"#,
            r#"{"tool_calls":[{"index":1,"function":{"arguments":"}"}},{"index":0,"function":{"arguments":":1}"}}]}"#,
        ],
        &expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: ToolCall { id: "a", name: "f", custom: false } }
            Open { block: 1, kind: ToolCall { id: "b", name: "g", custom: false } }
            Delta { block: 1, delta: Arguments("{") }
            Delta { block: 0, delta: Arguments("{\"x\"") }
            Delta { block: 1, delta: Arguments("}") }
            Delta { block: 0, delta: Arguments(":1}") }
            Close { block: 0 }
            Close { block: 1 }
            Stop(ToolCalls)"#]],
    );
}

#[test]
fn what_servers_do_to_calls_is_mended() {
    // No index, no id, whole calls, the same function twice.
    check_deltas(
        &[
            r#"{"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1}"}}]}"#,
            r#"{"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":2}"}}]}"#,
        ],
        &expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: ToolCall { id: "call_76e9b89877d87402", name: "f", custom: false } }
            Delta { block: 0, delta: Arguments("{\"a\":1}") }
            Open { block: 1, kind: ToolCall { id: "call_4db1b8a3c255e653", name: "f", custom: false } }
            Delta { block: 1, delta: Arguments("{\"a\":2}") }
            Close { block: 0 }
            Close { block: 1 }
            Stop(ToolCalls)"#]],
    );
    // Always index 0, each with its id.
    check_deltas(
        &[
            r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#,
            r#"{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":{"x": 1}}}]}"#,
        ],
        &expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: ToolCall { id: "a", name: "f", custom: false } }
            Delta { block: 0, delta: Arguments("{}") }
            Open { block: 1, kind: ToolCall { id: "b", name: "g", custom: false } }
            Delta { block: 1, delta: Arguments("{\"x\": 1}") }
            Close { block: 0 }
            Close { block: 1 }
            Stop(ToolCalls)"#]],
    );
    // Id and name in every piece.
    check_deltas(
        &[
            r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}"#,
            r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}]}"#,
        ],
        &expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: ToolCall { id: "a", name: "f", custom: false } }
            Delta { block: 0, delta: Arguments("{\"x\"") }
            Delta { block: 0, delta: Arguments(":1}") }
            Close { block: 0 }
            Stop(ToolCalls)"#]],
    );
    // The name in pieces, and arguments before it.
    check_deltas(
        &[
            r#"{"tool_calls":[{"index":0,"id":"","function":{"name":"get_","arguments":""}}]}"#,
            r#"{"tool_calls":[{"index":0,"function":{"name":"time","arguments":"{}"}}]}"#,
            r#"{"tool_calls":[{"index":1,"id":"b","function":{"arguments":"{"}}]}"#,
            r#"{"tool_calls":[{"index":1,"function":{"name":"late","arguments":"}"}}]}"#,
        ],
        &expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: ToolCall { id: "call_3fa7d5c388031a1a", name: "get_time", custom: false } }
            Delta { block: 0, delta: Arguments("{}") }
            Open { block: 1, kind: ToolCall { id: "b", name: "late", custom: false } }
            Delta { block: 1, delta: Arguments("{") }
            Delta { block: 1, delta: Arguments("}") }
            Close { block: 0 }
            Close { block: 1 }
            Stop(ToolCalls)"#]],
    );
    // As in 2023, and Google's signature.
    check_deltas(
        &[
            r#"{"function_call":{"name":"old","arguments":"{"}}"#,
            r#"{"function_call":{"arguments":"}"}}"#,
            r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"g"}}}]}"#,
        ],
        &expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: ToolCall { id: "call_07acca94c63c357b", name: "old", custom: false } }
            Delta { block: 0, delta: Arguments("{") }
            Delta { block: 0, delta: Arguments("}") }
            Open { block: 1, kind: ToolCall { id: "a", name: "f", custom: false } }
            Delta { block: 1, delta: Arguments("{}") }
            Close { block: 0 }
            Delta { block: 1, delta: Seal(Seal { origin: Gemini, data: "g" }) }
            Close { block: 1 }
            Stop(ToolCalls)"#]],
    );
}

#[test]
fn openrouters_details_come_back_as_they_were() {
    check_deltas(
        &[
            r#"{"reasoning":"h","reasoning_details":[{"type":"reasoning.text","text":"h","format":"anthropic-claude-v1","index":0}]}"#,
            r#"{"reasoning":"m","reasoning_details":[{"type":"reasoning.text","text":"m","format":"anthropic-claude-v1","index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.text","signature":"s","format":"anthropic-claude-v1","index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"d","id":"rs","index":1}]}"#,
            r#"{"content":"a","annotations":[{"type":"url_citation","url_citation":{"url":"u"}}]}"#,
        ],
        &expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: Reasoning { summary: false, redacted: false, id: None } }
            Delta { block: 0, delta: Text("h") }
            Delta { block: 0, delta: Text("m") }
            Delta { block: 0, delta: Seal(Seal { origin: Openrouter, data: "[{\"type\":\"reasoning.text\",\"signature\":\"s\",\"format\":\"anthropic-claude-v1\",\"index\":0}]" }) }
            Close { block: 0 }
            Open { block: 1, kind: Reasoning { summary: false, redacted: true, id: Some("rs") } }
            Delta { block: 1, delta: Seal(Seal { origin: Openrouter, data: "[{\"type\":\"reasoning.encrypted\",\"data\":\"d\",\"id\":\"rs\",\"index\":1}]" }) }
            Close { block: 1 }
            Open { block: 2, kind: Text }
            Delta { block: 2, delta: Text("a") }
            Delta { block: 2, delta: Citation(Citation { origin: OpenaiChat, raw: RawValue({"type":"url_citation","url_citation":{"url":"u"}}), page: Some(Page { url: "u", title: None, cited: None, place: None }) }) }
            Close { block: 2 }
            Stop(End)"#]],
    );
}

/// Events go through an encoder and come back.
#[test]
fn comes_back_as_it_went() {
    let thoughts = |redacted| BlockKind::Reasoning { summary: false, redacted, id: None };
    let call = |id: &str| BlockKind::ToolCall { id: id.into(), name: "f".into(), custom: false };
    let open = |block, kind| Event::Open { block, kind };
    let text = |block, text: &str| Event::Delta { block, delta: Delta::Text(text.into()) };
    let arguments = |block, text: &str| Event::Delta { block, delta: Delta::Arguments(text.into()) };
    let seal = |block, data: &str| {
        let seal = Seal { origin: SealOrigin::Anthropic, data: data.into() };
        Event::Delta { block, delta: Delta::Seal(seal) }
    };
    let close = |block| Event::Close { block };
    let events = [
        Event::Start { id: "c1".into() },
        open(0, thoughts(false)),
        text(0, "hm"),
        text(0, ", so"),
        seal(0, "s"),
        close(0),
        open(1, thoughts(true)),
        seal(1, "r"),
        close(1),
        open(2, BlockKind::Text),
        text(2, "a"),
        close(2),
        open(3, call("a")),
        arguments(3, "{"),
        open(4, call("b")),
        arguments(4, "{}"),
        arguments(3, "}"),
        close(3),
        close(4),
        Event::Usage(Usage { input: 3, cache_read: 4, cache_write: 5, output: 6, reasoning: 2, ..Usage::default() }),
        Event::Stop(StopReason::ToolCalls),
    ];
    let head = StreamHead {
        model: "m".into(),
        include_usage: true,
        created: 7,
        request_id: "0".into(),
        request: None,
        cost: None,
    };
    let mut encoder = Encoder::new(head);
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.push(event, &mut out));
    let collect = |events: &[Event]| {
        let mut collector = crate::ir::Collector::default();
        events.iter().for_each(|event| collector.push(event));
        format!("{:?}", collector.finish("m".into(), 7))
    };
    assert_eq!(collect(&read([out.as_slice()])), collect(&events), "{}", String::from_utf8_lossy(&out));
}

proptest! {
    #[test]
    fn any_cutting_gives_the_same_and_nothing_panics(
        inner in proptest::collection::vec((mutated_json(), 0..5_usize), 0..4),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut stream = Vec::new();
        for (inner, place) in inner {
            let inner = String::from_utf8_lossy(&inner).into_owned();
            let data = match place {
                0 => inner,
                1 => chunk(&inner),
                2 => chunk(&format!(r#"{{"content":{inner}}}"#)),
                3 => chunk(&format!(r#"{{"tool_calls":[{{"index":0,"function":{{"name":"f","arguments":{inner}}}}}]}}"#)),
                _ => format!(r#"{{"choices":[],"usage":{inner},"error":{inner}}}"#),
            };
            stream.extend_from_slice(format!("data: {data}\n\n").as_bytes());
        }
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        places.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for place in places {
            pieces.push(&stream[from..place]);
            from = place;
        }
        pieces.push(&stream[from..]);
        prop_assert_eq!(show(&read(pieces)), show(&read([stream.as_slice()])));
    }
}
