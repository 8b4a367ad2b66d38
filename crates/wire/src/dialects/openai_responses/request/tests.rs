use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::capabilities::{ReasoningReplay, ThinkingMode};
use crate::ir::{
    Block, CacheMark, Content, Effort, Extra, Media, MediaKind, MediaSource, Message, OutputFormat, Reasoning, Request,
    Role, Seal, SealOrigin, Tool, ToolCall, ToolChoice, ToolKind, ToolResult, placed,
};
use crate::scan::tests::mutated_json;
use crate::{Capabilities, DialectId};

/// A model that takes everything.
fn everything() -> Capabilities {
    Capabilities { tool_images: true, ..Capabilities::default() }
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}

#[track_caller]
fn check_same(body: &str) {
    let request = decode(body.as_bytes()).expect("a request");
    let encoded = encode(&request, &everything());
    assert_eq!(value(&encoded.bytes), value(body.as_bytes()));
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
}

#[track_caller]
fn check_item_same(item: &str) {
    check_same(&format!(r#"{{"model":"m","previous_response_id":"resp_1","input":[{item}]}}"#));
}

#[track_caller]
fn check_error(body: &str, expected: &str) {
    let error = decode(body.as_bytes()).expect_err("no request");
    assert_eq!(error.to_string(), expected, "{body}");
}

#[track_caller]
fn check_encoded(request: &Request, to: &Capabilities, body: &Expect, losses: &[&str]) {
    let encoded = encode(&placed(request), to);
    body.assert_eq(&serde_json::to_string_pretty(&value(&encoded.bytes)).expect("JSON"));
    assert_eq!(encoded.losses.iter().map(|loss| loss.field.as_str()).collect::<Vec<_>>(), losses);
}

#[test]
fn every_item_is_written_as_it_was_read() {
    for item in [
        r#"{"role":"user","content":"hi"}"#,
        r#"{"type":"message","role":"user","content":"hi"}"#,
        r#"{"type":"message","role":"user","content":[]}"#,
        r#"{"role":"developer","content":[{"type":"input_text","text":"a","prompt_cache_breakpoint":{"mode":"explicit"}}]}"#,
        r#"{"type":"message","role":"system","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b","x":1}],"y":2}"#,
        r#"{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"low"}]}"#,
        r#"{"role":"user","content":[{"type":"input_image","image_url":"https://a/b.png"},{"type":"input_image","file_id":"f"}]}"#,
        r#"{"role":"user","content":[{"type":"input_image","image_url":"data:,x"},{"type":"input_image"},{"type":"input_hologram"}]}"#,
        r#"{"role":"user","content":[{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,AA"}]}"#,
        r#"{"role":"user","content":[{"type":"input_file","file_data":"AA"},{"type":"input_file","file_url":"u"},{"type":"input_file","file_id":"f"}]}"#,
        r#"{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]}"#,
        r#"{"type":"message","role":"assistant","id":"msg_1","status":"completed","phase":"commentary","content":[{"type":"output_text","text":"a","annotations":[{"type":"url_citation"}],"logprobs":[]},{"type":"refusal","refusal":"no"},{"type":"odd"}]}"#,
        r#"{"role":"assistant","content":"a"},{"role":"assistant","content":[{"type":"output_text","text":"b","annotations":[]}]}"#,
        r#"{"type":"message","role":"assistant","content":[]}"#,
        r#"{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{\"a\":1}","status":"completed","async":true}"#,
        r#"{"type":"function_call","call_id":"c","namespace":"ns","name":"f","arguments":""}"#,
        r#"{"type":"function_call_output","call_id":"c","output":"x","id":"fco","status":"completed","name":"f","z":1}"#,
        r#"{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"x"}]}"#,
        r#"{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"x"},{"type":"input_image","image_url":"u"}]}"#,
        r#"{"type":"function_call_output","call_id":"c","output":[]}"#,
        r#"{"type":"custom_tool_call","id":"ctc","call_id":"c","name":"f","input":"*** Begin"},{"type":"custom_tool_call_output","call_id":"c","output":"ok"}"#,
        r#"{"type":"reasoning","id":"rs","summary":[],"encrypted_content":"gAAA"}"#,
        r#"{"type":"reasoning","summary":[{"type":"summary_text","text":"a"}],"status":"completed"}"#,
        r#"{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"content":[{"type":"reasoning_text","text":"c"}],"x":1}"#,
        r#"{"type":"reasoning","id":"rs","summary":[],"content":[{"type":"reasoning_text","text":"a"}]}"#,
        r#"{"type":"reasoning","id":"rs","summary":[],"content":[{"type":"reasoning_text","text":"a"},{"type":"reasoning_text","text":"b"}]}"#,
        r#"{"type":"local_shell_call","id":"l","call_id":"c","action":{"type":"exec","command":["ls"]},"status":"completed"},{"type":"local_shell_call_output","id":"c","output":"x"}"#,
        r#"{"type":"shell_call","call_id":"c","action":{"commands":["ls"]}},{"type":"shell_call_output","call_id":"c","output":[{"stdout":"x"}]}"#,
        r#"{"type":"apply_patch_call","call_id":"c","operation":{"type":"delete_file"}},{"type":"apply_patch_call_output","call_id":"c","status":"completed"}"#,
        r#"{"type":"additional_tools","role":"developer","tools":[{"type":"function","name":"f","parameters":null}]},{"role":"user","content":"a"}"#,
        r#"{"type":"item_reference","id":"msg_1"},{"type":"compaction","encrypted_content":"x"},{"type":"web_search_call","id":"ws"}"#,
    ] {
        check_item_same(item);
    }
}

#[test]
fn every_field_is_written_as_it_was_read() {
    for body in [
        r#"{"model":"m","input":"hi"}"#,
        r#"{"model":"m","instructions":"be brief","input":"hi","stream":true}"#,
        r#"{"model":"m","instructions":"be brief","input":[{"role":"system","content":"a"}]}"#,
        r#"{"model":"m","input":[{"role":"system","content":"a"},{"role":"user","content":"b"}]}"#,
        r#"{"model":"m","previous_response_id":"resp_1","input":[]}"#,
        r#"{"model":"m","input":"hi","max_output_tokens":9,"temperature":0.5,"top_p":0.25,"user":"u","metadata":{"a":"b"},
            "store":false,"include":["reasoning.encrypted_content"],"prompt_cache_key":"k","prompt_cache_retention":"24h",
            "parallel_tool_calls":false,"service_tier":"flex","truncation":"auto","client_metadata":{"x":"y"}}"#,
        r#"{"model":"m","input":"hi","reasoning":{"effort":"high","summary":"auto"},"text":{"verbosity":"low"}}"#,
        r#"{"model":"m","input":"hi","reasoning":{"summary":"detailed","mode":"x"},"text":{"format":{"type":"text"}}}"#,
        r#"{"model":"m","input":"hi","text":{"format":{"type":"json_object"},"verbosity":"high"}}"#,
        r#"{"model":"m","input":"hi","text":{"format":{"type":"json_schema","name":"n","description":"d","schema":{"type":"object"},"strict":true}}}"#,
        r#"{"model":"m","input":"hi","text":{"format":{"type":"odd"}}}"#,
        r#"{"model":"m","input":"hi","tools":[
            {"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":true,"defer_loading":true},
            {"type":"function","name":"g","parameters":null},
            {"type":"custom","name":"h","description":"d","format":{"type":"grammar","syntax":"lark","definition":"x"}},
            {"type":"namespace","name":"n","description":"d","tools":[{"type":"function","name":"f","parameters":{}},{"type":"custom","name":"g"}]},
            {"type":"namespace","name":"n","description":"e","tools":[{"type":"function","name":"h","parameters":{}}]},
            {"type":"namespace","name":"o","description":"","tools":[]},
            {"type":"web_search"},{"type":"local_shell"},{"type":"mcp","server_label":"a"}],"tool_choice":"required"}"#,
        r#"{"model":"m","input":"hi","tool_choice":{"type":"function","name":"f"}}"#,
        r#"{"model":"m","input":"hi","tools":[{"type":"custom","name":"g"}],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"},{"type":"custom","name":"g"}]}}"#,
        r#"{"model":"m","input":"hi","tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"mcp","server_label":"a"}]}}"#,
        r#"{"model":"m","input":"hi","tool_choice":{"type":"web_search"}}"#,
    ] {
        check_same(body);
    }
}

