//! What each dialect's clients see at the boundary: paths, statuses, headers, in front of a scripted upstream.

use serde_json::{Value, json};
use trunkline_proxy::refresh_once;
use trunkline_proxy::upstream::Client;
use trunkline_route::Outcome;
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask, ask_raw};
use trunkline_wire::FaultKind;
use trunkline_wire::ir::{Quality, Usage};

const CHAT: &str = "POST /v1/chat/completions";
const MESSAGES: &str = "POST /v1/messages";
const OLLAMA: &str = "POST /api/chat";
const GENERATE: &str = "POST /v1beta/models/nice:generateContent";
const STREAM: &str = "POST /v1beta/models/nice:streamGenerateContent";

const ASKED: &str = r#"{"model":"nice","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
const ASKED_GEMINI: &str = r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#;

const CHAT_ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"yo"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;
const GEMINI_ANSWER: &str = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"yo"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"totalTokenCount":11}}"#;

/// A document with one provider, whose settings are these, and the model `nice` behind it. What fails for one request is
/// asked all the same for the next.
fn document(upstream: &Upstream, provider: &str) -> String {
    format!(
        r#"
        [discovery]
        probe = false
        [failover]
        retries = 0
        when_resting = "try"
        [providers.up]
        base_url = "{}"
        {provider}
        [models.nice]
        targets = [{{ provider = "up", model = "real" }}]
        "#,
        upstream.url()
    )
}

async fn rig(provider: &str, script: Vec<Say>) -> (Upstream, Gateway) {
    let upstream = Upstream::start(vec![script]).await;
    let gateway = Gateway::start(&document(&upstream, provider));
    (upstream, gateway)
}

const OPENAI: &str = "type = \"openai\"\nkey = \"sk-up\"\ndialects = [\"openai_chat\"]";
const GEMINI: &str = "type = \"gemini\"\nkey = \"sk-up\"";
const PASSTHROUGH: &str = "type = \"openai\"\nauth = \"passthrough\"\ndialects = [\"openai_chat\"]";

/// An answer with more headers, each with its line end.
fn with_headers(status: u16, headers: &str, body: &str) -> Say {
    let length = body.len();
    Say::text(format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    ))
}

