use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::super::answer::Form;
use super::super::mutation::mutated;
use super::decode::{CALLS_MAX, Decoder};
use super::encode::{Encoder, HELD_BYTES_MAX};
use crate::dialect::{StreamDecoder, StreamEncoder, StreamHead};
use crate::ir::{BlockKind, Collector, Delta, Event, Grammar, Response, Seal, SealOrigin, StopReason, Usage};
use crate::{DialectId, Fault, FaultKind};

/// The events of these pieces; the grammar holds.
fn decoded(pieces: &[&[u8]]) -> Vec<Event> {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    pieces.iter().for_each(|piece| decoder.push(piece, &mut events));
    decoder.finish(&mut events);
    let length = events.len();
    decoder.finish(&mut events);
    decoder.push(b"{\"done\":true}\n", &mut events);
    assert_eq!(events.len(), length, "nothing comes after the end");
    let mut grammar = Grammar::new();
    events.iter().try_for_each(|event| grammar.step(event)).expect("the grammar of streams");
    assert!(grammar.is_over(), "every stream ends");
    events
}

/// One line for each event.
fn listed(events: &[Event]) -> String {
    events.iter().map(|event| format!("{event:?}\n")).collect()
}

#[track_caller]
fn check_decoded(text: &str, expected: &Expect) {
    let events = listed(&decoded(&[text.as_bytes()]));
    for cut in 0..=text.len() {
        let (front, back) = text.as_bytes().split_at(cut);
        assert_eq!(listed(&decoded(&[front, back])), events, "cut at {cut}");
    }
    expected.assert_eq(&events);
}

fn encoded(form: Form, events: &[Event]) -> String {
    let mut encoder = Encoder::new(
        StreamHead {
            model: "m".into(),
            include_usage: true,
            created: 7,
            request_id: "0".repeat(32),
            request: None,
            cost: None,
        },
        form,
    );
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.push(event, &mut out));
    encoder.finish(&mut out);
    encoder.finish(&mut out);
    encoder.ping(&mut out);
    String::from_utf8(out).expect("text")
}

