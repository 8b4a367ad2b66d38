//! Calls that a model wrote into its text, as clients of every dialect get them.

mod repair {
    mod arrival;
    mod continued;
    mod responses;
    mod strict;
    pub(crate) mod upstreams;
}

use repair::upstreams::{FENCED, HERMES, PLAIN, QWEN, sliced, whole};
use serde_json::{Value, json};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};

/// Providers that operators run themselves, `up0` the first, and a model that they serve in this order.
fn document(upstreams: &[&Upstream], settings: &str) -> String {
    let mut document = "[discovery]\nprobe = false\n[failover]\nretries = 0\n".to_owned();
    let mut targets = String::new();
    for (index, upstream) in upstreams.iter().enumerate() {
        let url = upstream.url();
        document +=
            &format!("[providers.up{index}]\ntype = \"vllm\"\nbase_url = \"{url}\"\ndialects = [\"openai_chat\"]\n");
        targets += &format!("{{ provider = \"up{index}\", model = \"real\" }}, ");
    }
    format!("{document}[models.m]\ntargets = [{targets}]\n{settings}\n")
}

/// One of them.
fn config(upstream: &Upstream, settings: &str) -> String {
    document(&[upstream], settings)
}

const SCHEMA: &str =
    r#"{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}"#;

/// A question in the client's dialect, with a tool for the answer.
fn question(path: &str, stream: bool) -> Value {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let function = json!({"name": "get_weather", "description": "d", "parameters": schema});
    let chat = json!([{"role": "user", "content": "How is the weather in Paris?"}]);
    match path {
        "/v1/messages" => json!({"model": "m", "max_tokens": 100, "stream": stream, "messages": chat,
            "tools": [{"name": "get_weather", "description": "d", "input_schema": schema}]}),
        "/v1/responses" => json!({"model": "m", "stream": stream, "input": "How is the weather in Paris?",
            "tools": [{"type": "function", "name": "get_weather", "parameters": schema, "strict": false}]}),
        _ => json!({"model": "m", "stream": stream, "messages": chat,
            "tools": [{"type": "function", "function": function}]}),
    }
}

async fn asked(script: Vec<Say>, settings: &str, path: &str, body: &Value) -> (Reply, Upstream) {
    let upstream = Upstream::start(vec![script]).await;
    let gateway = Gateway::start(&config(&upstream, settings));
    let reply = ask(gateway.address(), &format!("POST {path}"), &[], &body.to_string()).await;
    (reply, upstream)
}

/// The frames of a stream, whatever frames them.
fn frames(reply: &Reply) -> Vec<Value> {
    let line = |line: &str| serde_json::from_str(line.strip_prefix("data: ").unwrap_or(line)).ok();
    reply.body.lines().filter_map(line).collect()
}

/// What stands at this place; null where nothing does.
fn at<'a>(value: &'a Value, place: &str) -> &'a Value {
    value.pointer(place).unwrap_or(&Value::Null)
}

