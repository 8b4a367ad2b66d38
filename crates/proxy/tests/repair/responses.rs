//! Answers of Responses that are read: made here, kept here, and what becomes of those that are kept elsewhere.

use serde_json::{Value, json};
use trunkline_testkit::{Gateway, Received, Reply, Say, Upstream, ask};

use super::upstreams::{self, HERMES};
use crate::{at, config, question, read};

const PATH: &str = "/v1/responses";

/// A provider of Responses and perhaps of Chat.
fn document(upstream: &Upstream, dialects: &str) -> String {
    config(upstream, "").replace("dialects = [\"openai_chat\"]", &format!("dialects = {dialects}"))
}

fn message(said: &str) -> Value {
    json!({"type": "message", "id": "msg_up", "status": "completed", "role": "assistant",
        "content": [{"type": "output_text", "text": said, "annotations": []}]})
}

fn response(said: &str) -> Value {
    json!({"id": "resp_up", "object": "response", "created_at": 1, "status": "completed", "model": "real", "error": null,
        "output": [message(said)], "usage": {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11}})
}

/// The answer of a server of Responses that says this.
fn said(said: &str, stream: bool) -> Vec<Say> {
    if !stream {
        return vec![Say::json(200, &response(said).to_string())];
    }
    let begun = json!({"id": "resp_up", "object": "response", "created_at": 1, "status": "in_progress", "model": "real",
        "output": [], "error": null});
    let place = json!({"item_id": "msg_up", "output_index": 0, "content_index": 0});
    let part = json!({"part": {"type": "output_text", "text": "", "annotations": []}});
    let mut events = vec![
        ("response.created", json!({ "response": begun })),
        (
            "response.output_item.added",
            json!({"output_index": 0, "item": {"type": "message", "id": "msg_up",
            "status": "in_progress", "role": "assistant", "content": []}}),
        ),
        ("response.content_part.added", joined(&place, &part)),
    ];
    let pieces: Vec<char> = said.chars().collect();
    for piece in pieces.chunks(7) {
        let text: String = piece.iter().collect();
        events.push(("response.output_text.delta", joined(&place, &json!({ "delta": text }))));
    }
    events.push(("response.output_text.done", joined(&place, &json!({ "text": said }))));
    events.push(("response.output_item.done", json!({"output_index": 0, "item": message(said)})));
    events.push(("response.completed", json!({ "response": response(said) })));
    let frame = |(number, (kind, more)): (usize, (&str, Value))| {
        let data = joined(&json!({"type": kind, "sequence_number": number}), &more);
        Say::chunk(&format!("event: {kind}\ndata: {data}\n\n"))
    };
    let frames = events.into_iter().enumerate().map(frame);
    [Say::stream_head()].into_iter().chain(frames).chain([Say::last_chunk()]).collect()
}

/// Both objects' members.
fn joined(one: &Value, other: &Value) -> Value {
    let members = [one, other].into_iter().flat_map(|value| value.as_object().cloned().unwrap_or_default());
    Value::Object(members.collect())
}

async fn turn(gateway: &Gateway, stream: bool, more: Value) -> Reply {
    let body = joined(&question(PATH, stream), &more).to_string();
    let reply = ask(gateway.address(), &format!("POST {PATH}"), &[], &body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply
}

fn body(request: &Received) -> Value {
    serde_json::from_str(&request.body).expect("JSON")
}

/// The id under which an answer can be gone on from.
fn id(stream: bool, reply: &Reply) -> String {
    let done = |frame: Value| Some(frame.pointer("/response/id")?.as_str()?.to_owned());
    let id = if stream {
        crate::frames(reply).into_iter().find_map(done)
    } else {
        at(&reply.json(), "/id").as_str().map(Into::into)
    };
    id.expect("an id")
}

#[tokio::test]
async fn what_is_read_is_kept_here_and_gone_on_from() {
    for stream in [false, true] {
        let upstream = Upstream::start(vec![said(HERMES, stream), said("It is fine.", stream)]).await;
        let gateway = Gateway::start(&document(&upstream, "[\"openai_responses\"]"));
        let reply = turn(&gateway, stream, json!({})).await;
        let (text, calls, _) = read(PATH, stream, &reply);
        assert_eq!(text.trim(), "Let me look.", "{}", reply.body);
        assert_eq!(calls, [("get_weather".to_owned(), json!({"city": "Paris"}))], "{}", reply.body);
        let first = id(stream, &reply);
        assert_ne!(first, "resp_up", "it is not the provider's answer any more");
        let call =
            reply.body.split("\"call_id\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a call's id");
        let result = json!([{"type": "function_call_output", "call_id": call, "output": "sunny"}]);
        let reply = turn(&gateway, stream, json!({"previous_response_id": first, "input": result})).await;
        assert_eq!(read(PATH, stream, &reply).0, "It is fine.", "{}", reply.body);
        let asked = body(upstream.received().last().expect("two requests"));
        let kinds: Vec<&str> =
            asked["input"].as_array().expect("items").iter().filter_map(|item| item["type"].as_str()).collect();
        assert!(kinds.ends_with(&["function_call", "function_call_output"]), "{asked}");
        assert_eq!(asked["previous_response_id"], Value::Null, "{asked}");
    }
}

#[tokio::test]
async fn what_goes_on_from_elsewhere_passes_unread() {
    for stream in [false, true] {
        let upstream = Upstream::start(vec![said(HERMES, stream)]).await;
        let gateway = Gateway::start(&document(&upstream, "[\"openai_responses\"]"));
        let reply = turn(&gateway, stream, json!({"previous_response_id": "resp_elsewhere"})).await;
        let asked = upstream.received();
        assert_eq!(asked.len(), 1);
        let first = body(asked.first().expect("one request"));
        assert_eq!(
            first,
            joined(&question(PATH, stream), &json!({"model": "real", "previous_response_id": "resp_elsewhere"}))
        );
        assert_eq!((id(stream, &reply), read(PATH, stream, &reply).0), ("resp_up".to_owned(), HERMES.to_owned()));
        assert_eq!(reply.header("x-trunkline-repairs"), None);
    }
}

#[tokio::test]
async fn a_server_without_the_dialect_is_asked_in_another_and_read() {
    for stream in [false, true] {
        let upstream = Upstream::answering(move |_, request| match request.head.split(' ').nth(1) {
            Some("/v1/responses") => vec![Say::json(404, "{\"detail\": \"Not Found\"}")],
            _ if stream => upstreams::sliced(HERMES, 7),
            _ => vec![upstreams::whole(HERMES)],
        })
        .await;
        let gateway = Gateway::start(&document(&upstream, "[\"openai_responses\", \"openai_chat\"]"));
        let reply = turn(&gateway, stream, json!({})).await;
        let (text, calls, ended) = read(PATH, stream, &reply);
        assert_eq!((text.trim(), &*ended), ("Let me look.", "completed"), "{}", reply.body);
        assert_eq!(calls, [("get_weather".to_owned(), json!({"city": "Paris"}))], "{}", reply.body);
    }
}
