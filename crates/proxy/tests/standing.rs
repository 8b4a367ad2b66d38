//! Providers that are not well, and those that are drained: who is not asked, and what becomes of what is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use trunkline_proxy::upstream::Client;
use trunkline_proxy::{cut_drained, watch_health};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask, ask_until};

const CHAT: &str = "POST /v1/chat/completions";
const ASKED: &str = r#"{"model":"nice","messages":[{"role":"user","content":"hi"}]}"#;
const STREAMED: &str = r#"{"model":"nice","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

/// Longest wait for something that must happen; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(10);

fn served() -> Vec<Say> {
    vec![Say::json(200, ANSWER)]
}

/// Two tiers, with settings of the first provider and of its target.
fn document(upstreams: [&Upstream; 2], provider: &str, target: &str) -> String {
    let [first, spare] = upstreams.map(Upstream::url);
    format!(
        "[discovery]\nprobe = false\n[failover]\nretries = 0\n\
         [providers.p1]\ntype = \"vllm\"\nbase_url = \"{spare}\"\n\
         [providers.p0]\ntype = \"vllm\"\nbase_url = \"{first}\"\n{provider}\n\
         [models.nice]\ntargets = [{{ provider = \"p0\", model = \"real\"{target} }},\n\
         {{ provider = \"p1\", model = \"real\", priority = 1 }}]\n"
    )
}

async fn chat(gateway: &Gateway) -> Reply {
    ask(gateway.address(), CHAT, &[], ASKED).await
}

async fn detailed(gateway: &Gateway) -> Value {
    ask(gateway.address(), "GET /health/detailed", &[], "").await.json()
}

