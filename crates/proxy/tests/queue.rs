//! Targets that may have only so many requests open: who waits, who is next, and who goes elsewhere.

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use trunkline_route::Outcome;
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask, ask_until, open};
use trunkline_wire::FaultKind;

const CHAT: &str = "POST /v1/chat/completions";
const MESSAGES: &str = "POST /v1/messages";
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

fn asked(text: &str) -> String {
    format!(r#"{{"model":"nice","max_tokens":9,"messages":[{{"role":"user","content":"{text}"}}]}}"#)
}

fn served() -> Vec<Say> {
    vec![Say::json(200, ANSWER)]
}

/// Answers each request when it is told to.
fn when_told() -> Vec<Say> {
    vec![Say::Wait, Say::json(200, ANSWER)]
}

/// A gateway before these providers, one tier each, with settings of their own.
fn gateway(providers: &[(&Upstream, &str)], more: &str) -> Gateway {
    Gateway::start(&document(providers, more))
}

fn document(providers: &[(&Upstream, &str)], more: &str) -> String {
    let mut document = format!("[discovery]\nprobe = false\n[failover]\nretries = 0\n{more}\n");
    let mut targets = Vec::new();
    for (index, (upstream, settings)) in providers.iter().enumerate() {
        document += &format!(
            "[providers.p{index}]\ntype = \"vllm\"\ndialects = [\"openai_chat\"]\nbase_url = \"{}\"\n{settings}\n",
            upstream.url()
        );
        targets.push(format!("{{ provider = \"p{index}\", model = \"real\", priority = {index} }}"));
    }
    format!("{document}[models.nice]\ntargets = [{}]\n", targets.join(", "))
}

/// Asks in the background.
fn asking(gateway: &Gateway, headers: &[&str], text: &str) -> JoinHandle<Reply> {
    let (address, body) = (gateway.address(), asked(text));
    let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
    tokio::spawn(async move {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        ask(address, CHAT, &headers, &body).await
    })
}

/// What each request said that an upstream received, in order.
fn texts(upstream: &Upstream) -> Vec<String> {
    let text = |body: &str| Some(body.split_once(r#""content":""#)?.1.split_once('"')?.0.to_owned());
    upstream.received().iter().filter_map(|request| text(&request.body)).collect()
}

/// Waits until so many requests wait at the first provider.
async fn until_waiting(gateway: &Gateway, count: u64) {
    until(gateway, "waiting", count).await;
}

async fn until(gateway: &Gateway, what: &str, count: u64) {
    let seen = async {
        loop {
            let shown = ask(gateway.address(), "GET /health/detailed", &["authorization: Bearer key-a"], "").await;
            if shown.json().pointer(&format!("/rooms/0/{what}")).is_some_and(|seen| *seen == count) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), seen).await.expect("it comes to that");
}

const KEYS: &str = "[[client_keys]]\nname = \"a\"\nkey = \"key-a\"\npriority = \"high\"\n[[client_keys]]\nname = \"b\"\nkey = \"key-b\"\n\
                    [[client_keys]]\nname = \"c\"\nkey = \"key-c\"\n[[client_keys]]\nname = \"d\"\nkey = \"key-d\"\npriority = \"low\"\n";

#[tokio::test]
async fn no_more_than_may_are_open_and_all_are_served() {
    let upstream = Upstream::start(vec![when_told()]).await;
    let gateway = gateway(&[(&upstream, "requests_max = 3")], "");
    let asking: Vec<_> = (0..12).map(|number| asking(&gateway, &[], &format!("t{number}"))).collect();
    until_waiting(&gateway, 9).await;
    for answered in 0..12 {
        let open = upstream.wait_for((answered + 3).min(12)).await.len() - answered;
        assert!(open <= 3, "{open} are open");
        upstream.go_on();
        until_waiting(&gateway, (8_u64).saturating_sub(answered as u64)).await;
    }
    for reply in asking {
        assert_eq!(reply.await.unwrap().status, 200);
    }
    until(&gateway, "open", 0).await;
}

#[tokio::test]
async fn holders_of_client_keys_take_turns_and_classes_go_first() {
    let upstream = Upstream::start(vec![when_told()]).await;
    let gateway = gateway(&[(&upstream, "requests_max = 1")], KEYS);
    let waiting = [
        ("key-b", "", "first"),
        ("key-d", "x-trunkline-priority: high", "low"),
        ("key-b", "", "b1"),
        ("key-b", "", "b2"),
        ("key-c", "", "c1"),
        ("key-a", "x-trunkline-priority: normal", "a-normal"),
        ("key-a", "", "a-high"),
    ];
    let mut replies = Vec::new();
    for (number, (key, header, text)) in waiting.iter().enumerate() {
        let key = format!("authorization: Bearer {key}");
        let headers: Vec<&str> = [&*key, header].into_iter().filter(|header| !header.is_empty()).collect();
        replies.push(asking(&gateway, &headers, text));
        match number {
            0 => drop(upstream.wait_for(1).await),
            _ => until_waiting(&gateway, number as u64).await,
        }
    }
    for number in 1..=waiting.len() {
        upstream.wait_for(number).await;
        upstream.go_on();
    }
    for reply in replies {
        assert_eq!(reply.await.unwrap().status, 200);
    }
    assert_eq!(texts(&upstream), ["first", "a-high", "b1", "c1", "a-normal", "b2", "low"]);
}

#[tokio::test]
async fn who_waited_long_enough_goes_on_to_the_next_tier() {
    let slow = Upstream::start(vec![when_told()]).await;
    let spare = Upstream::start(vec![served()]).await;
    let gateway = gateway(&[(&slow, "requests_max = 1"), (&spare, "")], "[queue]\nspill_after = \"20ms\"");
    let first = asking(&gateway, &[], "first");
    slow.wait_for(1).await;
    let second = asking(&gateway, &[], "second").await.unwrap();
    assert_eq!((second.status, second.header("x-trunkline-provider")), (200, Some("p1")));
    slow.go_on();
    assert_eq!(first.await.unwrap().header("x-trunkline-provider"), Some("p0"));
    assert_eq!((texts(&slow), texts(&spare)), (vec!["first".to_owned()], vec!["second".to_owned()]));
}

#[tokio::test]
async fn who_waits_in_two_places_goes_where_there_is_room_first() {
    let upstreams = [Upstream::start(vec![when_told()]).await, Upstream::start(vec![when_told()]).await];
    let limited = |upstream| (upstream, "requests_max = 1");
    let gateway = gateway(&[limited(&upstreams[0]), limited(&upstreams[1])], "[queue]\nspill_after = \"20ms\"");
    let held = [asking(&gateway, &[], "first"), asking(&gateway, &[], "second")];
    upstreams[0].wait_for(1).await;
    upstreams[1].wait_for(1).await;
    let third = asking(&gateway, &[], "third");
    until_waiting(&gateway, 1).await;
    upstreams[0].go_on();
    upstreams[0].wait_for(2).await;
    upstreams[0].go_on();
    assert_eq!(third.await.unwrap().header("x-trunkline-provider"), Some("p0"));
    upstreams[1].go_on();
    for held in held {
        assert_eq!(held.await.unwrap().status, 200);
    }
    assert_eq!((upstreams[0].received().len(), upstreams[1].received().len()), (2, 1), "its other wait is given up");
}

#[tokio::test]
async fn who_finds_no_room_in_time_is_told_so_in_its_own_dialect() {
    let upstream = Upstream::start(vec![when_told()]).await;
    let gateway = gateway(
        &[(&upstream, "requests_max = 1")],
        "[queue]\nwaiting_max = 1\nspill_after = \"50ms\"\nwait_max = \"50ms\"",
    );
    let held = asking(&gateway, &[], "first");
    upstream.wait_for(1).await;
    for (path, status, kind) in [(CHAT, 503, "server_is_overloaded"), (MESSAGES, 529, "overloaded_error")] {
        let reply = ask(gateway.address(), path, &[], &asked("late")).await;
        assert_eq!(reply.status, status, "{}", reply.body);
        assert!(reply.body.contains(kind) && reply.header("retry-after").is_some(), "{}", reply.head);
        assert_eq!(reply.header("x-trunkline-attempts"), Some("p0/real no_room"));
    }
    upstream.go_on();
    assert_eq!(held.await.unwrap().status, 200);
    let reports = gateway.reports(3).await;
    assert_eq!((reports[0].outcome, reports[0].attempts), (Outcome::Failed(FaultKind::Busy), 0));
}

#[tokio::test]
async fn where_the_queue_is_full_nobody_waits() {
    let upstream = Upstream::start(vec![when_told()]).await;
    let spare = Upstream::start(vec![served()]).await;
    let gateway =
        gateway(&[(&upstream, "requests_max = 1"), (&spare, "")], "[queue]\nwaiting_max = 1\nspill_after = \"1m\"");
    let held = asking(&gateway, &[], "first");
    upstream.wait_for(1).await;
    let waits = asking(&gateway, &[], "second");
    until_waiting(&gateway, 1).await;
    let reply = asking(&gateway, &[], "third").await.unwrap();
    assert_eq!(reply.header("x-trunkline-attempts"), Some("p0/real no_room, p1/real served"));
    upstream.go_on();
    upstream.wait_for(2).await;
    upstream.go_on();
    assert_eq!([held.await.unwrap().status, waits.await.unwrap().status], [200, 200]);
}

#[tokio::test]
async fn who_leaves_waits_no_longer() {
    let upstream = Upstream::start(vec![when_told()]).await;
    let gateway = gateway(&[(&upstream, "requests_max = 1")], "");
    let held = asking(&gateway, &[], "first");
    upstream.wait_for(1).await;
    let leaving: TcpStream = open(gateway.address(), CHAT, &[], &asked("second")).await;
    until_waiting(&gateway, 1).await;
    let stays = asking(&gateway, &[], "third");
    until_waiting(&gateway, 2).await;
    drop(leaving);
    until_waiting(&gateway, 1).await;
    upstream.go_on();
    upstream.wait_for(2).await;
    upstream.go_on();
    assert_eq!([held.await.unwrap().status, stays.await.unwrap().status], [200, 200]);
    assert_eq!(texts(&upstream), ["first", "third"]);
    until(&gateway, "open", 0).await;
}

#[tokio::test]
async fn a_place_is_held_until_the_stream_is_over() {
    let first = Say::chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n");
    let last = Say::chunk("data: [DONE]\n\n");
    let stream = vec![Say::stream_head(), first, Say::Wait, last, Say::last_chunk()];
    let upstream = Upstream::start(vec![stream, served()]).await;
    let gateway = gateway(&[(&upstream, "requests_max = 1")], "");
    let streaming =
        open(gateway.address(), CHAT, &[], &asked("first").replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\""))
            .await;
    upstream.wait_for(1).await;
    let second = asking(&gateway, &[], "second");
    until_waiting(&gateway, 1).await;
    drop(streaming);
    assert_eq!(second.await.unwrap().status, 200);
}

#[tokio::test]
async fn the_next_key_of_a_target_needs_no_other_place() {
    let refused = vec![Say::json(401, r#"{"error":{"message":"no","type":"t","code":"invalid_api_key"}}"#)];
    let upstream = Upstream::start(vec![refused, served()]).await;
    let settings = "requests_max = 1\nkeys = [\"k1\", \"k2\"]\nkey_strategy = \"fill_first\"";
    let gateway = gateway(&[(&upstream, settings)], "");
    let reply = ask(gateway.address(), CHAT, &[], &asked("x")).await;
    assert_eq!(
        reply.header("x-trunkline-attempts"),
        Some("p0#1/real upstream_auth, p0#2/real served"),
        "{}",
        reply.body
    );
    until(&gateway, "open", 0).await;
}

#[tokio::test]
async fn what_is_the_targets_fault_is_not_tried_with_its_other_keys() {
    let upstream = Upstream::start(vec![vec![Say::json(500, "{}")]]).await;
    let spare = Upstream::start(vec![served()]).await;
    let settings = "requests_max = 1\nkeys = [\"k1\", \"k2\"]\nkey_strategy = \"fill_first\"";
    let gateway = gateway(&[(&upstream, settings), (&spare, "")], "");
    let reply = ask(gateway.address(), CHAT, &[], &asked("x")).await;
    let trail = "p0#1/real upstream_broken, p1/real served";
    assert_eq!(reply.header("x-trunkline-attempts"), Some(trail), "{}", reply.body);
}

#[tokio::test]
async fn who_loses_a_key_to_another_while_it_waits_is_over_its_rate() {
    let upstream = Upstream::start(vec![when_told()]).await;
    let settings = "requests_max = 1\nkeys = [{ key = \"k1\", requests_per_minute = 2 }]";
    let gateway = gateway(&[(&upstream, settings)], "");
    let first = asking(&gateway, &[], "first");
    upstream.wait_for(1).await;
    let second = asking(&gateway, &[], "second");
    until_waiting(&gateway, 1).await;
    let third = asking(&gateway, &[], "third");
    until_waiting(&gateway, 2).await;
    upstream.go_on();
    upstream.wait_for(2).await;
    upstream.go_on();
    assert_eq!([first.await.unwrap().status, second.await.unwrap().status], [200, 200]);
    let third = third.await.unwrap();
    assert_eq!(third.status, 429, "{}", third.body);
    assert_eq!(third.header("x-trunkline-attempts"), Some("p0#1/real key_rate"));
    let wait: u32 = third.header("retry-after").and_then(|wait| wait.parse().ok()).expect("a number of seconds");
    assert!((50..=61).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_reload_with_more_room_lets_in_who_waits() {
    let upstream = Upstream::start(vec![when_told()]).await;
    let gateway = gateway(&[(&upstream, "requests_max = 1")], "");
    let asking: Vec<_> = (0..3).map(|number| asking(&gateway, &[], &format!("t{number}"))).collect();
    until_waiting(&gateway, 2).await;
    gateway.reload(&document(&[(&upstream, "requests_max = 2")], ""));
    upstream.wait_for(2).await;
    until_waiting(&gateway, 1).await;
    gateway.reload(&document(&[(&upstream, "")], ""));
    upstream.wait_for(3).await;
    (0..3).for_each(|_| upstream.go_on());
    for reply in asking {
        assert_eq!(reply.await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn workers_share_the_places_and_wake_each_others_requests() {
    let upstream = Upstream::start(vec![when_told()]).await;
    let gateway = Gateway::with_workers(3, &document(&[(&upstream, "requests_max = 2")], ""));
    let asking: Vec<_> = (0..12).map(|number| asking(&gateway, &[], &format!("t{number}"))).collect();
    upstream.wait_for(2).await;
    until_waiting(&gateway, 10).await;
    for answered in 0..12 {
        let open = upstream.wait_for((answered + 2).min(12)).await.len() - answered;
        assert!(open <= 2, "{open} are open");
        upstream.go_on();
    }
    for reply in asking {
        assert_eq!(reply.await.unwrap().status, 200);
    }
    until(&gateway, "open", 0).await;
    gateway.reports(12).await;
}

const SOON: &str = "[queue]\nkeepalive_after = \"10ms\"";
const CHAT_PING: &str = ": ping\n\n";
const MESSAGES_PING: &str = "event: ping\n";

fn streamed(text: &str) -> String {
    asked(text).replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"")
}

fn stream() -> Vec<Say> {
    let event = |delta: &str, finish: &str| {
        Say::chunk(&format!(
            "data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"real\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n"
        ))
    };
    let (word, end) = (event(r#"{"content":"late"}"#, "null"), event("{}", "\"stop\""));
    vec![Say::stream_head(), word, end, Say::chunk("data: [DONE]\n\n"), Say::last_chunk()]
}

/// Holds the only place of the upstream until the second request has heard `ping`; then that has its turn.
async fn after_a_wait(upstream: &Upstream, gateway: &Gateway, path: &str, ping: &str) -> Reply {
    let held = asking(gateway, &[], "first");
    upstream.wait_for(1).await;
    let reply = ask_until(gateway.address(), path, &streamed("second"), ping, || upstream.go_on()).await;
    assert_eq!(held.await.expect("it is answered").status, 200);
    reply
}

#[tokio::test]
async fn who_waits_for_long_hears_that_it_does_and_then_the_answer() {
    for (path, ping, ends) in [(CHAT, CHAT_PING, "data: [DONE]"), (MESSAGES, MESSAGES_PING, "event: message_stop")] {
        let upstream = Upstream::start(vec![when_told(), stream()]).await;
        let gateway = gateway(&[(&upstream, "requests_max = 1")], SOON);
        let reply = after_a_wait(&upstream, &gateway, path, ping).await;
        assert_eq!((reply.status, reply.whole), (200, true), "{}", reply.body);
        assert!(reply.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")));
        let (before, answer) = reply.body.split_at(reply.body.find("late").expect("the answer"));
        assert!(before.starts_with(ping), "{}", reply.body);
        assert_eq!(answer.matches(ends).count(), 1, "{}", reply.body);
        let reports = gateway.reports(2).await;
        assert_eq!(reports.iter().map(|report| report.outcome).collect::<Vec<_>>(), [Outcome::Served; 2]);
        assert!(reports.iter().any(|report| report.stream && report.status == 200 && report.usage.output > 0));
    }
}

#[tokio::test]
async fn who_is_refused_after_a_long_wait_gets_one_error_event() {
    let refused = vec![Say::json(400, r#"{"error":{"message":"not so","type":"invalid_request_error","code":"c"}}"#)];
    for (path, ping, error) in [(CHAT, CHAT_PING, "data: {\"error\""), (MESSAGES, MESSAGES_PING, "event: error\n")] {
        let upstream = Upstream::start(vec![when_told(), refused.clone()]).await;
        let gateway = gateway(&[(&upstream, "requests_max = 1")], SOON);
        let reply = after_a_wait(&upstream, &gateway, path, ping).await;
        assert_eq!((reply.status, reply.whole), (200, true), "{}", reply.body);
        assert_eq!(reply.body.matches(error).count(), 1, "{}", reply.body);
        assert!(reply.body.contains("not so"), "{}", reply.body);
        let reports = gateway.reports(2).await;
        let failed: Vec<_> = reports.iter().filter(|report| report.outcome != Outcome::Served).collect();
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].status, failed[0].outcome), (200, Outcome::Failed(FaultKind::UpstreamRejected)));
        until(&gateway, "open", 0).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_no_stream_is_one_error_event_after_a_long_wait() {
    let upstream = Upstream::start(vec![when_told(), served()]).await;
    let gateway = gateway(&[(&upstream, "requests_max = 1")], SOON);
    let reply = after_a_wait(&upstream, &gateway, CHAT, CHAT_PING).await;
    assert_eq!(reply.body.matches("data: {\"error\"").count(), 1, "{}", reply.body);
    assert!(!reply.body.contains("chat.completion"), "{}", reply.body);
    let reports = gateway.reports(2).await;
    assert!(reports.iter().any(|report| report.outcome == Outcome::Failed(FaultKind::UpstreamBroken)));
}

#[tokio::test]
async fn who_leaves_after_a_long_wait_gives_its_place_in_the_queue_back() {
    let upstream = Upstream::start(vec![when_told()]).await;
    let gateway = gateway(&[(&upstream, "requests_max = 1")], SOON);
    let held = asking(&gateway, &[], "first");
    upstream.wait_for(1).await;
    let mut leaving = open(gateway.address(), CHAT, &[], &streamed("second")).await;
    let mut heard = Vec::new();
    while !heard.windows(CHAT_PING.len()).any(|some| some == CHAT_PING.as_bytes()) {
        assert!(leaving.read_buf(&mut heard).await.unwrap() > 0, "{}", String::from_utf8_lossy(&heard));
    }
    until_waiting(&gateway, 1).await;
    drop(leaving);
    until_waiting(&gateway, 0).await;
    upstream.go_on();
    assert_eq!(held.await.unwrap().status, 200);
    until(&gateway, "open", 0).await;
    let reports = gateway.reports(2).await;
    let left: Vec<_> = reports.iter().filter(|report| report.outcome == Outcome::ClientLeft).collect();
    assert_eq!((left.len(), left[0].status, left[0].attempts), (1, 200, 0));
    assert_eq!(upstream.received().len(), 1);
}
