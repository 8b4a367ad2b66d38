//! The request path at its boundary: a real gateway, a scripted upstream, raw bytes on both sides.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use trunkline_route::Outcome;
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask, open};
use trunkline_wire::FaultKind;
use trunkline_wire::ir::{Quality, Usage};

const CHAT: &str = "POST /v1/chat/completions";
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

fn config(upstream: &Upstream) -> String {
    format!(
        r#"
        [discovery]
        probe = false
        [providers.up]
        type = "openai"
        base_url = "{}"
        key = "sk-upstream"
        connect_timeout = "2s"
        first_byte_timeout = "5s"
        idle_timeout = "5s"
        [models.nice]
        targets = [{{ provider = "up", model = "real" }}]
        "#,
        upstream.url()
    )
}

async fn rig(scripts: Vec<Vec<Say>>) -> (Upstream, Gateway) {
    let upstream = Upstream::start(scripts).await;
    let gateway = Gateway::start(&config(&upstream));
    (upstream, gateway)
}

fn error_code(reply: &Reply) -> String {
    reply.json().pointer("/error/code").and_then(|code| code.as_str()).unwrap_or("none").to_owned()
}

fn event(content: &str) -> String {
    format!(
        "data: {{\"id\":\"c1\",\"model\":\"real\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{content}\"}},\"finish_reason\":null}}]}}\n\n"
    )
}

const FINISH: &str =
    "data: {\"id\":\"c1\",\"model\":\"real\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"c1\",\"model\":\"real\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

#[tokio::test]
async fn only_the_model_changes_on_the_way_out_and_back() {
    let (upstream, gateway) = rig(vec![vec![Say::json(200, ANSWER)]]).await;
    let body = "{ \"messages\" : [ {\"role\":\"user\",\"content\":\"\\u00e9 \\\" model\"} ],\t\"unknown\":1e5,\"model\":\"nice\" }";
    let reply = ask(gateway.address(), CHAT, &[], body).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body, ANSWER.replace("real", "nice"));
    assert_eq!(reply.header("x-trunkline-upstream-model"), Some("real"));
    assert_eq!(reply.header("x-trunkline-provider"), Some("up"));
    let received = upstream.received();
    assert_eq!(received[0].body, body.replace("nice", "real"));
    assert!(received[0].head.contains("authorization: Bearer sk-upstream"), "{}", received[0].head);
    let reports = gateway.reports(1).await;
    assert_eq!(reports[0].usage, Usage { input: 9, output: 2, ..Usage::default() });
    assert_eq!(reports[0].quality, Some(Quality::Exact));
    assert_eq!(reports[0].outcome, Outcome::Served);
    assert_eq!(reports[0].model.as_deref(), Some("nice"));
    assert_eq!(reply.header("x-request-id"), Some(format!("{:032x}", reports[0].id).as_str()));
}

#[tokio::test]
async fn usage_is_asked_for_and_withheld_when_the_client_did_not_ask() {
    let body = [event("a"), event("b"), FINISH.into(), USAGE.into(), DONE.into()].concat();
    let (upstream, gateway) = rig(vec![vec![Say::stream_head(), Say::chunk(&body), Say::last_chunk()]]).await;
    let reply = ask(gateway.address(), CHAT, &[], r#"{"model":"up/real","stream":true}"#).await;
    let shown = [event("a"), event("b"), FINISH.into(), DONE.into()].concat().replace("\"real\"", "\"up/real\"");
    assert_eq!(reply.body, shown);
    let sent: serde_json::Value = serde_json::from_str(&upstream.received()[0].body).expect("JSON");
    assert_eq!(sent, serde_json::json!({"model":"real","stream":true,"stream_options":{"include_usage":true}}));
    let reports = gateway.reports(1).await;
    assert_eq!((reports[0].usage.output, reports[0].quality), (2, Some(Quality::Exact)));
}

/// Reads what has come until `text` is in it.
async fn read_until(stream: &mut tokio::net::TcpStream, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        let mut some = [0; 4096];
        let read = stream.read(&mut some).await.expect("an open stream");
        assert!(read > 0, "closed too early: {seen}");
        seen.push_str(std::str::from_utf8(some.get(..read).expect("read fits")).expect("UTF-8"));
    }
    seen
}

