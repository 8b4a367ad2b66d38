use std::sync::Arc;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::dialect::{Dialect, StreamDecoder, StreamEncoder, StreamHead};
use crate::dialects::openai_responses::OpenaiResponses;
use crate::ir::{self, BlockKind, Citation, Delta, Event, Seal, SealOrigin, StopReason, Usage};
use crate::{DialectId, Fault, FaultKind};

mod alike;

fn head(request: &str) -> StreamHead {
    let request = OpenaiResponses.decode_request(request.as_bytes()).expect("a request");
    StreamHead {
        model: "m".into(),
        include_usage: true,
        created: 7,
        request_id: "1".repeat(32),
        request: Some(Arc::new(request)),
        cost: None,
    }
}

const PLAIN: &str = r#"{"model":"m","input":"hi"}"#;

/// The stream with its ids shortened.
fn encode(request: &str, events: &[Event]) -> String {
    let mut encoder = Encoder::new(&head(request));
    let mut out = Vec::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    encoder.finish(&mut out);
    encoder.finish(&mut out);
    String::from_utf8(out).expect("text").replace(&"1".repeat(32), "R")
}

/// The data of all events, without what is the same in all of them.
fn told(stream: &str) -> Vec<Value> {
    let mut events = Vec::new();
    for frame in stream.split("\n\n").filter(|frame| frame.starts_with("event: ")) {
        let (event, data) = frame.split_once("\ndata: ").expect("both lines");
        let mut data: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(event, format!("event: {}", data["type"].as_str().expect("a type")));
        assert_eq!(data["sequence_number"], events.len());
        data.as_object_mut().expect("an object").remove("sequence_number");
        events.push(data);
    }
    events
}

/// Each event on a line; of the whole answer, only how it ended.
#[track_caller]
fn check(request: &str, events: &[Event], expected: &Expect) {
    let lines: Vec<String> = told(&encode(request, events)).iter().map(line).collect();
    expected.assert_eq(&lines.join("\n"));
}

fn line(event: &Value) -> String {
    let mut event = event.clone();
    let kind = event["type"].take();
    let kind = kind.as_str().expect("a type").trim_start_matches("response.");
    let fields = event.as_object_mut().expect("an object");
    fields.shift_remove("type");
    if let Some(response) = fields.shift_remove("response") {
        for name in ["status", "error", "incomplete_details", "usage", "output"] {
            if !response[name].is_null() {
                fields.insert(name.into(), response[name].clone());
            }
        }
    }
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{kind} {}", fields.join(" "))
}

fn start() -> Event {
    Event::Start { id: "up".into() }
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
    Event::Delta { block, delta: Delta::Seal(Seal { origin, data: "s".into() }) }
}
fn close(block: u32) -> Event {
    Event::Close { block }
}
fn call(id: &str, name: &str) -> BlockKind {
    BlockKind::ToolCall { id: id.into(), name: name.into(), custom: false }
}
fn thought(summary: bool) -> BlockKind {
    BlockKind::Reasoning { summary, redacted: false, id: None }
}
fn raw(json: &str) -> Box<serde_json::value::RawValue> {
    serde_json::value::RawValue::from_string(json.to_owned()).expect("JSON")
}
const USAGE: Usage =
    Usage { input: 3, cache_read: 4, cache_write: 5, output: 6, reasoning: 2, audio_input: 0, audio_output: 0 };