/// What a client makes of an answer: text, calls with their arguments, and why it ended.
fn read(path: &str, stream: bool, reply: &Reply) -> (String, Vec<(String, Value)>, String) {
    let arguments = |text: &str| serde_json::from_str(text).expect("arguments are JSON");
    let (mut text, mut calls, mut stop) = (String::new(), Vec::<(String, String)>::new(), String::new());
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let values = if stream { frames(reply) } else { vec![reply.json()] };
    for value in &values {
        match path {
            "/v1/chat/completions" => {
                let choice = at(value, "/choices/0");
                let message = if stream { at(choice, "/delta") } else { at(choice, "/message") };
                text += &said(at(message, "/content"));
                stop += &said(at(choice, "/finish_reason"));
                for call in at(message, "/tool_calls").as_array().into_iter().flatten() {
                    let function = at(call, "/function");
                    if at(call, "/id").is_string() {
                        calls.push((said(at(function, "/name")), String::new()));
                    }
                    calls.last_mut().expect("a call has begun").1 += &said(at(function, "/arguments"));
                }
            }
            "/v1/messages" => {
                stop += &said(if stream { at(value, "/delta/stop_reason") } else { at(value, "/stop_reason") });
                for block in at(value, "/content").as_array().into_iter().flatten().chain([at(value, "/content_block")])
                {
                    text += &said(at(block, "/text"));
                    if at(block, "/type") == "tool_use" {
                        let input = if stream { String::new() } else { at(block, "/input").to_string() };
                        calls.push((said(at(block, "/name")), input));
                    }
                }
                text += &said(at(value, "/delta/text"));
                if let Some(more) = at(value, "/delta/partial_json").as_str() {
                    calls.last_mut().expect("a call has begun").1 += more;
                }
            }
            "/v1/responses" => {
                let done = if stream { at(value, "/response") } else { value };
                if at(done, "/status") == "completed" {
                    stop += "completed";
                    for item in at(done, "/output").as_array().expect("items") {
                        text += &said(at(item, "/content/0/text"));
                        if at(item, "/type") == "function_call" {
                            calls.push((said(at(item, "/name")), said(at(item, "/arguments"))));
                        }
                    }
                }
            }
            _ => {
                text += &said(at(value, "/message/content"));
                stop += &said(at(value, "/done_reason"));
                for call in at(value, "/message/tool_calls").as_array().into_iter().flatten() {
                    calls.push((said(at(call, "/function/name")), at(call, "/function/arguments").to_string()));
                }
            }
        }
    }
    (text, calls.into_iter().map(|(name, text)| (name, arguments(&text))).collect(), stop)
}

/// Paths, and how each says that it waits for its tools.
const CLIENTS: [(&str, &str); 4] = [
    ("/v1/chat/completions", "tool_calls"),
    ("/v1/messages", "tool_use"),
    ("/v1/responses", "completed"),
    ("/api/chat", "stop"),
];

#[tokio::test]
async fn calls_in_text_reach_every_client_as_calls() {
    for (path, stop) in CLIENTS {
        for stream in [false, true] {
            for (said, days) in [(HERMES, None), (QWEN, Some(3)), (FENCED, None)] {
                let script = if stream { sliced(said, 7) } else { vec![whole(said)] };
                let (reply, _) = asked(script, "", path, &question(path, stream)).await;
                assert_eq!(reply.status, 200, "{path} {}", reply.body);
                let (text, calls, ended) = read(path, stream, &reply);
                let mut input = json!({"city": "Paris"});
                if let Some(days) = days {
                    input["days"] = json!(days);
                }
                assert_eq!(calls, [("get_weather".to_owned(), input)], "{path} stream={stream} {}", reply.body);
                assert_eq!(text.trim(), "Let me look.", "{path} stream={stream}");
                assert_eq!(ended, stop, "{path} stream={stream} {}", reply.body);
                let told = reply.header("x-trunkline-repairs");
                assert_eq!(told.is_some_and(|told| told.starts_with("found:get_weather")), !stream, "{path} {told:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_request_without_tools_gets_the_providers_bytes() {
    let path = "/v1/chat/completions";
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "Show me a call."}]});
    let (reply, upstream) = asked(vec![whole(HERMES)], "", path, &body).await;
    let Say::Bytes(answer) = whole(HERMES) else { unreachable!("it is bytes") };
    let answer = String::from_utf8(answer).expect("text").replace("\"real\"", "\"m\"");
    assert_eq!(Some(&*reply.body), answer.split_once("\r\n\r\n").map(|(_, body)| body));
    assert_eq!(reply.header("x-trunkline-repairs"), None);
    assert_eq!(upstream.received().first().map(|request| request.body.replace("real", "m")), Some(body.to_string()));
}

#[tokio::test]
async fn what_is_switched_off_or_several_answers_at_once_pass_unread() {
    let path = "/v1/chat/completions";
    let mut several = question(path, false);
    several["n"] = json!(2);
    for (settings, body) in [("repair = \"off\"", question(path, false)), ("", several)] {
        let (reply, _) = asked(vec![whole(HERMES)], settings, path, &body).await;
        assert_eq!(reply.json()["choices"][0]["message"]["content"], json!(HERMES), "{settings}");
    }
}

