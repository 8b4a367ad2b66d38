use std::sync::Arc;

use expect_test::expect;

use super::*;
use crate::dialect::Dialect;
use crate::dialects::openai_responses::OpenaiResponses;
use crate::ir::{Block, Reasoning, Seal, SealOrigin, StopReason, ToolCall};
use crate::{Capabilities, ir};

fn request(body: &str) -> Request {
    OpenaiResponses.decode_request(body.as_bytes()).expect("a request")
}

fn head(request: &Request) -> StreamHead {
    StreamHead {
        model: "m".into(),
        include_usage: true,
        created: 7,
        request_id: "R".into(),
        request: Some(Arc::new(request.clone())),
        cost: None,
    }
}

fn answer() -> Response {
    let seal = Some(Seal { origin: SealOrigin::Anthropic, data: "sig".into() });
    let thought = Reasoning { text: "t".into(), summary: true, seal, ..Reasoning::default() };
    let call = ToolCall { id: "c1".into(), name: "f".into(), arguments: "{}".into(), ..ToolCall::default() };
    Response {
        id: String::new(),
        model: "m".into(),
        created: 7,
        blocks: vec![Content::Reasoning(thought).into(), Block::text("a"), Content::ToolCall(call).into()],
        stop: StopReason::ToolCalls,
        usage: None,
        tier: None,
        extras: Vec::new(),
    }
}

fn lines(items: &[Box<RawValue>]) -> String {
    items.iter().map(|item| item.get()).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_answer_goes_on_where_the_earlier_one_ended() {
    let first =
        request(r#"{"model":"m","instructions":"first","input":"hi","tools":[{"type":"function","name":"f"}]}"#);
    let mut kept = input_items(&first, "R");
    kept.extend(output_items(&answer(), &head(&first)));
    expect![[r#"
        {"id":"msg_R_in0","type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}
        {"type":"reasoning","id":"rs_R_0","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"tl1.anthropic.sig"}
        {"type":"message","id":"msg_R_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]}]}
        {"type":"function_call","id":"fc_R_2","status":"completed","call_id":"c1","name":"f","arguments":"{}"}"#]].assert_eq(&lines(&kept));

    let mut second = request(
        r#"{"model":"m","instructions":"second","previous_response_id":"resp_R","input":[
            {"type":"function_call_output","call_id":"c1","output":"42"},{"role":"user","content":"and?"}]}"#,
    );
    assert_eq!(previous_response_id(&second).as_deref(), Some("resp_R"));
    let previous: Vec<&RawValue> = kept.iter().map(AsRef::as_ref).collect();
    resume(&mut second, &previous).expect("it goes on");
    assert_eq!(previous_response_id(&second), None);
    let sent = OpenaiResponses.encode_request(&second, &Capabilities::default()).expect("a body");
    expect![[r#"{"model":"m","instructions":"second","input":[{"type":"message","id":"msg_R_in0","role":"user","content":[{"type":"input_text","text":"hi"}]},{"type":"reasoning","summary":[{"type":"summary_text","text":"t"}]},{"type":"message","id":"msg_R_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]}]},{"type":"function_call","id":"fc_R_2","status":"completed","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"42"},{"role":"user","content":"and?"}]}"#]].assert_eq(std::str::from_utf8(&sent.bytes).expect("text"));
    let fields: Vec<&str> = sent.losses.iter().map(|loss| loss.field.as_str()).collect();
    assert_eq!(fields, ["previous_response_id.items[1].encrypted_content"]);
    let told = OpenaiResponses.encode_response(&answer(), &head(&second));
    let told: serde_json::Value = serde_json::from_slice(&told.bytes).expect("JSON");
    assert_eq!(told["previous_response_id"], "resp_R");
    expect![[r#"
        {"type":"message","id":"msg_R_in0","role":"user","content":[{"type":"input_text","text":"hi"}]}
        {"type":"reasoning","id":"rs_R_0","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"tl1.anthropic.sig"}
        {"type":"message","id":"msg_R_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[],"logprobs":[]}]}
        {"type":"function_call","id":"fc_R_2","status":"completed","call_id":"c1","name":"f","arguments":"{}"}
        {"id":"fco_S_in4","type":"function_call_output","call_id":"c1","output":"42"}
        {"id":"msg_S_in5","type":"message","role":"user","content":[{"type":"input_text","text":"and?"}]}"#]].assert_eq(&lines(&input_items(&second, "S")));
}

#[test]
fn a_result_must_answer_a_call_once_all_is_there() {
    let mut second = request(
        r#"{"model":"m","previous_response_id":"r","input":[{"type":"function_call_output","call_id":"c9","output":"42"}]}"#,
    );
    let error = resume(&mut second, &[]).expect_err("nobody called");
    assert_eq!(error.to_string(), "`input` must be items whose outputs answer calls before them");
}

#[test]
fn references_become_what_they_refer_to() {
    let mut asked = request(
        r#"{"model":"m","input":[{"role":"user","content":"hi"},{"type":"item_reference","id":"fc_1"},
            {"type":"function_call_output","call_id":"c1","output":"42"}]}"#,
    );
    assert_eq!(references(&asked), ["fc_1"]);
    assert!(replace_references(&mut asked.clone(), |_| None).is_err());
    let found = || {
        RawValue::from_string(
            r#"{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{}"}"#.into(),
        )
    };
    replace_references(&mut asked, |id| (id == "fc_1").then(|| found().expect("JSON"))).expect("it is known");
    assert!(references(&asked).is_empty());
    let roles: Vec<&str> = asked.messages.iter().map(|message| message.role.as_str()).collect();
    assert_eq!(roles, ["user", "assistant", "tool"]);
}

#[test]
fn only_this_dialect_keeps_answers() {
    assert!(is_stored(&request(r#"{"model":"m","input":"a"}"#)));
    assert!(!is_stored(&request(r#"{"model":"m","input":"a","store":false}"#)));
    assert!(!is_stored(&ir::Request::new(DialectId::OpenaiChat, "m")));
}

#[test]
fn bodies_have_the_shape_that_clients_read() {
    let item = |id: &str| RawValue::from_string(format!(r#"{{"id":"{id}"}}"#)).expect("JSON");
    let (one, two) = (item("a"), item("b"));
    assert_eq!(
        list_body(&[&one, &two], true),
        r#"{"object":"list","data":[{"id":"a"},{"id":"b"}],"first_id":"a","last_id":"b","has_more":true}"#
    );
    assert_eq!(list_body(&[], false), r#"{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}"#);
    assert_eq!(deleted_body("resp_1"), r#"{"id":"resp_1","object":"response","deleted":true}"#);
    assert_eq!(input_tokens_body(7), r#"{"object":"response.input_tokens","input_tokens":7}"#);
}