#[test]
fn tells_a_text_from_beginning_to_end() {
    let source = Citation::own(DialectId::OpenaiResponses, raw(r#"{"type":"url_citation"}"#));
    let citation = Delta::Citation(Box::new(source));
    let events = [
        start(),
        open(0, BlockKind::Text),
        text(0, "a"),
        Event::Ping,
        text(0, "\nb"),
        Event::Delta { block: 0, delta: citation },
        close(0),
        Event::Usage(USAGE),
        Event::Stop(StopReason::End),
    ];
    check(
        PLAIN,
        &events,
        &expect![[r#"
        created status="in_progress" output=[]
        in_progress status="in_progress" output=[]
        output_item.added item={"type":"message","id":"msg_R_0","status":"in_progress","role":"assistant","content":[]} output_index=0
        content_part.added part={"type":"output_text","text":"","annotations":[],"logprobs":[]} item_id="msg_R_0" output_index=0 content_index=0
        output_text.delta logprobs=[] item_id="msg_R_0" output_index=0 content_index=0 delta="a"
        output_text.delta logprobs=[] item_id="msg_R_0" output_index=0 content_index=0 delta="\nb"
        output_text.annotation.added annotation={"type":"url_citation"} item_id="msg_R_0" output_index=0 content_index=0 annotation_index=0
        output_text.done logprobs=[] item_id="msg_R_0" output_index=0 content_index=0 text="a\nb"
        content_part.done part={"type":"output_text","text":"a\nb","annotations":[{"type":"url_citation"}],"logprobs":[]} item_id="msg_R_0" output_index=0 content_index=0
        output_item.done item={"type":"message","id":"msg_R_0","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a\nb","annotations":[{"type":"url_citation"}],"logprobs":[]}]} output_index=0
        completed status="completed" usage={"input_tokens":12,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":5},"output_tokens":6,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":18} output=[{"type":"message","id":"msg_R_0","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a\nb","annotations":[{"type":"url_citation"}],"logprobs":[]}]}]"#]],
    );
}