/// Waits until requests go to this provider.
async fn until_served_by(gateway: &Gateway, provider: &str) -> Reply {
    let seen = async {
        loop {
            let reply = chat(gateway).await;
            if reply.header("x-trunkline-provider") == Some(provider) {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.expect("it comes to that")
}

#[tokio::test]
async fn a_provider_that_is_not_well_is_not_asked_until_it_recovers() {
    let well = Arc::new(AtomicBool::new(true));
    let says = Arc::clone(&well);
    let upstream = Upstream::answering(move |_, request| match request.head.starts_with("GET /health ") {
        true if says.load(Ordering::Relaxed) => vec![Say::json(200, r#"{"status":"ok"}"#)],
        true => vec![Say::json(200, r#"{"status":"unhealthy"}"#)],
        false => served(),
    })
    .await;
    let spare = Upstream::start(vec![served()]).await;
    let health = "[providers.p0.health]\npath = \"/health\"\ninterval = \"5ms\"\nunhealthy_after = 2";
    let gateway = Gateway::start(&document([&upstream, &spare], health, ""));
    let watching = tokio::spawn(watch_health(Arc::clone(gateway.shared()), Client::new()));
    assert_eq!(chat(&gateway).await.header("x-trunkline-provider"), Some("p0"));
    well.store(false, Ordering::Relaxed);
    let reply = until_served_by(&gateway, "p1").await;
    assert_eq!(reply.header("x-trunkline-attempts"), Some("p0/real unhealthy, p1/real served"));
    let shown = detailed(&gateway).await;
    assert_eq!(shown["problems"], json!(["provider \"p0\": not well: says that its status is \"unhealthy\""]));
    well.store(true, Ordering::Relaxed);
    until_served_by(&gateway, "p0").await;
    assert_eq!(detailed(&gateway).await["problems"], json!([]));
    watching.abort();
}

#[tokio::test]
async fn nobody_is_asked_who_need_not_be_and_a_reload_ends_it() {
    let upstream = Upstream::start(vec![vec![Say::json(503, "{}")]]).await;
    let spare = Upstream::start(vec![served()]).await;
    let health = "[providers.p0.health]\ninterval = \"5ms\"\nunhealthy_after = 1";
    let gateway = Gateway::start(&document([&upstream, &spare], health, ""));
    let watching = tokio::spawn(watch_health(Arc::clone(gateway.shared()), Client::new()));
    upstream.wait_for(3).await;
    assert!(upstream.received().iter().all(|request| request.head.starts_with("GET /v1/models ")));
    assert_eq!(spare.received(), [], "whoever has no health check is left in peace");
    assert_eq!(chat(&gateway).await.header("x-trunkline-attempts"), Some("p0/real unhealthy, p1/real served"));
    gateway.reload(&document([&upstream, &spare], "", ""));
    assert!(
        chat(&gateway)
            .await
            .header("x-trunkline-attempts")
            .is_some_and(|trail| trail.starts_with("p0/real overloaded"))
    );
    watching.abort();
}

#[tokio::test]
async fn what_is_drained_takes_nothing_new_and_finishes_what_it_has() {
    for (provider, target, model) in
        [("draining = true", "", Value::Null), ("", ", draining = true", Value::from("real"))]
    {
        let upstream = Upstream::start(vec![vec![Say::Wait, Say::json(200, ANSWER)]]).await;
        let spare = Upstream::start(vec![served()]).await;
        let gateway = Gateway::start(&document([&upstream, &spare], "", ""));
        let address = gateway.address();
        let open = tokio::spawn(async move { ask(address, CHAT, &[], ASKED).await });
        upstream.wait_for(1).await;
        gateway.reload(&document([&upstream, &spare], provider, target));
        let reply = chat(&gateway).await;
        assert_eq!(reply.header("x-trunkline-attempts"), Some("p0/real draining, p1/real served"));
        let shown = |open: u64| json!([{ "provider": "p0", "model": model, "open": open }]);
        assert_eq!(detailed(&gateway).await["draining"], shown(1));
        upstream.go_on();
        assert_eq!(open.await.unwrap().header("x-trunkline-provider"), Some("p0"));
        gateway.reports(2).await;
        assert_eq!(detailed(&gateway).await["draining"], shown(0));
        gateway.reload(&document([&upstream, &spare], "", ""));
        upstream.go_on();
        assert_eq!(chat(&gateway).await.header("x-trunkline-provider"), Some("p0"), "it is back");
        assert_eq!(detailed(&gateway).await["draining"], json!([]));
    }
}

#[tokio::test]
async fn where_all_is_drained_the_client_is_told_whatever_is_done_about_rests() {
    for when_resting in ["fail", "try", "wait"] {
        let upstream = Upstream::start(vec![served()]).await;
        let all = document([&upstream, &upstream], "draining = true", "")
            .replace("[providers.p1]\n", "[providers.p1]\ndraining = true\n")
            .replace("retries = 0\n", &format!("when_resting = \"{when_resting}\"\n"));
        let gateway = Gateway::start(&all);
        let reply = chat(&gateway).await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, None), "{}", reply.body);
        assert_eq!(upstream.received(), []);
    }
}

#[tokio::test]
async fn what_is_still_open_after_the_time_to_drain_ends_with_an_error() {
    let first = Say::chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"abc\"}}]}\n\n");
    for provider in ["type", "dialects = [\"anthropic\"]\ntype"] {
        let first = if provider == "type" { vec![first.clone()] } else { messages_start() };
        let script = [vec![Say::stream_head()], first, vec![Say::Wait]].concat();
        let upstream = Upstream::start(vec![script]).await;
        let spare = Upstream::start(vec![served()]).await;
        let of = |settings: &str| {
            document([&upstream, &spare], settings, "")
                .replace("[providers.p0]\ntype", &format!("[providers.p0]\n{provider}"))
        };
        let gateway = Gateway::start(&of(""));
        let cutting = tokio::spawn(cut_drained(Arc::clone(gateway.shared())));
        let drain = || gateway.reload(&of("draining = true\ndrain_timeout = \"20ms\""));
        let reply = ask_until(gateway.address(), CHAT, STREAMED, "abc", drain).await;
        assert_eq!(reply.status, 200);
        assert!(reply.whole && reply.body.contains("taken out of use"), "{}", reply.body);
        upstream.wait_for_leave().await;
        cutting.abort();
    }
}

/// The beginning of an answer of Messages.
fn messages_start() -> Vec<Say> {
    let events = [
        r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"real","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"abc"}}"#,
    ];
    let kind = |event: &str| event.split('"').nth(3).unwrap_or_default().to_owned();
    events.iter().map(|event| Say::chunk(&format!("event: {}\ndata: {event}\n\n", kind(event)))).collect()
}
