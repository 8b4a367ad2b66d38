//! What a request that is translated says upstream, and what its client is told was lost.

use serde_json::{Value, json};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};

/// A provider that speaks Messages alone, with a model that refuses a prefill.
fn config(upstream: &Upstream) -> String {
    format!(
        r#"
        [discovery]
        probe = false
        [providers.up]
        type = "anthropic"
        base_url = "{}"
        key = "sk-upstream"
        "#,
        upstream.url()
    )
}

/// What the client is told, and what the provider was, of a request of Chat Completions.
async fn check(body: Value, headers: &[&str]) -> (Reply, Option<Value>) {
    let answer = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "real",
        "content": [{"type": "text", "text": "x"}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 1, "output_tokens": 1}});
    let upstream = Upstream::start(vec![vec![Say::json(200, &answer.to_string())]]).await;
    let gateway = Gateway::start(&config(&upstream));
    let reply = ask(gateway.address(), "POST /v1/chat/completions", headers, &body.to_string()).await;
    let sent = upstream.received().first().map(|received| serde_json::from_str(&received.body).expect("JSON"));
    (reply, sent)
}

fn prefilled() -> Value {
    json!({"model": "up/claude-opus-4-6",
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})
}

#[tokio::test]
async fn a_prefill_that_the_model_refuses_is_asked_for_in_words() {
    let (reply, sent) = check(prefilled(), &[]).await;
    assert_eq!((reply.status, reply.header("x-trunkline-losses")), (200, Some("messages[1]")), "{}", reply.body);
    let sent = sent.expect("a request");
    let roles: Vec<&Value> = sent["messages"].as_array().expect("messages").iter().map(|said| &said["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
}

#[tokio::test]
async fn a_prefill_that_the_model_refuses_is_refused_where_losses_are() {
    let (reply, sent) = check(prefilled(), &["x-trunkline-on-loss: reject"]).await;
    assert_eq!((reply.status, sent), (400, None), "{}", reply.body);
    assert_eq!(reply.json()["error"]["param"], json!("messages[1]"));
}

#[tokio::test]
async fn what_chat_means_by_store_is_not_served_here() {
    let mut body = prefilled();
    body["messages"] = json!([{"role": "user", "content": "a"}]);
    body["store"] = json!(true);
    let (reply, _) = check(body, &[]).await;
    assert_eq!((reply.status, reply.header("x-trunkline-losses")), (200, Some("store")), "{}", reply.body);
}
