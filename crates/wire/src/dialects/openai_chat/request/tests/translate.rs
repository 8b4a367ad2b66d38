//! Requests of other dialects.

use serde_json::value::RawValue;

use super::*;
use crate::DialectId;
use crate::capabilities::ThinkingMode;
use crate::ir::{
    Block, CacheMark, Content, Effort, Extra, Media, MediaKind, MediaSource, Message, Reasoning, Request, Role, Seal,
    SealOrigin, Tool, ToolCall, ToolChoice, ToolKind, ToolResult, placed,
};

#[track_caller]
fn check_written(request: &Request, to: &Capabilities, expected: &Expect) {
    let encoded = encode(&placed(request), to);
    let body: Value = serde_json::from_slice(&encoded.bytes).expect("JSON");
    let mut lines: Vec<String> = Vec::new();
    for (name, value) in body.as_object().expect("an object") {
        match value.as_array() {
            Some(list) => lines.extend(list.iter().map(|value| format!("{name}: {value}"))),
            None => lines.push(format!("{name}: {value}")),
        }
    }
    lines.extend(encoded.losses.iter().map(|loss| format!("lost {}", loss.field)));
    expected.assert_eq(&lines.join("\n"));
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("JSON")
}

fn image() -> Block {
    let source = MediaSource::Base64("AA==".into());
    let media = Media { kind: MediaKind::Image, source, media_type: None, name: None, detail: None };
    Content::Media(media).into()
}

fn call(id: &str) -> Block {
    Content::ToolCall(ToolCall { id: id.into(), name: "f".into(), ..ToolCall::default() }).into()
}

fn result(id: &str, blocks: Vec<Block>, is_error: Option<bool>) -> Block {
    Content::ToolResult(ToolResult { call_id: id.into(), blocks, is_error, ..ToolResult::default() }).into()
}

fn marked(block: Block) -> Block {
    Block { cache: Some(CacheMark::default()), ..block }
}

fn sealed(origin: SealOrigin, text: &str, data: &str) -> Block {
    let seal = Some(Seal { origin, data: data.into() });
    Content::Reasoning(Reasoning { text: text.into(), seal, ..Reasoning::default() }).into()
}

