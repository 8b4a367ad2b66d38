//! Answers that break off in the middle: who goes on with them, and what the client sees of it.

use tokio::io::AsyncReadExt as _;
use trunkline_route::{Outcome, Report};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask, open};
use trunkline_wire::FaultKind;
use trunkline_wire::ir::Quality;

const CHAT: &str = "POST /v1/chat/completions";
const MESSAGES: &str = "POST /v1/messages";
const RESPONSES: &str = "POST /v1/responses";
const ASKED: &str = r#"{"model":"nice","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
const ASKED_ITEMS: &str = r#"{"model":"nice","stream":true,"max_output_tokens":9,"input":"hi"}"#;

fn piece(delta: &str) -> Say {
    Say::chunk(&format!(
        "data: {{\"id\":\"c1\",\"model\":\"real\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":null}}]}}\n\n"
    ))
}

fn text(text: &str) -> Say {
    piece(&serde_json::json!({ "content": text }).to_string())
}

fn end() -> Vec<Say> {
    let stop = r#"{"id":"c1","model":"real","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":4,"total_tokens":16}}"#;
    vec![Say::chunk(&format!("data: {stop}\n\ndata: {usage}\n\ndata: [DONE]\n\n")), Say::last_chunk()]
}

/// Says these texts, and leaves.
fn breaks(texts: &[&str]) -> Vec<Say> {
    let said = texts.iter().map(|said| text(said));
    [Say::stream_head()].into_iter().chain(said).chain([Say::Close]).collect()
}

/// Says these texts, and ends as it should.
fn ends(texts: &[&str]) -> Vec<Say> {
    let said = texts.iter().map(|said| text(said));
    [Say::stream_head()].into_iter().chain(said).chain(end()).collect()
}

/// A gateway whose model is served by these, in order.
fn gateway(upstreams: &[(&str, &Upstream)], model: &str) -> Gateway {
    let mut document = "[discovery]\nprobe = false\n[failover]\nretries = 0\n".to_owned();
    let mut targets = Vec::new();
    for (index, (kind, upstream)) in upstreams.iter().enumerate() {
        let url = upstream.url();
        document += &format!(
            "[providers.p{index}]\ntype = \"{kind}\"\nkey = \"k\"\ndialects = [\"openai_chat\"]\nbase_url = \"{url}\"\n"
        );
        targets.push(format!("{{ provider = \"p{index}\", model = \"real\" }}"));
    }
    let targets = targets.join(", ");
    Gateway::start(&format!("{document}[models.nice]\nstrategy = \"backup\"\n{model}\ntargets = [{targets}]\n"))
}

const ON: &str = "continuation = true";

async fn report(gateway: &Gateway) -> Report {
    let mut reports = gateway.reports(1).await;
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

/// The objects of a stream.
fn objects(reply: &Reply) -> Vec<serde_json::Value> {
    let data = reply.body.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str(data).expect("events are JSON")).collect()
}

/// All that was said, and how often a stream said each of these.
fn said(reply: &Reply, pointer: &str, marks: &[&str]) -> (String, Vec<usize>) {
    let texts =
        objects(reply).iter().filter_map(|object| Some(object.pointer(pointer)?.as_str()?.to_owned())).collect();
    (texts, marks.iter().map(|mark| reply.body.matches(mark).count()).collect())
}

#[tokio::test]
async fn another_goes_on_with_an_answer_that_breaks_off() {
    let chat = ("/choices/0/delta/content", ["\"finish_reason\":\"stop\"", "[DONE]", "\"error\""]);
    let messages = ("/delta/text", ["event: message_start", "event: message_stop", "event: error"]);
    let responses = ("/delta", ["event: response.created", "event: response.completed", "event: error"]);
    for (path, asked, (pointer, marks)) in
        [(CHAT, ASKED, chat), (MESSAGES, ASKED, messages), (RESPONSES, ASKED_ITEMS, responses)]
    {
        let one = Upstream::start(vec![breaks(&["One two", " three "])]).await;
        let other = Upstream::start(vec![ends(&[" four", " five"])]).await;
        let gateway = gateway(&[("vllm", &one), ("vllm", &other)], ON);
        let reply = ask(gateway.address(), path, &[], asked).await;
        assert_eq!((reply.status, reply.header("x-trunkline-continuation")), (200, Some("on")), "{}", reply.body);
        assert_eq!(said(&reply, pointer, &marks), ("One two three four five".into(), vec![1, 1, 0]), "{}", reply.body);
        let sent: serde_json::Value = serde_json::from_str(&other.received()[0].body).unwrap();
        let messages = serde_json::json!([
            { "role": "user", "content": "hi" },
            { "role": "assistant", "content": "One two three" }
        ]);
        assert_eq!(sent["messages"], messages, "{path}");
        assert_eq!((&sent["continue_final_message"], &sent["add_generation_prompt"]), (&true.into(), &false.into()));
        assert_eq!(sent["max_tokens"].as_u64().or(sent["max_completion_tokens"].as_u64()), Some(7), "{sent}");
        let report = report(&gateway).await;
        assert_eq!((report.outcome, report.attempts, report.continued), (Outcome::Served, 2, 1));
        assert_eq!(report.provider.as_deref(), Some("p1"));
        assert_eq!((report.usage.output, report.quality), (6, Some(Quality::Estimated)));
    }
}

