//! Answers that are given again to requests that say the same.

mod cache {
    mod asked;
    mod kept;
    pub(crate) mod rig;
}

use cache::rig::{CHAT, COST, KEPT, Rig, dialects, document, question, word};
use serde_json::{Value, json};
use trunkline_providers::Usd;
use trunkline_route::Outcome;
use trunkline_testkit::{Gateway, Say, Upstream};

#[tokio::test]
async fn every_dialects_answer_is_given_again_as_a_stream_and_as_a_whole() {
    for first in [false, true] {
        for (dialect, (path, body)) in dialects(first).into_iter().enumerate() {
            let rig = Rig::counting(KEPT, "").await;
            let fresh = rig.ask(path, &[], &body).await;
            assert_eq!(word(&fresh), "miss", "{path}");
            assert!(fresh.body.contains("answer 0"), "{path}: {}", fresh.body);
            for stream in [false, true] {
                let (path, body) = &dialects(stream)[dialect];
                let again = rig.ask(path, &[], body).await;
                assert_eq!((&*word(&again), again.header("age")), ("hit", Some("0")), "{path} {stream}");
                assert!(again.body.contains("answer 0"), "{path}: {}", again.body);
                let fits = again.header("content-type") == Some("application/json") && stream;
                assert!(!fits, "{path}: a stream was asked for");
                assert_eq!(again.header("x-trunkline-cost"), (!stream).then_some("0.00"), "{path}");
            }
            assert_eq!(rig.asked(), 1, "{path}: nobody is asked again");
        }
    }
}

#[tokio::test]
async fn an_answer_given_again_is_the_same_save_for_its_head() {
    let rig = Rig::counting(KEPT, "").await;
    for stream in [false, true] {
        let body = question(stream, json!({"messages": [{"role": "user", "content": stream.to_string()}]}));
        let fresh = rig.ask(CHAT, &[], &body).await;
        let again = rig.ask(CHAT, &[], &body).await;
        assert_eq!((word(&fresh), word(&again)), ("miss".to_owned(), "hit".to_owned()));
        assert_eq!(again.body, fresh.body, "the id, the time and the usage too");
    }
}

/// A provider that speaks the client's own dialect is asked in the client's own words.
#[tokio::test]
async fn what_would_pass_untouched_is_kept_as_well() {
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    let completion = json!({"id": "c", "object": "text_completion", "created": 1, "model": "real", "usage": usage,
        "choices": [{"index": 0, "text": "yo", "finish_reason": "stop", "logprobs": null}]});
    let message = json!({"id": "m", "type": "message", "role": "assistant", "model": "real", "stop_reason": "end_turn",
        "stop_sequence": null, "content": [{"type": "text", "text": "yo"}],
        "usage": {"input_tokens": 3, "output_tokens": 2}});
    let part = json!({"type": "output_text", "text": "yo", "annotations": []});
    let response = json!({"id": "r", "object": "response", "created_at": 1, "model": "real", "status": "completed",
        "output": [{"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": [part]}],
        "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}});
    let ollama = json!({"model": "real", "created_at": "2026-01-01T00:00:00Z", "done": true, "done_reason": "stop",
        "message": {"role": "assistant", "content": "yo"}, "prompt_eval_count": 3, "eval_count": 2});
    let gemini = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "yo"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}});
    let asked = dialects(false);
    for (dialect, place, answer) in [
        ("openai_completions", 1, completion),
        ("openai_responses", 2, response),
        ("anthropic", 3, message),
        ("ollama", 4, ollama),
        ("gemini", 6, gemini),
    ] {
        let upstream = Upstream::start(vec![vec![Say::json(200, &answer.to_string())]]).await;
        let toml = document(&upstream.url(), KEPT, "").replace("[\"openai_chat\"]", &format!("[\"{dialect}\"]"));
        let rig = Rig { gateway: Gateway::start(&toml), upstream };
        let (path, body) = &asked[place];
        let fresh = rig.ask(path, &[], body).await;
        let again = rig.ask(path, &[], body).await;
        assert_eq!((word(&fresh), word(&again), rig.asked()), ("miss".to_owned(), "hit".to_owned(), 1), "{dialect}");
        assert!(fresh.body.contains("yo") && again.body.contains("yo"), "{dialect}: {} {}", fresh.body, again.body);
        let report = rig.gateway.reports(2).await.pop().expect("a report");
        assert_eq!((report.usage.input, report.usage.output), (3, 2), "{dialect}");
    }
}

#[tokio::test]
async fn what_is_given_again_costs_nothing_and_says_what_that_saved() {
    let rig = Rig::counting(KEPT, "").await;
    let mut count = 0;
    for stream in [false, true] {
        let body = question(stream, json!({"seed": u8::from(stream)}));
        for _ in 0..2 {
            rig.ask(CHAT, &[], &body).await;
            count += 1;
        }
        let reports = rig.gateway.reports(count).await;
        let [fresh, again] = reports.last_chunk::<2>().expect("two reports");
        let text = |usd: Option<Usd>| usd.map(|usd| usd.to_string());
        assert_eq!((fresh.cached, text(fresh.cost).as_deref(), fresh.attempts), (false, Some(COST), 1));
        assert_eq!((again.cached, text(again.cost).as_deref(), again.attempts), (true, Some("0.00"), 0));
        assert_eq!(text(again.saved).as_deref(), Some(COST), "stream={stream}");
        assert_eq!((again.outcome, again.status, &again.provider), (Outcome::Served, 200, &None));
        assert_eq!((again.usage, again.model.as_deref(), again.stream), (fresh.usage, Some("m"), stream));
    }
}

#[tokio::test]
async fn who_asks_for_the_cost_of_an_answer_given_again_is_told_that_it_is_nothing() {
    let rig = Rig::counting(KEPT, "").await;
    let plain = rig.ask(CHAT, &[], &question(false, json!({}))).await;
    assert_eq!(plain.json()["usage"]["cost"], Value::Null);
    for stream in [false, true] {
        let again = rig
            .ask(
                CHAT,
                &[],
                &question(
                    stream,
                    json!({"usage": {"include": true},
            "stream_options": {"include_usage": true}}),
                ),
            )
            .await;
        assert_eq!(word(&again), "hit", "it asks for nothing else");
        assert!(again.body.contains("\"cost\":0"), "{}", again.body);
    }
}

#[tokio::test]
async fn models_that_say_nothing_keep_nothing() {
    let rig = Rig::counting("", "").await;
    assert_eq!(rig.twice(&[], &question(false, json!({}))).await, ["nothing", "nothing"]);
    assert_eq!(rig.asked(), 2);
}

#[tokio::test]
async fn a_response_given_again_can_be_gone_on_from() {
    let rig = Rig::counting(KEPT, "").await;
    let body = json!({"model": "m", "input": "hi"});
    let first = rig.ask("/v1/responses", &[], &body).await.json();
    let again = rig.ask("/v1/responses", &[], &body).await.json();
    assert_ne!(first["id"], again["id"], "each is one of its own");
    let next = json!({"model": "m", "input": "and?", "previous_response_id": again["id"]});
    rig.ask("/v1/responses", &[], &next).await;
    let told = rig.upstream.received().pop().expect("asked").body;
    assert!(told.contains("answer 0") && told.contains("and?"), "{told}");
}
