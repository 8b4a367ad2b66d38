use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::super::super::mutation::mutated;
use super::super::decode::decode;
use super::super::tests::FULL;
use super::encode;
use crate::capabilities::{ReasoningReplay, ThinkingMode};
use crate::ir::{
    Block, CacheMark, Content, Effort, Extra, Media, MediaKind, MediaSource, Message, OutputFormat, Reasoning, Request,
    Role, Seal, SealOrigin, Thinking, Tool, ToolCall, ToolChoice, ToolKind, ToolResult, placed,
};
use crate::{Capabilities, DialectId};

/// What goes in comes out, up to the order of keys.
#[track_caller]
fn check_identity(body: &str) {
    let encoded = encode(&decode(body.as_bytes()).expect("a request"), &Capabilities::default());
    let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("JSON");
    assert_eq!(value(&encoded.bytes), value(body.as_bytes()));
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
}

#[track_caller]
fn check_encoded(request: &Request, to: &Capabilities, expected: &Expect) {
    let encoded = encode(&placed(request), to);
    let value: serde_json::Value = serde_json::from_slice(&encoded.bytes).expect("JSON");
    let losses: Vec<&str> = encoded.losses.iter().map(|loss| loss.field.as_str()).collect();
    expected.assert_eq(&format!("{}\nlost: {losses:?}\n", serde_json::to_string_pretty(&value).expect("JSON")));
}

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).expect("JSON")
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.into(), name: name.into(), arguments: arguments.into(), ..ToolCall::default() }
}

fn result(call_id: &str, blocks: Vec<Block>) -> Block {
    Content::ToolResult(ToolResult { call_id: call_id.into(), blocks, ..ToolResult::default() }).into()
}

fn image(source: MediaSource) -> Block {
    let (media_type, name, detail) = (Some("image/png".into()), None, None);
    Content::Media(Media { kind: MediaKind::Image, source, media_type, name, detail }).into()
}

fn function(name: &str, parameters: Option<&str>) -> Tool {
    let (name, parameters) = (name.to_owned(), parameters.map(raw));
    Tool::new(ToolKind::Function { name, description: None, parameters, strict: None })
}

#[test]
fn its_own_requests_come_out_as_they_went_in() {
    check_identity(FULL);
    for body in [
        r#"{"model":"m","messages":[],"stream":true}"#,
        r#"{"model":"m","messages":[],"stream":true,"keep_alive":0}"#,
        r#"{"model":"m","messages":[{"role":"developer","content":"a"}],"stream":true,"think":true,"format":"json"}"#,
        r#"{"model":"m","messages":[{"role":"user","content":""}],"stream":true,"think":false}"#,
        r#"{"model":"m","messages":[],"stream":true,"think":"minimal","options":{"num_predict":-1,"top_k":0}}"#,
        r#"{"model":"m","messages":[{"role":"user","content":"a"}],"stream":true,"tools":[{"type":"function","function":{"name":"f"}}]}"#,
    ] {
        check_identity(body);
    }
}

