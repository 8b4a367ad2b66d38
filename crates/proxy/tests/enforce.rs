//! Answers that must call a tool.

#![expect(clippy::indexing_slicing, reason = "a panic is how a test fails")]

use serde_json::{Value, json};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};

fn config(upstream: &Upstream, settings: &str) -> String {
    format!(
        "[discovery]\nprobe = false\n[failover]\nretries = 0\n[providers.up]\ntype = \"vllm\"\nbase_url = \"{}\"\n\
         dialects = [\"openai_chat\"]\n[models.m]\ntargets = [{{ provider = \"up\", model = \"real\" }}]\n{settings}\n",
        upstream.url()
    )
}

/// Held to a call, unless the flag is written.
const HELD: &str = "enforce_tool_call = { enabled = true, termination_flag = \"[DONE]\", max_retries = 2 }";

/// A question in the client's dialect, with a tool for the answer.
fn question(path: &str, stream: bool) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let chat = json!([{"role": "user", "content": "How is the weather in Paris?"}]);
    match path {
        "/v1/messages" => json!({"model": "m", "max_tokens": 100, "stream": stream, "messages": chat,
            "tools": [{"name": "get_weather", "description": "d", "input_schema": schema}]}),
        _ => json!({"model": "m", "stream": stream, "messages": chat,
            "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": schema}}]}),
    }
}

/// One answer of the provider, of 10 tokens that ends with a usage of its own.
fn answer(message: &Value, reason: &str, stream: bool) -> Vec<Say> {
    let usage = json!({"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10});
    if !stream {
        let body = json!({"id": "c1", "object": "chat.completion", "created": 1, "model": "real", "usage": usage,
            "choices": [{"index": 0, "message": message, "finish_reason": reason}]});
        return vec![Say::json(200, &body.to_string())];
    }
    let chunk = |choices: Value, usage: &Value| {
        let chunk = json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "real",
            "choices": choices, "usage": usage});
        Say::chunk(&format!("data: {chunk}\n\n"))
    };
    let mut delta = message.clone();
    for (index, call) in delta["tool_calls"].as_array_mut().into_iter().flatten().enumerate() {
        call["index"] = json!(index);
    }
    vec![
        Say::stream_head(),
        chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]), &Value::Null),
        chunk(json!([{"index": 0, "delta": {}, "finish_reason": reason}]), &Value::Null),
        chunk(json!([]), &usage),
        Say::chunk("data: [DONE]\n\n"),
        Say::last_chunk(),
    ]
}

fn says(text: &str, stream: bool) -> Vec<Say> {
    answer(&json!({"role": "assistant", "content": text}), "stop", stream)
}

fn calls(stream: bool) -> Vec<Say> {
    let function = json!({"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"});
    let call = json!([{"id": "call_1", "type": "function", "function": function}]);
    answer(&json!({"role": "assistant", "content": "Let me look it up.", "tool_calls": call}), "tool_calls", stream)
}

struct Asked {
    reply: Reply,
    upstream: Upstream,
    gateway: Gateway,
}

impl Asked {
    /// What the provider was told, question by question: role and text of each message.
    fn told(&self) -> Vec<Vec<String>> {
        let message =
            |message: &Value| format!("{}: {}", message["role"].as_str().unwrap_or("?"), text(&message["content"]));
        let body = |body: &str| serde_json::from_str::<Value>(body).expect("JSON");
        let messages = |body: Value| body["messages"].as_array().expect("messages").iter().map(message).collect();
        self.upstream.received().iter().map(|request| messages(body(&request.body))).collect()
    }
}

fn text(content: &Value) -> String {
    content.as_str().map_or_else(|| content.to_string(), str::to_owned)
}

async fn asked(scripts: Vec<Vec<Say>>, settings: &str, request: (&str, &Value), headers: &[&str]) -> Asked {
    let upstream = Upstream::start(scripts).await;
    let gateway = Gateway::start(&config(&upstream, settings));
    let reply = ask(gateway.address(), &format!("POST {}", request.0), headers, &request.1.to_string()).await;
    Asked { reply, upstream, gateway }
}

const CHAT: &str = "/v1/chat/completions";

#[tokio::test]
async fn an_answer_without_a_call_is_asked_for_again_and_paid_for() {
    for stream in [false, true] {
        let scripts = vec![says("One", stream), says("Two", stream), calls(stream)];
        let asked = asked(scripts, HELD, (CHAT, &question(CHAT, stream)), &[]).await;
        let Reply { status, body, .. } = &asked.reply;
        assert_eq!(*status, 200, "{body}");
        assert!(body.contains("get_weather") && body.contains("Let me look"), "{body}");
        assert!(!body.contains("One") && !body.contains("Two"), "{body}");
        let told = asked.told();
        assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [2, 4, 4], "corrections do not pile up: {told:?}");
        assert!(told[0][0].starts_with("system: ") && told[0][0].contains("[DONE]"), "{told:?}");
        assert_eq!((&*told[1][2], &*told[2][2]), ("assistant: One", "assistant: Two"));
        assert!(told[1][3].starts_with("user: Your last answer called no tool"), "{told:?}");
        let report = asked.gateway.reports(1).await.remove(0);
        assert_eq!((report.attempts, report.usage.input, report.usage.output), (3, 24, 6), "stream={stream}");
    }
}