#[tokio::test]
async fn when_all_break_off_there_is_one_error() {
    for (path, asked, error) in [
        (CHAT, ASKED, "\"error\":{"),
        (MESSAGES, ASKED, "event: error"),
        (RESPONSES, ASKED_ITEMS, "event: response.failed"),
    ] {
        let one = Upstream::start(vec![breaks(&["One"])]).await;
        let other = Upstream::start(vec![breaks(&[" two"])]).await;
        let gateway = gateway(&[("vllm", &one), ("vllm", &other)], ON);
        let reply = ask(gateway.address(), path, &[], asked).await;
        assert_eq!((reply.status, reply.body.matches(error).count()), (200, 1), "{}", reply.body);
        // It goes on with an answer twice, and here the one that broke off last is asked last.
        assert_eq!((one.received().len(), other.received().len()), (2, 1));
        let report = report(&gateway).await;
        assert_eq!((report.attempts, report.continued), (3, 2));
        assert_eq!(report.outcome, Outcome::Failed(FaultKind::UpstreamBroken));
    }
}

#[tokio::test]
async fn who_refuses_to_go_on_is_passed_by() {
    let one = Upstream::start(vec![breaks(&["One"])]).await;
    let refuses = Upstream::start(vec![vec![Say::json(500, r#"{"error":{"message":"no","type":"t"}}"#)]]).await;
    let other = Upstream::start(vec![ends(&[" two"])]).await;
    let gateway = gateway(&[("vllm", &one), ("vllm", &refuses), ("llama_cpp", &other)], ON);
    let reply = ask(gateway.address(), CHAT, &[], ASKED).await;
    assert_eq!(said(&reply, "/choices/0/delta/content", &["[DONE]"]), ("One two".into(), vec![1]));
    let sent: serde_json::Value = serde_json::from_str(&other.received()[0].body).unwrap();
    assert_eq!(sent.get("continue_final_message"), None, "it goes on unasked");
    let report = report(&gateway).await;
    assert_eq!((report.outcome, report.attempts, report.continued), (Outcome::Served, 3, 1));
    assert_eq!(report.provider.as_deref(), Some("p2"));
}

#[tokio::test]
async fn nobody_goes_on_when_all_others_refuse() {
    let one = Upstream::start(vec![breaks(&["One"]), vec![Say::Close]]).await;
    let refuses = Upstream::start(vec![vec![Say::json(500, r#"{"error":{"message":"no","type":"t"}}"#)]]).await;
    let gateway = gateway(&[("vllm", &one), ("vllm", &refuses)], ON);
    let reply = ask(gateway.address(), CHAT, &[], ASKED).await;
    assert_eq!(reply.body.matches("\"error\":{").count(), 1, "{}", reply.body);
    let report = report(&gateway).await;
    assert_eq!((report.attempts, report.continued, report.provider.as_deref()), (3, 0, Some("p0")));
    assert_eq!(report.outcome, Outcome::Failed(FaultKind::UpstreamBroken));
}

#[tokio::test]
async fn half_a_call_is_not_gone_on_with() {
    let call =
        r#"{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":"}}]}"#;
    let one = Upstream::start(vec![vec![Say::stream_head(), text("Let me see."), piece(call), Say::Close]]).await;
    let other = Upstream::start(vec![ends(&[" two"])]).await;
    let gateway = gateway(&[("vllm", &one), ("vllm", &other)], ON);
    let reply = ask(gateway.address(), CHAT, &[], ASKED).await;
    assert_eq!(reply.body.matches("\"error\":{").count(), 1, "{}", reply.body);
    assert_eq!(other.received().len(), 0);
    assert_eq!(report(&gateway).await.continued, 0);
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_continuation() {
    let one = Upstream::start(vec![breaks(&["One"])]).await;
    for begun in [vec![], vec![Say::stream_head(), text(" two")]] {
        let waits = begun.iter().cloned().chain([Say::Wait]).collect();
        let other = Upstream::start(vec![waits]).await;
        let gateway = gateway(&[("vllm", &one), ("vllm", &other)], ON);
        let mut client = open(gateway.address(), CHAT, &[], ASKED).await;
        let mut read = Vec::new();
        let wanted = if begun.is_empty() { "One" } else { "two" };
        while !String::from_utf8_lossy(&read).contains(wanted) {
            assert_ne!(client.read_buf(&mut read).await.unwrap(), 0);
        }
        other.wait_for(1).await;
        drop(client);
        other.wait_for_leave().await;
        let report = report(&gateway).await;
        let continued = u32::from(!begun.is_empty());
        assert_eq!((report.outcome, report.attempts, report.continued), (Outcome::ClientLeft, 2, continued));
    }
}

#[tokio::test]
async fn who_falls_silent_is_left() {
    let silent = vec![Say::stream_head(), text("One"), Say::Wait];
    let one = Upstream::start(vec![silent]).await;
    let other = Upstream::start(vec![ends(&[" two"])]).await;
    let gateway = Gateway::start(&format!(
        "[discovery]\nprobe = false\n[providers.p0]\ntype = \"vllm\"\nbase_url = \"{}\"\nidle_timeout = \"200ms\"\n\
         [providers.p1]\ntype = \"vllm\"\nbase_url = \"{}\"\n[models.nice]\nstrategy = \"backup\"\n{ON}\n\
         targets = [{{ provider = \"p0\", model = \"real\" }}, {{ provider = \"p1\", model = \"real\" }}]\n",
        one.url(),
        other.url()
    ));
    let reply = ask(gateway.address(), CHAT, &[], ASKED).await;
    assert_eq!(said(&reply, "/choices/0/delta/content", &["[DONE]"]), ("One two".into(), vec![1]));
    one.wait_for_leave().await;
    assert_eq!(report(&gateway).await.continued, 1);
}

#[tokio::test]
async fn only_where_it_is_wanted_and_somebody_can() {
    const TWO: &str = r#"{"model":"nice","stream":true,"n":2,"messages":[{"role":"user","content":"hi"}]}"#;
    for (kind, model, asked) in [("vllm", "", ASKED), ("openai", ON, ASKED), ("vllm", ON, TWO)] {
        let one = Upstream::start(vec![breaks(&["One"])]).await;
        let other = Upstream::start(vec![ends(&[" two"])]).await;
        let gateway = gateway(&[(kind, &one), (kind, &other)], model);
        let reply = ask(gateway.address(), CHAT, &[], asked).await;
        assert_eq!(reply.header("x-trunkline-continuation"), None, "{kind} {model}");
        assert_eq!(reply.body.matches("\"error\":{").count(), 1, "{}", reply.body);
        assert_eq!(other.received().len(), 0, "{kind} {model}");
        assert_eq!(report(&gateway).await.continued, 0);
    }
}

#[tokio::test]
async fn who_has_no_room_is_passed_by() {
    let one = Upstream::start(vec![breaks(&["One"])]).await;
    let full = Upstream::start(vec![vec![Say::Wait]]).await;
    let gateway = Gateway::start(&format!(
        "[discovery]\nprobe = false\n[providers.p0]\ntype = \"vllm\"\nbase_url = \"{}\"\n\
         [providers.p1]\ntype = \"vllm\"\nbase_url = \"{}\"\nrequests_max = 1\n\
         [models.nice]\nstrategy = \"backup\"\n{ON}\n\
         targets = [{{ provider = \"p0\", model = \"real\" }}, {{ provider = \"p1\", model = \"real\" }}]\n\
         [models.busy]\ntargets = [{{ provider = \"p1\", model = \"real\" }}]\n",
        one.url(),
        full.url()
    ));
    let busy = open(gateway.address(), CHAT, &[], &ASKED.replace("nice", "busy")).await;
    full.wait_for(1).await;
    let reply = ask(gateway.address(), CHAT, &[], ASKED).await;
    assert_eq!(reply.body.matches("\"error\":{").count(), 1, "{}", reply.body);
    // The one that broke off goes on with its own answer, and breaks off again.
    assert_eq!((one.received().len(), full.received().len()), (3, 1));
    drop(busy);
}
