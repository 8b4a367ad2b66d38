//! Answers of Responses that later requests go on from, in front of a provider that knows only Chat Completions.

use serde_json::{Value, json};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};

const RESPONSES: &str = "POST /v1/responses";

/// A provider without Responses, and two client keys.
fn config(upstream: &Upstream) -> String {
    format!(
        r#"
        [discovery]
        probe = false
        [providers.up]
        type = "openai"
        base_url = "{}"
        key = "sk-upstream"
        dialects = ["openai_chat"]
        [[client_keys]]
        name = "ada"
        key = "sk-ada"
        [[client_keys]]
        name = "bob"
        key = "sk-bob"
        "#,
        upstream.url()
    )
}

fn told(text: &str) -> Say {
    let message = json!({"role": "assistant", "content": text});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    let usage = json!({"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11});
    let answer = json!({"id": "c1", "object": "chat.completion", "model": "real", "choices": [choice], "usage": usage});
    Say::json(200, &answer.to_string())
}

fn streamed(text: &str) -> Vec<Say> {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        format!("data: {}\n\n", json!({"id": "c1", "model": "real", "choices": [choice]}))
    };
    let (head, tail) = text.split_at(1);
    let mut frames = chunk(json!({"role": "assistant", "content": head}), Value::Null);
    for piece in tail.as_bytes().chunks(1 << 20) {
        frames += &chunk(json!({"content": std::str::from_utf8(piece).expect("ASCII")}), Value::Null);
    }
    frames += &chunk(json!({}), json!("stop"));
    vec![Say::stream_head(), Say::chunk(&frames), Say::chunk("data: [DONE]\n\n"), Say::last_chunk()]
}

async fn rig(scripts: Vec<Vec<Say>>) -> (Upstream, Gateway) {
    let upstream = Upstream::start(scripts).await;
    let gateway = Gateway::start(&config(&upstream));
    (upstream, gateway)
}

async fn ask_as(who: &str, gateway: &Gateway, line: &str, body: &str) -> Reply {
    ask(gateway.address(), line, &[&format!("authorization: Bearer sk-{who}")], body).await
}

/// A turn of Ada's, with `more` in its body.
async fn turn(gateway: &Gateway, input: &str, more: Value) -> Reply {
    let mut body = json!({"model": "up/real", "input": input});
    let members = body.as_object_mut().expect("members");
    members.extend(more.as_object().expect("members").clone());
    ask_as("ada", gateway, RESPONSES, &body.to_string()).await
}

fn at(value: &Value, place: &str) -> Value {
    value.pointer(place).cloned().expect(place)
}

fn id(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.body);
    at(&reply.json(), "/id").as_str().expect("an id").to_owned()
}

/// Status, code and param of an error.
fn error(reply: &Reply) -> (u16, Value, Value) {
    let body = reply.json();
    (reply.status, at(&body, "/error/code"), at(&body, "/error/param"))
}

/// The messages of the n-th request upstream, as `role: text`.
fn said(upstream: &Upstream, request: usize) -> Vec<String> {
    let received = upstream.received();
    let body: Value = serde_json::from_str(&received.get(request).expect("so many requests").body).expect("JSON");
    let text = |message: &Value, name: &str| at(message, name).as_str().expect("text").to_owned();
    let said = |message: &Value| format!("{}: {}", text(message, "/role"), text(message, "/content"));
    at(&body, "/messages").as_array().expect("messages").iter().map(said).collect()
}

