//! What is said in a request is written down as the client said and got it, where that is wanted.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use trunkline_proxy::{Recorder, Said, Want};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};

/// Wants the same of all requests.
#[derive(Clone)]
struct Notebook {
    want: Want,
    bytes_max: usize,
    said: Arc<Mutex<Vec<Said>>>,
}

impl Notebook {
    fn open(gateway: &Gateway, want: Want, bytes_max: usize) -> Self {
        let notebook = Self { want, bytes_max, said: Arc::default() };
        gateway.shared().set_recorder(Box::new(notebook.clone()));
        notebook
    }

    /// What was said in the last of so many requests, once they are over.
    async fn last(&self, gateway: &Gateway, requests: usize) -> Option<(String, String)> {
        gateway.reports(requests).await;
        // An answer is handed over after its report, by the same thread, before that takes another request.
        ask(gateway.address(), "GET /health", &[], "").await;
        let said = self.said.lock().expect("no test panics here").pop()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some((text(&said.request.bytes), text(&said.response.bytes)))
    }
}

impl Recorder for Notebook {
    fn wants(&self, _id: u128) -> Want {
        self.want
    }
    fn body_bytes_max(&self) -> usize {
        self.bytes_max
    }
    fn take(&self, said: Said) {
        self.said.lock().expect("no test panics here").push(said);
    }
    fn had_no_room(&self) {
        unreachable!("there is room");
    }
}

const DOCUMENT: &str = r#"
    [discovery]
    probe = false
    [providers.up]
    type = "openai"
    base_url = "URL"
    key = "sk-upstream"
"#;

const MUCH: usize = 1 << 20;

fn gateway(upstream: &Upstream) -> Gateway {
    Gateway::start(&DOCUMENT.replace("URL", &upstream.url()))
}

fn whole() -> Vec<Say> {
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"});
    let answer = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "real", "choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}});
    vec![Say::json(200, &answer.to_string())]
}

fn streamed() -> Vec<Say> {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        let chunk =
            json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "real", "choices": [choice]});
        Say::chunk(&format!("data: {chunk}\n\n"))
    };
    let (first, last) = (json!({"role": "assistant", "content": "hel"}), json!({"content": "lo"}));
    let end = chunk(json!({}), json!("stop"));
    vec![
        Say::stream_head(),
        chunk(first, Value::Null),
        chunk(last, Value::Null),
        end,
        Say::chunk("data: [DONE]\n\n"),
        Say::last_chunk(),
    ]
}

fn body(more: &Value) -> String {
    let mut body = json!({"model": "up/real", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
    body.to_string()
}

async fn chat(gateway: &Gateway, body: &str, headers: &[&str]) -> Reply {
    ask(gateway.address(), "POST /v1/chat/completions", headers, body).await
}

#[tokio::test]
async fn both_sides_are_what_the_client_said_and_got_in_either_lane() {
    let upstream = Upstream::start(vec![whole(), streamed()]).await;
    let gateway = gateway(&upstream);
    let notebook = Notebook::open(&gateway, Want::All, MUCH);
    for (number, more) in [json!({}), json!({"stream": true})].into_iter().enumerate() {
        let asked = body(&more);
        let reply = chat(&gateway, &asked, &[]).await;
        assert!(reply.body.contains("up/real"), "{}", reply.body);
        assert_eq!(notebook.last(&gateway, number + 1).await, Some((asked, reply.body)));
    }
    // Bridged, by the adapter that needs nobody.
    for (number, stream) in [false, true].into_iter().enumerate() {
        let asked = json!({"model": "dummy/echo-1", "max_tokens": 9, "stream": stream,
            "messages": [{"role": "user", "content": "hi"}]});
        let asked = asked.to_string();
        let reply = ask(gateway.address(), "POST /v1/messages", &[], &asked).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(notebook.last(&gateway, number + 3).await, Some((asked, reply.body)));
    }
}

#[tokio::test]
async fn what_is_long_is_cut_off() {
    let upstream = Upstream::start(vec![whole()]).await;
    let gateway = gateway(&upstream);
    let notebook = Notebook::open(&gateway, Want::All, 10);
    let asked = body(&json!({}));
    let reply = chat(&gateway, &asked, &[]).await;
    let (request, response) = notebook.last(&gateway, 1).await.expect("it is wanted");
    assert_eq!((&*request, &*response), (&asked[..10], &reply.body[..10]));
}

#[tokio::test]
async fn only_what_failed_is_kept_where_no_more_is_wanted() {
    let upstream = Upstream::start(vec![whole(), vec![Say::json(400, r#"{"error":{"message":"no"}}"#)]]).await;
    let gateway = gateway(&upstream);
    let notebook = Notebook::open(&gateway, Want::IfItFails, MUCH);
    let asked = body(&json!({}));
    assert_eq!(chat(&gateway, &asked, &[]).await.status, 200);
    assert_eq!(notebook.last(&gateway, 1).await, None);
    let reply = chat(&gateway, &asked, &[]).await;
    assert_eq!(reply.status, 400);
    assert_eq!(notebook.last(&gateway, 2).await, Some((asked, reply.body)));
    // Of what never was a request there is nothing to keep.
    assert_eq!(
        ask(gateway.address(), "POST /v1/chat/completions", &["content-type: text/plain"], "x").await.status,
        415
    );
    assert_eq!(notebook.last(&gateway, 3).await, None);
}

#[tokio::test]
async fn a_client_that_refuses_is_not_written_down() {
    let upstream = Upstream::answering(|_, _| whole()).await;
    let gateway = gateway(&upstream);
    let notebook = Notebook::open(&gateway, Want::All, MUCH);
    let refused = body(&json!({"store": false}));
    for (number, (body, headers)) in
        [(&*body(&json!({})), &["x-trunkline-no-store: 1"][..]), (&refused, &[])].into_iter().enumerate()
    {
        assert_eq!(chat(&gateway, body, headers).await.status, 200);
        assert_eq!(notebook.last(&gateway, number + 1).await, None);
    }
    chat(&gateway, &body(&json!({})), &[]).await;
    assert!(notebook.last(&gateway, 3).await.is_some());
}
