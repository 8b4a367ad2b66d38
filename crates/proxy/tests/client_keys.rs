//! What client keys may do, ask for and spend.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;
use trunkline_config::file::BudgetPeriod;
use trunkline_providers::Usd;
use trunkline_proxy::refresh_once;
use trunkline_proxy::upstream::Client;
use trunkline_route::{Moment, Outcome};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};
use trunkline_wire::FaultKind;

const CHAT: &str = "POST /v1/chat/completions";
const MESSAGES: &str = "POST /v1/messages";
const BEARER: &str = "authorization: Bearer one-key";
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":10,"total_tokens":19}}"#;

async fn answering() -> Upstream {
    Upstream::start(vec![vec![Say::json(200, ANSWER)]]).await
}

/// A gateway whose only key says this; each answered token costs a thousandth of a USD.
fn document(upstream: &Upstream, key: &str) -> String {
    format!(
        r#"
[discovery]
probe = false
[failover]
retries = 0
[providers.up]
type = "vllm"
dialects = ["openai_chat"]
base_url = "{url}"
[providers.other]
type = "vllm"
dialects = ["openai_chat"]
base_url = "{url}"
[models.nice]
price = {{ input = 0, output = 1000 }}
targets = [{{ provider = "up", model = "real" }}]
[models.nicer]
targets = [{{ provider = "other", model = "real" }}]
fallbacks = ["nice"]
[[client_keys]]
name = "one"
key = "one-key"
{key}
"#,
        url = upstream.url()
    )
}

fn gateway(upstream: &Upstream, key: &str) -> Gateway {
    Gateway::start(&document(upstream, key))
}

fn asking(model: &str) -> String {
    format!(r#"{{"model":"{model}","max_tokens":10,"messages":[{{"role":"user","content":"hi"}}]}}"#)
}

async fn chat(gateway: &Gateway, model: &str) -> Reply {
    ask(gateway.address(), CHAT, &[BEARER], &asking(model)).await
}

#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str) {
    let json = reply.json();
    let found = json.pointer("/error/code").and_then(serde_json::Value::as_str);
    assert_eq!((reply.status, found), (status, Some(code)), "{reply:?}");
}

#[tokio::test]
async fn a_key_asks_for_its_models_and_sees_no_others() {
    let upstream = answering().await;
    let gateway = gateway(&upstream, "models = [\"nic?\", \"up/*\"]");
    for model in ["nice", "up/real"] {
        assert_eq!(chat(&gateway, model).await.status, 200, "{model}");
    }
    for model in ["nicer", "other/real", "no-such"] {
        refused(&chat(&gateway, model).await, 403, "model_not_allowed");
    }
    let wished = r#"{"model":"nice","models":["nicer"],"messages":[{"role":"user","content":"hi"}]}"#;
    refused(&ask(gateway.address(), CHAT, &[BEARER], wished).await, 403, "model_not_allowed");
    let messages = ask(gateway.address(), MESSAGES, &[BEARER], &asking("nicer")).await;
    assert_eq!((messages.status, messages.json()["error"]["type"].as_str()), (403, Some("permission_error")));
    // Else each list would wait for the providers' own.
    refresh_once(gateway.shared(), &Client::new()).await;
    let listed = |reply: Reply| -> Vec<String> {
        let json = reply.json();
        let models = json["data"].as_array().or(json["models"].as_array()).expect("a list").clone();
        let name = |model: &serde_json::Value| model["id"].as_str().or(model["name"].as_str()).map(str::to_owned);
        models.iter().filter_map(name).collect()
    };
    for (path, more) in [
        ("GET /v1/models", "x-none: 1"),
        ("GET /v1/models", "anthropic-version: 2023-06-01"),
        ("GET /api/tags", "x-none: 1"),
        ("GET /v1beta/models", "x-none: 1"),
    ] {
        let names = listed(ask(gateway.address(), path, &[BEARER, more], "").await);
        assert!(names.iter().any(|name| name.ends_with("nice")), "{path}: {names:?}");
        assert!(names.iter().all(|name| !name.contains("nicer") && !name.contains("other/")), "{path}: {names:?}");
    }
    assert_eq!(ask(gateway.address(), "GET /v1/models/nicer", &[BEARER], "").await.status, 403);
}