#[tokio::test]
async fn the_third_turn_says_all_that_came_before_and_only_its_own_instructions() {
    let (upstream, gateway) = rig(vec![vec![told("one")], streamed("two"), vec![told("three")]]).await;
    let first = turn(&gateway, "1?", json!({"instructions": "be first"})).await;
    let first = id(&first);
    let second = turn(&gateway, "2?", json!({"previous_response_id": first, "stream": true})).await;
    let completed = second.body.split("event: response.completed\ndata: ").nth(1).expect("a whole stream");
    let completed: Value = serde_json::from_str(completed.split("\n\n").next().expect("a frame")).expect("JSON");
    assert_eq!(completed["response"]["previous_response_id"], json!(first));
    let second = completed["response"]["id"].as_str().expect("an id").to_owned();
    let third = turn(&gateway, "3?", json!({"previous_response_id": second, "instructions": "be third"})).await;
    assert_eq!(third.json()["previous_response_id"], json!(second));
    assert_eq!(third.header("x-trunkline-losses"), None, "{}", third.head);
    let expected = ["system: be third", "user: 1?", "assistant: one", "user: 2?", "assistant: two", "user: 3?"];
    assert_eq!(said(&upstream, 2), expected);
    // What is shown of the streamed one is what its stream said.
    let shown = ask_as("ada", &gateway, &format!("GET /v1/responses/{second}"), "").await;
    assert_eq!(shown.json(), completed["response"]);
}

#[tokio::test]
async fn what_is_kept_here_is_neither_lost_nor_kept_by_the_provider() {
    let (upstream, gateway) = rig(vec![vec![told("one")], vec![told("two")]]).await;
    for store in [true, false] {
        let reply = turn(&gateway, "1?", json!({"store": store})).await;
        assert_eq!((reply.status, reply.header("x-trunkline-losses")), (200, None), "{}", reply.body);
        assert_eq!(reply.json()["store"], json!(store));
    }
    assert!(upstream.received().iter().all(|request| !request.body.contains("store")));
}

#[tokio::test]
async fn a_call_is_answered_by_its_result_alone() {
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    let choice = json!({"index": 0, "message": message, "finish_reason": "tool_calls"});
    let calls = json!({"id": "c1", "object": "chat.completion", "model": "real", "choices": [choice]});
    let (upstream, gateway) = rig(vec![vec![Say::json(200, &calls.to_string())], vec![told("done")]]).await;
    let tools = json!([{"type": "function", "name": "f", "parameters": {"type": "object"}}]);
    let first = turn(&gateway, "go", json!({"tools": tools})).await;
    let item = first.json()["output"][0].clone();
    let result = json!({"type": "function_call_output", "call_id": "call_1", "output": "42"});
    let by_id = json!({"input": [result], "previous_response_id": id(&first), "tools": tools});
    let reference = json!({"type": "item_reference", "id": item["id"]});
    let by_reference = json!({"input": [{"role": "user", "content": "go"}, reference, result], "tools": tools});
    for (number, more) in [by_id, by_reference].into_iter().enumerate() {
        assert_eq!(turn(&gateway, "", more).await.status, 200);
        let sent: Value = serde_json::from_str(&upstream.received()[number + 1].body).expect("JSON");
        assert_eq!(sent["messages"][0], json!({"role": "user", "content": "go"}));
        assert_eq!(sent["messages"][1]["tool_calls"][0]["id"], json!("call_1"));
        assert_eq!(sent["messages"][2], json!({"role": "tool", "tool_call_id": "call_1", "content": "42"}));
    }
    let unknown = json!({"input": [{"type": "item_reference", "id": "msg_unknown"}]});
    assert_eq!(error(&turn(&gateway, "", unknown).await), (400, Value::Null, json!("input")));
}

#[tokio::test]
async fn an_answer_is_its_callers_alone() {
    let (upstream, gateway) = rig(vec![vec![told("one")]]).await;
    let first = id(&turn(&gateway, "1?", json!({})).await);
    let body = json!({"model": "up/real", "input": "2?", "previous_response_id": first}).to_string();
    let theirs = ask_as("bob", &gateway, RESPONSES, &body).await;
    let unknown = (400, json!("previous_response_not_found"), json!("previous_response_id"));
    assert_eq!(error(&theirs), unknown);
    for line in ["GET /v1/responses/ID", "DELETE /v1/responses/ID", "GET /v1/responses/ID/input_items"] {
        let reply = ask_as("bob", &gateway, &line.replace("ID", &first), "").await;
        assert_eq!(error(&reply), (404, json!("response_not_found"), Value::Null), "{line}");
        let nobody = ask(gateway.address(), &line.replace("ID", &first), &[], "").await;
        assert_eq!(nobody.status, 401, "{line}");
    }
    assert_eq!(ask_as("ada", &gateway, RESPONSES, &body).await.status, 200);
    assert_eq!(upstream.received().len(), 2);
}

