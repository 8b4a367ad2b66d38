//! What is counted where the provider does not say it all, and what is owed to those who did not finish.

use std::net::SocketAddr;

use tokio::io::AsyncReadExt as _;
use trunkline_route::{Outcome, Report};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask, open};
use trunkline_wire::FaultKind;
use trunkline_wire::ir::{Quality, Usage};

const CHAT: &str = "POST /v1/chat/completions";
const MESSAGES: &str = "POST /v1/messages";
const ASKED: &str = r#"{"model":"nice","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
const STREAMED: &str = r#"{"model":"nice","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
/// What its prompt is likely to be.
const PROMPT: u64 = 5;
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;
const ENGLISH: &str = include_str!("../../wire/src/tokens/samples/english.txt");

fn event(delta: &str, finish: &str) -> String {
    format!(
        "data: {{\"id\":\"c1\",\"model\":\"real\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n"
    )
}

fn said(text: &str) -> Say {
    Say::chunk(&event(&serde_json::json!({ "content": text }).to_string(), "null"))
}

fn stream(texts: &[&str], end: Vec<Say>) -> Vec<Say> {
    let role = Say::chunk(&event(r#"{"role":"assistant","content":""}"#, "null"));
    [Say::stream_head(), role].into_iter().chain(texts.iter().map(|text| said(text))).chain(end).collect()
}

fn end(usage: &str) -> Vec<Say> {
    vec![Say::chunk(&format!("{}{usage}data: [DONE]\n\n", event("{}", "\"stop\""))), Say::last_chunk()]
}

/// A gateway whose model is served by these: the first costs a hundred times what the second does.
fn gateway(upstreams: &[&Upstream], model: &str) -> Gateway {
    let mut document = "[discovery]\nprobe = false\n[failover]\nretries = 0\n".to_owned();
    let mut targets = Vec::new();
    let prices = [(100, 1_000), (1, 10)];
    for (index, (upstream, (input, output))) in upstreams.iter().zip(prices).enumerate() {
        let url = upstream.url();
        document += &format!(
            "[providers.p{index}]\ntype = \"vllm\"\ndialects = [\"openai_chat\"]\nbase_url = \"{url}\"\nkeys = [\"k\"]\n"
        );
        targets.push(format!(
            "{{ provider = \"p{index}\", model = \"real\", price = {{ input = {input}, output = {output} }} }}"
        ));
    }
    let targets = targets.join(", ");
    Gateway::start(&format!("{document}[models.nice]\nstrategy = \"backup\"\n{model}\ntargets = [{targets}]\n"))
}

async fn report(gateway: &Gateway) -> Report {
    let mut reports = gateway.reports(1).await;
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input, output, ..Usage::default() }
}

/// Compares tokens, how sure they are, and the cost in USD for a million such requests.
#[track_caller]
fn check(report: &Report, expected: Usage, quality: Option<Quality>, million: u64) {
    assert_eq!((report.usage, report.quality), (expected, quality));
    assert_eq!(report.cost.map(|cost| cost.nano()), Some(i64::try_from(million * 1_000).expect("little")));
}

/// Asks, reads up to `text` and leaves.
async fn leave_at(to: SocketAddr, path: &str, text: &str) {
    let mut stream = open(to, path, &[], STREAMED).await;
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(text) {
        assert_ne!(stream.read_buf(&mut seen).await.expect("the answer goes on"), 0);
    }
}

#[tokio::test]
async fn what_nobody_counts_is_estimated() {
    let whole = ANSWER.split_once(r#","usage""#).expect("usage").0.to_owned() + "}";
    let spoken = whole.replace("\"hi\"", "\"How are you today?\"");
    let script = |number: usize| match number {
        0 | 1 => stream(&["How", " are", " you", "?"], end("")),
        _ => vec![Say::json(200, &spoken)],
    };
    let upstream = Upstream::start((0..4).map(script).collect()).await;
    let gateway = gateway(&[&upstream], "");
    for (path, asked) in [(CHAT, STREAMED), (MESSAGES, STREAMED), (CHAT, ASKED), (MESSAGES, ASKED)] {
        let reply = ask(gateway.address(), path, &[], asked).await;
        assert_eq!((reply.status, reply.header("x-trunkline-cost")), (200, None), "{}", reply.body);
    }
    for report in gateway.reports(4).await {
        check(&report, usage(PROMPT, 4), Some(Quality::Estimated), PROMPT * 100 + 4_000);
    }
}

#[tokio::test]
async fn who_counts_the_answer_but_not_the_prompt_is_believed_in_that() {
    let counted = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":70}}\n\n";
    let upstream = Upstream::start(vec![stream(&["How"], end(counted))]).await;
    let gateway = gateway(&[&upstream], "");
    ask(gateway.address(), CHAT, &[], STREAMED).await;
    check(&report(&gateway).await, usage(PROMPT, 70), Some(Quality::Estimated), PROMPT * 100 + 70_000);
}

#[tokio::test]
async fn a_client_that_leaves_pays_for_what_was_said() {
    for path in [CHAT, MESSAGES] {
        let upstream = Upstream::start(vec![stream(&["How", " are", " you"], vec![Say::Wait])]).await;
        let gateway = gateway(&[&upstream], "");
        leave_at(gateway.address(), path, " you").await;
        upstream.wait_for_leave().await;
        let report = report(&gateway).await;
        assert_eq!(report.outcome, Outcome::ClientLeft);
        check(&report, usage(PROMPT, 3), Some(Quality::Partial), PROMPT * 100 + 3_000);
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_pays_for_its_prompt() {
    for asked in [ASKED, STREAMED] {
        let upstream = Upstream::start(vec![vec![Say::Wait]]).await;
        let gateway = gateway(&[&upstream], "");
        let client = open(gateway.address(), CHAT, &[], asked).await;
        upstream.wait_for(1).await;
        drop(client);
        let report = report(&gateway).await;
        assert_eq!((report.outcome, report.status), (Outcome::ClientLeft, 499));
        check(&report, usage(PROMPT, 0), Some(Quality::Partial), PROMPT * 100);
    }
}

#[tokio::test]
async fn what_is_said_of_the_prompt_at_the_beginning_is_exact() {
    let start = r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"real","content":[],"usage":{"input_tokens":25,"cache_read_input_tokens":40,"output_tokens":1}}}"#;
    let open = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let text = |text: &str| {
        format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#)
    };
    let events: String = [start, open, &text("How"), &text(" are"), &text(" you")]
        .iter()
        .map(|data| format!("event: {}\ndata: {data}\n\n", data.split('"').nth(3).expect("a type")))
        .collect();
    for path in [MESSAGES, CHAT] {
        let upstream = Upstream::start(vec![vec![Say::stream_head(), Say::chunk(&events), Say::Wait]]).await;
        let gateway = Gateway::start(&format!(
            "[discovery]\nprobe = false\n[providers.p]\ntype = \"anthropic\"\nbase_url = \"{}\"\nkeys = [\"k\"]\n\
             [models.nice]\ntargets = [{{ provider = \"p\", model = \"real\" }}]\nprice = {{ input = 100, output = 1000, cached_input = 10 }}\n",
            upstream.url().trim_end_matches("/v1")
        ));
        leave_at(gateway.address(), path, " you").await;
        let report = report(&gateway).await;
        let expected = Usage { cache_read: 40, ..usage(25, 3) };
        check(&report, expected, Some(Quality::Partial), 25 * 100 + 40 * 10 + 3_000);
    }
}

#[tokio::test]
async fn several_tokens_in_one_event_are_not_taken_for_one() {
    let letters: Vec<char> = ENGLISH.chars().collect();
    let pieces: Vec<String> = letters.chunks(40).map(|piece| piece.iter().collect()).collect();
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    for path in [CHAT, MESSAGES] {
        let upstream = Upstream::start(vec![stream(&pieces, vec![Say::Close])]).await;
        let gateway = gateway(&[&upstream], "");
        ask(gateway.address(), path, &[], STREAMED).await;
        let report = report(&gateway).await;
        // As `o200k_base` has it.
        assert!(report.usage.output.abs_diff(197) < 20, "{:?}", report.usage);
        assert_eq!(report.quality, Some(Quality::Partial));
    }
}

#[tokio::test]
async fn words_of_an_error_are_no_output() {
    let error = format!("data: {{\"error\":{{\"message\":\"{}\",\"type\":\"server_error\"}}}}\n\n", "no ".repeat(100));
    for path in [CHAT, MESSAGES] {
        let upstream = Upstream::start(vec![stream(&["How"], vec![Say::chunk(&error), Say::last_chunk()])]).await;
        let gateway = gateway(&[&upstream], "");
        ask(gateway.address(), path, &[], STREAMED).await;
        let report = report(&gateway).await;
        assert!(matches!(report.outcome, Outcome::Failed(_)), "{path}");
        check(&report, usage(PROMPT, 1), Some(Quality::Partial), PROMPT * 100 + 1_000);
    }
}

#[tokio::test]
async fn who_fails_before_anything_is_said_is_owed_nothing() {
    let refused = vec![Say::json(500, r#"{"error":{"message":"no","type":"t"}}"#)];
    for script in [refused, vec![Say::Close], vec![Say::stream_head(), Say::Close]] {
        let upstream = Upstream::start(vec![script]).await;
        let gateway = gateway(&[&upstream], "");
        ask(gateway.address(), CHAT, &[], STREAMED).await;
        check(&report(&gateway).await, Usage::default(), None, 0);
    }
}

async fn chat(to: SocketAddr) -> Reply {
    ask(to, CHAT, &[], ASKED).await
}

#[tokio::test]
async fn who_was_slower_than_another_is_paid_for_the_prompt() {
    let (slow, quick) = (Upstream::start(vec![vec![Say::Wait]]).await, vec![Say::json(200, ANSWER)]);
    let quick = Upstream::start(vec![quick]).await;
    let gateway = gateway(&[&slow, &quick], "hedge_after = \"20ms\"");
    assert_eq!(chat(gateway.address()).await.header("x-trunkline-provider"), Some("p1"));
    let report = report(&gateway).await;
    check(&report, usage(PROMPT + 9, 2), Some(Quality::Estimated), PROMPT * 100 + 9 + 2 * 10);
    assert_eq!(report.unseen.as_deref(), Some(&usage(PROMPT, 0)));
}

#[tokio::test]
async fn who_fails_beside_another_is_owed_nothing() {
    let broken = Upstream::start(vec![vec![Say::Wait, Say::json(500, "{}")]]).await;
    let other = Upstream::start(vec![vec![Say::Wait, Say::json(200, ANSWER)]]).await;
    let gateway = gateway(&[&broken, &other], "hedge_after = \"20ms\"");
    let asked = tokio::spawn(chat(gateway.address()));
    other.wait_for(1).await;
    broken.go_on();
    while gateway.shared().live.is_calm() {
        tokio::task::yield_now().await;
    }
    other.go_on();
    assert_eq!(asked.await.expect("a reply").status, 200);
    check(&report(&gateway).await, usage(9, 2), Some(Quality::Exact), 9 + 2 * 10);
}

#[tokio::test]
async fn a_client_that_leaves_a_race_pays_for_both_prompts() {
    let [one, two] = [Upstream::start(vec![vec![Say::Wait]]).await, Upstream::start(vec![vec![Say::Wait]]).await];
    let gateway = gateway(&[&one, &two], "hedge_after = \"20ms\"");
    let client = open(gateway.address(), CHAT, &[], ASKED).await;
    two.wait_for(1).await;
    drop(client);
    check(&report(&gateway).await, usage(2 * PROMPT, 0), Some(Quality::Partial), PROMPT * 100 + PROMPT);
}

#[tokio::test]
async fn what_broke_off_is_paid_at_the_price_of_whoever_said_it() {
    let counted = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":4}}\n\n";
    let one = Upstream::start(vec![stream(&["How", " are"], vec![Say::Close])]).await;
    let other = Upstream::start(vec![stream(&[" you", " to", "day", "?"], end(counted))]).await;
    let gateway = gateway(&[&one, &other], "continuation = true");
    assert!(ask(gateway.address(), CHAT, &[], STREAMED).await.body.contains("[DONE]"));
    let report = report(&gateway).await;
    assert_eq!((report.outcome, report.continued, report.unseen.clone()), (Outcome::Served, 1, None));
    let dear = PROMPT * 100 + 2 * 1_000;
    check(&report, usage(PROMPT + 12, 2 + 4), Some(Quality::Estimated), dear + 12 + 4 * 10);
}

#[tokio::test]
async fn what_all_broke_off_is_paid_for_once() {
    let one = Upstream::start(vec![stream(&["How", " are"], vec![Say::Close])]).await;
    let gateway = gateway(&[&one], "continuation = true");
    ask(gateway.address(), CHAT, &[], STREAMED).await;
    let report = report(&gateway).await;
    assert_eq!(report.outcome, Outcome::Failed(FaultKind::UpstreamBroken));
    // It was asked to go on with its own words twice, and each time said the same again.
    let part = usage(report.usage.input / 3, 2);
    assert_eq!((report.continued, report.usage.output), (2, 3 * part.output));
    assert_eq!(report.quality, Some(Quality::Partial));
}