#[tokio::test]
async fn what_is_read_is_asked_in_the_clients_own_bytes() {
    let path = "/v1/chat/completions";
    let mut body = question(path, false);
    body["metadata"] = json!({"a": "b"});
    body["some_field_of_tomorrow"] = json!([1, {"x": null}]);
    let (reply, upstream) = asked(vec![whole(PLAIN)], "", path, &body).await;
    assert_eq!((reply.status, reply.header("x-trunkline-losses")), (200, None), "{}", reply.body);
    assert_eq!(
        upstream.received().first().map(|request| request.body.replace("\"real\"", "\"m\"")),
        Some(body.to_string())
    );
    assert_eq!(reply.json()["choices"][0]["message"]["content"], json!(PLAIN));
    assert_eq!(reply.header("x-trunkline-repairs"), None);
}

#[tokio::test]
async fn thoughts_are_shown_as_such_or_hidden() {
    let path = "/v1/chat/completions";
    let said = "<think>Paris, then.</think>\n\nIt is fine.";
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    for (settings, thought) in
        [("show_reasoning = true", json!("Paris, then.")), ("show_reasoning = false", Value::Null)]
    {
        let (reply, _) = asked(vec![whole(said)], settings, path, &body).await;
        let message = &reply.json()["choices"][0]["message"];
        let found = [&message["reasoning_content"], &message["reasoning"]].into_iter().find(|value| !value.is_null());
        assert_eq!(found.unwrap_or(&Value::Null), &thought, "{settings} {}", reply.body);
        assert_eq!(message["content"].as_str().map(str::trim), Some("It is fine."), "{settings}");
    }
}

#[tokio::test]
async fn what_an_operators_pattern_finds_becomes_a_call() {
    let pattern = "[[patterns]]\nname = \"execute\"\nregex = '\\[EXECUTE:(\\w+):([^\\]]+)\\]'\ntool_name_group = 1\n\
                   parameter_mapping = { \"2\" = \"command\" }";
    let (path, said) = ("/v1/chat/completions", "Now [EXECUTE:bash:ls -la /tmp]");
    for stream in [false, true] {
        let body = json!({"model": "m", "stream": stream, "messages": [{"role": "user", "content": "List it."}],
            "tools": [{"type": "function", "function": {"name": "bash"}}]});
        let script = if stream { sliced(said, 5) } else { vec![whole(said)] };
        let (reply, _) = asked(script, pattern, path, &body).await;
        let (text, calls, ended) = read(path, stream, &reply);
        let input = json!({"command": "ls -la /tmp", "description": "ls -la /tmp"});
        assert_eq!((text.trim(), &*ended), ("Now", "tool_calls"), "{}", reply.body);
        assert_eq!(calls, [("bash".to_owned(), input)], "{}", reply.body);
    }
}

#[tokio::test]
async fn what_a_provider_could_make_no_call_of_is_tried_here() {
    let error = json!({"error": {"message": "Failed to call a function.", "type": "invalid_request_error",
        "code": "tool_use_failed", "failed_generation": "<function=get_weather>{\"city\": \"Paris\"}</function>"}});
    for (path, stop) in CLIENTS {
        for stream in [false, true] {
            let script = vec![Say::json(400, &error.to_string())];
            let (reply, _) = asked(script, "", path, &question(path, stream)).await;
            assert_eq!(reply.status, 200, "{path} {}", reply.body);
            let (_, calls, ended) = read(path, stream, &reply);
            assert_eq!(calls, [("get_weather".to_owned(), json!({"city": "Paris"}))], "{path} {}", reply.body);
            assert_eq!(ended, stop, "{path} stream={stream}");
        }
    }
    let mut hopeless = error;
    hopeless["error"]["failed_generation"] = json!("I would rather not.");
    let (reply, _) =
        asked(vec![Say::json(400, &hopeless.to_string())], "", CLIENTS[0].0, &question(CLIENTS[0].0, false)).await;
    assert_eq!((reply.status, &reply.json()), (400, &hopeless));
}
