//! Which requests are given a kept answer.

use serde_json::{Value, json};
use trunkline_route::Question;
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};

use super::rig::{CHAT, KEPT, KEYS, Rig, document, question, says, word};

#[tokio::test]
async fn another_question_has_another_answer() {
    let rig = Rig::counting(KEPT, "").await;
    rig.ask(CHAT, &[], &question(false, json!({}))).await;
    let same = [json!({"user": "somebody"}), json!({"metadata": {"a": "b"}}), json!({"prompt_cache_key": "k"})];
    for more in same {
        assert_eq!(word(&rig.ask(CHAT, &[], &question(false, more.clone())).await), "hit", "{more}");
    }
    let others = [json!({"temperature": 0.5}), json!({"max_tokens": 51}), json!({"unknown": 1}), json!({"seed": 1})];
    for more in others {
        assert_eq!(rig.twice(&[], &question(false, more.clone())).await, ["miss", "hit"], "{more}");
    }
    let headers = [["x-trunkline-on-loss: reject"], ["openai-beta: x"]];
    for header in headers {
        assert_eq!(rig.twice(&header, &question(false, json!({}))).await, ["miss", "hit"], "{header:?}");
    }
    // What another dialect says may mean something else.
    assert_eq!(word(&rig.ask("/v1/messages", &[], &question(false, json!({}))).await), "miss");
}

#[tokio::test]
async fn nobody_gets_what_another_key_was_given_unless_that_is_wanted() {
    let keys = [["authorization: Bearer sk-one"], ["authorization: Bearer sk-two"]];
    let body = question(false, json!({}));
    let own = Rig::counting(KEPT, KEYS).await;
    let shared = Rig::counting("cache = { ttl = \"1h\", shared = true }", KEYS).await;
    assert_eq!(own.twice(&keys[0], &body).await, ["miss", "hit"]);
    assert_eq!(own.twice(&keys[1], &body).await, ["miss", "hit"]);
    assert_eq!(shared.twice(&keys[0], &body).await, ["miss", "hit"]);
    assert_eq!(shared.twice(&keys[1], &body).await, ["hit", "hit"]);
}

#[tokio::test]
async fn callers_with_credentials_of_their_own_are_not_told_apart_and_get_nothing() {
    let upstream = Upstream::start(vec![says("yo", "stop", false)]).await;
    let toml = document(&upstream.url(), "cache = { ttl = \"1h\", shared = true }", "");
    let gateway = Gateway::start(&toml.replace("type = \"vllm\"", "type = \"vllm\"\nauth = \"passthrough\""));
    let rig = Rig { upstream, gateway };
    assert_eq!(rig.twice(&["authorization: Bearer mine"], &question(false, json!({}))).await, ["bypass", "bypass"]);
}

#[tokio::test]
async fn requests_say_themselves_whether_they_want_a_kept_answer() {
    let rig = Rig::counting(KEPT, "").await;
    let plain = question(false, json!({}));
    let cache = |said: Value| question(false, json!({"cache": said}));
    rig.ask(CHAT, &[], &plain).await;
    let text = |reply: &Reply| reply.json()["choices"][0]["message"]["content"].as_str().expect("text").to_owned();
    for (header, body) in [("cache-control: no-store", &plain), ("x-a: b", &cache(json!({"no-store": true})))] {
        assert_eq!(word(&rig.ask(CHAT, &[header], body).await), "bypass");
        assert_eq!(text(&rig.ask(CHAT, &[], &plain).await), "answer 0", "nothing was kept of it");
    }
    for (header, body) in [("cache-control: no-cache", &plain), ("x-a: b", &cache(json!({"no-cache": true})))] {
        let fresh = rig.ask(CHAT, &[header], body).await;
        assert_eq!(word(&fresh), "bypass");
        let again = rig.ask(CHAT, &[], &plain).await;
        assert_eq!((word(&again), text(&again)), ("hit".to_owned(), text(&fresh)), "its answer is the newest");
    }
    assert_eq!(word(&rig.ask(CHAT, &["cache-control: max-age=3600"], &plain).await), "hit");
    assert_eq!(word(&rig.ask(CHAT, &[], &cache(json!({"s-maxage": 3600}))).await), "hit");
    assert_eq!(rig.twice(&[], &cache(json!({"namespace": "mine"}))).await, ["miss", "hit"]);
    assert_eq!(rig.twice(&[], &question(false, json!({"seed": 1, "cache": {"ttl": 0}}))).await, ["miss", "miss"]);
    let told = rig.upstream.received().iter().any(|request| request.body.contains("\"cache\""));
    assert!(!told, "what is said to the gateway is not the provider's to read");
}