#[test]
fn the_answer_repeats_its_request() {
    let request = r#"{"model":"m","instructions":"i","input":"hi","tools":[{"type":"function","name":"f","parameters":{}},
        {"type":"web_search"}],"tool_choice":"required","metadata":{"a":"b"},"store":false,"previous_response_id":"resp_0",
        "reasoning":{"effort":"low"},"text":{"verbosity":"low"},"max_output_tokens":9,"temperature":0.5,"user":"u"}"#;
    let stream = told(&encode(request, &[start(), Event::Stop(StopReason::End)]));
    let last = stream.last().expect("an end");
    let whole = serde_json::to_string_pretty(&last["response"]).expect("JSON");
    expect![[r#"
        {
          "id": "resp_R",
          "object": "response",
          "created_at": 7,
          "status": "completed",
          "error": null,
          "incomplete_details": null,
          "model": "m",
          "output": [],
          "usage": null,
          "background": false,
          "instructions": "i",
          "max_output_tokens": 9,
          "max_tool_calls": null,
          "metadata": {
            "a": "b"
          },
          "parallel_tool_calls": true,
          "previous_response_id": "resp_0",
          "prompt_cache_key": null,
          "reasoning": {
            "effort": "low"
          },
          "safety_identifier": null,
          "service_tier": null,
          "store": false,
          "temperature": 0.5,
          "text": {
            "format": {
              "type": "text"
            },
            "verbosity": "low"
          },
          "tool_choice": "required",
          "tools": [
            {
              "type": "function",
              "name": "f",
              "parameters": {},
              "strict": false
            },
            {
              "type": "web_search"
            }
          ],
          "top_logprobs": 0,
          "top_p": null,
          "truncation": "disabled",
          "user": "u"
        }"#]]
    .assert_eq(&whole);
    let stream = told(&encode(PLAIN, &[start(), Event::Stop(StopReason::End)]));
    let whole = serde_json::to_string_pretty(&stream[0]["response"]).expect("JSON");
    expect![[r#"
        {
          "id": "resp_R",
          "object": "response",
          "created_at": 7,
          "status": "in_progress",
          "error": null,
          "incomplete_details": null,
          "model": "m",
          "output": [],
          "usage": null,
          "background": false,
          "instructions": null,
          "max_output_tokens": null,
          "max_tool_calls": null,
          "metadata": {},
          "parallel_tool_calls": true,
          "previous_response_id": null,
          "prompt_cache_key": null,
          "reasoning": {
            "effort": null,
            "summary": null
          },
          "safety_identifier": null,
          "service_tier": null,
          "store": true,
          "temperature": null,
          "text": {
            "format": {
              "type": "text"
            }
          },
          "tool_choice": "auto",
          "tools": [],
          "top_logprobs": 0,
          "top_p": null,
          "truncation": "disabled",
          "user": null
        }"#]]
    .assert_eq(&whole);
}

#[test]
fn thoughts_come_before_the_message_and_calls_after_it() {
    let events = [
        start(),
        open(0, thought(true)),
        text(0, "t"),
        seal(0, SealOrigin::Anthropic),
        close(0),
        open(1, BlockKind::Text),
        text(1, "a"),
        close(1),
        open(2, BlockKind::Refusal),
        text(2, "no"),
        close(2),
        open(3, call("c1", "ns__f")),
        arguments(3, "{}"),
        close(3),
        Event::Stop(StopReason::ToolCalls),
    ];
    let request = r#"{"model":"m","input":"hi","include":["reasoning.encrypted_content"],
        "tools":[{"type":"namespace","name":"ns","tools":[{"type":"function","name":"f"}]}]}"#;
    check(
        request,
        &events,
        &expect![[r#"
        created status="in_progress" output=[]
        in_progress status="in_progress" output=[]
        output_item.added item={"type":"reasoning","id":"rs_R_0","summary":[]} output_index=0
        reasoning_summary_part.added part={"type":"summary_text","text":""} item_id="rs_R_0" output_index=0 summary_index=0
        reasoning_summary_text.delta delta="t" item_id="rs_R_0" output_index=0 summary_index=0
        reasoning_summary_text.done text="t" item_id="rs_R_0" output_index=0 summary_index=0
        reasoning_summary_part.done part={"type":"summary_text","text":"t"} item_id="rs_R_0" output_index=0 summary_index=0
        output_item.done item={"type":"reasoning","id":"rs_R_0","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"tl1.anthropic.s"} output_index=0
        output_item.added item={"type":"message","id":"msg_R_1","status":"in_progress","role":"assistant","content":[]} output_index=1
        content_part.added part={"type":"output_text","text":"","annotations":[],"logprobs":[]} item_id="msg_R_1" output_index=1 content_index=0
        output_text.delta logprobs=[] item_id="msg_R_1" output_index=1 content_index=0 delta="a"
        output_text.done logprobs=[] item_id="msg_R_1" output_index=1 content_index=0 text="a"
        content_part.done part={"type":"output_text","text":"a","annotations":[],"logprobs":[]} item_id="msg_R_1" output_index=1 content_index=0
        content_part.added part={"type":"refusal","refusal":""} item_id="msg_R_1" output_index=1 content_index=1
        refusal.delta delta="no" item_id="msg_R_1" output_index=1 content_index=1
        refusal.done refusal="no" item_id="msg_R_1" output_index=1 content_index=1
        content_part.done part={"type":"refusal","refusal":"no"} item_id="msg_R_1" output_index=1 content_index=1
        output_item.done item={"type":"message","id":"msg_R_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]},{"type":"refusal","refusal":"no"}]} output_index=1
        output_item.added item={"type":"function_call","id":"fc_R_2","status":"in_progress","call_id":"c1","namespace":"ns","name":"f","arguments":""} output_index=2
        function_call_arguments.delta delta="{}" item_id="fc_R_2" output_index=2
        function_call_arguments.done name="f" item_id="fc_R_2" output_index=2 arguments="{}"
        output_item.done item={"type":"function_call","id":"fc_R_2","status":"completed","call_id":"c1","namespace":"ns","name":"f","arguments":"{}"} output_index=2
        completed status="completed" output=[{"type":"reasoning","id":"rs_R_0","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"tl1.anthropic.s"},{"type":"message","id":"msg_R_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]},{"type":"refusal","refusal":"no"}]},{"type":"function_call","id":"fc_R_2","status":"completed","call_id":"c1","namespace":"ns","name":"f","arguments":"{}"}]"#]],
    );
}

#[test]
fn blocks_that_are_open_at_once_come_one_by_one() {
    let events = [
        start(),
        open(0, thought(false)),
        open(1, call("c1", "f")),
        open(2, call("c2", "g")),
        arguments(2, "[2]"),
        text(0, "t"),
        arguments(1, "[1"),
        close(2),
        close(0),
        arguments(1, "]"),
        close(1),
        Event::Stop(StopReason::ToolCalls),
    ];
    check(
        PLAIN,
        &events,
        &expect![[r#"
        created status="in_progress" output=[]
        in_progress status="in_progress" output=[]
        output_item.added item={"type":"reasoning","id":"rs_R_0","summary":[]} output_index=0
        content_part.added part={"type":"reasoning_text","text":""} item_id="rs_R_0" output_index=0 content_index=0
        reasoning_text.delta delta="t" item_id="rs_R_0" output_index=0 content_index=0
        reasoning_text.done text="t" item_id="rs_R_0" output_index=0 content_index=0
        content_part.done part={"type":"reasoning_text","text":"t"} item_id="rs_R_0" output_index=0 content_index=0
        output_item.done item={"type":"reasoning","id":"rs_R_0","summary":[],"content":[{"type":"reasoning_text","text":"t"}]} output_index=0
        output_item.added item={"type":"function_call","id":"fc_R_1","status":"in_progress","call_id":"c1","name":"f","arguments":""} output_index=1
        function_call_arguments.delta delta="[1" item_id="fc_R_1" output_index=1
        function_call_arguments.delta delta="]" item_id="fc_R_1" output_index=1
        function_call_arguments.done name="f" item_id="fc_R_1" output_index=1 arguments="[1]"
        output_item.done item={"type":"function_call","id":"fc_R_1","status":"completed","call_id":"c1","name":"f","arguments":"[1]"} output_index=1
        output_item.added item={"type":"function_call","id":"fc_R_2","status":"in_progress","call_id":"c2","name":"g","arguments":""} output_index=2
        function_call_arguments.delta delta="[2]" item_id="fc_R_2" output_index=2
        function_call_arguments.done name="g" item_id="fc_R_2" output_index=2 arguments="[2]"
        output_item.done item={"type":"function_call","id":"fc_R_2","status":"completed","call_id":"c2","name":"g","arguments":"[2]"} output_index=2
        completed status="completed" output=[{"type":"reasoning","id":"rs_R_0","summary":[],"content":[{"type":"reasoning_text","text":"t"}]},{"type":"function_call","id":"fc_R_1","status":"completed","call_id":"c1","name":"f","arguments":"[1]"},{"type":"function_call","id":"fc_R_2","status":"completed","call_id":"c2","name":"g","arguments":"[2]"}]"#]],
    );
}

#[test]
fn a_custom_tool_gets_its_plain_text_however_it_came() {
    let custom = |id: &str| BlockKind::ToolCall { id: id.into(), name: "g".into(), custom: true };
    let events = [
        start(),
        open(0, custom("c1")),
        arguments(0, "*** Begin"),
        close(0),
        open(1, call("c2", "g")),
        arguments(1, r#"{"input":"*** "#),
        arguments(1, r#"End"}"#),
        close(1),
        open(2, call("c3", "g")),
        arguments(2, "not wrapped"),
        close(2),
        Event::Stop(StopReason::ToolCalls),
    ];
    check(
        r#"{"model":"m","input":"hi","tools":[{"type":"custom","name":"g"}]}"#,
        &events,
        &expect![[r#"
        created status="in_progress" output=[]
        in_progress status="in_progress" output=[]
        output_item.added item={"type":"custom_tool_call","id":"ctc_R_0","status":"in_progress","call_id":"c1","name":"g","input":""} output_index=0
        custom_tool_call_input.delta delta="*** Begin" item_id="ctc_R_0" output_index=0
        custom_tool_call_input.done name="g" item_id="ctc_R_0" output_index=0 input="*** Begin"
        output_item.done item={"type":"custom_tool_call","id":"ctc_R_0","status":"completed","call_id":"c1","name":"g","input":"*** Begin"} output_index=0
        output_item.added item={"type":"custom_tool_call","id":"ctc_R_1","status":"in_progress","call_id":"c2","name":"g","input":""} output_index=1
        custom_tool_call_input.delta delta="*** End" item_id="ctc_R_1" output_index=1
        custom_tool_call_input.done name="g" item_id="ctc_R_1" output_index=1 input="*** End"
        output_item.done item={"type":"custom_tool_call","id":"ctc_R_1","status":"completed","call_id":"c2","name":"g","input":"*** End"} output_index=1
        output_item.added item={"type":"custom_tool_call","id":"ctc_R_2","status":"in_progress","call_id":"c3","name":"g","input":""} output_index=2
        custom_tool_call_input.delta delta="not wrapped" item_id="ctc_R_2" output_index=2
        custom_tool_call_input.done name="g" item_id="ctc_R_2" output_index=2 input="not wrapped"
        output_item.done item={"type":"custom_tool_call","id":"ctc_R_2","status":"completed","call_id":"c3","name":"g","input":"not wrapped"} output_index=2
        completed status="completed" output=[{"type":"custom_tool_call","id":"ctc_R_0","status":"completed","call_id":"c1","name":"g","input":"*** Begin"},{"type":"custom_tool_call","id":"ctc_R_1","status":"completed","call_id":"c2","name":"g","input":"*** End"},{"type":"custom_tool_call","id":"ctc_R_2","status":"completed","call_id":"c3","name":"g","input":"not wrapped"}]"#]],
    );
}

#[test]
fn seals_go_only_to_clients_that_take_them_back() {
    let events = [
        start(),
        open(0, BlockKind::Reasoning { summary: true, redacted: true, id: Some("rs_up".into()) }),
        seal(0, SealOrigin::Openai),
        close(0),
        Event::Stop(StopReason::End),
    ];
    let sealed = |request: &str| {
        let stream = told(&encode(request, &events));
        stream.last().expect("an end")["response"]["output"][0].to_string()
    };
    assert_eq!(sealed(PLAIN), r#"{"type":"reasoning","id":"rs_up","summary":[]}"#);
    let with = r#"{"type":"reasoning","id":"rs_up","summary":[],"encrypted_content":"s"}"#;
    assert_eq!(sealed(r#"{"model":"m","input":"hi","store":false}"#), with);
    assert_eq!(sealed(r#"{"model":"m","input":"hi","include":["x","reasoning.encrypted_content"]}"#), with);
}

#[test]
fn an_answer_that_is_cut_off_is_incomplete() {
    let cut = |stop| [start(), open(0, BlockKind::Text), text(0, "a"), close(0), Event::Stop(stop)];
    check(
        PLAIN,
        &cut(StopReason::Length),
        &expect![[r#"
        created status="in_progress" output=[]
        in_progress status="in_progress" output=[]
        output_item.added item={"type":"message","id":"msg_R_0","status":"in_progress","role":"assistant","content":[]} output_index=0
        content_part.added part={"type":"output_text","text":"","annotations":[],"logprobs":[]} item_id="msg_R_0" output_index=0 content_index=0
        output_text.delta logprobs=[] item_id="msg_R_0" output_index=0 content_index=0 delta="a"
        output_text.done logprobs=[] item_id="msg_R_0" output_index=0 content_index=0 text="a"
        content_part.done part={"type":"output_text","text":"a","annotations":[],"logprobs":[]} item_id="msg_R_0" output_index=0 content_index=0
        output_item.done item={"type":"message","id":"msg_R_0","status":"incomplete","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]}]} output_index=0
        incomplete status="incomplete" incomplete_details={"reason":"max_output_tokens"} output=[{"type":"message","id":"msg_R_0","status":"incomplete","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]}]}]"#]],
    );
    let stream = told(&encode(PLAIN, &cut(StopReason::Filtered)));
    assert_eq!(stream.last().expect("an end")["response"]["incomplete_details"]["reason"], "content_filter");
}

#[test]
fn an_answer_that_breaks_off_has_failed() {
    let mut fault = Fault::new(FaultKind::RateLimited, "slow down");
    fault.retry_after = Some(std::time::Duration::from_secs(3));
    check(
        PLAIN,
        &[start(), open(0, BlockKind::Text), text(0, "a"), Event::Fault(Box::new(fault))],
        &expect![[r#"
        created status="in_progress" output=[]
        in_progress status="in_progress" output=[]
        output_item.added item={"type":"message","id":"msg_R_0","status":"in_progress","role":"assistant","content":[]} output_index=0
        content_part.added part={"type":"output_text","text":"","annotations":[],"logprobs":[]} item_id="msg_R_0" output_index=0 content_index=0
        output_text.delta logprobs=[] item_id="msg_R_0" output_index=0 content_index=0 delta="a"
        failed status="failed" error={"code":"rate_limit_exceeded","message":"slow down; try again in 3s"} output=[]"#]],
    );
    check(
        PLAIN,
        &[start()],
        &expect![[r#"
        created status="in_progress" output=[]
        in_progress status="in_progress" output=[]
        failed status="failed" error={"code":"server_error","message":"the provider's answer broke off before it was complete; try again"} output=[]"#]],
    );
    check(
        PLAIN,
        &[],
        &expect![[r#"
        created status="in_progress" output=[]
        in_progress status="in_progress" output=[]
        failed status="failed" error={"code":"server_error","message":"the provider's answer broke off before it was complete; try again"} output=[]"#]],
    );
}

#[test]
fn an_answer_without_an_end_is_cut_off() {
    let mut encoder = Encoder::new(&head(PLAIN));
    let mut out = Vec::new();
    encoder.push(&start(), &mut out);
    encoder.push(&open(0, BlockKind::Text), &mut out);
    let long = text(0, &"x".repeat(1 << 20));
    for _ in 0..40 {
        out.clear();
        encoder.push(&long, &mut out);
        if String::from_utf8_lossy(&out).contains("event: response.failed") {
            return;
        }
    }
    panic!("no end");
}

/// The events of a provider's stream, which any cutting of it gives.
#[track_caller]
fn decode(stream: &str) -> Vec<Event> {
    let whole = decode_cut(stream.as_bytes(), stream.len());
    for cut in 0..stream.len() {
        assert_eq!(format!("{:?}", decode_cut(stream.as_bytes(), cut)), format!("{whole:?}"), "cut at {cut}");
    }
    whole
}

fn decode_cut(stream: &[u8], cut: usize) -> Vec<Event> {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    let (front, back) = stream.split_at(cut);
    decoder.push(front, &mut events);
    decoder.push(back, &mut events);
    decoder.finish(&mut events);
    decoder.finish(&mut events);
    let mut grammar = ir::Grammar::new();
    events.iter().try_for_each(|event| grammar.step(event)).expect("the grammar of streams");
    assert!(grammar.is_over(), "no end: {events:?}");
    events
}

/// A stream of these data.
fn stream(data: &[&str]) -> String {
    data.iter().map(|data| format!("data: {data}\n\n")).collect()
}

#[track_caller]
fn check_decoded(data: &[&str], expected: &Expect) {
    let events: Vec<String> = decode(&stream(data)).iter().map(|event| format!("{event:?}")).collect();
    expected.assert_eq(&events.join("\n"));
}

#[test]
fn reads_text_thoughts_and_calls() {
    check_decoded(
        &[
            r#"{"type":"response.created","response":{"id":"resp_1"}}"#,
            r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}"#,
            r#"{"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0}"#,
            r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"t"}"#,
            r#"{"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":1}"#,
            r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"u"}"#,
            r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"gA"}}"#,
            r#"{"type":"response.output_item.added","output_index":1,"item":{"type":"message","id":"msg_1","role":"assistant","content":[]}}"#,
            r#"{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"é"}"#,
            r#"{"type":"response.output_text.annotation.added","output_index":1,"content_index":0,"annotation":{"a":1}}"#,
            r#"{"type":"response.refusal.delta","output_index":1,"content_index":1,"delta":"no"}"#,
            r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"é","annotations":[{"a":1}]},{"type":"refusal","refusal":"no"}]}}"#,
            r#"{"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","call_id":"c1","name":"f","namespace":"n","arguments":""}}"#,
            r#"{"type":"response.output_item.added","output_index":3,"item":{"type":"custom_tool_call","call_id":"c2","name":"g","input":""}}"#,
            r#"{"type":"response.custom_tool_call_input.delta","output_index":3,"delta":"x"}"#,
            r#"{"type":"response.function_call_arguments.delta","output_index":2,"delta":"{}"}"#,
            r#"{"type":"response.function_call_arguments.done","output_index":2,"arguments":"{}"}"#,
            r#"{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}}"#,
            r#"{"type":"response.output_item.done","output_index":3,"item":{"type":"custom_tool_call","call_id":"c2","name":"g","input":"x"}}"#,
            r#"{"type":"response.web_search_call.searching","output_index":4}"#,
            r#"{"type":"response.output_item.done","output_index":4,"item":{"type":"web_search_call","id":"ws"}}"#,
            r#"{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[],"usage":{"input_tokens":12,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":5},"output_tokens":6,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":18}}}"#,
            r#"{"type":"response.output_text.delta","output_index":9,"delta":"late"}"#,
        ],
        &expect![[r#"
            Start { id: "resp_1" }
            Open { block: 0, kind: Reasoning { summary: true, redacted: false, id: Some("rs_1") } }
            Delta { block: 0, delta: Text("t") }
            Delta { block: 0, delta: Text("\n\n") }
            Delta { block: 0, delta: Text("u") }
            Delta { block: 0, delta: Seal(Seal { origin: Openai, data: "gA" }) }
            Close { block: 0 }
            Open { block: 1, kind: Text }
            Delta { block: 1, delta: Text("é") }
            Delta { block: 1, delta: Citation(Citation { origin: OpenaiResponses, raw: RawValue({"a":1}), page: None }) }
            Close { block: 1 }
            Open { block: 2, kind: Refusal }
            Delta { block: 2, delta: Text("no") }
            Close { block: 2 }
            Open { block: 3, kind: ToolCall { id: "c1", name: "n__f", custom: false } }
            Open { block: 4, kind: ToolCall { id: "c2", name: "g", custom: true } }
            Delta { block: 4, delta: Arguments("x") }
            Delta { block: 3, delta: Arguments("{}") }
            Close { block: 3 }
            Close { block: 4 }
            Open { block: 5, kind: Opaque { origin: OpenaiResponses, kind: "web_search_call", raw: RawValue({"type":"web_search_call","id":"ws"}) } }
            Close { block: 5 }
            Usage(Usage { input: 3, cache_read: 4, cache_write: 5, output: 6, reasoning: 2, audio_input: 0, audio_output: 0 })
            Stop(ToolCalls)"#]],
    );
}

#[test]
fn takes_what_was_left_out_from_where_it_stands_again() {
    check_decoded(
        &[
            r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"t"}]}}"#,
            r#"{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","arguments":""}}"#,
            r#"{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{"}"#,
            r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"","name":"f","arguments":"{}"}}"#,
            r#"{"type":"response.completed","response":{"output":[{},{},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[{"b":1}]}]},{"type":"reasoning","summary":[],"encrypted_content":"gA"},{"type":"local_shell_call","call_id":"c","action":{}}]}}"#,
            "[DONE]",
        ],
        &expect![[r#"
            Start { id: "" }
            Open { block: 0, kind: Reasoning { summary: false, redacted: false, id: None } }
            Delta { block: 0, delta: Text("t") }
            Close { block: 0 }
            Open { block: 1, kind: ToolCall { id: "call_1", name: "f", custom: false } }
            Delta { block: 1, delta: Arguments("{}") }
            Close { block: 1 }
            Open { block: 2, kind: Text }
            Delta { block: 2, delta: Text("a") }
            Delta { block: 2, delta: Citation(Citation { origin: OpenaiResponses, raw: RawValue({"b":1}), page: None }) }
            Close { block: 2 }
            Open { block: 3, kind: Reasoning { summary: true, redacted: true, id: None } }
            Delta { block: 3, delta: Seal(Seal { origin: Openai, data: "gA" }) }
            Close { block: 3 }
            Open { block: 4, kind: Opaque { origin: OpenaiResponses, kind: "local_shell_call", raw: RawValue({"type":"local_shell_call","call_id":"c","action":{}}) } }
            Close { block: 4 }
            Stop(ToolCalls)"#]],
    );
}

#[test]
fn reads_why_an_answer_ended() {
    let end = |data: &str| {
        let events = decode(&stream(&[r#"{"type":"response.created","response":{"id":"r"}}"#, data]));
        format!("{:?}", events.last().expect("an end"))
    };
    let incomplete = |reason: &str| {
        let details = format!(r#"{{"reason":"{reason}"}}"#);
        end(&format!(
            r#"{{"type":"response.incomplete","response":{{"status":"incomplete","incomplete_details":{details}}}}}"#
        ))
    };
    assert_eq!(incomplete("max_output_tokens"), "Stop(Length)");
    assert_eq!(incomplete("content_filter"), "Stop(Filtered)");
    assert_eq!(incomplete("steered"), "Stop(Other(\"steered\"))");
    assert_eq!(end(r#"{"type":"response.completed"}"#), "Stop(End)");
    for (data, kind, message) in [
        (
            r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"context_length_exceeded","message":"too long"}}}"#,
            FaultKind::ContextTooLong,
            "too long",
        ),
        (
            r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"try again in 3s"}}}"#,
            FaultKind::RateLimited,
            "try again in 3s",
        ),
        (
            r#"{"type":"response.failed","response":{"status":"failed","error":null}}"#,
            FaultKind::UpstreamBroken,
            "the provider's answer ended as \"failed\"",
        ),
        (r#"{"type":"error","code":"slow_down","message":"busy","param":null}"#, FaultKind::Overloaded, "busy"),
        (
            r#"{"type":"error","error":{"message":"maximum context length is 5","code":400}}"#,
            FaultKind::ContextTooLong,
            "maximum context length is 5",
        ),
        (r#"{"error":{"message":"bad","type":"invalid_request_error"}}"#, FaultKind::UpstreamRejected, "bad"),
        (r#"{"error":"it broke"}"#, FaultKind::UpstreamBroken, "it broke"),
        (r#"7"#, FaultKind::UpstreamBroken, "the provider sent an event that is not a JSON object of this dialect"),
        (
            r#"{"type":"response.in_progress"}"#,
            FaultKind::UpstreamBroken,
            "the provider's answer broke off before it was complete; try again",
        ),
    ] {
        let events = decode(&stream(&[r#"{"type":"response.created","response":{"id":"r"}}"#, data]));
        let Some(Event::Fault(fault)) = events.last() else { panic!("no fault: {events:?}") };
        assert_eq!((fault.kind, fault.message.as_str()), (kind, message), "{data}");
    }
}

/// What goes out comes in again.
#[test]
fn its_own_stream_is_read_as_it_was_told() {
    let events = [
        start(),
        open(0, thought(true)),
        open(1, BlockKind::Text),
        text(1, "a"),
        text(0, "t"),
        seal(0, SealOrigin::Gemini),
        close(1),
        close(0),
        open(2, call("c1", "f")),
        open(3, call("c2", "g")),
        arguments(3, "{}"),
        arguments(2, "[]"),
        close(3),
        close(2),
        Event::Usage(USAGE),
        Event::Stop(StopReason::ToolCalls),
    ];
    let stream = encode(r#"{"model":"m","input":"hi","store":false}"#, &events);
    let collect = |events: &[Event]| {
        let mut collector = ir::Collector::default();
        events.iter().for_each(|event| collector.push(event));
        collector.finish("m".into(), 7)
    };
    let (mut sent, mut read) = (collect(&events), collect(&decode_cut(stream.as_bytes(), 99)));
    (sent.id, read.id) = (String::new(), String::new());
    // The ids of thoughts are ours.
    for block in sent.blocks.iter_mut().chain(&mut read.blocks) {
        if let ir::Content::Reasoning(thought) = &mut block.content {
            thought.id = None;
        }
    }
    assert_eq!(format!("{sent:#?}"), format!("{read:#?}"));
}

const WORDS: &[&str] = &[
    r#"{"type":"response.created","response":{"id":"r"}}"#,
    r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c","name":"f"}}"#,
    r#"{"type":"response.output_item.added","output_index":1,"item":{"type":"message"}}"#,
    r#"{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{"}"#,
    r#"{"type":"response.function_call_arguments.done","output_index":0,"arguments":{"a":1}}"#,
    r#"{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"a"}"#,
    r#"{"type":"response.output_text.delta","output_index":1,"content_index":1,"delta":"b"}"#,
    r#"{"type":"response.refusal.delta","output_index":1,"delta":"a"}"#,
    r#"{"type":"response.reasoning_text.delta","output_index":2,"delta":"a"}"#,
    r#"{"type":"response.reasoning_summary_text.delta","output_index":2,"delta":"a"}"#,
    r#"{"type":"response.output_item.done","output_index":2,"item":{"type":"reasoning","summary":[],"encrypted_content":"x"}}"#,
    r#"{"type":"response.output_item.done","output_index":1,"item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ab"}]}}"#,
    r#"{"type":"response.output_item.done","output_index":0,"item":{"type":"odd"}}"#,
    r#"{"type":"response.completed","response":{"output":[{"type":"function_call","call_id":"c","name":"f","arguments":""}]}}"#,
    r#"{"type":"response.incomplete","response":{}}"#,
    "[DONE]",
    "{",
];

proptest! {
    #[test]
    fn any_order_of_events_keeps_the_grammar(
        picks in proptest::collection::vec(proptest::sample::select(WORDS.to_vec()), 0..16),
        cut in any::<prop::sample::Index>(),
    ) {
        let stream = stream(&picks);
        let whole = decode_cut(stream.as_bytes(), stream.len());
        let cut = decode_cut(stream.as_bytes(), cut.index(stream.len() + 1));
        prop_assert_eq!(format!("{:?}", whole), format!("{:?}", cut));
        // Whatever came in can go out.
        let out = encode(PLAIN, &whole);
        told(&out);
    }

    #[test]
    fn any_bytes_end_somehow(json in crate::scan::tests::mutated_json(), kind in proptest::sample::select(WORDS.to_vec())) {
        let mut bytes = b"data: ".to_vec();
        bytes.extend(json);
        bytes.extend_from_slice(b"\n\n");
        bytes.extend_from_slice(stream(&[kind]).as_bytes());
        decode_cut(&bytes, bytes.len() / 2);
    }
}