fn path(upstream: &Upstream) -> String {
    let received = upstream.received();
    let first = received.first().expect("asked");
    first.head.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn geminis_query_is_handed_on_save_what_is_the_gateways() {
    let keys = "[[client_keys]]\nname = \"laptop\"\nkey = \"sk-client\"\n";
    let upstream = Upstream::start(vec![vec![Say::json(200, GEMINI_ANSWER)]]).await;
    let gateway = Gateway::start(&(document(&upstream, GEMINI) + keys));
    let line = format!("{GENERATE}?alt=json&$fields=candidates&key=sk-client&prettyPrint=false");
    let reply = ask(gateway.address(), &line, &[], ASKED_GEMINI).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(path(&upstream), "/v1/models/real:generateContent?$fields=candidates&prettyPrint=false");
    assert!(upstream.received()[0].head.contains("x-goog-api-key: sk-up"), "{}", upstream.received()[0].head);
    let report = gateway.reports(1).await.remove(0);
    assert_eq!((report.client_key.as_deref(), report.usage.output), (Some("laptop"), 2));
}

#[tokio::test]
async fn a_key_in_the_query_lets_in_geminis_clients_alone() {
    let keys = "[[client_keys]]\nname = \"laptop\"\nkey = \"sk-cli+ent\"\n";
    let upstream = Upstream::start(vec![vec![Say::json(200, CHAT_ANSWER)]]).await;
    let gateway = Gateway::start(&(document(&upstream, OPENAI) + keys));
    // Once asked for its models, whatever it says; else lists wait for that.
    refresh_once(gateway.shared(), &Client::new()).await;
    for (line, body, status) in [
        (format!("{GENERATE}?key=sk-cli%2Bent"), ASKED_GEMINI, 200),
        ("GET /v1beta/models?pageSize=1&key=sk-cli%2Bent".to_owned(), "", 200),
        ("GET /v1beta/models/nice?key=sk-cli%2Bent".to_owned(), "", 200),
        (format!("{GENERATE}?key=sk-other"), ASKED_GEMINI, 401),
        (format!("{GENERATE}?key="), ASKED_GEMINI, 401),
        (format!("{GENERATE}?mykey=sk-cli%2Bent"), ASKED_GEMINI, 401),
        (format!("{CHAT}?key=sk-cli%2Bent"), ASKED, 401),
        ("GET /v1/models?key=sk-cli%2Bent".to_owned(), "", 401),
    ] {
        let reply = ask(gateway.address(), &line, &[], body).await;
        assert_eq!(reply.status, status, "{line}: {}", reply.body);
        assert!(!reply.body.contains("sk-cli") && !reply.head.contains("sk-cli"), "{line}: {}", reply.body);
    }
    let received = upstream.received();
    assert_eq!(received.len(), 2, "the list and one chat");
    assert!(received.iter().all(|request| !request.head.contains("sk-cli")), "{received:?}");
}

#[tokio::test]
async fn a_stream_of_gemini_without_events_is_one_array_that_is_counted() {
    let chunk = |text: &str, more: &str| {
        let candidate = format!(r#"{{"content":{{"role":"model","parts":[{{"text":"{text}"}}]}}{more}}}"#);
        format!("data: {{\"candidates\":[{candidate}]")
    };
    let usage = ",\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":2,\"totalTokenCount\":11}";
    let frames = format!("{}}}\r\n\r\n{}{usage}}}\r\n\r\n", chunk("y", ""), chunk("o", ",\"finishReason\":\"STOP\""));
    let script = vec![Say::stream_head(), Say::chunk(&frames), Say::last_chunk()];
    let (upstream, gateway) = rig(GEMINI, script).await;
    let reply = ask(gateway.address(), STREAM, &[], ASKED_GEMINI).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    assert_eq!(path(&upstream), "/v1/models/real:streamGenerateContent?alt=sse");
    let answer = reply.json();
    let parts = answer.as_array().expect("an array").iter();
    let text: String = parts.filter_map(|part| part.pointer("/candidates/0/content/parts/0/text")?.as_str()).collect();
    assert_eq!(text, "yo", "{answer}");
    let report = gateway.reports(1).await.remove(0);
    assert_eq!(report.usage, Usage { input: 9, output: 2, ..Usage::default() });
    assert_eq!((report.quality, report.stream, report.outcome), (Some(Quality::Exact), true, Outcome::Served));
    let events = ask(gateway.address(), &format!("{STREAM}?alt=sse"), &[], ASKED_GEMINI).await;
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    assert_eq!(events.body, frames, "with events it is the native lane");
}

#[tokio::test]
async fn anthropics_clients_get_the_statuses_that_they_know() {
    let error = |code: &str| format!(r#"{{"error":{{"message":"m","type":"t","code":"{code}"}}}}"#);
    let cases: [(Vec<Say>, u16, u16, &str, FaultKind); 6] = [
        (vec![Say::json(429, &error("insufficient_quota"))], 429, 402, "billing_error", FaultKind::QuotaExhausted),
        (vec![Say::json(503, &error("x"))], 503, 529, "overloaded_error", FaultKind::Overloaded),
        (vec![Say::json(401, &error("x"))], 502, 500, "api_error", FaultKind::UpstreamAuth),
        (vec![Say::json(500, &error("x"))], 502, 500, "api_error", FaultKind::UpstreamBroken),
        (vec![Say::Close], 502, 500, "api_error", FaultKind::UpstreamBroken),
        (vec![Say::json(429, &error("x"))], 429, 429, "rate_limit_error", FaultKind::RateLimited),
    ];
    for (script, usual, anthropic, word, kind) in cases {
        let (_upstream, gateway) = rig(OPENAI, script.clone()).await;
        let chat = ask(gateway.address(), CHAT, &[], ASKED).await;
        let messages = ask(gateway.address(), MESSAGES, &[], ASKED).await;
        assert_eq!((chat.status, messages.status), (usual, anthropic), "{script:?}: {}", messages.body);
        assert_eq!(messages.json()["error"]["type"], word, "{script:?}");
        let reports = gateway.reports(2).await;
        assert_eq!(reports[1].outcome, Outcome::Failed(kind));
        assert_eq!((reports[0].status, reports[1].status), (usual, anthropic));
    }
    let upstream = Upstream::start(vec![]).await;
    let toml = document(&upstream, OPENAI).replace(&upstream.url(), "http://127.0.0.1:1/v1");
    let gateway = Gateway::start(&toml);
    assert_eq!(ask(gateway.address(), MESSAGES, &[], ASKED).await.status, 500, "unreachable");
}

#[tokio::test]
async fn a_full_house_is_529_for_anthropics_clients() {
    let upstream = Upstream::start(vec![vec![Say::Wait, Say::json(200, CHAT_ANSWER)]]).await;
    let gateway = Gateway::start(&format!("[server]\nrequests_max = 1\n{}", document(&upstream, OPENAI)));
    let address = gateway.address();
    let first = tokio::spawn(async move { ask(address, CHAT, &[], ASKED).await });
    upstream.wait_for(1).await;
    let messages = ask(address, MESSAGES, &[], ASKED).await;
    let chat = ask(address, CHAT, &[], ASKED).await;
    assert_eq!((messages.status, chat.status), (529, 503), "{}", messages.body);
    assert_eq!(messages.header("retry-after"), Some("1"));
    upstream.go_on();
    assert_eq!(first.await.expect("asked").status, 200);
}

#[tokio::test]
async fn anthropics_errors_and_answers_name_their_request() {
    let (_upstream, gateway) = rig(OPENAI, vec![Say::json(200, CHAT_ANSWER)]).await;
    let served = ask(gateway.address(), MESSAGES, &[], ASKED).await;
    let refused = ask(gateway.address(), MESSAGES, &[], r#"{"model":"other"}"#).await;
    let reports = gateway.reports(2).await;
    let ids: Vec<String> = reports.iter().map(|report| format!("{:032x}", report.id)).collect();
    assert_eq!((served.status, refused.status), (200, 404));
    for (reply, id) in [(&served, &ids[0]), (&refused, &ids[1])] {
        assert_eq!((reply.header("request-id"), reply.header("x-request-id")), (Some(&**id), Some(&**id)));
    }
    assert_eq!(refused.json()["request_id"], ids[1].as_str());
    let chat = ask(gateway.address(), CHAT, &[], ASKED).await;
    assert_eq!(chat.header("request-id"), None);
}

#[tokio::test]
async fn losses_are_in_the_header_and_in_the_report() {
    let (upstream, gateway) = rig(OPENAI, vec![Say::json(200, CHAT_ANSWER)]).await;
    let body =
        r#"{"model":"nice","max_tokens":9,"top_k":3,"container":"c","messages":[{"role":"user","content":"hi"}]}"#;
    let reply = ask(gateway.address(), MESSAGES, &[], body).await;
    assert_eq!((reply.status, reply.header("x-trunkline-losses")), (200, Some("top_k, container")));
    assert_eq!(gateway.reports(1).await[0].losses.as_deref(), Some("top_k, container"));
    let refused = ask(gateway.address(), MESSAGES, &["x-trunkline-on-loss: reject"], body).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert_eq!(upstream.received().len(), 1, "nothing was sent");
    let whole = ask(gateway.address(), MESSAGES, &["x-trunkline-on-loss: reject"], ASKED).await;
    assert_eq!((whole.status, whole.header("x-trunkline-losses")), (200, None));
    assert_eq!(gateway.reports(3).await[2].losses, None);
}

#[tokio::test]
async fn responses_over_a_websocket_are_sent_to_http() {
    let (_upstream, gateway) = rig(OPENAI, vec![]).await;
    let line = "GET /v1/responses";
    let plain = ask(gateway.address(), line, &[], "").await;
    assert_eq!((plain.status, plain.header("allow")), (405, Some("POST, OPTIONS")), "{}", plain.body);
    let upgrade = ["upgrade: websocket", "sec-websocket-version: 13"];
    let upgraded = ask(gateway.address(), line, &upgrade, "").await;
    assert_eq!(upgraded.status, 426, "{}", upgraded.body);
    assert!(upgraded.json().pointer("/error/message").is_some(), "{}", upgraded.body);
}

#[tokio::test]
async fn ollamas_bodies_need_no_type_unless_a_page_sends_them() {
    let (_upstream, gateway) = rig(OPENAI, vec![Say::json(200, CHAT_ANSWER)]).await;
    let body = r#"{"model":"nice","stream":false,"messages":[{"role":"user","content":"hi"}]}"#;
    for (headers, status) in [
        ("", 200),
        ("content-type: application/x-www-form-urlencoded\r\n", 200),
        ("origin: https://a.example\r\n", 415),
        ("content-type: text/plain\r\norigin: https://a.example\r\n", 415),
        ("content-type: application/json\r\norigin: https://a.example\r\n", 200),
    ] {
        let length = body.len();
        let head =
            format!("{OLLAMA} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}");
        let reply = ask_raw(gateway.address(), &format!("{head}\r\n{body}")).await;
        assert_eq!(reply.status, status, "{headers}: {}", reply.body);
    }
}

const OPENAI_LIMITS: &str = "x-ratelimit-limit-requests: 100\r\nx-ratelimit-remaining-requests: 0\r\n\
    x-ratelimit-reset-requests: 1m0s\r\nx-ratelimit-limit-audio: 3\r\n";

/// The names of an answer's headers that speak of a budget.
fn limits(reply: &Reply) -> Vec<&str> {
    let names = reply.head.lines().filter_map(|line| Some(line.split_once(':')?.0));
    names.filter(|name| name.contains("ratelimit")).collect()
}

#[tokio::test]
async fn the_callers_budget_is_told_in_its_own_words() {
    let slow = r#"{"error":{"message":"slow down","type":"rate_limit_error"}}"#;
    for (status, body) in [(200, CHAT_ANSWER), (429, slow)] {
        let (_upstream, gateway) = rig(PASSTHROUGH, vec![with_headers(status, OPENAI_LIMITS, body)]).await;
        let mine = ["authorization: Bearer mine"];
        let messages = ask(gateway.address(), MESSAGES, &mine, ASKED).await;
        assert_eq!(messages.status, status, "{}", messages.body);
        let known = ["limit", "remaining", "reset"].map(|figure| format!("anthropic-ratelimit-requests-{figure}"));
        assert_eq!(limits(&messages), known);
        let value = |name: &str| messages.header(name).unwrap_or_default().to_owned();
        assert_eq!((value(&known[0]), value(&known[1])), ("100".to_owned(), "0".to_owned()));
        assert!(value(&known[2]).ends_with('Z'), "{}", messages.head);
        // Nobody said how long to wait, but that nothing is left and until when.
        assert_eq!(messages.header("retry-after"), (status == 429).then_some("60"));
        let chat = ask(gateway.address(), CHAT, &mine, ASKED).await;
        assert_eq!(chat.header("x-ratelimit-reset-requests"), Some("1m0s"), "{}", chat.head);
        assert_eq!(limits(&chat).len(), 4, "{}", chat.head);
        let gemini = ask(gateway.address(), GENERATE, &mine, ASKED_GEMINI).await;
        assert_eq!((gemini.status, limits(&gemini).len()), (status, 0), "{}", gemini.head);
    }
}

#[tokio::test]
async fn anthropics_budget_is_told_to_openais_clients() {
    let headers = "anthropic-ratelimit-tokens-limit: 80000\r\nanthropic-ratelimit-tokens-remaining: 79000\r\n\
        anthropic-ratelimit-tokens-reset: 2000-01-01T00:00:00Z\r\nanthropic-ratelimit-input-tokens-limit: 5\r\n\
        request-id: req_1\r\n";
    let answer = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "real", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "yo"}], "usage": {"input_tokens": 9, "output_tokens": 2}});
    let provider = "type = \"anthropic\"\nauth = \"passthrough\"";
    let (_upstream, gateway) = rig(provider, vec![with_headers(200, headers, &answer.to_string())]).await;
    let chat = ask(gateway.address(), CHAT, &["x-api-key: mine"], ASKED).await;
    let told = ["limit", "remaining", "reset"].map(|figure| format!("x-ratelimit-{figure}-tokens"));
    assert_eq!(limits(&chat), told);
    assert_eq!(told.map(|name| chat.header(&name).unwrap_or_default().to_owned()), ["80000", "79000", "0s"]);
    let messages = ask(gateway.address(), MESSAGES, &["x-api-key: mine"], ASKED).await;
    assert_eq!(limits(&messages).len(), 4, "the native lane hands on what came: {}", messages.head);
    assert_eq!(messages.header("request-id"), Some("req_1"));
}

#[tokio::test]
async fn the_operators_budget_is_told_to_nobody() {
    let slow: Value = json!({"error": {"message": "slow down"}});
    for (status, body) in [(200, CHAT_ANSWER.to_owned()), (429, slow.to_string())] {
        let (_upstream, gateway) = rig(OPENAI, vec![with_headers(status, OPENAI_LIMITS, &body)]).await;
        for (line, body) in [(MESSAGES, ASKED), (CHAT, ASKED), (GENERATE, ASKED_GEMINI)] {
            let reply = ask(gateway.address(), line, &[], body).await;
            assert_eq!((reply.status, limits(&reply).len()), (status, 0), "{line}: {}", reply.head);
            assert_eq!(reply.header("retry-after"), (status == 429).then_some("60"), "{line}");
        }
    }
}
