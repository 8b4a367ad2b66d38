//! A provider that does not answer as it should: who is asked instead, who is left alone afterwards, and what the client
//! is told.

use trunkline_route::Outcome;
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask, open};
use trunkline_wire::FaultKind;

const CHAT: &str = "POST /v1/chat/completions";
const MESSAGES: &str = "POST /v1/messages";
const ASKED: &str = r#"{"model":"nice","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

fn served() -> Vec<Say> {
    vec![Say::json(200, ANSWER)]
}

fn error(status: u16, code: &str) -> Vec<Say> {
    vec![Say::json(status, &format!(r#"{{"error":{{"message":"no","type":"t","code":"{code}"}}}}"#))]
}

fn limited(seconds: u32) -> Vec<Say> {
    let body = r#"{"error":{"message":"slow down","type":"t","code":"rate_limit_exceeded"}}"#;
    let head = format!("HTTP/1.1 429 X\r\nretry-after: {seconds}\r\ncontent-type: application/json\r\n");
    vec![Say::text(format!("{head}content-length: {}\r\n\r\n{body}", body.len()))]
}

/// A gateway before these providers, each with so many keys, of which the first is asked first. One worker's turns are as
/// good as another's, so keys are filled, not rotated.
fn gateway(providers: &[(&Upstream, usize)], failover: &str) -> Gateway {
    let mut document = format!("[discovery]\nprobe = false\n[failover]\nbackoff = \"10ms\"\n{failover}\n");
    let mut targets = Vec::new();
    for (index, (upstream, keys)) in providers.iter().enumerate() {
        let keys: Vec<String> = (1..=*keys).map(|key| format!("\"key-{index}-{key}\"")).collect();
        document += &format!(
            "[providers.p{index}]\ntype = \"vllm\"\ndialects = [\"openai_chat\"]\nbase_url = \"{}\"\nkeys = [{}]\nkey_strategy = \"fill_first\"\n",
            upstream.url(),
            keys.join(", ")
        );
        targets.push(format!("{{ provider = \"p{index}\", model = \"real\", priority = {index} }}"));
    }
    Gateway::start(&format!("{document}[models.nice]\ntargets = [{}]\n", targets.join(", ")))
}

async fn chat(gateway: &Gateway) -> Reply {
    ask(gateway.address(), CHAT, &[], ASKED).await
}

/// The numbers of the keys that an upstream was sent, in order.
fn keys(upstream: &Upstream) -> String {
    let received = upstream.received();
    let key =
        |head: &str| head.lines().find_map(|line| Some(line.strip_prefix("authorization: Bearer key-")?.to_owned()));
    received.iter().filter_map(|request| key(&request.head)?.chars().last()).collect()
}

#[tokio::test]
async fn a_key_that_is_refused_rests_and_the_next_one_serves() {
    for (refusal, why) in [
        (error(401, "invalid_api_key"), "upstream_auth"),
        (limited(60), "rate_limited"),
        (error(402, "insufficient_quota"), "quota_exhausted"),
    ] {
        let upstream = Upstream::start(vec![refusal, served()]).await;
        let gateway = gateway(&[(&upstream, 2)], "");
        let first = chat(&gateway).await;
        assert_eq!(first.status, 200, "{}", first.body);
        assert_eq!(first.header("x-trunkline-attempts"), Some(&*format!("p0#1/real {why}, p0#2/real served")));
        let second = chat(&gateway).await;
        assert_eq!(second.header("x-trunkline-attempts"), Some("p0#1/real key_rests, p0#2/real served"));
        assert_eq!(keys(&upstream), "122", "{why}");
        let reports = gateway.reports(2).await;
        assert_eq!((reports[0].attempts, reports[1].attempts), (2, 1));
    }
}

#[tokio::test]
async fn other_keys_of_a_reload_begin_afresh() {
    let upstream = Upstream::start(vec![error(401, "invalid_api_key"), served()]).await;
    let one = gateway(&[(&upstream, 1)], "");
    assert_eq!(chat(&one).await.status, 502);
    let resting = chat(&one).await;
    assert_eq!((resting.status, keys(&upstream).len()), (502, 1), "{}", resting.body);
    one.reload(&format!(
        "[discovery]\nprobe = false\n[providers.p0]\ntype = \"vllm\"\nbase_url = \"{}\"\nkey = \"key-new-9\"\n\
         [models.nice]\ntargets = [{{ provider = \"p0\", model = \"real\" }}]\n",
        upstream.url()
    ));
    assert_eq!(chat(&one).await.status, 200);
    assert_eq!(keys(&upstream), "19");
}

#[tokio::test]
async fn a_target_without_room_rests_and_the_next_tier_serves() {
    let full = Upstream::start(vec![error(503, "unavailable_error"), served()]).await;
    let spare = Upstream::start(vec![served()]).await;
    let gateway = gateway(&[(&full, 1), (&spare, 1)], "");
    for _ in 0..3 {
        let reply = chat(&gateway).await;
        assert_eq!((reply.status, reply.header("x-trunkline-provider")), (200, Some("p1")), "{}", reply.body);
    }
    assert_eq!((full.received().len(), spare.received().len()), (1, 3));
}

#[tokio::test]
async fn when_all_rest_the_client_is_told_until_when() {
    let upstream = Upstream::start(vec![limited(60)]).await;
    let gateway = gateway(&[(&upstream, 2)], "");
    let first = chat(&gateway).await;
    assert_eq!((first.status, first.header("retry-after")), (429, Some("60")), "{}", first.body);
    for (path, kind) in [(CHAT, "rate_limit_exceeded"), (MESSAGES, "rate_limit_error")] {
        let reply = ask(gateway.address(), path, &[], ASKED).await;
        assert_eq!(reply.status, 429, "{}", reply.body);
        assert!(reply.body.contains(kind) && reply.body.contains("rests"), "{}", reply.body);
        let wait: u32 = reply.header("retry-after").and_then(|wait| wait.parse().ok()).expect("a number of seconds");
        assert!((50..=60).contains(&wait), "{wait}");
        assert_eq!(reply.header("x-trunkline-attempts"), None, "nobody was asked");
    }
    assert_eq!(keys(&upstream), "12");
}

#[tokio::test]
async fn what_rests_is_tried_or_waited_for_when_the_operator_says_so() {
    let upstream = Upstream::start(vec![limited(60), served()]).await;
    let trying = gateway(&[(&upstream, 1)], "when_resting = \"try\"");
    assert_eq!([chat(&trying).await.status, chat(&trying).await.status], [429, 200]);

    let upstream = Upstream::start(vec![limited(1), served()]).await;
    let waiting = gateway(&[(&upstream, 1)], "when_resting = \"wait\"\nwait = \"5s\"");
    assert_eq!([chat(&waiting).await.status, chat(&waiting).await.status], [429, 200]);

    let upstream = Upstream::start(vec![limited(60), served()]).await;
    let impatient = gateway(&[(&upstream, 1)], "when_resting = \"wait\"\nwait = \"1s\"");
    assert_eq!([chat(&impatient).await.status, chat(&impatient).await.status], [429, 429]);
}

#[tokio::test]
async fn when_every_key_is_refused_the_client_need_not_doubt_its_own() {
    let upstream = Upstream::start(vec![error(401, "invalid_api_key")]).await;
    let gateway = gateway(&[(&upstream, 3)], "");
    for _ in 0..2 {
        let reply = chat(&gateway).await;
        assert_eq!(reply.status, 502);
        assert_eq!(reply.json()["error"]["code"], "upstream_credentials_exhausted", "{}", reply.body);
    }
    assert_eq!(ask(gateway.address(), MESSAGES, &[], ASKED).await.status, 500);
    assert_eq!(keys(&upstream), "123");
    let reports = gateway.reports(3).await;
    assert!(reports.iter().all(|report| report.outcome == Outcome::Failed(FaultKind::UpstreamAuth)));
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_only_as_often_as_configured() {
    let upstream = Upstream::start(vec![error(500, "x"), error(502, "x"), served()]).await;
    let patient = gateway(&[(&upstream, 1)], "retries = 2");
    let reply = chat(&patient).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let trail = "p0#1/real upstream_broken, p0#1/real upstream_broken, p0#1/real served";
    assert_eq!(reply.header("x-trunkline-attempts"), Some(trail));

    let upstream = Upstream::start(vec![error(500, "x")]).await;
    let once = gateway(&[(&upstream, 1)], "retries = 0");
    assert_eq!((chat(&once).await.status, upstream.received().len()), (502, 1));
}

#[tokio::test]
async fn what_the_request_itself_is_to_blame_for_is_told_at_once() {
    let upstream = Upstream::start(vec![error(400, "bad")]).await;
    let spare = Upstream::start(vec![served()]).await;
    let gateway = gateway(&[(&upstream, 2), (&spare, 1)], "");
    let reply = chat(&gateway).await;
    assert_eq!((reply.status, upstream.received().len(), spare.received().len()), (400, 1, 0), "{}", reply.body);
}

#[tokio::test]
async fn a_model_that_is_gone_may_be_elsewhere() {
    let upstream = Upstream::start(vec![error(404, "model_not_found")]).await;
    let spare = Upstream::start(vec![served()]).await;
    let gateway = gateway(&[(&upstream, 1), (&spare, 1)], "");
    let reply = chat(&gateway).await;
    assert_eq!((reply.status, reply.header("x-trunkline-provider")), (200, Some("p1")), "{}", reply.body);
}

#[tokio::test]
async fn what_is_the_targets_fault_is_not_tried_with_its_other_keys() {
    for (failure, why) in [
        (error(404, "model_not_found"), "upstream_rejected"),
        (error(500, "x"), "upstream_broken"),
        (error(503, "x"), "overloaded"),
    ] {
        let upstream = Upstream::start(vec![failure]).await;
        let spare = Upstream::start(vec![served()]).await;
        let gateway = gateway(&[(&upstream, 2), (&spare, 2)], "key_cycles = 2");
        let reply = chat(&gateway).await;
        let trail = format!("p0#1/real {why}, p1#1/real served");
        assert_eq!(reply.header("x-trunkline-attempts"), Some(&*trail), "{}", reply.body);
        assert_eq!((keys(&upstream), keys(&spare)), ("1".to_owned(), "1".to_owned()), "{why}");
    }
}

#[tokio::test]
async fn a_target_that_failed_is_asked_again_in_the_next_round() {
    let upstream = Upstream::start(vec![error(500, "x"), served()]).await;
    let gateway = gateway(&[(&upstream, 2)], "retries = 1");
    let reply = chat(&gateway).await;
    let trail = "p0#1/real upstream_broken, p0#1/real served";
    assert_eq!((reply.status, reply.header("x-trunkline-attempts")), (200, Some(trail)), "{}", reply.body);
}

/// Waits for a circuit to let a probe in, but not for as long as a probe may take.
const PROBED: &str =
    "retries = 0\ncircuit_failures = 1\ncircuit_open = \"1s\"\nwhen_resting = \"wait\"\nwait = \"10s\"";

#[tokio::test]
async fn a_probe_whose_client_leaves_makes_room_for_the_next() {
    let upstream = Upstream::start(vec![error(500, "x"), late(served()), served()]).await;
    let gateway = gateway(&[(&upstream, 1)], PROBED);
    assert_eq!(chat(&gateway).await.status, 502);
    let leaving = open(gateway.address(), CHAT, &[], ASKED).await;
    upstream.wait_for(2).await;
    drop(leaving);
    upstream.wait_for_leave().await;
    gateway.reports(2).await;
    assert_eq!(chat(&gateway).await.status, 200);
}

#[tokio::test]
async fn a_probe_that_is_outpaced_makes_room_for_the_next() {
    let slow = Upstream::start(vec![error(500, "x"), late(served()), served()]).await;
    let quick = Upstream::start(vec![served()]).await;
    let gateway = hedging([&slow, &quick], "circuit_failures = 1\ncircuit_open = \"100ms\"");
    let mut trail = chat(&gateway).await.header("x-trunkline-attempts").map(str::to_owned);
    assert_eq!(trail.as_deref(), Some("p0/real upstream_broken, p1/real served"));
    while trail.as_deref() != Some("p0/real outpaced, p1/real served") {
        trail = chat(&gateway).await.header("x-trunkline-attempts").map(str::to_owned);
    }
    slow.wait_for_leave().await;
    assert_eq!(chat(&gateway).await.header("x-trunkline-provider"), Some("p0"));
}

#[tokio::test]
async fn a_target_that_keeps_failing_is_taken_out_of_use() {
    let upstream = Upstream::start(vec![error(500, "x")]).await;
    let spare = Upstream::start(vec![served()]).await;
    let gateway = gateway(&[(&upstream, 1), (&spare, 1)], "circuit_failures = 3\ncircuit_open = \"1h\"");
    for _ in 0..5 {
        assert_eq!(chat(&gateway).await.status, 200);
    }
    assert_eq!((upstream.received().len(), spare.received().len()), (3, 5));
    let last = chat(&gateway).await;
    assert_eq!(last.header("x-trunkline-attempts"), Some("p0#1/real circuit_open, p1#1/real served"));
}

#[tokio::test]
async fn answers_that_break_off_count_until_one_comes_to_its_end() {
    let first = Say::chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n");
    let cut = || vec![Say::stream_head(), first.clone(), Say::Close];
    let upstream = Upstream::start(vec![cut(), served(), cut(), cut(), served()]).await;
    let spare = Upstream::start(vec![served()]).await;
    let gateway = gateway(&[(&upstream, 1), (&spare, 1)], "circuit_failures = 2\ncircuit_open = \"1h\"");
    let streamed = ASKED.replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"");
    for count in 1..=4 {
        let reply = ask(gateway.address(), CHAT, &[], if count == 2 { ASKED } else { &streamed }).await;
        assert_eq!((reply.status, reply.header("x-trunkline-attempts")), (200, None), "{count}: {}", reply.body);
        gateway.reports(count).await;
    }
    let last = chat(&gateway).await;
    assert_eq!(last.header("x-trunkline-attempts"), Some("p0#1/real circuit_open, p1#1/real served"));
    assert_eq!(upstream.received().len(), 4);
}

/// A gateway before one provider with two keys of which this is said.
fn limited_keys(upstream: &Upstream, limits: &str) -> Gateway {
    Gateway::start(&format!(
        "[discovery]\nprobe = false\n[providers.p0]\ntype = \"vllm\"\nbase_url = \"{}\"\nkey_strategy = \"fill_first\"\n\
         keys = [{{ key = \"key-0-1\", {limits} }}, {{ key = \"key-0-2\", {limits} }}]\n\
         [models.nice]\ntargets = [{{ provider = \"p0\", model = \"real\" }}]\n",
        upstream.url()
    ))
}

#[tokio::test]
async fn a_key_is_left_alone_before_it_is_over_its_rate() {
    for limits in ["requests_per_minute = 1", "tokens_per_minute = 10"] {
        let upstream = Upstream::start(vec![served()]).await;
        let gateway = limited_keys(&upstream, limits);
        assert_eq!(chat(&gateway).await.header("x-trunkline-attempts"), None);
        gateway.reports(1).await;
        let second = chat(&gateway).await;
        assert_eq!(second.header("x-trunkline-attempts"), Some("p0#1/real key_rate, p0#2/real served"), "{limits}");
        gateway.reports(2).await;
        let third = chat(&gateway).await;
        assert_eq!(third.status, 429, "{}", third.body);
        let wait: u32 = third.header("retry-after").and_then(|wait| wait.parse().ok()).expect("a number of seconds");
        assert!((50..=61).contains(&wait), "{wait}");
        assert_eq!(keys(&upstream), "12", "nobody was asked once too often");
        let health = ask(gateway.address(), "GET /health/detailed", &[], "").await.json();
        let resting = &health["resting"];
        assert_eq!((&resting[0]["key"], &resting[0]["reason"]), (&"p0#1".into(), &"key_rate".into()), "{health}");
        assert_eq!(resting[1]["key"], "p0#2");
    }
}

#[tokio::test]
async fn an_operator_decides_what_an_error_does() {
    let upstream = Upstream::start(vec![error(400, "bad"), served()]).await;
    let spare = Upstream::start(vec![served()]).await;
    let document = format!(
        "[discovery]\nprobe = false\n[providers.one]\ntype = \"vllm\"\nbase_url = \"{}\"\nerrors = {{ 400 = \"provider_cooldown\" }}\n\
         [providers.two]\ntype = \"vllm\"\nbase_url = \"{}\"\n[models.nice]\n\
         targets = [{{ provider = \"one\", model = \"real\" }}, {{ provider = \"two\", model = \"real\", priority = 1 }}]\n",
        upstream.url(),
        spare.url()
    );
    let gateway = Gateway::start(&document);
    let first = chat(&gateway).await;
    assert_eq!(
        first.header("x-trunkline-attempts"),
        Some("one/real upstream_rejected, two/real served"),
        "{}",
        first.body
    );
    let second = chat(&gateway).await;
    assert_eq!(second.header("x-trunkline-attempts"), Some("one/real provider_rests, two/real served"));
    assert_eq!(upstream.received().len(), 1);
}

/// A gateway before these upstreams, all of one priority, and `first` before the first alone.
fn among_equals(upstreams: &[&Upstream], strategy: &str) -> Gateway {
    let mut document = "[discovery]\nprobe = false\n".to_owned();
    let mut targets = Vec::new();
    for (index, upstream) in upstreams.iter().enumerate() {
        document += &format!("[providers.p{index}]\ntype = \"vllm\"\nbase_url = \"{}\"\n", upstream.url());
        targets.push(format!("{{ provider = \"p{index}\", model = \"real\" }}"));
    }
    let model = |name: &str, targets: &[String]| {
        format!("[models.{name}]\nstrategy = \"{strategy}\"\ntargets = [{}]\n", targets.join(", "))
    };
    Gateway::start(&format!(
        "{document}{}{}",
        model("nice", &targets),
        model("first", targets.get(..1).unwrap_or_default())
    ))
}

#[tokio::test]
async fn a_session_stays_with_one_target_however_it_is_named() {
    let upstreams = [Upstream::start(vec![served()]).await, Upstream::start(vec![served()]).await];
    let gateway = among_equals(&[&upstreams[0], &upstreams[1]], "sticky");
    let provider = async |path: &str, headers: &[&str], more: &str| {
        let body = ASKED.replace("\"max_tokens\"", &format!("{more}\"max_tokens\""));
        let reply = ask(gateway.address(), path, headers, &body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.header("x-trunkline-provider").map(str::to_owned)
    };
    let mut seen = Vec::new();
    for session in 0..16 {
        let header = format!("x-session-id: s{session}");
        let cached = format!("\"prompt_cache_key\":\"s{session}\",");
        let person = format!("\"metadata\":{{\"user_id\":\"s{session}\"}},");
        let first = provider(CHAT, &[&header], "").await;
        assert_eq!(provider(CHAT, &[&header], "\"prompt_cache_key\":\"another\",").await, first);
        assert_eq!(provider(CHAT, &[], &cached).await, first, "one name, one place");
        assert_eq!(provider(MESSAGES, &[], &person).await, first);
        seen.push(first);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 2, "sessions are spread");
}

#[tokio::test]
async fn a_prompt_goes_to_the_target_that_knows_its_beginning() {
    let upstreams = [Upstream::start(vec![served()]).await, Upstream::start(vec![served()]).await];
    let gateway = among_equals(&[&upstreams[0], &upstreams[1]], "prefix");
    let provider = async |prompt: &str, more: &str| {
        let said = format!("{}{more}", prompt.repeat(200));
        let reply = ask(gateway.address(), CHAT, &[], &ASKED.replace("\"hi\"", &format!("\"{said}\""))).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.header("x-trunkline-provider").map(str::to_owned)
    };
    let mut seen = Vec::new();
    for prompt in 0..16 {
        let prompt = format!("Prompt {prompt}. ");
        let first = provider(&prompt, "").await;
        for turn in 0..4 {
            assert_eq!(provider(&prompt, &format!("And {turn}.")).await, first);
        }
        seen.push(first);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 2, "prompts are spread");
}

#[tokio::test]
async fn the_least_busy_target_is_asked() {
    let first = Say::chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n");
    let held = Upstream::start(vec![vec![Say::stream_head(), first, Say::Wait]]).await;
    let idle = Upstream::start(vec![served()]).await;
    let gateway = among_equals(&[&held, &idle], "least_busy");
    let open = open(gateway.address(), CHAT, &[], &ASKED.replace("nice", "first")).await;
    held.wait_for(1).await;
    for _ in 0..8 {
        assert_eq!(chat(&gateway).await.header("x-trunkline-provider"), Some("p1"));
    }
    drop(open);
}

#[tokio::test]
async fn a_prompt_that_does_not_fit_or_is_not_liked_goes_to_another_model() {
    for (setting, code) in
        [("context_fallbacks", "context_length_exceeded"), ("content_fallbacks", "content_policy_violation")]
    {
        let refusing = Upstream::start(vec![error(400, code)]).await;
        let other = Upstream::start(vec![served()]).await;
        let document = |setting: &str| {
            format!(
                "[discovery]\nprobe = false\n[providers.p0]\ntype = \"vllm\"\nbase_url = \"{}\"\n\
                 [providers.p1]\ntype = \"vllm\"\nbase_url = \"{}\"\n\
                 [models.nice]\n{setting}targets = [{{ provider = \"p0\", model = \"real\" }}]\n\
                 [models.large]\ntargets = [{{ provider = \"p1\", model = \"real\" }}]\n",
                refusing.url(),
                other.url()
            )
        };
        let gateway = Gateway::start(&document(&format!("{setting} = [\"large\"]\n")));
        for path in [CHAT, MESSAGES] {
            let reply = ask(gateway.address(), path, &[], ASKED).await;
            assert_eq!((reply.status, reply.header("x-trunkline-provider")), (200, Some("p1")), "{}", reply.body);
            assert_eq!(reply.json()["model"], "nice", "under the name it was asked by");
            assert!(reply.header("x-trunkline-attempts").is_some_and(|trail| trail.ends_with("p1/real served")));
        }
        assert_eq!(gateway.reports(2).await[0].model.as_deref(), Some("nice"));
        gateway.reload(&document(""));
        assert_eq!(chat(&gateway).await.status, 400, "nobody said who else could be asked");
    }
}

/// A gateway whose model is asked for at a second provider when the first is slow.
fn hedging(upstreams: [&Upstream; 2], failover: &str) -> Gateway {
    let provider = |index: usize, upstream: &Upstream| {
        format!("[providers.p{index}]\ntype = \"vllm\"\nbase_url = \"{}\"\n", upstream.url())
    };
    let [one, two] = upstreams;
    Gateway::start(&format!(
        "[discovery]\nprobe = false\n[failover]\n{failover}\n{}{}[models.nice]\nhedge_after = \"50ms\"\nstrategy = \"backup\"\n\
         targets = [{{ provider = \"p0\", model = \"real\" }}, {{ provider = \"p1\", model = \"real\" }}]\n",
        provider(0, one),
        provider(1, two)
    ))
}

fn late(then: Vec<Say>) -> Vec<Say> {
    std::iter::once(Say::Wait).chain(then).collect()
}

/// A report may be there before its request has given its place back.
async fn no_request_is_open(gateway: &Gateway) {
    let all = async {
        while gateway.shared().open_requests() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), all).await.expect("places are given back");
}

#[tokio::test]
async fn who_is_slow_is_cancelled_when_another_answers() {
    let slow = Upstream::start(vec![late(served())]).await;
    let quick = Upstream::start(vec![served()]).await;
    let gateway = hedging([&slow, &quick], "retries = 0");
    for path in [CHAT, MESSAGES] {
        let reply = ask(gateway.address(), path, &[], ASKED).await;
        assert_eq!((reply.status, reply.header("x-trunkline-provider")), (200, Some("p1")), "{}", reply.body);
        assert_eq!(reply.header("x-trunkline-attempts"), Some("p0/real outpaced, p1/real served"));
        slow.wait_for_leave().await;
    }
    let reports = gateway.reports(2).await;
    for report in &reports {
        assert_eq!((report.outcome, report.attempts, report.provider.as_deref()), (Outcome::Served, 2, Some("p1")));
    }
    no_request_is_open(&gateway).await;
}

#[tokio::test]
async fn who_answers_in_time_is_alone() {
    let quick = Upstream::start(vec![served()]).await;
    let spare = Upstream::start(vec![served()]).await;
    let gateway = hedging([&quick, &spare], "retries = 0");
    assert_eq!(chat(&gateway).await.header("x-trunkline-attempts"), None);
    let reports = gateway.reports(1).await;
    assert_eq!((reports[0].attempts, reports[0].provider.as_deref(), spare.received().len()), (1, Some("p0"), 0));
    no_request_is_open(&gateway).await;
}

#[tokio::test]
async fn who_was_asked_first_may_still_win() {
    let slow = Upstream::start(vec![late(served())]).await;
    let slower = Upstream::start(vec![late(served())]).await;
    let gateway = hedging([&slow, &slower], "retries = 0");
    let asked = tokio::spawn(ask_owned(gateway.address()));
    slower.wait_for(1).await;
    slow.go_on();
    let reply = asked.await.unwrap();
    assert_eq!(reply.header("x-trunkline-attempts"), Some("p1/real outpaced, p0/real served"), "{}", reply.body);
    slower.wait_for_leave().await;
    let reports = gateway.reports(1).await;
    assert_eq!((reports[0].attempts, reports[0].provider.as_deref()), (2, Some("p0")));
}

async fn ask_owned(to: std::net::SocketAddr) -> Reply {
    ask(to, CHAT, &[], ASKED).await
}

#[tokio::test]
async fn of_two_that_race_one_may_fail_and_both_may() {
    for (first, second, status, trail, attempts) in [
        (late(error(500, "x")), late(served()), 200, "p0/real upstream_broken, p1/real served", 2),
        (late(error(500, "x")), late(error(503, "x")), 503, "p0/real upstream_broken, p1/real overloaded", 2),
        (late(error(400, "bad")), late(served()), 400, "p1/real outpaced, p0/real upstream_rejected", 2),
    ] {
        let [one, two] = [Upstream::start(vec![first]).await, Upstream::start(vec![second]).await];
        let gateway = hedging([&one, &two], "retries = 0");
        let asked = tokio::spawn(ask_owned(gateway.address()));
        two.wait_for(1).await;
        one.go_on();
        // The second answers once the first is known to have failed, or when there is nothing left to answer.
        while gateway.shared().live.is_calm() && !asked.is_finished() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        two.go_on();
        let reply = asked.await.unwrap();
        assert_eq!((reply.status, reply.header("x-trunkline-attempts")), (status, Some(trail)), "{}", reply.body);
        assert_eq!(gateway.reports(1).await[0].attempts, attempts);
        no_request_is_open(&gateway).await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_a_race_ends_both_and_is_reported_once() {
    let [one, two] = [Upstream::start(vec![late(served())]).await, Upstream::start(vec![late(served())]).await];
    let gateway = hedging([&one, &two], "retries = 0");
    let open = open(gateway.address(), CHAT, &[], ASKED).await;
    two.wait_for(1).await;
    drop(open);
    one.wait_for_leave().await;
    two.wait_for_leave().await;
    let reports = gateway.reports(1).await;
    assert_eq!((reports.len(), reports[0].outcome, reports[0].attempts), (1, Outcome::ClientLeft, 2));
    no_request_is_open(&gateway).await;
}

#[tokio::test]
async fn nobody_is_asked_beside_another_who_has_no_room() {
    let slow = Upstream::start(vec![late(served())]).await;
    let full = Upstream::start(vec![late(served())]).await;
    let gateway = Gateway::start(&format!(
        "[discovery]\nprobe = false\n[providers.p0]\ntype = \"vllm\"\nbase_url = \"{}\"\n\
         [providers.p1]\ntype = \"vllm\"\nbase_url = \"{}\"\nrequests_max = 1\n\
         [models.nice]\nhedge_after = \"50ms\"\nstrategy = \"backup\"\n\
         targets = [{{ provider = \"p0\", model = \"real\" }}, {{ provider = \"p1\", model = \"real\" }}]\n",
        slow.url(),
        full.url()
    ));
    let asked = tokio::spawn(ask_owned(gateway.address()));
    full.wait_for(1).await;
    let second = tokio::spawn(ask_owned(gateway.address()));
    slow.wait_for(2).await;
    // Time enough to ask another, were there one to ask.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(full.received().len(), 1);
    slow.go_on();
    slow.go_on();
    let replies = [asked.await.unwrap(), second.await.unwrap()];
    let mut trails: Vec<_> = replies.iter().map(|reply| reply.header("x-trunkline-attempts")).collect();
    trails.sort();
    assert_eq!(trails, [None, Some("p1/real outpaced, p0/real served")]);
}