#[tokio::test]
async fn the_flag_ends_it_and_is_not_seen_in_any_dialect() {
    for path in [CHAT, "/v1/messages"] {
        for stream in [false, true] {
            let asked =
                asked(vec![says("All is well. [DONE]", stream)], HELD, (path, &question(path, stream)), &[]).await;
            let Reply { status, body, .. } = &asked.reply;
            assert_eq!(*status, 200, "{body}");
            assert!(body.contains("All is well."), "{body}");
            // The last line of a stream of Chat is called the same.
            assert!(!body.replace("data: [DONE]", "").contains("[DONE]"), "{body}");
        }
    }
}

#[tokio::test]
async fn who_never_calls_is_an_error_that_is_nobodys_fault_and_is_paid_for() {
    let scripts = vec![says("One", false), says("Two", false), says("Three", false)];
    let asked = asked(scripts, HELD, (CHAT, &question(CHAT, false)), &[]).await;
    assert_eq!(asked.reply.status, 502, "{}", asked.reply.body);
    assert_eq!(asked.reply.json()["error"]["code"], json!("no_tool_call"), "{}", asked.reply.body);
    assert_eq!(asked.upstream.received().len(), 3);
    let report = asked.gateway.reports(1).await.remove(0);
    assert_eq!((report.attempts, report.usage.input, report.usage.output), (3, 24, 6));
}

#[tokio::test]
async fn a_request_says_more_than_its_model_in_headers_and_more_in_them_than_in_its_query() {
    let question = question(CHAT, false);
    let off = ["x-enforce-tool-call-mode: off"];
    let asked_off = asked(vec![says("One", false)], HELD, (CHAT, &question), &off).await;
    assert!(asked_off.reply.body.contains("One"), "{}", asked_off.reply.body);
    let on = ["x-enforce-tool-call-mode: on", "x-tool-call-max-retries: 0"];
    let path = "/v1/chat/completions?tool_call_max_retries=7&tool_call_termination_flag=%5BFIN%5D";
    let held = asked(vec![says("One", false)], "", (path, &question), &on).await;
    assert_eq!((held.reply.status, held.upstream.received().len()), (502, 1), "{}", held.reply.body);
    assert!(held.told()[0][0].contains("[FIN]"), "{:?}", held.told());
    let wrong = asked(vec![], HELD, (CHAT, &question), &["x-tool-call-max-retries: 51"]).await;
    assert_eq!((wrong.reply.status, wrong.upstream.received().len()), (400, 0), "{}", wrong.reply.body);
    assert_eq!(wrong.reply.json()["error"]["param"], json!("x-tool-call-max-retries"));
}

#[tokio::test]
async fn requests_without_tools_pass_as_they_are() {
    let mut body = question(CHAT, false);
    body.as_object_mut().expect("an object").remove("tools");
    let asked = asked(vec![says("One", false)], HELD, (CHAT, &body), &[]).await;
    assert!(asked.reply.body.contains("One"), "{}", asked.reply.body);
    assert_eq!(asked.upstream.received()[0].body.replace("\"real\"", "\"m\""), body.to_string());
}

#[tokio::test]
async fn calls_that_stand_in_the_text_count() {
    let written = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>";
    for stream in [false, true] {
        let asked = asked(vec![says(written, stream)], HELD, (CHAT, &question(CHAT, stream)), &[]).await;
        assert_eq!((asked.reply.status, asked.upstream.received().len()), (200, 1), "{}", asked.reply.body);
        assert!(asked.reply.body.contains("tool_calls"), "{}", asked.reply.body);
        let report = asked.gateway.reports(1).await.remove(0);
        assert!(report.repairs.is_some_and(|repairs| repairs.starts_with("found:get_weather")), "stream={stream}");
    }
}

#[tokio::test]
async fn a_paced_answer_is_the_same_word_by_word() {
    let settings = "enforce_tool_call = { enabled = true, stream_chunk_delay = \"1ms\" }";
    let asked = asked(vec![calls(true)], settings, (CHAT, &question(CHAT, true)), &[]).await;
    let frames =
        asked.reply.body.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
    let words: Vec<String> =
        frames.filter_map(|frame| Some(frame["choices"][0]["delta"]["content"].as_str()?.to_owned())).collect();
    assert_eq!(words.concat(), "Let me look it up.");
    assert!(words.len() >= 5, "{words:?}");
}