#[test]
fn what_the_model_made_is_one_message() {
    let body = r#"{"model":"m","instructions":"i","input":[{"role":"user","content":"u"},
        {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"tl1.anthropic.sig"},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]},
        {"type":"function_call","call_id":"c1","namespace":"n","name":"f","arguments":"{}"},
        {"type":"function_call","call_id":"c2","name":"g","arguments":"{}"},
        {"type":"function_call_output","call_id":"c1","output":"1"},
        {"type":"function_call_output","call_id":"c2","output":"2"}],
        "tools":[{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"}]}]}"#;
    let request = decode(body.as_bytes()).expect("a request");
    let told: Vec<String> = request.messages.iter().map(outline).collect();
    assert_eq!(
        told,
        [
            "system: text i",
            "user: text u",
            "assistant: thought t anthropic:sig, text a, call c1 n__f {}, call c2 g {}",
            "tool: result c1 [text 1]",
            "tool: result c2 [text 2]",
        ]
    );
    assert_eq!(request.tools.iter().filter_map(Tool::name).collect::<Vec<_>>(), ["n__f"]);
}

fn outline(message: &Message) -> String {
    let blocks: Vec<String> = message.blocks.iter().map(outline_block).collect();
    format!("{}: {}", message.role.as_str(), blocks.join(", "))
}

fn outline_block(block: &Block) -> String {
    match &block.content {
        Content::Text(text) => format!("text {text}"),
        Content::Refusal(text) => format!("refusal {text}"),
        Content::Media(media) => format!("{media:?}"),
        Content::Reasoning(Reasoning { text, seal, .. }) => {
            let seal = seal.as_ref().map(|seal| format!(" {}:{}", seal.origin.as_str(), seal.data));
            format!("thought {text}{}", seal.unwrap_or_default())
        }
        Content::ToolCall(ToolCall { id, name, arguments, .. }) => format!("call {id} {name} {arguments}"),
        Content::ToolResult(ToolResult { call_id, blocks, .. }) => {
            format!("result {call_id} [{}]", blocks.iter().map(outline_block).collect::<Vec<_>>().join(", "))
        }
        Content::Opaque { kind, .. } => format!("opaque {kind}"),
    }
}

#[test]
fn hidden_thoughts_of_another_vendor_stay_hidden() {
    for (seal, redacted) in [
        (Seal { origin: SealOrigin::Anthropic, data: "d==".into() }, true),
        (Seal { origin: SealOrigin::Anthropic, data: "d==".into() }, false),
        (Seal { origin: SealOrigin::Openai, data: "gAAA".into() }, false),
    ] {
        assert_eq!(super::items::read_seal(&write_seal(&seal, redacted)), Some((seal, redacted)));
    }
}

#[test]
fn refuses_what_cannot_be_a_request() {
    for (body, expected) in [
        (r#"[]"#, "the body must be a JSON object"),
        (r#"{"input":"a"}"#, "`model` is required"),
        (r#"{"model":"","input":"a"}"#, "`model` must be a non-empty string"),
        (r#"{"model":"m"}"#, "`input` is required"),
        (r#"{"model":"m","input":7}"#, "`input` must be a string or an array of items"),
        (r#"{"model":"m","input":[7]}"#, "`input[0]` must be an object"),
        (r#"{"model":"m","input":[{}]}"#, "`input[0].type` is required"),
        (r#"{"model":"m","input":[{"role":"user"}]}"#, "`input[0].content` is required"),
        (
            r#"{"model":"m","input":[{"role":"cat","content":"a"}]}"#,
            "`input[0].role` must be one of user, assistant, system and developer",
        ),
        (
            r#"{"model":"m","input":[{"role":"user","content":[{"text":"a"}]}]}"#,
            "`input[0].content[0].type` is required",
        ),
        (
            r#"{"model":"m","input":[{"type":"function_call","name":"f","arguments":""}]}"#,
            "`input[0].call_id` is required",
        ),
        (
            r#"{"model":"m","input":[{"type":"function_call","call_id":"","name":"f","arguments":""}]}"#,
            "`input[0].call_id` must be a non-empty string",
        ),
        (
            r#"{"model":"m","input":[{"type":"function_call_output","call_id":"c","output":"x"}]}"#,
            "`input[0].call_id` must be the `call_id` of a call before it",
        ),
        (r#"{"model":"m","input":"a","tools":[{"type":"function"}]}"#, "`tools[0].name` is required"),
        (
            r#"{"model":"m","input":"a","tools":[{"type":"function","function":{"name":"f"}}]}"#,
            "`tools[0].name` is required",
        ),
        (
            r#"{"model":"m","input":"a","tools":[{"type":"namespace","name":"n","tools":[{"type":"custom"}]}]}"#,
            "`tools[0].tools[0].name` is required",
        ),
        (
            r#"{"model":"m","input":"a","tool_choice":"some"}"#,
            "`tool_choice` must be `auto`, `none`, `required` or an object",
        ),
        (r#"{"model":"m","input":"a","max_output_tokens":0}"#, "`max_output_tokens` must be a positive integer"),
        (r#"{"model":"m","input":"a","text":{"format":{"type":"json_schema"}}}"#, "`text.format.name` is required"),
    ] {
        check_error(body, expected);
    }
}

#[test]
fn results_may_answer_calls_that_are_elsewhere() {
    for body in [
        r#"{"model":"m","previous_response_id":"r"}"#,
        r#"{"model":"m","previous_response_id":"r","input":[{"type":"function_call_output","call_id":"c","output":"x"}]}"#,
        r#"{"model":"m","conversation":"conv","input":[{"type":"function_call_output","call_id":"c","output":"x"}]}"#,
        r#"{"model":"m","input":[{"id":"fc_1"},{"type":"function_call_output","call_id":"c","output":"x"}]}"#,
        r#"{"model":"m","input":[{"type":"compaction","encrypted_content":"x"},{"type":"function_call_output","call_id":"c","output":"x"}]}"#,
    ] {
        assert!(decode(body.as_bytes()).is_ok(), "{body}");
    }
}

fn raw(json: &str) -> Box<serde_json::value::RawValue> {
    serde_json::value::RawValue::from_string(json.to_owned()).expect("JSON")
}

fn extra(name: &str, json: &str) -> Extra {
    Extra { name: name.to_owned(), raw: raw(json) }
}

/// What a client of another dialect may ask for, all at once.
fn foreign() -> Request {
    let call = |id: &str, seal| ToolCall { id: id.into(), name: "f".into(), seal, ..ToolCall::default() };
    let thought = |text: &str, seal| Content::Reasoning(Reasoning { text: text.into(), seal, ..Reasoning::default() });
    let image = Content::Media(Media {
        kind: MediaKind::Image,
        source: MediaSource::Base64("AA".into()),
        media_type: Some("image/png".into()),
        name: None,
        detail: None,
    });
    let result = |id: &str, blocks| ToolResult { call_id: id.into(), blocks, ..ToolResult::default() };
    let cached = Block { cache: Some(CacheMark::default()), ..Block::text("be brief") };
    let signature = Some(Seal { origin: SealOrigin::Anthropic, data: "s".into() });
    let function = ToolKind::Function { name: "f".into(), description: None, parameters: None, strict: None };
    let format = Some(raw(r#"{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}"#));
    let custom = ToolKind::Custom { name: "g".into(), description: Some("d".into()), format };
    let hosted = ToolKind::Hosted { origin: DialectId::Anthropic, kind: "bash".into(), raw: raw("{}") };
    let mut request = Request::new(DialectId::Anthropic, "m");
    request.messages = vec![
        Message::new(Role::System, vec![cached, Block::text("be kind")]),
        Message {
            extras: vec![extra("name", "1")],
            ..Message::new(Role::User, vec![Block::text("a"), image.clone().into()])
        },
        Message::new(
            Role::Assistant,
            vec![
                thought("t", signature).into(),
                thought("", Some(Seal { origin: SealOrigin::Openai, data: "gA".into() })).into(),
                Block::text(""),
                Block::text("b"),
                Content::Refusal("no".into()).into(),
                Content::ToolCall(call("c1", Some(Seal { origin: SealOrigin::Gemini, data: "g".into() }))).into(),
                Content::ToolCall(ToolCall { custom: true, ..call("c2", None) }).into(),
            ],
        ),
        Message::new(
            Role::User,
            vec![
                Content::ToolResult(ToolResult {
                    is_error: Some(true),
                    ..result("c1", vec![Block::text("x"), image.into()])
                })
                .into(),
                Content::ToolResult(result("c2", vec![])).into(),
                Block::text("go on"),
            ],
        ),
        Message::new(Role::Developer, vec![Block::text("late")]),
    ];
    request.tools = vec![Tool::new(function), Tool::new(custom), Tool::new(hosted)];
    request.tool_choice = Some(ToolChoice::Named { name: "f".into(), custom: false });
    request.parallel_tool_calls = Some(false);
    request.stream = true;
    request.sampling.temperature = Some(1.0);
    request.sampling.top_p = Some(0.5);
    request.sampling.top_k = Some(3);
    request.sampling.output_tokens_max = Some(9000);
    request.stop = vec!["x".into()];
    request.thinking.enabled = Some(true);
    request.thinking.budget_tokens = Some(4096);
    request.thinking.shown = Some(true);
    request.output_format =
        Some(OutputFormat::JsonSchema { name: None, description: None, schema: raw("{}"), strict: None });
    request.extras = vec![extra("speed", "\"fast\"")];
    request
}

#[test]
fn says_what_a_client_of_another_dialect_asks_for() {
    check_encoded(
        &foreign(),
        &everything(),
        &expect![[r#"
        {
          "model": "m",
          "instructions": "be brief\n\nbe kind",
          "input": [
            {
              "type": "message",
              "role": "user",
              "content": [
                {
                  "type": "input_text",
                  "text": "a"
                },
                {
                  "type": "input_image",
                  "image_url": "data:image/png;base64,AA",
                  "detail": "auto"
                }
              ]
            },
            {
              "type": "reasoning",
              "summary": [],
              "content": [
                {
                  "type": "reasoning_text",
                  "text": "t"
                }
              ]
            },
            {
              "type": "reasoning",
              "summary": [],
              "encrypted_content": "gA"
            },
            {
              "type": "message",
              "role": "assistant",
              "content": [
                {
                  "type": "output_text",
                  "text": "b",
                  "annotations": []
                },
                {
                  "type": "refusal",
                  "refusal": "no"
                }
              ]
            },
            {
              "type": "function_call",
              "call_id": "c1",
              "name": "f",
              "arguments": "{}"
            },
            {
              "type": "custom_tool_call",
              "call_id": "c2",
              "name": "f",
              "input": ""
            },
            {
              "type": "function_call_output",
              "call_id": "c1",
              "output": [
                {
                  "type": "input_text",
                  "text": "x"
                },
                {
                  "type": "input_image",
                  "image_url": "data:image/png;base64,AA",
                  "detail": "auto"
                }
              ]
            },
            {
              "type": "custom_tool_call_output",
              "call_id": "c2",
              "output": ""
            },
            {
              "type": "message",
              "role": "user",
              "content": [
                {
                  "type": "input_text",
                  "text": "go on"
                }
              ]
            },
            {
              "type": "message",
              "role": "developer",
              "content": [
                {
                  "type": "input_text",
                  "text": "late"
                }
              ]
            }
          ],
          "tools": [
            {
              "type": "function",
              "name": "f",
              "parameters": {
                "type": "object",
                "properties": {}
              },
              "strict": false
            },
            {
              "type": "custom",
              "name": "g",
              "description": "d",
              "format": {
                "type": "grammar",
                "syntax": "lark",
                "definition": "x"
              }
            }
          ],
          "tool_choice": {
            "type": "function",
            "name": "f"
          },
          "parallel_tool_calls": false,
          "max_output_tokens": 9000,
          "temperature": 1.0,
          "top_p": 0.5,
          "reasoning": {
            "effort": "medium",
            "summary": "auto"
          },
          "text": {
            "format": {
              "type": "json_schema",
              "name": "answer",
              "schema": {}
            }
          },
          "stream": true,
          "store": false,
          "include": [
            "reasoning.encrypted_content"
          ]
        }"#]],
        &[
            "messages[0].content[0].cache_control",
            "messages[1].name",
            "messages[2].content[0].signature",
            "messages[2].content[5].signature",
            "messages[3].content[0].is_error",
            "tools[2]",
            "top_k",
            "stop_sequences",
            "thinking.budget_tokens",
            "speed",
        ],
    );
}

#[test]
fn stays_within_what_the_model_takes() {
    let to = Capabilities {
        thinking: ThinkingMode::Never,
        sampling: false,
        system_in_middle: false,
        developer_role: false,
        output_tokens_max: Some(4096),
        images: false,
        tools: false,
        json_schema: false,
        reasoning_replay: ReasoningReplay::Dropped,
        ..Capabilities::default()
    };
    check_encoded(
        &foreign(),
        &to,
        &expect![[r#"
        {
          "model": "m",
          "instructions": "be brief\n\nbe kind",
          "input": [
            {
              "type": "message",
              "role": "user",
              "content": [
                {
                  "type": "input_text",
                  "text": "a"
                }
              ]
            },
            {
              "type": "reasoning",
              "summary": [],
              "encrypted_content": "gA"
            },
            {
              "type": "message",
              "role": "assistant",
              "content": [
                {
                  "type": "output_text",
                  "text": "b",
                  "annotations": []
                },
                {
                  "type": "refusal",
                  "refusal": "no"
                }
              ]
            },
            {
              "type": "function_call",
              "call_id": "c1",
              "name": "f",
              "arguments": "{}"
            },
            {
              "type": "custom_tool_call",
              "call_id": "c2",
              "name": "f",
              "input": ""
            },
            {
              "type": "function_call_output",
              "call_id": "c1",
              "output": "x"
            },
            {
              "type": "custom_tool_call_output",
              "call_id": "c2",
              "output": ""
            },
            {
              "type": "message",
              "role": "user",
              "content": [
                {
                  "type": "input_text",
                  "text": "go on"
                }
              ]
            },
            {
              "type": "message",
              "role": "user",
              "content": [
                {
                  "type": "input_text",
                  "text": "late"
                }
              ]
            }
          ],
          "max_output_tokens": 4096,
          "stream": true,
          "store": false
        }"#]],
        &[
            "messages[0].content[0].cache_control",
            "messages[1].name",
            "messages[1].content[1]",
            "messages[2].content[0].signature",
            "messages[2].content[5].signature",
            "messages[3].content[0].is_error",
            "messages[3].content[0].content[1]",
            "messages[4].role",
            "tools",
            "tool_choice",
            "temperature",
            "top_p",
            "top_k",
            "stop_sequences",
            "thinking.budget_tokens",
            "thinking",
            "output_config.format",
            "speed",
        ],
    );
}

#[test]
fn efforts_are_said_as_far_as_the_model_takes_them() {
    let effort = |thinking: crate::ir::Thinking, mode| {
        let request = Request { thinking, ..Request::new(DialectId::Anthropic, "m") };
        let encoded = encode(&request, &Capabilities { thinking: mode, ..Capabilities::default() });
        let effort = value(&encoded.bytes)["reasoning"]["effort"].as_str().map(str::to_owned);
        (effort, encoded.losses.iter().count())
    };
    let off = crate::ir::Thinking { enabled: Some(false), ..Default::default() };
    let high = crate::ir::Thinking { effort: Some(Effort::High), ..Default::default() };
    let budget = crate::ir::Thinking { budget_tokens: Some(1024), ..Default::default() };
    assert_eq!(effort(off.clone(), ThinkingMode::Any), (Some("none".into()), 0));
    assert_eq!(effort(off.clone(), ThinkingMode::Always), (None, 1));
    assert_eq!(effort(off, ThinkingMode::Never), (None, 0));
    assert_eq!(effort(high.clone(), ThinkingMode::Always), (Some("high".into()), 0));
    assert_eq!(effort(high, ThinkingMode::Never), (None, 1));
    assert_eq!(effort(budget, ThinkingMode::Any), (Some("low".into()), 1));
}

proptest! {
    #[test]
    fn takes_or_refuses_any_body(json in mutated_json()) {
        if let Ok(request) = decode(&json) {
            encode(&request, &everything());
        }
    }

    /// Whatever stands in an item, what is written is read and written the same again.
    #[test]
    fn any_item_comes_to_rest(json in mutated_json(), kind in proptest::sample::select(KINDS.to_vec())) {
        let json = String::from_utf8(json).unwrap_or_default();
        let body = format!(r#"{{"model":"m","previous_response_id":"r","input":[{{"type":"{kind}","role":"user",
            "content":{json},"output":{json},"summary":{json},"tools":{json},"call_id":"c","name":"n","arguments":"","input":"","x":{json}}}]}}"#);
        if let Ok(request) = decode(body.as_bytes()) {
            let once = encode(&request, &everything());
            let again = encode(&decode(&once.bytes).expect("what was written can be read"), &everything());
            // As bytes: a number may be too large for any reader.
            prop_assert_eq!(&once.bytes, &again.bytes);
        }
    }
}

const KINDS: &[&str] =
    &["message", "function_call", "function_call_output", "custom_tool_call", "reasoning", "additional_tools", "odd"];