#[tokio::test]
async fn what_is_deleted_expired_or_not_stored_cannot_be_gone_on_from() {
    let (_upstream, gateway) = rig(vec![vec![told("one")]]).await;
    let unknown = (400, json!("previous_response_not_found"), json!("previous_response_id"));
    let deleted = id(&turn(&gateway, "1?", json!({})).await);
    let reply = ask_as("ada", &gateway, &format!("DELETE /v1/responses/{deleted}"), "").await;
    assert_eq!(reply.json(), json!({"id": deleted, "object": "response", "deleted": true}));
    assert_eq!(error(&turn(&gateway, "2?", json!({"previous_response_id": deleted})).await), unknown);
    let unstored = id(&turn(&gateway, "1?", json!({"store": false})).await);
    assert_eq!(gateway.kept_responses(), 0);
    assert_eq!(error(&turn(&gateway, "2?", json!({"previous_response_id": unstored})).await), unknown);
    let expired = id(&turn(&gateway, "1?", json!({})).await);
    gateway.expire_responses();
    assert_eq!(error(&turn(&gateway, "2?", json!({"previous_response_id": expired})).await), unknown);
}

#[tokio::test]
async fn an_answer_is_shown_with_what_was_put_in() {
    let (_upstream, gateway) = rig(vec![vec![told("one")], vec![told("two")]]).await;
    let first = turn(&gateway, "1?", json!({})).await;
    let (first, shown) = (id(&first), first.json());
    let at = |rest: &str| format!("GET /v1/responses/{first}{rest}");
    assert_eq!(ask_as("ada", &gateway, &at(""), "").await.json(), shown);
    let stream = ask_as("ada", &gateway, &at("?stream=true"), "").await;
    assert_eq!(error(&stream), (400, Value::Null, json!("stream")));
    let cancel = ask_as("ada", &gateway, &format!("POST /v1/responses/{first}/cancel"), "").await;
    assert_eq!(cancel.status, 400, "{}", cancel.body);
    let second = id(&turn(&gateway, "2?", json!({"previous_response_id": first})).await);
    let items = format!("GET /v1/responses/{second}/input_items?order=asc&limit=2");
    let items = ask_as("ada", &gateway, &items, "").await.json();
    let texts: Vec<&Value> =
        items["data"].as_array().expect("items").iter().map(|item| &item["content"][0]["text"]).collect();
    assert_eq!(texts, [&json!("1?"), &json!("one")], "{items}");
    assert_eq!((&items["has_more"], &items["last_id"]), (&json!(true), &shown["output"][0]["id"]), "{items}");
}

#[tokio::test]
async fn a_stream_that_breaks_is_not_kept() {
    let half = "data: {\"id\":\"c1\",\"model\":\"real\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n";
    let (_upstream, gateway) = rig(vec![vec![Say::stream_head(), Say::chunk(half), Say::Close]]).await;
    let reply = turn(&gateway, "1?", json!({"stream": true})).await;
    assert!(reply.body.contains("response.failed"), "{}", reply.body);
    assert_eq!(gateway.kept_responses(), 0);
}

#[tokio::test]
async fn a_store_that_is_silent_costs_only_those_who_need_it() {
    let (upstream, gateway) = rig(vec![vec![told("one")]]).await;
    let first = id(&turn(&gateway, "1?", json!({})).await);
    gateway.silence_responses();
    let needs = turn(&gateway, "2?", json!({"previous_response_id": first})).await;
    assert_eq!(error(&needs), (503, json!("server_is_overloaded"), Value::Null));
    assert_eq!(needs.header("retry-after"), Some("2"));
    assert_eq!(turn(&gateway, "2?", json!({})).await.status, 200);
    assert_eq!(upstream.received().len(), 2);
}