/// A request as Claude Code sends it.
fn claude() -> Request {
    let mut request = Request::new(DialectId::Anthropic, "m");
    request.messages = vec![
        Message::new(Role::System, vec![Block::text("one"), marked(Block::text("two"))]),
        Message::new(Role::User, vec![Block::text("hi"), image()]),
        Message::new(
            Role::Assistant,
            vec![
                sealed(SealOrigin::Anthropic, "hm", "sig"),
                Block::text("a"),
                Block::text("b"),
                call("t1"),
                call("t2"),
            ],
        ),
        Message::new(
            Role::User,
            vec![
                Block::text("now"),
                result("t1", vec![Block::text("x"), Block::text("y"), image()], None),
                marked(result("t2", vec![Block::text("no such file")], Some(true))),
            ],
        ),
        Message::new(Role::System, vec![Block::text("be quick")]),
    ];
    request.sampling.top_k = Some(5);
    request.sampling.temperature = Some(0.5);
    request.sampling.top_p = Some(0.9);
    request.sampling.output_tokens_max = Some(32_000);
    request.stop = vec!["a".into(), "b".into(), "c".into()];
    request.stream = true;
    request.user = Some("user_".repeat(30));
    request.thinking.enabled = Some(true);
    request.thinking.budget_tokens = Some(4_000);
    request.parallel_tool_calls = Some(false);
    request.tools = vec![
        Tool::new(ToolKind::Function {
            name: "f".into(),
            description: None,
            parameters: Some(raw(r#"{"type":"object"}"#)),
            strict: None,
        }),
        Tool::new(ToolKind::Hosted {
            origin: DialectId::Anthropic,
            kind: "web_search_20250305".into(),
            raw: raw(r#"{"type":"web_search_20250305","name":"web_search"}"#),
        }),
    ];
    request.extras = vec![Extra { name: "context_management".into(), raw: raw("{}") }];
    request
}

#[test]
fn claude_codes_request_for_a_local_server() {
    check_written(
        &claude(),
        &Capabilities::default(),
        &expect![[r#"
        model: "m"
        messages: {"role":"system","content":"one\n\ntwo"}
        messages: {"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}
        messages: {"role":"assistant","content":"ab","reasoning_content":"hm","tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"t2","type":"function","function":{"name":"f","arguments":"{}"}}]}
        messages: {"role":"tool","tool_call_id":"t1","content":"x\ny\n[attached below]"}
        messages: {"role":"tool","tool_call_id":"t2","content":"Error: no such file"}
        messages: {"role":"user","content":[{"type":"text","text":"Tool result t1 holds:"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},{"type":"text","text":"now"}]}
        messages: {"role":"system","content":"be quick"}
        tools: {"type":"function","function":{"name":"f","parameters":{"type":"object"}}}
        parallel_tool_calls: false
        reasoning_effort: "medium"
        max_tokens: 32000
        temperature: 0.5
        top_p: 0.9
        top_k: 5
        stop: "a"
        stop: "b"
        stop: "c"
        user: "user_1da98611207bc152"
        stream: true
        stream_options: {"include_usage":true}
        lost messages[0].content[1].cache_control
        lost messages[2].content[0].signature
        lost messages[3].content[2].cache_control
        lost tools[1]
        lost thinking.budget_tokens
        lost context_management"#]],
    );
}

#[test]
fn claude_codes_request_for_a_model_of_openai() {
    let to = Capabilities {
        max_tokens_field: MaxTokensField::MaxCompletionTokens,
        sampling: false,
        cache_marks: true,
        reasoning_replay: ReasoningReplay::Dropped,
        output_tokens_max: Some(16_000),
        stop_texts_max: Some(2),
        ..Capabilities::default()
    };
    check_written(
        &claude(),
        &to,
        &expect![[r#"
        model: "m"
        messages: {"role":"system","content":[{"type":"text","text":"one"},{"type":"text","text":"two","prompt_cache_breakpoint":{"mode":"explicit"}}]}
        messages: {"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}
        messages: {"role":"assistant","content":"ab","tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"t2","type":"function","function":{"name":"f","arguments":"{}"}}]}
        messages: {"role":"tool","tool_call_id":"t1","content":"x\ny\n[attached below]"}
        messages: {"role":"tool","tool_call_id":"t2","content":[{"type":"text","text":"Error: no such file","prompt_cache_breakpoint":{"mode":"explicit"}}]}
        messages: {"role":"user","content":[{"type":"text","text":"Tool result t1 holds:"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},{"type":"text","text":"now"}]}
        messages: {"role":"system","content":"be quick"}
        tools: {"type":"function","function":{"name":"f","parameters":{"type":"object"}}}
        parallel_tool_calls: false
        reasoning_effort: "medium"
        max_completion_tokens: 16000
        stop: "a"
        stop: "b"
        user: "user_1da98611207bc152"
        stream: true
        stream_options: {"include_usage":true}
        lost tools[1]
        lost thinking.budget_tokens
        lost max_tokens
        lost temperature
        lost top_p
        lost top_k
        lost stop_sequences
        lost context_management"#]],
    );
}

#[test]
fn claude_codes_request_for_a_model_that_can_do_little() {
    let to = Capabilities {
        thinking: ThinkingMode::Never,
        temperature_with_top_p: false,
        system_in_middle: false,
        images: false,
        tools: false,
        reasoning_replay: ReasoningReplay::Reasoning,
        ..Capabilities::default()
    };
    check_written(
        &claude(),
        &to,
        &expect![[r#"
        model: "m"
        messages: {"role":"system","content":"one\n\ntwo"}
        messages: {"role":"user","content":"hi"}
        messages: {"role":"assistant","content":"ab","reasoning":"hm","tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"t2","type":"function","function":{"name":"f","arguments":"{}"}}]}
        messages: {"role":"tool","tool_call_id":"t1","content":"x\ny"}
        messages: {"role":"tool","tool_call_id":"t2","content":"Error: no such file"}
        messages: {"role":"user","content":"now"}
        messages: {"role":"user","content":"<system>\nbe quick\n</system>"}
        max_tokens: 32000
        temperature: 0.5
        top_k: 5
        stop: "a"
        stop: "b"
        stop: "c"
        user: "user_1da98611207bc152"
        stream: true
        stream_options: {"include_usage":true}
        lost messages[0].content[1].cache_control
        lost messages[1].content[1]
        lost messages[2].content[0].signature
        lost messages[3].content[1].content[2]
        lost messages[3].content[2].cache_control
        lost tools
        lost tool_choice.disable_parallel_tool_use
        lost thinking
        lost thinking.budget_tokens
        lost top_p
        lost context_management"#]],
    );
}

#[test]
fn images_stay_in_results_where_they_may() {
    let mut request = claude();
    request.messages.drain(..2);
    request.messages.truncate(2);
    let to = Capabilities { tool_images: true, ..Capabilities::default() };
    check_written(
        &request,
        &to,
        &expect![[r#"
        model: "m"
        messages: {"role":"assistant","content":"ab","reasoning_content":"hm","tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"t2","type":"function","function":{"name":"f","arguments":"{}"}}]}
        messages: {"role":"tool","tool_call_id":"t1","content":[{"type":"text","text":"x\ny"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}
        messages: {"role":"tool","tool_call_id":"t2","content":"Error: no such file"}
        messages: {"role":"user","content":"now"}
        tools: {"type":"function","function":{"name":"f","parameters":{"type":"object"}}}
        parallel_tool_calls: false
        reasoning_effort: "medium"
        max_tokens: 32000
        temperature: 0.5
        top_p: 0.9
        top_k: 5
        stop: "a"
        stop: "b"
        stop: "c"
        user: "user_1da98611207bc152"
        stream: true
        stream_options: {"include_usage":true}
        lost messages[0].content[0].signature
        lost messages[1].content[2].cache_control
        lost tools[1]
        lost thinking.budget_tokens
        lost context_management"#]],
    );
}

#[test]
fn codex_request_for_another_vendor() {
    let mut request = Request::new(DialectId::OpenaiResponses, "m");
    let custom = ToolCall {
        id: "c1".into(),
        name: "apply_patch".into(),
        arguments: "*** Begin".into(),
        custom: true,
        seal: None,
    };
    request.messages = vec![
        Message::new(Role::Developer, vec![Block::text("rules")]),
        Message::new(Role::User, vec![Block::text("go")]),
        Message::new(Role::Assistant, vec![sealed(SealOrigin::Openai, "", "enc"), Content::ToolCall(custom).into()]),
        Message::new(Role::Tool, vec![result("c1", vec![Block::text("done"), image()], None)]),
    ];
    let tool = |name: &str| {
        Tool::new(ToolKind::Function { name: name.into(), description: None, parameters: None, strict: Some(false) })
    };
    let format = Some(raw(r#"{"type":"grammar","syntax":"lark","definition":"start: x"}"#));
    let patch = ToolKind::Custom { name: "apply_patch".into(), description: Some("Edits.".into()), format };
    request.tools = vec![tool("a"), tool("b"), Tool::new(patch)];
    request.tool_choice = Some(ToolChoice::Allowed { required: true, names: vec!["a".into(), "apply_patch".into()] });
    request.thinking.effort = Some(Effort::Minimal);
    request.caching.key = Some("k".into());
    let developer = Capabilities { developer_role: false, ..Capabilities::default() };
    check_written(
        &request,
        &developer,
        &expect![[r#"
        model: "m"
        messages: {"role":"system","content":"rules"}
        messages: {"role":"user","content":"go"}
        messages: {"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"apply_patch","arguments":"{\"input\":\"*** Begin\"}"}}]}
        messages: {"role":"tool","tool_call_id":"c1","content":"done\n[attached below]"}
        messages: {"role":"user","content":[{"type":"text","text":"Tool result c1 holds:"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}
        tools: {"type":"function","function":{"name":"a","strict":false}}
        tools: {"type":"function","function":{"name":"apply_patch","description":"Edits.\n\nThe input must be of this form: {\"type\":\"grammar\",\"syntax\":\"lark\",\"definition\":\"start: x\"}","parameters":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}}
        tool_choice: "required"
        reasoning_effort: "minimal"
        prompt_cache_key: "k"
        lost messages[2].content[0].encrypted_content"#]],
    );
    let own = Capabilities { max_tokens_field: MaxTokensField::MaxCompletionTokens, ..Capabilities::default() };
    check_written(
        &request,
        &own,
        &expect![[r#"
        model: "m"
        messages: {"role":"developer","content":"rules"}
        messages: {"role":"user","content":"go"}
        messages: {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"custom","custom":{"name":"apply_patch","input":"*** Begin"}}]}
        messages: {"role":"tool","tool_call_id":"c1","content":"done\n[attached below]"}
        messages: {"role":"user","content":[{"type":"text","text":"Tool result c1 holds:"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}
        tools: {"type":"function","function":{"name":"a","strict":false}}
        tools: {"type":"function","function":{"name":"b","strict":false}}
        tools: {"type":"custom","custom":{"name":"apply_patch","description":"Edits.","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: x"}}}}
        tool_choice: {"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"a"}},{"type":"custom","custom":{"name":"apply_patch"}}]}}
        reasoning_effort: "minimal"
        prompt_cache_key: "k"
        lost messages[2].content[0].encrypted_content"#]],
    );
}