const ANSWER: &str = r#"{"model":"m","created_at":"2026-11-21T17:16:00Z","message":{"role":"assistant","content":""},"done":false}
{"model":"m","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}
{"model":"m","message":{"role":"assistant","content":"é","thinking":"!"},"done":false}
{"model":"m","message":{"role":"assistant","content":"so"},"done":false}
{"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"index":1,"name":"g","arguments":{}}},{"id":"c1","function":{"index":0,"name":"f","arguments":{"a": 1}}}]},"done":false}
{"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"id":"c1","function":{"name":"f","arguments":{"a":2}}}]},"done":false}

{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":1,"prompt_eval_count":26,"eval_count":298}
"#;

#[test]
fn any_cut_gives_the_same_events() {
    check_decoded(
        ANSWER,
        &expect![[r#"
            Start { id: "" }
            Open { block: 0, kind: Reasoning { summary: false, redacted: false, id: None } }
            Delta { block: 0, delta: Text("hm") }
            Delta { block: 0, delta: Text("!") }
            Close { block: 0 }
            Open { block: 1, kind: Text }
            Delta { block: 1, delta: Text("é") }
            Delta { block: 1, delta: Text("so") }
            Close { block: 1 }
            Open { block: 2, kind: ToolCall { id: "c1", name: "f", custom: false } }
            Delta { block: 2, delta: Arguments("{\"a\": 1}") }
            Close { block: 2 }
            Open { block: 3, kind: ToolCall { id: "call_86275d1a4c30fe85_1", name: "g", custom: false } }
            Delta { block: 3, delta: Arguments("{}") }
            Close { block: 3 }
            Open { block: 4, kind: ToolCall { id: "call_bc4fa0f965a23f91_2", name: "f", custom: false } }
            Delta { block: 4, delta: Arguments("{\"a\":2}") }
            Close { block: 4 }
            Usage(Usage { input: 26, cache_read: 0, cache_write: 0, output: 298, reasoning: 0, audio_input: 0, audio_output: 0 })
            Stop(ToolCalls)
        "#]],
    );
}

#[test]
fn a_generated_text_is_read_as_well() {
    check_decoded(
        "{\"response\":\"a\",\"done\":false}\r\n{\"response\":\"\",\"done\":true,\"done_reason\":\"length\",\"eval_count\":3}",
        &expect![[r#"
            Start { id: "" }
            Open { block: 0, kind: Text }
            Delta { block: 0, delta: Text("a") }
            Close { block: 0 }
            Usage(Usage { input: 0, cache_read: 0, cache_write: 0, output: 3, reasoning: 0, audio_input: 0, audio_output: 0 })
            Stop(Length)
        "#]],
    );
}

#[test]
fn streams_that_break_are_told() {
    let text = r#"{"message":{"content":"a"},"done":false}"#;
    check_decoded(
        text,
        &expect![[r#"
        Start { id: "" }
        Open { block: 0, kind: Text }
        Delta { block: 0, delta: Text("a") }
        Fault(Fault { kind: UpstreamBroken, message: "the provider's answer broke off before it was complete; try again", param: None, code: None, retry_after: None, upstream: None })
    "#]],
    );
    check_decoded(
        "",
        &expect![[r#"
        Fault(Fault { kind: UpstreamBroken, message: "the provider's answer broke off before it was complete; try again", param: None, code: None, retry_after: None, upstream: None })
    "#]],
    );
    check_decoded(
        &format!("{text}\n{{\"error\":\"server busy, please try again\"}}\n{text}"),
        &expect![[r#"
        Start { id: "" }
        Open { block: 0, kind: Text }
        Delta { block: 0, delta: Text("a") }
        Fault(Fault { kind: Overloaded, message: "server busy, please try again", param: None, code: None, retry_after: None, upstream: None })
    "#]],
    );
    check_decoded(
        &format!("{text}\n<html>\n"),
        &expect![[r#"
        Start { id: "" }
        Open { block: 0, kind: Text }
        Delta { block: 0, delta: Text("a") }
        Fault(Fault { kind: UpstreamBroken, message: "the provider sent a line that is no answer", param: None, code: None, retry_after: None, upstream: None })
    "#]],
    );
    check_decoded(
        r#"{"message":{"tool_calls":[{"function":{"arguments":{}}}]},"done":false}"#,
        &expect![[r#"
        Start { id: "" }
        Fault(Fault { kind: UpstreamBroken, message: "the provider called a tool without a name", param: None, code: None, retry_after: None, upstream: None })
    "#]],
    );
}

#[test]
fn calls_without_end_are_stopped() {
    let line = r#"{"message":{"tool_calls":[{"function":{"name":"f"}}]},"done":false}"#.to_owned() + "\n";
    let events = decoded(&[line.repeat(CALLS_MAX + 1).as_bytes()]);
    let Some(Event::Fault(fault)) = events.last() else { panic!("no fault") };
    assert_eq!(
        **fault,
        Fault::new(FaultKind::UpstreamBroken, "the provider called more than 1024 tools in one answer")
    );
}

fn open(block: u32, kind: BlockKind) -> Event {
    Event::Open { block, kind }
}

fn call(block: u32, name: &str) -> Event {
    open(block, BlockKind::ToolCall { id: format!("c{block}"), name: name.into(), custom: false })
}

fn delta(block: u32, delta: Delta) -> Event {
    Event::Delta { block, delta }
}

fn close(block: u32) -> Event {
    Event::Close { block }
}

fn answer(end: Event) -> Vec<Event> {
    let thoughts = BlockKind::Reasoning { summary: false, redacted: false, id: None };
    vec![
        Event::Start { id: "r".into() },
        open(0, thoughts),
        delta(0, Delta::Text("hm".into())),
        delta(0, Delta::Seal(Seal { origin: SealOrigin::Anthropic, data: "x".into() })),
        close(0),
        Event::Ping,
        open(1, BlockKind::Text),
        delta(1, Delta::Text("so\n".into())),
        close(1),
        call(2, "f"),
        call(3, "g"),
        delta(3, Delta::Arguments("{\"b\":\n".into())),
        delta(2, Delta::Arguments("{}".into())),
        delta(3, Delta::Arguments("2}".into())),
        close(3),
        close(2),
        Event::Usage(Usage { input: 3, cache_read: 4, cache_write: 0, output: 6, reasoning: 2, ..Usage::default() }),
        end,
    ]
}

#[test]
fn writes_whole_calls_and_the_counts_at_the_end() {
    expect![[r#"
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":""},"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":"so\n"},"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"c2","function":{"index":0,"name":"f","arguments":{}}}]},"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"c3","function":{"index":1,"name":"g","arguments":{"b":2}}}]},"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":0,"load_duration":0,"prompt_eval_duration":0,"eval_duration":0,"prompt_eval_count":7,"eval_count":6}
    "#]].assert_eq(&encoded(Form::Chat, &answer(Event::Stop(StopReason::ToolCalls))));
    expect![[r#"
        {"model":"m","created_at":"1970-01-01T00:00:07Z","response":"","thinking":"hm","done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","response":"","done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","response":"so\n","done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","response":"","tool_calls":[{"id":"c2","function":{"index":0,"name":"f","arguments":{}}}],"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","response":"","tool_calls":[{"id":"c3","function":{"index":1,"name":"g","arguments":{"b":2}}}],"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","response":"","done":true,"done_reason":"length","total_duration":0,"load_duration":0,"prompt_eval_duration":0,"eval_duration":0,"prompt_eval_count":7,"eval_count":6}
    "#]].assert_eq(&encoded(Form::Generate, &answer(Event::Stop(StopReason::Length))));
}

#[test]
fn a_broken_stream_ends_with_an_error() {
    let fault = Event::Fault(Box::new(Fault::new(FaultKind::UpstreamTimeout, "too slow")));
    expect![[r#"
        {"error":"too slow"}
    "#]]
    .assert_eq(&encoded(Form::Chat, &[Event::Start { id: String::new() }, fault]));
    expect![[r#"
        {"error":"the provider's answer broke off before it was complete; try again"}
    "#]]
    .assert_eq(&encoded(Form::Chat, &[Event::Start { id: String::new() }]));
}

#[test]
fn arguments_without_end_are_stopped() {
    let events = [
        Event::Start { id: String::new() },
        call(0, "f"),
        delta(0, Delta::Arguments("x".repeat(HELD_BYTES_MAX))),
        delta(0, Delta::Arguments("x".into())),
        close(0),
    ];
    assert_eq!(encoded(Form::Chat, &events), "{\"error\":\"the model's tool calls are longer than 4 MiB\"}\n");
}

fn collected(events: &[Event]) -> Response {
    let mut collector = Collector::default();
    events.iter().for_each(|event| collector.push(event));
    collector.finish("m".into(), 0)
}

/// Opaque blocks, seals and where one text ends and the next begins are what this dialect cannot say.
#[test]
fn what_is_written_is_read_again() {
    let raw = serde_json::value::RawValue::from_string("{}".into()).expect("JSON");
    let mut events = answer(Event::Stop(StopReason::ToolCalls));
    let opaque = open(9, BlockKind::Opaque { origin: DialectId::Gemini, kind: "code".into(), raw });
    events.splice(1..1, [opaque, close(9)]);
    let text = encoded(Form::Chat, &events);
    expect![[r#"
        Response {
            id: "",
            model: "m",
            created: 0,
            blocks: [
                Block {
                    content: Reasoning(
                        Reasoning {
                            text: "hm",
                            summary: false,
                            seal: None,
                            redacted: false,
                            id: None,
                        },
                    ),
                    cache: None,
                    citations: [],
                    logprobs: [],
                    extras: [],
                    at: At(
                        "",
                    ),
                },
                Block {
                    content: Text(
                        "so\n",
                    ),
                    cache: None,
                    citations: [],
                    logprobs: [],
                    extras: [],
                    at: At(
                        "",
                    ),
                },
                Block {
                    content: ToolCall(
                        ToolCall {
                            id: "c2",
                            name: "f",
                            arguments: "{}",
                            custom: false,
                            seal: None,
                        },
                    ),
                    cache: None,
                    citations: [],
                    logprobs: [],
                    extras: [],
                    at: At(
                        "",
                    ),
                },
                Block {
                    content: ToolCall(
                        ToolCall {
                            id: "c3",
                            name: "g",
                            arguments: "{\"b\":2}",
                            custom: false,
                            seal: None,
                        },
                    ),
                    cache: None,
                    citations: [],
                    logprobs: [],
                    extras: [],
                    at: At(
                        "",
                    ),
                },
            ],
            stop: ToolCalls,
            usage: Some(
                Usage {
                    input: 7,
                    cache_read: 0,
                    cache_write: 0,
                    output: 6,
                    reasoning: 0,
                    audio_input: 0,
                    audio_output: 0,
                },
            ),
            tier: None,
            extras: [],
        }
    "#]]
    .assert_debug_eq(&collected(&decoded(&[text.as_bytes()])));
}

const LINE: &str = r#"{"model":"m","message":{"role":"assistant","content":"a","thinking":"b","tool_calls":[{"id":"c1",
    "function":{"index":1,"name":"g","arguments":{"a":1}}}]},"done":true,"done_reason":"stop","eval_count":298,"error":null}"#;

proptest! {
    #[test]
    fn any_lines_in_any_pieces_keep_the_grammar(
        lines in prop::collection::vec(mutated(LINE), 0..4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let text = lines.join(&b'\n');
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        prop_assert_eq!(listed(&decoded(&pieces)), listed(&decoded(&[&text])));
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..60)) {
        decoded(&[&noise]);
    }
}