#[tokio::test]
async fn a_provider_that_speaks_responses_keeps_its_own() {
    let answer = r#"{"id":"resp_theirs","object":"response","model":"real","output":[]}"#;
    let upstream = Upstream::start(vec![vec![Say::json(200, answer)]]).await;
    let gateway = Gateway::start(&config(&upstream).replace("openai_chat", "openai_responses"));
    let reply = turn(&gateway, "2?", json!({"previous_response_id": "resp_before"})).await;
    assert_eq!(id(&reply), "resp_theirs");
    let sent: Value = serde_json::from_str(&upstream.received()[0].body).expect("JSON");
    assert_eq!(sent["previous_response_id"], json!("resp_before"));
    assert_eq!(gateway.kept_responses(), 0);
}

#[tokio::test]
async fn what_a_server_older_than_responses_was_told_goes_on_too() {
    let unknown = || vec![Say::json(404, r#"{"error":{"message":"Not Found"}}"#)];
    let (upstream, gateway) = {
        let upstream = Upstream::start(vec![unknown(), vec![told("one")], unknown(), vec![told("two")]]).await;
        let both = config(&upstream).replace(r#"["openai_chat"]"#, r#"["openai_responses", "openai_chat"]"#);
        (upstream, Gateway::start(&both))
    };
    let first = id(&turn(&gateway, "1?", json!({})).await);
    assert_eq!(turn(&gateway, "2?", json!({"previous_response_id": first})).await.status, 200);
    assert_eq!(said(&upstream, 3), ["user: 1?", "assistant: one", "user: 2?"]);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_given_and_not_kept() {
    let large = "x".repeat(9 << 20);
    let (_upstream, gateway) = rig(vec![vec![told(&large)], streamed(&large)]).await;
    for stream in [false, true] {
        let reply = turn(&gateway, "1?", json!({"stream": stream})).await;
        assert_eq!((reply.status, reply.whole), (200, true));
        assert!(reply.body.len() > large.len());
    }
    assert_eq!(gateway.kept_responses(), 0);
}

#[tokio::test]
async fn an_adapters_answers_are_kept_too() {
    let (_upstream, gateway) = rig(vec![]).await;
    for (stream, store) in [(false, json!(null)), (true, json!(true)), (false, json!(true)), (false, json!(false))] {
        let more = json!({"model": "dummy/echo-1", "stream": stream, "store": store, "include": []});
        let reply = turn(&gateway, "hello", more).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    assert_eq!(gateway.kept_responses(), 3);
}

#[tokio::test]
async fn tokens_are_estimated_where_nobody_counts_them() {
    let (upstream, gateway) = rig(vec![vec![told("one")]]).await;
    let body = json!({"model": "up/real", "input": "how many tokens may this be"});
    let count = "POST /v1/responses/input_tokens";
    let alone = ask_as("ada", &gateway, count, &body.to_string()).await;
    assert_eq!(alone.header("x-trunkline-estimated"), Some("true"));
    assert_eq!(alone.json()["object"], json!("response.input_tokens"));
    let tokens = |reply: &Reply| reply.json()["input_tokens"].as_u64().expect("a number");
    assert!(tokens(&alone) > 0);
    let first = id(&turn(&gateway, "1?", json!({})).await);
    let mut resumed = body;
    resumed["previous_response_id"] = json!(first);
    let resumed = ask_as("ada", &gateway, count, &resumed.to_string()).await;
    assert!(tokens(&resumed) > tokens(&alone), "{}", resumed.body);
    assert_eq!(upstream.received().len(), 1);
    // A server that speaks Responses but knows no such path.
    let upstream = Upstream::start(vec![vec![Say::json(404, r#"{"error":{"message":"Not Found"}}"#)]]).await;
    let gateway = Gateway::start(&config(&upstream).replace("openai_chat", "openai_responses"));
    let body = json!({"model": "up/real", "input": "hi"});
    let reply = ask_as("ada", &gateway, count, &body.to_string()).await;
    assert_eq!((reply.status, reply.header("x-trunkline-estimated")), (200, Some("true")), "{}", reply.body);
}