#[tokio::test]
async fn a_wish_that_cannot_be_read_is_refused() {
    let rig = Rig::counting(KEPT, "").await;
    let body = question(false, json!({"cache": {"ttl": "soon"}})).to_string();
    let reply = ask(rig.gateway.address(), &format!("POST {CHAT}"), &[], &body).await;
    assert_eq!((reply.status, reply.json()["error"]["param"].clone()), (400, json!("cache.ttl")), "{}", reply.body);
}

#[tokio::test]
async fn a_model_that_is_defined_anew_gives_no_old_answers() {
    let rig = Rig::counting(KEPT, "").await;
    let body = question(false, json!({}));
    let toml = document(&rig.upstream.url(), KEPT, "");
    assert_eq!(rig.twice(&[], &body).await, ["miss", "hit"]);
    rig.gateway.reload(&toml.replace("input = 3", "input = 4"));
    assert_eq!(word(&rig.ask(CHAT, &[], &body).await), "hit", "a new price changes no answer");
    rig.gateway.reload(&toml.replace("model = \"real\"", "model = \"other\""));
    assert_eq!(rig.twice(&[], &body).await, ["miss", "hit"]);
    rig.gateway.reload(&toml);
    assert_eq!(word(&rig.ask(CHAT, &[], &body).await), "hit", "it is what it was");
}

#[tokio::test]
async fn equal_requests_that_come_at_once_each_ask_for_themselves() {
    let upstream =
        Upstream::start(vec![[Say::Wait].into_iter().chain(says("yo", "stop", false)).collect::<Vec<_>>()]).await;
    let rig = Rig { gateway: Gateway::start(&document(&upstream.url(), KEPT, "")), upstream };
    let (address, body) = (rig.gateway.address(), question(false, json!({})).to_string());
    let asking = || {
        let body = body.clone();
        tokio::spawn(async move { ask(address, &format!("POST {CHAT}"), &[], &body).await })
    };
    let (one, other) = (asking(), asking());
    rig.upstream.wait_for(2).await;
    rig.upstream.go_on();
    rig.upstream.go_on();
    for reply in [one.await, other.await] {
        assert_eq!(word(&reply.expect("no panic")), "miss");
    }
}

#[tokio::test]
async fn an_explanation_says_whether_a_kept_answer_would_be_looked_for() {
    let rig = Rig::counting(KEPT, "").await;
    let explained = async |more: Value, header: &str| {
        let request = serde_json::value::to_raw_value(&question(false, more)).expect("JSON");
        let headers = [("cache-control".to_owned(), header.to_owned())].into();
        let question = Question { request: Some(request), headers, ..Question::default() };
        let said = rig.gateway.explain(&question).await.expect("a question").cache.expect("its model keeps answers");
        (said.looked_up, said.kept, said.why.unwrap_or_default())
    };
    assert_eq!(explained(json!({}), "max-age=9").await, (true, true, String::new()));
    assert_eq!(explained(json!({}), "no-cache").await, (false, true, "the request asks for a new answer".to_owned()));
    let (looked_up, kept, why) = explained(json!({"n": 2}), "max-age=9").await;
    assert_eq!((looked_up, kept), (false, false));
    assert!(why.contains("`n`"), "{why}");
    assert_eq!(rig.asked(), 0);
    let off = Rig::counting("", "").await;
    let request = serde_json::value::to_raw_value(&question(false, json!({}))).expect("JSON");
    let question = Question { request: Some(request), ..Question::default() };
    assert_eq!(off.gateway.explain(&question).await.expect("a question").cache, None);
}
