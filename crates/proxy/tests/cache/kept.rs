//! Which answers are kept.

use serde_json::json;
use trunkline_testkit::{Gateway, Say, Upstream, ask};

use super::rig::{CHAT, KEPT, Rig, answers, document, question, says, word};

#[tokio::test]
async fn only_a_text_that_came_to_its_end_is_kept() {
    let call = json!([{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let messages = [
        (json!({"role": "assistant", "content": "cut"}), "length"),
        (json!({"role": "assistant", "content": "hidden"}), "content_filter"),
        (json!({"role": "assistant", "content": null, "refusal": "no"}), "stop"),
        (json!({"role": "assistant", "content": "I call", "tool_calls": call}), "tool_calls"),
        (json!({"role": "assistant", "content": ""}), "stop"),
    ];
    for (message, reason) in messages {
        for stream in [false, true] {
            let answer = message.clone();
            let rig = Rig::new(KEPT, "", move |_, stream| answers(&answer, reason, stream)).await;
            let tools = json!({"tools": [{"type": "function", "function": {"name": "f"}}]});
            assert_eq!(rig.twice(&[], &question(stream, tools)).await, ["miss", "miss"], "{message}");
        }
    }
}

#[tokio::test]
async fn errors_and_answers_that_break_off_are_not_kept() {
    let rig = Rig::new(KEPT, "", |number, stream| match number {
        0 => vec![Say::json(400, r#"{"error":{"message":"no","type":"invalid_request_error"}}"#)],
        1 => says("half", "stop", true).into_iter().take(2).chain([Say::last_chunk()]).collect(),
        _ => says("all of it", "stop", stream),
    })
    .await;
    let body = question(true, json!({}));
    let line = format!("POST {CHAT}");
    assert_eq!(ask(rig.gateway.address(), &line, &[], &body.to_string()).await.status, 400);
    let broken = rig.ask(CHAT, &[], &body).await;
    assert!(broken.body.contains("half") && broken.body.contains("error"), "{}", broken.body);
    let whole = rig.ask(CHAT, &[], &body).await;
    assert_eq!(word(&whole), "miss");
    assert!(whole.body.contains("all of it"), "{}", whole.body);
    assert_eq!(word(&rig.ask(CHAT, &[], &body).await), "hit");
}

#[tokio::test]
async fn requests_for_more_than_a_text_pass_as_without_a_cache() {
    let rig = Rig::counting(KEPT, "").await;
    for more in [json!({"n": 2}), json!({"modalities": ["text", "audio"]})] {
        assert_eq!(rig.twice(&[], &question(false, more.clone())).await, ["bypass", "bypass"], "{more}");
    }
    let first = rig.ask("/v1/responses", &[], &json!({"model": "m", "input": "hi"})).await;
    let id = first.json()["id"].clone();
    let next = json!({"model": "m", "input": "and?", "previous_response_id": id});
    assert_eq!(word(&rig.ask("/v1/responses", &[], &next).await), "bypass");
}

#[tokio::test]
async fn what_another_model_said_in_its_place_is_not_kept() {
    let upstream = Upstream::answering(|number, request| match number {
        0 => vec![Say::json(500, "{}")],
        _ if request.body.contains("spare") => says("in its place", "stop", false),
        _ => says("its own", "stop", false),
    })
    .await;
    let more = "fallbacks = [\"s\"]\n[models.s]\ntargets = [{ provider = \"up\", model = \"spare\" }]";
    let gateway = Gateway::start(&document(&upstream.url(), KEPT, more));
    let rig = Rig { upstream, gateway };
    let body = question(false, json!({}));
    let first = rig.ask(CHAT, &[], &body).await;
    assert!(first.body.contains("in its place"), "{}", first.body);
    let second = rig.ask(CHAT, &[], &body).await;
    assert_eq!(word(&second), "miss");
    assert!(second.body.contains("its own"), "{}", second.body);
    assert_eq!(word(&rig.ask(CHAT, &[], &body).await), "hit");
}

#[tokio::test]
async fn an_answer_longer_than_its_share_is_not_kept() {
    let rig = Rig::new(KEPT, "[cache]\nbytes_max = \"16KiB\"", |number, stream| {
        says(&if number == 0 { "x".repeat(20_000) } else { "short".to_owned() }, "stop", stream)
    })
    .await;
    assert_eq!(rig.twice(&[], &question(false, json!({}))).await, ["miss", "miss"]);
    assert_eq!(word(&rig.ask(CHAT, &[], &question(false, json!({}))).await), "hit", "the short one is");
}