#[tokio::test]
async fn a_key_is_served_by_its_providers_alone_and_falls_back_among_its_models() {
    let broken = Upstream::start(vec![vec![Say::json(500, "{}")]]).await;
    let upstream = answering().await;
    let toml = document(&upstream, "models = [\"nicer\"]").replacen(
        &format!("[providers.other]\ntype = \"vllm\"\ndialects = [\"openai_chat\"]\nbase_url = \"{}\"", upstream.url()),
        &format!("[providers.other]\ntype = \"vllm\"\ndialects = [\"openai_chat\"]\nbase_url = \"{}\"", broken.url()),
        1,
    );
    let gateway = Gateway::start(&toml);
    assert_eq!(chat(&gateway, "nicer").await.status, 502, "the fallback is not among its models");
    gateway.reload(&toml.replace("models = [\"nicer\"]", ""));
    assert_eq!(chat(&gateway, "nicer").await.status, 200, "the fallback answers whoever may have it");
    gateway.reload(&toml.replace("models = [\"nicer\"]", "providers = [\"up\"]"));
    assert_eq!(chat(&gateway, "nicer").await.header("x-trunkline-provider"), Some("up"));
    refused(&chat(&gateway, "other/real").await, 403, "model_not_allowed");
}

#[tokio::test]
async fn a_key_that_has_ended_or_is_switched_off_is_refused_and_says_why() {
    let upstream = answering().await;
    for (settings, word) in [("expires = \"2020-01-01\"", "expired"), ("enabled = false", "switched off")] {
        let gateway = gateway(&upstream, settings);
        let reply = chat(&gateway, "nice").await;
        refused(&reply, 401, "invalid_api_key");
        assert!(reply.body.contains(word), "{}", reply.body);
    }
    assert_eq!(chat(&gateway(&upstream, "expires = \"2999-01-01T00:00:00Z\""), "nice").await.status, 200);
}

#[tokio::test]
async fn limits_are_told_and_kept_in_the_callers_words() {
    let upstream = answering().await;
    let gateway = gateway(&upstream, "requests_per_minute = 2\ntokens_per_minute = 1000");
    let first = chat(&gateway, "nice").await;
    assert_eq!((first.status, first.header("x-ratelimit-limit-requests")), (200, Some("2")));
    assert_eq!(first.header("x-ratelimit-remaining-requests"), Some("1"));
    assert_eq!(first.header("x-ratelimit-limit-tokens"), Some("1000"));
    gateway.reports(1).await;
    let second = ask(gateway.address(), MESSAGES, &[BEARER], &asking("nice")).await;
    assert_eq!((second.status, second.header("anthropic-ratelimit-requests-remaining")), (200, Some("0")));
    gateway.reports(2).await;
    let third = chat(&gateway, "nice").await;
    refused(&third, 429, "rate_limit_exceeded");
    assert_eq!(third.header("x-ratelimit-remaining-requests"), Some("0"));
    let wait: u64 = third.header("retry-after").and_then(|wait| wait.parse().ok()).expect("how long to wait");
    assert!((1..=61).contains(&wait), "{wait}");
    assert_eq!(third.header("x-should-retry"), None);
    let fourth = ask(gateway.address(), MESSAGES, &[BEARER], &asking("nice")).await;
    assert_eq!((fourth.status, fourth.json()["error"]["type"].as_str()), (429, Some("rate_limit_error")));
    assert!(fourth.header("anthropic-ratelimit-requests-reset").is_some_and(|reset| reset.ends_with('Z')));
    assert_eq!(upstream.received().len(), 2, "nobody was asked for what was refused");
    assert_eq!(gateway.reports(4).await[3].outcome, Outcome::Failed(FaultKind::LimitReached));
}

