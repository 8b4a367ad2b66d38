//! What answers say of their cost: in the head where it is known by then, and in the body for who asks.

use serde_json::Value;
use trunkline_testkit::{Gateway, Say, Upstream, ask};

const CHAT: &str = "POST /v1/chat/completions";
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1200,"prompt_tokens_details":{"cached_tokens":400}}}"#;
const STREAM: &str = "data: {\"id\":\"c1\",\"model\":\"real\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"hi\"}}]}\n\n\
    data: {\"id\":\"c1\",\"model\":\"real\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
    data: {\"id\":\"c1\",\"model\":\"real\",\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":200}}\n\n\
    data: [DONE]\n\n";
const PRICE: &str = "price = { input = 3, output = 15, cached_input = 0.3 }";
/// 600 * 3 + 400 * 0.3 + 200 * 15, a million times less.
const COST: &str = "0.00492";

fn gateway(upstream: &Upstream, price: &str, server: &str) -> Gateway {
    Gateway::start(&format!(
        "[server]\n{server}\n[discovery]\nprobe = false\n\
         [providers.p]\ntype = \"vllm\"\ndialects = [\"openai_chat\"]\nbase_url = \"{}\"\n\
         [models.m]\ntargets = [{{ provider = \"p\", model = \"real\" }}]\n{price}\n",
        upstream.url()
    ))
}

fn body(more: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"hi"}}]{more}}}"#)
}

