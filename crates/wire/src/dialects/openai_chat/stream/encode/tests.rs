use expect_test::{Expect, expect};
use serde_json::value::RawValue;

use super::*;
use crate::DialectId;
use crate::ir::{Citation, Page};

fn events_of(kind: BlockKind, deltas: &[Delta]) -> Vec<Event> {
    let mut events = vec![Event::Start { id: "c1".into() }, Event::Open { block: 0, kind }];
    events.extend(deltas.iter().map(|delta| Event::Delta { block: 0, delta: delta.clone() }));
    events.extend([Event::Close { block: 0 }, Event::Stop(StopReason::End)]);
    events
}

/// The stream without what every chunk repeats.
#[track_caller]
fn check(include_usage: bool, events: &[Event], expected: &Expect) {
    let head = StreamHead {
        model: "m".into(),
        include_usage,
        created: 7,
        request_id: "0".repeat(32),
        request: None,
        cost: None,
    };
    let mut encoder = Encoder::new(head);
    let mut out = Vec::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    encoder.finish(&mut out);
    encoder.finish(&mut out);
    let text = String::from_utf8(out).expect("text");
    let same = r#"{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":["#;
    let text = text.replace(same, "~").replace(r#","logprobs":null,"finish_reason":null}]"#, "~");
    expected.assert_eq(&text.replace("\n\n", "\n"));
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
        data: ~{"index":0,"delta":{"role":"assistant","content":""}~,"usage":null}
        data: ~{"index":0,"delta":{"content":"a"}~,"usage":null}
        : ping
        data: ~{"index":0,"delta":{"content":"\nb"}~,"usage":null}
        data: ~{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}],"usage":null}
        data: ~],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}
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
        data: ~{"index":0,"delta":{"role":"assistant","content":""}~}
        data: ~{"index":0,"delta":{"content":"a"}~}
        : ping
        data: ~{"index":0,"delta":{"content":"\nb"}~}
        data: ~{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}
        data: [DONE]
    "#]],
    );
}

#[test]
fn a_fault_ends_the_stream_without_done() {
    let fault = Fault::new(FaultKind::UpstreamTimeout, "too slow");
    check(
        false,
        &[Event::Start { id: "c1".into() }, Event::Fault(Box::new(fault))],
        &expect![[r#"
        data: ~{"index":0,"delta":{"role":"assistant","content":""}~}
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
        data: ~{"index":0,"delta":{"role":"assistant","content":""}~}
        data: {"error":{"message":"the provider's answer broke off before it was complete; try again","type":"server_error","param":null,"code":"upstream_error"}}
    "#]],
    );
}

#[test]
fn calls_are_counted_among_themselves() {
    let open = |block, id: &str, custom| Event::Open {
        block,
        kind: BlockKind::ToolCall { id: id.into(), name: "f".into(), custom },
    };
    let arguments = |block, text: &str| Event::Delta { block, delta: Delta::Arguments(text.into()) };
    let seal = Seal { origin: SealOrigin::Gemini, data: "g".into() };
    let events = [
        Event::Start { id: "c1".into() },
        open(1, "a", false),
        open(2, "b", true),
        arguments(1, "{\"x\":"),
        arguments(2, "text"),
        arguments(1, "1}"),
        open(3, "c", false),
        Event::Delta { block: 3, delta: Delta::Seal(seal) },
        Event::Close { block: 1 },
        Event::Close { block: 2 },
        Event::Close { block: 3 },
        Event::Stop(StopReason::ToolCalls),
    ];
    check(
        false,
        &events,
        &expect![[r#"
        data: ~{"index":0,"delta":{"role":"assistant","content":""}~}
        data: ~{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}~}
        data: ~{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]}~}
        data: ~{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","type":"custom","custom":{"name":"f","input":""}}]}~}
        data: ~{"index":0,"delta":{"tool_calls":[{"index":1,"custom":{"input":"text"}}]}~}
        data: ~{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}~}
        data: ~{"index":0,"delta":{"tool_calls":[{"index":2,"id":"c","type":"function","function":{"name":"f","arguments":""},"extra_content":{"google":{"thought_signature":"g"}}}]}~}
        data: ~{"index":0,"delta":{"tool_calls":[{"index":2,"function":{"arguments":"{}"}}]}~}
        data: ~{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}]}
        data: [DONE]
    "#]],
    );
}

#[test]
fn thoughts_refusals_and_sources_have_their_members() {
    let seal = Seal { origin: SealOrigin::Anthropic, data: "s".into() };
    let thoughts = BlockKind::Reasoning { summary: false, redacted: false, id: None };
    check(
        false,
        &events_of(thoughts, &[Delta::Text("h".into()), Delta::Text("m".into()), Delta::Seal(seal)]),
        &expect![[r#"
        data: ~{"index":0,"delta":{"role":"assistant","content":""}~}
        data: ~{"index":0,"delta":{"reasoning_content":"h"}~}
        data: ~{"index":0,"delta":{"reasoning_content":"m"}~}
        data: ~{"index":0,"delta":{"reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"tl1.anthropic.s","format":"anthropic-claude-v1","index":0}]}~}
        data: ~{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}
        data: [DONE]
    "#]],
    );
    check(
        false,
        &events_of(BlockKind::Refusal, &[Delta::Text("no".into())]),
        &expect![[r#"
        data: ~{"index":0,"delta":{"role":"assistant","content":""}~}
        data: ~{"index":0,"delta":{"refusal":"no"}~}
        data: ~{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}
        data: [DONE]
    "#]],
    );
    let page = Page { url: "https://u".into(), title: Some("t".into()), cited: None, place: None };
    let source = Citation { page: Some(page), ..Citation::own(DialectId::Anthropic, RawValue::NULL.to_owned()) };
    let source = Delta::Citation(Box::new(source));
    check(
        false,
        &events_of(BlockKind::Text, &[Delta::Text("é!".into()), source]),
        &expect![[r#"
        data: ~{"index":0,"delta":{"role":"assistant","content":""}~}
        data: ~{"index":0,"delta":{"content":"é!"}~}
        data: ~{"index":0,"delta":{"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":2,"url":"https://u","title":"t"}}]}~}
        data: ~{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}
        data: [DONE]
    "#]],
    );
}
