//! When the native lane lets an answer go on: not before it has begun, and not later than it must.

use tokio::io::AsyncReadExt as _;
use trunkline_route::Outcome;
use trunkline_testkit::{Gateway, Say, Upstream, ask, ask_until, open};
use trunkline_wire::FaultKind;

const CHAT: &str = "POST /v1/chat/completions";
const ASKED: &str = r#"{"model":"nice","stream":true}"#;
const ASKED_WHOLE: &str = r#"{"model":"nice"}"#;

async fn rig(script: Vec<Say>) -> (Upstream, Gateway) {
    let upstream = Upstream::start(vec![script]).await;
    let document = format!(
        r#"
        [discovery]
        probe = false
        [providers.up]
        type = "openai"
        key = "sk-up"
        base_url = "{}"
        [models.nice]
        targets = [{{ provider = "up", model = "real" }}]
        "#,
        upstream.url()
    );
    let gateway = Gateway::start(&document);
    (upstream, gateway)
}

fn event(delta: &str) -> String {
    format!("data: {{\"model\":\"real\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":null}}]}}\n\n")
}

const END: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// Whether the client gets `text` while the provider still waits.
async fn passes(before: &str, text: &str) {
    let (upstream, gateway) =
        rig(vec![Say::stream_head(), Say::chunk(before), Say::Wait, Say::chunk(END), Say::last_chunk()]).await;
    let mut stream = open(gateway.address(), CHAT, &[], ASKED).await;
    let mut answer = String::new();
    while !answer.contains(text) {
        let mut some = [0; 4096];
        let read = stream.read(&mut some).await.expect("an open stream");
        assert!(read > 0, "closed too early: {answer}");
        answer.push_str(std::str::from_utf8(some.get(..read).expect("read fits")).expect("UTF-8"));
    }
    upstream.go_on();
    stream.read_to_string(&mut answer).await.expect("the rest");
    assert!(answer.contains("[DONE]"), "{answer}");
    assert_eq!(gateway.reports(1).await.first().map(|report| report.outcome), Some(Outcome::Served));
}

#[tokio::test]
async fn the_first_content_lets_all_before_it_pass() {
    let role = event(r#"{"role":"assistant","content":""}"#);
    passes(&format!(": wait\n\n{role}{}", event(r#"{"content":"hello"}"#)), "hello").await;
    passes(&event(r#"{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}"#), "tool_calls")
        .await;
}

#[tokio::test]
async fn content_that_nobody_here_knows_passes_too() {
    passes(&event(r#"{"smell":"rose"}"#).repeat(4), "rose").await;
}

#[tokio::test]
async fn an_error_that_says_nothing_is_none() {
    let (_upstream, gateway) = rig(vec![
        Say::stream_head(),
        Say::chunk("data: {\"error\":false,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}]}\n\n"),
        Say::chunk(END),
        Say::last_chunk(),
    ])
    .await;
    let reply = ask(gateway.address(), CHAT, &[], ASKED).await;
    assert!(reply.body.contains("hello") && reply.body.contains("[DONE]"), "{}", reply.body);
    let whole = r#"{"error":"","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}"#;
    let (_upstream, gateway) = rig(vec![Say::json(200, whole)]).await;
    assert_eq!(ask(gateway.address(), CHAT, &[], ASKED_WHOLE).await.body, whole);
    assert_eq!(gateway.reports(1).await[0].outcome, Outcome::Served);
}

#[tokio::test]
async fn a_stated_length_does_not_outlive_an_error_of_ours() {
    let hello = event(r#"{"content":"hello"}"#);
    let head =
        format!("HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n", hello.len() + 100);
    let (upstream, gateway) = rig(vec![Say::text(head), Say::text(&*hello), Say::Wait, Say::Close]).await;
    let address = gateway.address();
    let asked = ask_until(address, CHAT, ASKED, "hello", || upstream.go_on()).await;
    assert_eq!((asked.whole, asked.header("content-length")), (true, None), "{}", asked.head);
    assert!(asked.body.ends_with("\n\n") && asked.body.contains("\"error\""), "{}", asked.body);
    assert_eq!(gateway.reports(1).await[0].outcome, Outcome::Failed(FaultKind::UpstreamBroken));
}

#[tokio::test]
async fn a_whole_answer_longer_than_one_read_comes_unchanged_and_with_its_length() {
    let text = "x".repeat(300_000);
    let whole =
        format!(r#"{{"model":"real","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}}}}]}}"#);
    let (_upstream, gateway) = rig(vec![Say::json(200, &whole)]).await;
    let reply = ask(gateway.address(), CHAT, &[], ASKED_WHOLE).await;
    let expected = whole.replace("\"real\"", "\"nice\"");
    assert_eq!(reply.header("content-length"), Some(expected.len().to_string().as_str()));
    assert!(reply.body == expected);
}
