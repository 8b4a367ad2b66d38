use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::ir::{Citation, Media, MediaKind, MediaSource, Seal, SealOrigin, ToolCall, Usage};

fn head() -> StreamHead {
    StreamHead {
        model: "m".into(),
        include_usage: false,
        created: 7,
        request_id: "0".repeat(32),
        request: None,
        cost: None,
    }
}

/// Reads an answer and writes it again.
#[track_caller]
fn check_again(body: &str, expected: &Expect) {
    let response = decode(body.as_bytes()).expect("an answer");
    check(&response, expected);
}

#[track_caller]
fn check(response: &Response, expected: &Expect) {
    let Encoded { bytes, losses } = encode(response, &head());
    let losses: Vec<&str> = losses.iter().map(|loss| loss.field.as_str()).collect();
    expected.assert_eq(&format!("{}\n{losses:?}\n", String::from_utf8_lossy(&bytes)));
}

#[track_caller]
fn check_error(body: &str, expected: &str) {
    assert_eq!(decode(body.as_bytes()).expect_err("no answer").to_string(), expected);
}

#[test]
fn an_answer_of_messages_goes_over() {
    check_again(
        r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[
          {"type":"thinking","thinking":"","signature":"EqoB"},{"type":"redacted_thinking","data":"Emw"},
          {"type":"text","text":"t","citations":[{"type":"x"}]},{"type":"text","text":"u","citations":null},
          {"type":"server_tool_use","id":"s","name":"web_search","input":{}},
          {"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1},"caller":{"type":"direct"}}],
          "stop_reason":"tool_use","stop_sequence":null,"container":null,
          "usage":{"input_tokens":1,"cache_read_input_tokens":2,"cache_creation_input_tokens":3,"output_tokens":4,
            "output_tokens_details":{"thinking_tokens":2},"service_tier":"standard"}}"#,
        &expect![[r#"
            {"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"thinking","thinking":"","signature":"EqoB"},{"type":"redacted_thinking","data":"Emw"},{"type":"text","text":"t","citations":[{"type":"x"}]},{"type":"text","text":"u"},{"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"cache_creation_input_tokens":3,"cache_read_input_tokens":2,"output_tokens":4,"output_tokens_details":{"thinking_tokens":2},"service_tier":"standard"}}
            ["content[5].caller", "container"]
        "#]],
    );
}

#[test]
fn a_refusal_without_content_is_told_by_its_explanation() {
    check_again(
        r#"{"id":"msg_1","type":"message","content":[],"stop_reason":"refusal","stop_details":{"type":"refusal","explanation":"no"}}"#,
        &expect![[r#"
            {"id":"msg_1","type":"message","role":"assistant","model":"","content":[{"type":"text","text":"no"}],"stop_reason":"refusal","stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}
            ["stop_details"]
        "#]],
    );
}

#[test]
fn an_answer_of_another_dialect_gets_what_strict_clients_want() {
    let thoughts = |text: &str, redacted, seal: Option<SealOrigin>| {
        let seal = seal.map(|origin| Seal { origin, data: "x".to_owned() });
        Block::from(Content::Reasoning(Reasoning { text: text.to_owned(), redacted, seal, ..Reasoning::default() }))
    };
    let call = |arguments: &str, custom| {
        Block::from(Content::ToolCall(ToolCall {
            id: "call_1".to_owned(),
            name: "f".to_owned(),
            arguments: arguments.to_owned(),
            custom,
            seal: Some(Seal { origin: SealOrigin::Gemini, data: "g".to_owned() }),
        }))
    };
    let mut cited = Block::text("t");
    cited.citations.push(Citation::own(DialectId::Gemini, serde_json::value::to_raw_value("c").expect("JSON")));
    let file = MediaSource::File("f".to_owned());
    let media = Media { kind: MediaKind::Image, source: file, media_type: None, name: None, detail: None };
    let response = Response {
        id: "chatcmpl-1".to_owned(),
        model: "m".to_owned(),
        created: 7,
        blocks: vec![
            thoughts("th", false, None),
            thoughts("", true, Some(SealOrigin::Openai)),
            thoughts("", true, None),
            cited,
            Content::Media(media).into(),
            call("", false),
            call("plain", true),
            call("{broken", false),
        ],
        stop: StopReason::End,
        usage: Some(Usage { input: 1, output: 2, ..Usage::default() }),
        tier: None,
        extras: Vec::new(),
    };
    check(
        &response,
        &expect![[r#"
        {"id":"msg_00000000000000000000000000000000","type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"th","signature":"tl1.none.41454691"},{"type":"redacted_thinking","data":"tl1.openai.x"},{"type":"text","text":"t"},{"type":"tool_use","id":"call_1","name":"f","input":{}},{"type":"tool_use","id":"call_1","name":"f","input":{"input":"plain"}},{"type":"tool_use","id":"call_1","name":"f","input":{"_raw":"{broken"}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":2}}
        ["content[2]", "content[3].citations", "content[4]", "content[5].signature", "content[6].signature", "content[7].signature"]
    "#]],
    );
}

#[test]
fn what_is_no_message_is_refused() {
    check_error(r#"{"type":"error","error":{}}"#, "`type` must be `message`");
    check_error(r#"{"content":[]}"#, "`type` is required");
    check_error(r#"{"type":"message"}"#, "`content` is required");
    check_error(r#"{"type":"message","content":[{"type":"text"}]}"#, "`content[0].text` is required");
}

proptest! {
    #[test]
    fn never_panics(inner in crate::scan::tests::mutated_json(), usage: bool) {
        let inner = String::from_utf8_lossy(&inner);
        let body = if usage {
            format!(r#"{{"type":"message","content":[],"usage":{inner}}}"#)
        } else {
            format!(r#"{{"type":"message","content":[{inner}]}}"#)
        };
        if let Ok(response) = decode(body.as_bytes()) {
            prop_assert!(decode(&encode(&response, &head()).bytes).is_ok());
        }
    }
}