#[tokio::test]
async fn a_stream_reaches_the_client_before_it_is_complete() {
    let script =
        vec![Say::stream_head(), Say::chunk(&event("first")), Say::Wait, Say::chunk(FINISH), Say::last_chunk()];
    let (upstream, gateway) = rig(vec![script]).await;
    let mut stream = open(gateway.address(), CHAT, &[], r#"{"model":"nice","stream":true}"#).await;
    read_until(&mut stream, "first").await;
    upstream.go_on();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.expect("the rest");
    assert!(rest.contains("\"finish_reason\":\"stop\""), "{rest}");
}

#[tokio::test]
async fn a_stream_that_breaks_ends_in_one_error_event_and_no_done() {
    for end in [Say::Close, Say::Reset, Say::last_chunk()] {
        let half = format!("{}data: {{\"id\":", event("a"));
        let (upstream, gateway) = rig(vec![vec![Say::stream_head(), Say::chunk(&half), Say::Wait, end.clone()]]).await;
        let mut stream = open(gateway.address(), CHAT, &[], r#"{"model":"nice","stream":true}"#).await;
        let mut answer = read_until(&mut stream, &event("a").replace("real", "nice")).await;
        upstream.go_on();
        stream.read_to_string(&mut answer).await.expect("a clean end");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{end:?}: {answer}");
        assert!(answer.ends_with("\r\n0\r\n\r\n"), "the framing is whole: {end:?}: {answer}");
        assert_eq!(answer.matches("data: ").count(), 2, "{end:?}: {answer}");
        assert_eq!(answer.matches("\"error\"").count(), 1, "{end:?}: {answer}");
        assert!(!answer.contains("[DONE]"), "{end:?}: {answer}");
        let reports = gateway.reports(1).await;
        assert_eq!(reports[0].outcome, Outcome::Failed(FaultKind::UpstreamBroken), "{end:?}");
        assert_eq!(reports[0].quality, Some(Quality::Partial));
    }
}

#[tokio::test]
async fn what_breaks_before_the_first_byte_is_a_plain_status() {
    let cases: Vec<(Vec<Say>, u16, &str)> = vec![
        (vec![Say::Close], 502, "upstream_broken"),
        (vec![Say::Reset], 502, "upstream_broken"),
        (vec![Say::text("SSH-2.0-OpenSSH_9\r\n\r\n"), Say::Close], 502, "upstream_broken"),
        (vec![Say::stream_head(), Say::Close], 502, "upstream_broken"),
        (vec![Say::stream_head(), Say::last_chunk()], 502, "upstream_broken"),
        (vec![Say::json(500, r#"{"error":{"message":"boom","type":"server_error"}}"#)], 502, "upstream_broken"),
        (vec![Say::json(503, r#"{"error":{"message":"Loading model","code":503}}"#)], 503, "overloaded"),
        (vec![Say::json(401, r#"{"error":{"message":"bad key sk-upstream"}}"#)], 502, "upstream_auth"),
        (vec![Say::json(429, r#"{"error":{"message":"slow down","type":"rate_limit_error"}}"#)], 429, "rate_limited"),
        (vec![Say::json(404, r#"{"error":{"message":"no such model"}}"#)], 404, "upstream_rejected"),
        (vec![Say::json(400, r#"{"error":{"message":"maximum context length is 5"}}"#)], 400, "context_too_long"),
        (vec![Say::json(302, "{}")], 502, "upstream_broken"),
    ];
    for (script, status, kind) in cases {
        let (_upstream, gateway) = rig(vec![script.clone()]).await;
        let reply = ask(gateway.address(), CHAT, &[], r#"{"model":"nice","stream":true}"#).await;
        assert_eq!(reply.status, status, "{script:?}: {}", reply.body);
        assert!(reply.json().pointer("/error/message").is_some(), "{script:?}: {}", reply.body);
        assert!(!reply.body.contains("sk-upstream"), "{}", reply.body);
        let reports = gateway.reports(1).await;
        assert_eq!((reports[0].outcome.as_str(), reports[0].status), (kind, status), "{script:?}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_a_502() {
    let upstream = Upstream::start(vec![]).await;
    let toml = config(&upstream).replace(&upstream.url(), "http://127.0.0.1:1/v1");
    let gateway = Gateway::start(&toml);
    let reply = ask(gateway.address(), CHAT, &[], r#"{"model":"nice"}"#).await;
    assert_eq!((reply.status, error_code(&reply).as_str()), (502, "upstream_unreachable"), "{}", reply.body);
    assert!(!reply.body.contains("127.0.0.1"), "{}", reply.body);
}

#[tokio::test]
async fn a_silent_provider_is_a_504() {
    let upstream = Upstream::start(vec![vec![Say::Wait]]).await;
    let toml = config(&upstream).replace("first_byte_timeout = \"5s\"", "first_byte_timeout = \"50ms\"");
    let gateway = Gateway::start(&toml);
    let reply = ask(gateway.address(), CHAT, &[], r#"{"model":"nice"}"#).await;
    assert_eq!(reply.status, 504, "{}", reply.body);
    upstream.wait_for_leave().await;
}

#[tokio::test]
async fn a_stream_that_falls_silent_ends_in_an_error_event() {
    let upstream = Upstream::start(vec![vec![Say::stream_head(), Say::chunk(&event("a")), Say::Wait]]).await;
    let gateway = Gateway::start(&config(&upstream).replace("idle_timeout = \"5s\"", "idle_timeout = \"50ms\""));
    let reply = ask(gateway.address(), CHAT, &[], r#"{"model":"nice","stream":true}"#).await;
    assert!(reply.body.contains("\"error\""), "{}", reply.body);
    assert_eq!(gateway.reports(1).await[0].outcome, Outcome::Failed(FaultKind::UpstreamTimeout));
    upstream.wait_for_leave().await;
}

#[tokio::test]
async fn a_client_that_leaves_cancels_the_provider() {
    let waits = [vec![Say::Wait], vec![Say::stream_head(), Say::chunk(&event("a")), Say::Wait]];
    for script in waits {
        let (upstream, gateway) = rig(vec![script]).await;
        let stream = open(gateway.address(), CHAT, &[], r#"{"model":"nice","stream":true}"#).await;
        upstream.wait_for(1).await;
        drop(stream);
        upstream.wait_for_leave().await;
        assert_eq!(gateway.reports(1).await[0].outcome, Outcome::ClientLeft);
    }
}

#[tokio::test]
async fn a_client_that_leaves_at_done_was_served() {
    let body = [event("a"), FINISH.into(), USAGE.into(), DONE.into()].concat();
    let (upstream, gateway) = rig(vec![vec![Say::stream_head(), Say::chunk(&body), Say::Wait]]).await;
    let asks = r#"{"model":"nice","stream":true,"stream_options":{"include_usage":true}}"#;
    let mut stream = open(gateway.address(), CHAT, &[], asks).await;
    read_until(&mut stream, "[DONE]").await;
    drop(stream);
    upstream.wait_for_leave().await;
    let report = gateway.reports(1).await.remove(0);
    assert_eq!((report.outcome, report.quality), (Outcome::Served, Some(Quality::Exact)));
}

#[tokio::test]
async fn bad_input_is_told_so() {
    let (upstream, gateway) = rig(vec![vec![Say::json(200, ANSWER)]]).await;
    let cases: &[(&str, &[&str], &str, u16, &str)] = &[
        (CHAT, &[], "{\"model\":", 400, "none"),
        (CHAT, &[], "[]", 400, "none"),
        (CHAT, &[], "{}", 400, "none"),
        (CHAT, &[], r#"{"model":7}"#, 400, "none"),
        (CHAT, &[], r#"{"model":"nicer"}"#, 404, "model_not_found"),
        (CHAT, &[], r#"{"model":"upp/real"}"#, 404, "provider_not_found"),
        (CHAT, &["content-type: text/plain"], r#"{"model":"nice"}"#, 415, "unsupported_media_type"),
        (CHAT, &["content-encoding: gzip"], r#"{"model":"nice"}"#, 415, "unsupported_media_type"),
        ("GET /v1/chat/completions", &[], "", 405, "method_not_allowed"),
        ("GET /v1/nothing", &[], "", 404, "unknown_url"),
    ];
    for (line, headers, body, status, code) in cases {
        let reply = ask(gateway.address(), line, headers, body).await;
        assert_eq!((reply.status, error_code(&reply).as_str()), (*status, *code), "{line} {body}: {}", reply.body);
    }
    let near = ask(gateway.address(), CHAT, &[], r#"{"model":"nicer"}"#).await;
    assert!(near.body.contains("did you mean \\\"nice\\\""), "{}", near.body);
    assert_eq!(upstream.received(), []);
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_413() {
    let upstream = Upstream::start(vec![]).await;
    let gateway = Gateway::start(&format!("[server]\nbody_limit = 100\n{}", config(&upstream)));
    let body = format!(r#"{{"model":"nice","pad":"{}"}}"#, "x".repeat(200));
    assert_eq!(ask(gateway.address(), CHAT, &[], &body).await.status, 413);
}

#[tokio::test]
async fn a_slow_head_and_a_slow_body_are_told_so() {
    let upstream = Upstream::start(vec![]).await;
    let limits = "[server]\nheader_read_timeout = \"100ms\"\nbody_read_timeout = \"100ms\"\n";
    let gateway = Gateway::start(&format!("{limits}{}", config(&upstream)));
    let half = ["POST /v1/chat/comple", "POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 10\r\n\r\n{"];
    for text in half {
        let mut stream = tokio::net::TcpStream::connect(gateway.address()).await.expect("listening");
        stream.write_all(text.as_bytes()).await.expect("reading");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("\"error\""), "{answer}");
    }
}

#[tokio::test]
async fn client_keys_are_taken_from_every_header() {
    let upstream = Upstream::start(vec![vec![Say::json(200, ANSWER)]]).await;
    let toml = format!("{}\n[[client_keys]]\nname = \"laptop\"\nkey = \"sk-client\"\n", config(&upstream));
    let gateway = Gateway::start(&toml);
    let headers = [
        "authorization: Bearer sk-client",
        "authorization: bearer sk-client",
        "x-api-key: sk-client",
        "api-key: sk-client",
        "x-goog-api-key: sk-client",
    ];
    for header in headers {
        let reply = ask(gateway.address(), CHAT, &[header], r#"{"model":"nice"}"#).await;
        assert_eq!(reply.status, 200, "{header}");
    }
    for wrong in [&[][..], &["authorization: Bearer sk-clienT"][..], &["authorization: Basic sk-client"][..]] {
        let reply = ask(gateway.address(), CHAT, wrong, r#"{"model":"nice"}"#).await;
        assert_eq!((reply.status, error_code(&reply).as_str()), (401, "invalid_api_key"), "{wrong:?}");
    }
    assert_eq!(ask(gateway.address(), "GET /v1/models", &[], "").await.status, 401);
    assert_eq!(ask(gateway.address(), "GET /health", &[], "").await.status, 200);
    let reports = gateway.reports(8).await;
    assert_eq!(reports[0].client_key.as_deref(), Some("laptop"));
    assert!(upstream.received().iter().all(|request| !request.head.contains("sk-client")), "client keys stay here");
}

#[tokio::test]
async fn the_next_key_is_tried_when_one_is_refused() {
    let upstream =
        Upstream::start(vec![vec![Say::json(429, r#"{"error":{"message":"slow"}}"#)], vec![Say::json(200, ANSWER)]])
            .await;
    let gateway = Gateway::start(&config(&upstream).replace("key = \"sk-upstream\"", "keys = [\"sk-1\", \"sk-2\"]"));
    assert_eq!(ask(gateway.address(), CHAT, &[], r#"{"model":"nice"}"#).await.status, 200);
    let heads: Vec<String> = upstream.received().into_iter().map(|request| request.head).collect();
    assert!(heads[0].contains("sk-1") && heads[1].contains("sk-2"), "{heads:?}");
    assert_eq!(gateway.reports(1).await[0].attempts, 2);
}

#[tokio::test]
async fn passthrough_hands_on_the_clients_own_credentials() {
    let upstream = Upstream::start(vec![vec![Say::json(401, r#"{"error":{"message":"who are you"}}"#)]]).await;
    let toml = config(&upstream).replace("key = \"sk-upstream\"", "auth = \"passthrough\"");
    let gateway = Gateway::start(&toml);
    let headers = [
        "authorization: Bearer mine",
        "x-tenant: t1",
        "connection: x-hop",
        "x-hop: 1",
        "cookie: trunkline_session=ours",
    ];
    let reply = ask(gateway.address(), CHAT, &headers, r#"{"model":"nice"}"#).await;
    assert_eq!(reply.status, 401, "the client's own key was refused, and it should know");
    let head = &upstream.received()[0].head;
    assert!(head.contains("authorization: Bearer mine") && head.contains("x-tenant: t1"), "{head}");
    assert!(!head.contains("x-hop") && !head.contains("session"), "{head}");
}

#[tokio::test]
async fn the_dummy_answers_and_streams() {
    let upstream = Upstream::start(vec![]).await;
    let gateway = Gateway::start(&config(&upstream));
    let body = r#"{"model":"dummy/echo-1","messages":[{"role":"user","content":"hello proxy"}]}"#;
    let reply = ask(gateway.address(), CHAT, &["x-dummy-tag: t7"], body).await;
    let text = reply.json().pointer("/choices/0/message/content").and_then(|text| text.as_str()).map(str::to_owned);
    let text = text.unwrap_or_default();
    assert!(text.contains("hello proxy") && text.contains("x-dummy-tag=t7"), "{}", reply.body);
    let body = r#"{"model":"dummy/story-1","messages":[{"role":"user","content":"go"}]}"#;
    let reply = ask(gateway.address(), "POST /v1/chat/completions/stream", &[], body).await;
    assert!(reply.body.ends_with(DONE), "{}", reply.body);
    assert!(reply.body.contains("\"finish_reason\":\"stop\""), "{}", reply.body);
    let failing = ask(gateway.address(), CHAT, &["x-dummy-fail: true"], body).await;
    assert_eq!((failing.status, error_code(&failing).as_str()), (502, "dummy_upstream_failed"));
    let tools = r#"{"model":"dummy/echo-1","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f"}}]}"#;
    let refused = ask(gateway.address(), CHAT, &[], tools).await;
    assert_eq!(refused.json().pointer("/error/param"), Some(&"tools".into()), "{}", refused.body);
    assert_eq!(gateway.reports(4).await.len(), 4);
}

#[tokio::test]
async fn stopping_lets_open_requests_finish() {
    let (upstream, gateway) = rig(vec![vec![Say::Wait, Say::json(200, ANSWER)]]).await;
    let address = gateway.address();
    let asked = tokio::spawn(async move { ask(address, CHAT, &[], r#"{"model":"nice"}"#).await });
    upstream.wait_for(1).await;
    let stopped = tokio::spawn(gateway.stop(Duration::from_secs(10)));
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    upstream.go_on();
    assert_eq!(asked.await.expect("asked").status, 200);
    assert_eq!(stopped.await.expect("stopped"), 0);
}

#[tokio::test]
async fn heads_and_preflights_are_answered() {
    let upstream = Upstream::start(vec![]).await;
    let gateway = Gateway::start(&format!("[server]\ncors_origins = [\"https://a.example\"]\n{}", config(&upstream)));
    let head = ask(gateway.address(), "HEAD /v1/models", &[], "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(ask(gateway.address(), "HEAD /", &[], "").await.status, 200);
    let asks = [
        "origin: https://a.example",
        "access-control-request-method: POST",
        "access-control-request-headers: authorization",
    ];
    let preflight = ask(gateway.address(), "OPTIONS /v1/chat/completions", &asks, "").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("https://a.example"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("authorization"));
    let stranger = ask(gateway.address(), "OPTIONS /v1/models", &["origin: https://b.example"], "").await;
    assert_eq!(stranger.header("access-control-allow-origin"), None);
}