#[tokio::test]
async fn tokens_count_by_what_the_answers_took() {
    let upstream = answering().await;
    // Each takes 19; a third may take 25, by the size of its body.
    let gateway = gateway(&upstream, "tokens_per_minute = 62");
    for _ in 0..2 {
        assert_eq!(chat(&gateway, "nice").await.status, 200);
    }
    gateway.reports(2).await;
    let third = chat(&gateway, "nice").await;
    refused(&third, 429, "rate_limit_exceeded");
    assert_eq!(third.header("x-ratelimit-remaining-tokens"), Some("24"));
}

#[tokio::test]
async fn so_many_requests_are_open_and_a_client_that_leaves_makes_room() {
    let upstream = Upstream::start(vec![vec![Say::Wait, Say::json(200, ANSWER)]]).await;
    let gateway = gateway(&upstream, "parallel_requests = 1");
    let open = trunkline_testkit::open(gateway.address(), CHAT, &[BEARER], &asking("nice")).await;
    upstream.wait_for(1).await;
    let second = chat(&gateway, "nice").await;
    refused(&second, 429, "rate_limit_exceeded");
    assert_eq!(second.header("retry-after"), Some("1"));
    drop(open);
    gateway.reports(2).await;
    assert_eq!(gateway.shared().accounts.of("one", now()).open, 0);
}

#[tokio::test]
async fn a_budget_is_spent_and_then_refuses() {
    let upstream = answering().await;
    let gateway = gateway(&upstream, "budgets = [{ usd = \"0.02\", period = \"month\" }]");
    for request in 1..=2 {
        assert_eq!(chat(&gateway, "nice").await.status, 200, "request {request}");
        gateway.reports(request).await;
    }
    let third = chat(&gateway, "nice").await;
    refused(&third, 429, "budget_exceeded");
    assert_eq!(
        (third.header("x-should-retry"), third.json()["error"]["type"].as_str()),
        (Some("false"), Some("budget_exceeded"))
    );
    assert!(third.header("retry-after").is_some(), "a month ends");
    assert_eq!(spent(&gateway), (Usd::parse("0.02").expect("an amount"), Usd::ZERO));
    let unpriced = chat(&gateway, "other/real").await;
    assert_eq!(unpriced.status, 429, "what nobody knows the cost of is refused once the budget is spent");
    gateway.reload(&document(&upstream, "budgets = [{ usd = \"0.05\", period = \"month\" }]"));
    assert_eq!(chat(&gateway, "nice").await.status, 200, "a budget that is raised goes on from what was spent");
}

#[tokio::test]
async fn every_answer_that_may_have_to_be_paid_is_set_aside() {
    let upstream = answering().await;
    let with = |usd: &str, setting: &str| {
        let toml = document(&upstream, &format!("budgets = [{{ usd = \"{usd}\" }}]"));
        Gateway::start(&toml.replace("[models.nice]", &format!("[models.nice]\n{setting}")))
    };
    for (setting, enough, too_little) in
        [("hedge_after = \"60s\"", "0.02", "0.019"), ("continuation = true", "0.03", "0.029")]
    {
        assert_eq!(chat(&with(enough, setting), "nice").await.status, 200, "{setting}");
        refused(&chat(&with(too_little, setting), "nice").await, 429, "budget_exceeded");
    }
}

#[tokio::test]
async fn a_soft_budget_warns_and_a_cost_that_is_not_known_is_said() {
    let upstream = answering().await;
    let gateway = gateway(&upstream, "budgets = [{ usd = \"0.01\", period = \"day\", hard = false }]");
    let first = chat(&gateway, "nice").await;
    assert_eq!((first.status, first.header("x-trunkline-budget-warning")), (200, None));
    gateway.reports(1).await;
    let second = chat(&gateway, "nice").await;
    assert_eq!(
        (second.status, second.header("x-trunkline-budget-warning")),
        (200, Some("the budget of 0.01 USD a day is spent"))
    );
    let hard = document(&upstream, "budgets = [{ usd = 1 }]");
    let gateway = Gateway::start(&hard);
    let unpriced = chat(&gateway, "other/real").await;
    assert_eq!(unpriced.status, 200);
    assert!(unpriced.header("x-trunkline-budget-warning").is_some_and(|text| text.starts_with("nobody knows")));
}