#[tokio::test]
async fn a_whole_answer_says_in_its_head_what_it_cost() {
    let upstream = Upstream::start(vec![vec![Say::json(200, ANSWER)]]).await;
    let priced = gateway(&upstream, PRICE, "");
    for path in [CHAT, "POST /v1/messages", "POST /v1/responses"] {
        let input = if path.ends_with("responses") { r#","input":"hi""# } else { "" };
        let reply = ask(priced.address(), path, &[], &body(input)).await;
        assert_eq!((reply.status, reply.header("x-trunkline-cost")), (200, Some(COST)), "{path}: {}", reply.body);
        assert_eq!(reply.header("x-litellm-response-cost"), None);
        assert!(!reply.body.contains("\"cost\""), "nobody asked: {}", reply.body);
    }
}

#[tokio::test]
async fn what_is_not_known_is_not_said() {
    let upstream = Upstream::start(vec![vec![Say::json(200, ANSWER)]]).await;
    let unpriced = gateway(&upstream, "", "");
    let reply = ask(unpriced.address(), CHAT, &[], &body(r#","usage":{"include":true}"#)).await;
    assert_eq!((reply.status, reply.header("x-trunkline-cost")), (200, None));
    assert!(!reply.body.contains("\"cost\""), "{}", reply.body);
    let free = gateway(&upstream, "price = { input = 0, output = 0 }", "");
    let reply = ask(free.address(), CHAT, &[], &body("")).await;
    assert_eq!((reply.status, reply.header("x-trunkline-cost")), (200, Some("0.00")), "free is known");
}

#[tokio::test]
async fn litellms_clients_are_told_in_its_words_where_that_is_wanted() {
    let upstream = Upstream::start(vec![vec![Say::json(200, ANSWER)]]).await;
    let gateway = gateway(&upstream, PRICE, "litellm_headers = true");
    let reply = ask(gateway.address(), CHAT, &[], &body("")).await;
    assert_eq!([reply.header("x-trunkline-cost"), reply.header("x-litellm-response-cost")], [Some(COST); 2]);
}

#[tokio::test]
async fn who_asks_is_told_in_the_usage_and_the_provider_is_not_asked() {
    let asked = r#""usage":{"include":true}"#;
    let input = format!(r#"{{"model":"m","input":"hi",{asked}}}"#);
    for (path, asking) in [(CHAT, body(&format!(",{asked}"))), ("POST /v1/responses", input)] {
        let upstream = Upstream::start(vec![vec![Say::json(200, ANSWER)]]).await;
        let gateway = gateway(&upstream, PRICE, "");
        let reply = ask(gateway.address(), path, &[], &asking).await;
        let answer: Value = serde_json::from_str(&reply.body).expect("JSON");
        assert_eq!(answer["usage"]["cost"].to_string(), COST, "{path}: {}", reply.body);
        assert_eq!(reply.header("x-trunkline-losses"), None);
        let sent: Value = serde_json::from_str(&upstream.received()[0].body).expect("JSON");
        assert_eq!(sent["usage"], Value::Null, "{path}: {sent}");
    }
}

#[tokio::test]
async fn vectors_that_come_in_pieces_are_waited_for_where_they_cost() {
    let answer = r#"{"object":"list","data":[{"index":0,"embedding":[0.5]}],"model":"real","usage":{"prompt_tokens":9,"total_tokens":9}}"#;
    let (front, rest) = answer.split_at(40);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", answer.len());
    let said = [Say::text(head), Say::text(front), Say::Wait, Say::text(rest)];
    let upstream = Upstream::start(vec![said.to_vec()]).await;
    let gateway = gateway(&upstream, "price = { input = 1, output = 0 }", "");
    let address = gateway.address();
    let asking =
        tokio::spawn(async move { ask(address, "POST /v1/embeddings", &[], r#"{"model":"m","input":"hi"}"#).await });
    upstream.wait_for(1).await;
    upstream.go_on();
    let reply = asking.await.expect("an answer");
    assert_eq!((reply.status, reply.header("x-trunkline-cost")), (200, Some("0.000009")), "{}", reply.body);
    assert!(reply.body.contains("[0.5]"));
}

#[tokio::test]
async fn a_stream_says_it_at_its_end() {
    let upstream = Upstream::start(vec![vec![Say::stream_head(), Say::chunk(STREAM), Say::last_chunk()]]).await;
    let gateway = gateway(&upstream, PRICE, "");
    let reply = ask(gateway.address(), CHAT, &[], &body(r#","stream":true,"usage":{"include":true}"#)).await;
    assert_eq!((reply.status, reply.header("x-trunkline-cost")), (200, None), "the head went before");
    assert!(reply.body.contains(r#""cost":0.006}"#), "{}", reply.body);
    let plain = ask(gateway.address(), CHAT, &[], &body(r#","stream":true"#)).await;
    assert!(!plain.body.contains("\"cost\""), "{}", plain.body);
}

/// Three pictures, in the words of a dialect.
fn pictured(path: &str) -> String {
    let (chat, messages) = (
        r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}"#,
        r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}"#,
    );
    let picture = if path == CHAT { chat } else { messages };
    let parts = [picture; 3].join(",");
    format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":[{parts}]}}]}}"#)
}

#[tokio::test]
async fn pictures_cost_where_they_have_a_price_in_every_lane() {
    let upstream = Upstream::start(vec![vec![Say::json(200, ANSWER)]]).await;
    let dear = gateway(&upstream, "price = { input = 3, output = 15, cached_input = 0.3, image = 0.01 }", "");
    let usual = gateway(&upstream, PRICE, "");
    for (at, path) in [CHAT, "POST /v1/messages"].into_iter().enumerate() {
        let reply = ask(dear.address(), path, &[], &pictured(path)).await;
        assert_eq!((reply.status, reply.header("x-trunkline-cost")), (200, Some("0.03492")), "{path}: {}", reply.body);
        assert_eq!(dear.reports(at + 1).await[at].images, 3, "{path}");
        let reply = ask(usual.address(), path, &[], &pictured(path)).await;
        assert_eq!((reply.status, reply.header("x-trunkline-cost")), (200, Some(COST)), "{path}: {}", reply.body);
        assert_eq!(usual.reports(at + 1).await[at].images, 0, "nobody counts what costs nothing");
    }
}

#[tokio::test]
async fn a_budget_that_does_not_pay_for_the_pictures_refuses() {
    let upstream = Upstream::start(vec![vec![Say::json(200, ANSWER)]]).await;
    let price = "price = { input = 3, output = 15, cached_input = 0.3, image = 1 }\n\
         [[client_keys]]\nname = \"a\"\nkey = \"sk-a\"\nbudgets = [{ usd = \"2.5\" }]\n";
    let gateway = gateway(&upstream, price, "");
    let key = ["authorization: Bearer sk-a"];
    assert_eq!(ask(gateway.address(), CHAT, &key, &pictured(CHAT)).await.status, 429);
    assert_eq!(ask(gateway.address(), CHAT, &key, &body("")).await.status, 200);
}