#[test]
fn a_chat_request_says_all_that_ollama_has_words_for() {
    let mut request = Request::new(DialectId::OpenaiChat, "m");
    request.messages = vec![
        Message::new(Role::Developer, vec![Block::text("be"), Block::text("brief")]),
        Message::new(
            Role::User,
            vec![
                Block::text("look"),
                image(MediaSource::Base64("AAAA".into())),
                image(MediaSource::Url("https://x/y.png".into())),
                Block::text("well"),
            ],
        ),
        Message::new(
            Role::Assistant,
            vec![
                Content::Reasoning(Reasoning { text: "hm".into(), ..Reasoning::default() }).into(),
                Block::text("I "),
                Block::text("will"),
                Content::ToolCall(call("c1", "f", "{\"a\":\n1}")).into(),
                Content::ToolCall(call("c2", "g", "")).into(),
                Content::ToolCall(call("c3", "g", "{\"a\":")).into(),
            ],
        ),
        Message::new(Role::Tool, vec![result("c1", vec![Block::text("one"), Block::text("two")])]),
        Message::new(Role::Tool, vec![result("c2", vec![image(MediaSource::Base64("BBBB".into()))])]),
        Message::new(Role::Tool, vec![result("c3", Vec::new())]),
    ];
    request.messages[1].extras.push(Extra { name: "name".into(), raw: raw("\"ann\"") });
    request.tools = vec![function("f", Some(r#"{"type":"object","properties":{"a":{}}}"#)), function("g", None)];
    request.tools.push(Tool::new(ToolKind::Custom { name: "h".into(), description: Some("d".into()), format: None }));
    request.tool_choice = Some(ToolChoice::Required);
    request.parallel_tool_calls = Some(false);
    request.stream = true;
    request.sampling.temperature = Some(0.5);
    request.sampling.repetition_penalty = Some(1.1);
    request.sampling.output_tokens_max = Some(64);
    request.stop = vec!["x".into()];
    request.thinking.effort = Some(Effort::XHigh);
    let schema = raw(r#"{"type":"object"}"#);
    request.output_format =
        Some(OutputFormat::JsonSchema { name: Some("n".into()), description: None, schema, strict: Some(true) });
    request.user = Some("u".into());
    request.caching.key = Some("k".into());
    request.extras.push(Extra { name: "logit_bias".into(), raw: raw("{}") });
    let to = Capabilities { context_window: Some(32_768), ..Capabilities::default() };
    check_encoded(
        &request,
        &to,
        &expect![[r#"
        {
          "model": "m",
          "messages": [
            {
              "role": "system",
              "content": "be\n\nbrief"
            },
            {
              "role": "user",
              "content": "look\n\nwell",
              "images": [
                "AAAA"
              ]
            },
            {
              "role": "assistant",
              "content": "I will",
              "thinking": "hm",
              "tool_calls": [
                {
                  "id": "c1",
                  "function": {
                    "name": "f",
                    "arguments": {
                      "a": 1
                    }
                  }
                },
                {
                  "id": "c2",
                  "function": {
                    "name": "g",
                    "arguments": {}
                  }
                },
                {
                  "id": "c3",
                  "function": {
                    "name": "g",
                    "arguments": {
                      "arguments": "{\"a\":"
                    }
                  }
                }
              ]
            },
            {
              "role": "tool",
              "content": "one\n\ntwo",
              "tool_name": "f",
              "tool_call_id": "c1"
            },
            {
              "role": "tool",
              "content": "",
              "tool_name": "g",
              "tool_call_id": "c2"
            },
            {
              "role": "tool",
              "content": "",
              "tool_name": "g",
              "tool_call_id": "c3"
            }
          ],
          "tools": [
            {
              "type": "function",
              "function": {
                "name": "f",
                "parameters": {
                  "type": "object",
                  "properties": {
                    "a": {}
                  }
                }
              }
            },
            {
              "type": "function",
              "function": {
                "name": "g",
                "parameters": {
                  "type": "object",
                  "properties": {}
                }
              }
            },
            {
              "type": "function",
              "function": {
                "name": "h",
                "description": "d",
                "parameters": {
                  "type": "object",
                  "properties": {
                    "input": {
                      "type": "string"
                    }
                  },
                  "required": [
                    "input"
                  ]
                }
              }
            }
          ],
          "stream": true,
          "format": {
            "type": "object"
          },
          "think": "max",
          "options": {
            "temperature": 0.5,
            "repeat_penalty": 1.1,
            "num_predict": 64,
            "num_ctx": 32768,
            "stop": [
              "x"
            ]
          }
        }
        lost: ["messages[1].name", "messages[1].content[2]", "messages[2].content[5].function.arguments", "messages[4].content[0].content[0]", "tool_choice", "parallel_tool_calls", "user", "prompt_cache_key", "logit_bias"]
    "#]],
    );
}

#[test]
fn a_messages_request_names_its_losses_in_its_own_words() {
    let mut request = Request::new(DialectId::Anthropic, "m");
    let seal = Some(Seal { origin: SealOrigin::Anthropic, data: "x".into() });
    let reasoning = Reasoning { text: "hm".into(), seal, ..Reasoning::default() };
    let failed = ToolResult {
        call_id: "t1".into(),
        is_error: Some(true),
        blocks: vec![Block::text("no")],
        ..ToolResult::default()
    };
    let document = Media {
        kind: MediaKind::Document,
        source: MediaSource::Text("all of it".into()),
        media_type: None,
        name: Some("notes.txt".into()),
        detail: None,
    };
    request.messages = vec![
        Message::new(
            Role::System,
            vec![Block { cache: Some(CacheMark::default()), ..Block::text("a") }, Block::text("b")],
        ),
        Message::new(Role::User, vec![Content::Media(document).into()]),
        Message::new(
            Role::Assistant,
            vec![Content::Reasoning(reasoning).into(), Content::ToolCall(call("t1", "f", "{}")).into()],
        ),
        Message::new(
            Role::User,
            vec![
                Content::ToolResult(failed).into(),
                Block::text("go on"),
                Content::Opaque { origin: DialectId::Anthropic, kind: "container_upload".into(), raw: raw("{}") }
                    .into(),
            ],
        ),
        Message::new(
            Role::Assistant,
            vec![
                Content::Opaque { origin: DialectId::Anthropic, kind: "server_tool_use".into(), raw: raw("{}") }.into(),
            ],
        ),
        Message::new(Role::System, vec![Block::text("late")]),
    ];
    request.tools = vec![function("f", None), function("g", None)];
    let hosted = ToolKind::Hosted { origin: DialectId::Anthropic, kind: "web_search".into(), raw: raw("{}") };
    request.tools.push(Tool::new(hosted));
    request.tool_choice = Some(ToolChoice::Named { name: "f".into(), custom: false });
    request.thinking = Thinking { enabled: Some(true), effort: None, budget_tokens: Some(9), shown: None };
    request.sampling.top_k = Some(5);
    request.sampling.output_tokens_max = Some(9999);
    request.stop = vec!["a".into(), "b".into()];
    request.user = Some("u".into());
    let to = Capabilities {
        sampling: false,
        system_in_middle: false,
        output_tokens_max: Some(100),
        stop_texts_max: Some(1),
        ..Capabilities::default()
    };
    check_encoded(
        &request,
        &to,
        &expect![[r#"
        {
          "model": "m",
          "messages": [
            {
              "role": "system",
              "content": "a\n\nb"
            },
            {
              "role": "user",
              "content": "notes.txt\nall of it"
            },
            {
              "role": "assistant",
              "content": "",
              "thinking": "hm",
              "tool_calls": [
                {
                  "id": "t1",
                  "function": {
                    "name": "f",
                    "arguments": {}
                  }
                }
              ]
            },
            {
              "role": "tool",
              "content": "no",
              "tool_name": "f",
              "tool_call_id": "t1"
            },
            {
              "role": "user",
              "content": "go on"
            },
            {
              "role": "user",
              "content": "late"
            }
          ],
          "tools": [
            {
              "type": "function",
              "function": {
                "name": "f",
                "parameters": {
                  "type": "object",
                  "properties": {}
                }
              }
            }
          ],
          "stream": false,
          "think": true,
          "options": {
            "num_predict": 100,
            "stop": [
              "a"
            ]
          }
        }
        lost: ["messages[0].content[0].cache_control", "messages[2].content[0].signature", "messages[3].content[2]", "messages[3].content[0].is_error", "messages[4].content[0]", "messages[5].role", "tool_choice", "tools[2]", "thinking.budget_tokens", "top_k", "max_tokens", "stop_sequences", "metadata.user_id"]
    "#]],
    );
}

#[test]
fn what_the_model_does_not_take_is_left_out() {
    let mut request = Request::new(DialectId::OpenaiChat, "m");
    let reasoning = Content::Reasoning(Reasoning { text: "hm".into(), ..Reasoning::default() }).into();
    request.messages = vec![
        Message::new(Role::User, vec![image(MediaSource::Base64("AAAA".into()))]),
        Message::new(Role::Assistant, vec![reasoning]),
    ];
    request.tools = vec![function("f", None)];
    request.thinking.effort = Some(Effort::High);
    let schema = raw("{}");
    request.output_format = Some(OutputFormat::JsonSchema { name: None, description: None, schema, strict: None });
    let to = Capabilities {
        images: false,
        tools: false,
        json_schema: false,
        thinking: ThinkingMode::Never,
        reasoning_replay: ReasoningReplay::Dropped,
        ..Capabilities::default()
    };
    check_encoded(
        &request,
        &to,
        &expect![[r#"
            {
              "model": "m",
              "messages": [
                {
                  "role": "user",
                  "content": ""
                }
              ],
              "stream": false
            }
            lost: ["messages[0].content[0]", "tools", "response_format", "reasoning_effort"]
        "#]],
    );
}

#[track_caller]
fn check_think(thinking: Thinking, mode: ThinkingMode, expected: &str) {
    let mut request = Request::new(DialectId::OpenaiChat, "m");
    request.thinking = thinking;
    let encoded = encode(&request, &Capabilities { thinking: mode, ..Capabilities::default() });
    let value: serde_json::Value = serde_json::from_slice(&encoded.bytes).expect("JSON");
    let losses: Vec<&str> = encoded.losses.iter().map(|loss| loss.field.as_str()).collect();
    let think = value.get("think").map_or_else(|| "-".to_owned(), ToString::to_string);
    assert_eq!(format!("{think} {losses:?}"), expected);
}

#[test]
fn efforts_become_levels() {
    let effort = |effort| Thinking { effort: Some(effort), ..Thinking::default() };
    check_think(Thinking::default(), ThinkingMode::Any, "- []");
    check_think(effort(Effort::None), ThinkingMode::Any, "false []");
    check_think(effort(Effort::None), ThinkingMode::Never, "- []");
    check_think(effort(Effort::None), ThinkingMode::Always, "- [\"reasoning_effort\"]");
    check_think(effort(Effort::Minimal), ThinkingMode::Any, "\"low\" []");
    check_think(effort(Effort::Medium), ThinkingMode::Adaptive, "\"medium\" []");
    check_think(effort(Effort::XHigh), ThinkingMode::Any, "\"max\" []");
    check_think(effort(Effort::Other("ultra".into())), ThinkingMode::Any, "\"max\" []");
    check_think(effort(Effort::Other("odd".into())), ThinkingMode::Any, "true [\"reasoning_effort\"]");
    let off = Thinking { enabled: Some(false), effort: Some(Effort::High), ..Thinking::default() };
    check_think(off, ThinkingMode::Any, "false []");
    let hidden = Thinking { enabled: Some(true), shown: Some(false), ..Thinking::default() };
    check_think(hidden, ThinkingMode::Budget, "true [\"reasoning.exclude\"]");
}

#[track_caller]
fn check_window(own: &str, window: u64, expected: &str) {
    let body = format!(r#"{{"model":"m","options":{own}}}"#);
    let to = Capabilities { context_window: Some(window), ..Capabilities::default() };
    let encoded = encode(&decode(body.as_bytes()).expect("a request"), &to);
    let losses: Vec<&str> = encoded.losses.iter().map(|loss| loss.field.as_str()).collect();
    let value: serde_json::Value = serde_json::from_slice(&encoded.bytes).expect("JSON");
    assert_eq!(format!("{} {losses:?}", value["options"]), expected);
}

#[test]
fn the_window_is_the_configured_one_unless_the_client_wants_less() {
    check_window("{}", 4096, r#"{"num_ctx":4096} []"#);
    check_window(r#"{"num_ctx":2048}"#, 4096, r#"{"num_ctx":2048} []"#);
    check_window(r#"{"num_ctx":9999}"#, 4096, r#"{"num_ctx":4096} ["options.num_ctx"]"#);
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused_and_what_was_read_is_stable(body in mutated(FULL)) {
        if let Ok(request) = decode(&body) {
            let once = encode(&request, &Capabilities::default());
            let again = encode(&decode(&once.bytes).expect("what we write we read"), &Capabilities::default());
            prop_assert_eq!(once.bytes, again.bytes);
        }
    }
}