#[tokio::test]
async fn a_request_that_fails_gives_back_what_was_set_aside() {
    let upstream = Upstream::start(vec![vec![Say::json(400, r#"{"error":{"message":"no"}}"#)]]).await;
    let gateway = gateway(&upstream, "budgets = [{ usd = \"0.01\" }]");
    for request in 1..=3 {
        assert_eq!(chat(&gateway, "nice").await.status, 400);
        gateway.reports(request).await;
        assert_eq!(spent(&gateway), (Usd::ZERO, Usd::ZERO));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_at_once_on_a_budget_for_twenty_never_overrun_it() {
    let upstream = answering().await;
    let gateway =
        Arc::new(Gateway::with_workers(2, &document(&upstream, "budgets = [{ usd = \"0.20\", period = \"total\" }]")));
    let served = Arc::new(AtomicUsize::new(0));
    let mut asked = JoinSet::new();
    for _ in 0..500 {
        let (gateway, served) = (Arc::clone(&gateway), Arc::clone(&served));
        asked.spawn(async move {
            let reply = chat(&gateway, "nice").await;
            assert!(matches!(reply.status, 200 | 429), "{reply:?}");
            served.fetch_add(usize::from(reply.status == 200), Ordering::Relaxed);
        });
    }
    while let Some(ended) = asked.join_next().await {
        ended.expect("every request is answered");
    }
    let reports = gateway.reports(500).await;
    let cost = reports.iter().filter_map(|report| report.cost).fold(Usd::ZERO, Usd::plus);
    let limit = Usd::parse("0.20").expect("an amount");
    assert!(cost <= limit, "overshoot: {cost}");
    assert_eq!(spent(&gateway), (cost, Usd::ZERO), "and nothing stays set aside");
    // Whoever came while others held the rest was told to come again; all twenty are there to be had.
    let mut served = served.load(Ordering::Relaxed);
    while chat(&gateway, "nice").await.status == 200 {
        served += 1;
        gateway.reports(500 + served).await;
    }
    assert_eq!(served, 20);
}

#[tokio::test]
async fn a_key_is_in_no_report_error_or_debug_text() {
    const CANARY: &str = "sk-tl-canaryCANARYcanaryCANARYcanary12";
    let upstream = answering().await;
    let toml = document(&upstream, "requests_per_minute = 1").replace("one-key", CANARY);
    let gateway = Gateway::start(&toml);
    let bearer = format!("authorization: Bearer {CANARY}");
    let replies = [
        ask(gateway.address(), CHAT, &[&bearer], &asking("nice")).await,
        ask(gateway.address(), CHAT, &[&bearer], &asking("nice")).await,
        ask(gateway.address(), CHAT, &[&format!("{bearer}x")], &asking("nice")).await,
        ask(gateway.address(), "GET /v1/models", &[&format!("{bearer}x")], "").await,
    ];
    assert_eq!(replies.each_ref().map(|reply| reply.status), [200, 429, 401, 401]);
    let snapshot = gateway.shared().snapshot();
    let reports = gateway.reports(3).await;
    for text in [
        format!("{replies:?}"),
        format!("{reports:?}"),
        format!("{snapshot:?}"),
        format!("{:?}", gateway.shared().accounts),
    ] {
        assert!(!text.contains("canaryCANARY"), "{text}");
    }
    assert!(upstream.received().iter().all(|request| !request.head.contains("canary")));
}

/// What was spent for good, and what is set aside.
fn spent(gateway: &Gateway) -> (Usd, Usd) {
    let account = gateway.shared().accounts.of("one", now());
    let total = account.spent.iter().find(|spent| spent.period == BudgetPeriod::Total);
    (total.map_or(Usd::ZERO, |spent| spent.usd), account.reserved)
}

fn now() -> Moment {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("the clock is right");
    Moment(u64::try_from(since.as_millis()).expect("in range"))
}
