use expect_test::{Expect, expect};
use serde_json::Value;

use super::*;

/// Reads and writes; what comes out must say the same, without a loss.
#[track_caller]
fn check_same(body: &str) {
    let request = decode(body.as_bytes()).expect("a request");
    let (text, losses) = written(&request, &able());
    let tree = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(tree(&text), tree(body));
    assert_eq!(losses, Vec::<String>::new());
}

#[track_caller]
fn check(body: &str, expected: &Expect) {
    expected.assert_debug_eq(&decode(body.as_bytes()).expect("a request"));
}

#[test]
fn reads_into_the_neutral_model() {
    check(
        r#"{"model":"claude","max_tokens":9,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],
          "messages":[
            {"role":"user","content":"q"},
            {"role":"assistant","content":[{"type":"thinking","thinking":"th","signature":"tl1.gemini.x"},
              {"type":"thinking","thinking":"lost","signature":"tl1.none.0123abcd"},
              {"type":"tool_use","id":"1","name":"f","input":{"a":1}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"1"}]}],
          "tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true},
          "thinking":{"type":"enabled","budget_tokens":2048,"display":"omitted"},
          "output_config":{"effort":"xhigh","format":{"type":"json_schema","schema":{}},"task_budget":5},
          "metadata":{"user_id":"u"},"stop_sequences":["x"],"top_k":3,"temperature":0.5,"stream":true,"service_tier":"auto"}"#,
        &expect![[r#"
            Request {
                origin: Anthropic,
                model: "claude",
                messages: [
                    Message {
                        role: System,
                        blocks: [
                            Block {
                                content: Text(
                                    "s",
                                ),
                                cache: Some(
                                    CacheMark {
                                        ttl: None,
                                        at: At(
                                            "system[0].cache_control",
                                        ),
                                    },
                                ),
                                citations: [],
                                logprobs: [],
                                extras: [],
                                at: At(
                                    "system[0]",
                                ),
                            },
                        ],
                        extras: [],
                        at: At(
                            "system",
                        ),
                    },
                    Message {
                        role: User,
                        blocks: [
                            Block {
                                content: Text(
                                    "q",
                                ),
                                cache: None,
                                citations: [],
                                logprobs: [],
                                extras: [],
                                at: At(
                                    "messages[0].content",
                                ),
                            },
                        ],
                        extras: [],
                        at: At(
                            "messages[0]",
                        ),
                    },
                    Message {
                        role: Assistant,
                        blocks: [
                            Block {
                                content: Reasoning(
                                    Reasoning {
                                        text: "th",
                                        summary: false,
                                        seal: Some(
                                            Seal {
                                                origin: Gemini,
                                                data: "x",
                                            },
                                        ),
                                        redacted: false,
                                        id: None,
                                    },
                                ),
                                cache: None,
                                citations: [],
                                logprobs: [],
                                extras: [],
                                at: At(
                                    "messages[1].content[0]",
                                ),
                            },
                            Block {
                                content: Reasoning(
                                    Reasoning {
                                        text: "lost",
                                        summary: false,
                                        seal: None,
                                        redacted: false,
                                        id: None,
                                    },
                                ),
                                cache: None,
                                citations: [],
                                logprobs: [],
                                extras: [],
                                at: At(
                                    "messages[1].content[1]",
                                ),
                            },
                            Block {
                                content: ToolCall(
                                    ToolCall {
                                        id: "1",
                                        name: "f",
                                        arguments: "{\"a\":1}",
                                        custom: false,
                                        seal: None,
                                    },
                                ),
                                cache: None,
                                citations: [],
                                logprobs: [],
                                extras: [],
                                at: At(
                                    "messages[1].content[2]",
                                ),
                            },
                        ],
                        extras: [],
                        at: At(
                            "messages[1]",
                        ),
                    },
                    Message {
                        role: User,
                        blocks: [
                            Block {
                                content: ToolResult(
                                    ToolResult {
                                        call_id: "1",
                                        name: None,
                                        blocks: [],
                                        is_error: None,
                                        custom: false,
                                    },
                                ),
                                cache: None,
                                citations: [],
                                logprobs: [],
                                extras: [],
                                at: At(
                                    "messages[2].content[0]",
                                ),
                            },
                        ],
                        extras: [],
                        at: At(
                            "messages[2]",
                        ),
                    },
                ],
                tools: [
                    Tool {
                        kind: Function {
                            name: "f",
                            description: None,
                            parameters: Some(
                                RawValue(
                                    {},
                                ),
                            ),
                            strict: None,
                        },
                        cache: None,
                        extras: [],
                        at: At(
                            "tools[0]",
                        ),
                    },
                ],
                tool_choice: Some(
                    Required,
                ),
                parallel_tool_calls: Some(
                    false,
                ),
                stream: true,
                include_usage: true,
                sampling: Sampling {
                    temperature: Some(
                        0.5,
                    ),
                    top_p: None,
                    top_k: Some(
                        3,
                    ),
                    min_p: None,
                    seed: None,
                    presence_penalty: None,
                    frequency_penalty: None,
                    repetition_penalty: None,
                    output_tokens_max: Some(
                        9,
                    ),
                },
                stop: [
                    "x",
                ],
                thinking: Thinking {
                    enabled: Some(
                        true,
                    ),
                    effort: Some(
                        XHigh,
                    ),
                    budget_tokens: Some(
                        2048,
                    ),
                    shown: Some(
                        false,
                    ),
                },
                output_format: Some(
                    JsonSchema {
                        name: None,
                        description: None,
                        schema: RawValue(
                            {},
                        ),
                        strict: None,
                    },
                ),
                user: Some(
                    "u",
                ),
                handling: Handling {
                    tier: Some(
                        Auto,
                    ),
                    metadata: None,
                    store: None,
                    safety_identifier: None,
                    verbosity: None,
                    moderation: None,
                    cache_options: None,
                    obfuscation: None,
                    logprobs: None,
                    top_logprobs: None,
                },
                caching: Caching {
                    key: None,
                    retention: None,
                    mark: None,
                },
                extras: [
                    Extra {
                        name: "output_config.task_budget",
                        raw: RawValue(
                            5,
                        ),
                    },
                ],
                spelt: [],
            }
        "#]],
    );
}

#[test]
fn what_messages_can_say_goes_back_word_for_word() {
    check_same(r#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}"#);
    let (assistant, user) = (ASSISTANT.join(","), USER.join(","));
    check_same(&format!(
        r#"{{"model":"m","max_tokens":4096,"messages":[{{"role":"user","content":"q"}},
          {{"role":"assistant","content":[{assistant}]}},{{"role":"user","content":[{user}]}},
          {{"role":"system","content":"now"}},{{"role":"assistant","content":"pre"}}]}}"#
    ));
    check_same(
        r#"{"model":"m","max_tokens":4096,"stream":true,"system":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}],
          "messages":[{"role":"user","content":"q"}],"temperature":1.0,"top_p":0.5,"top_k":0,"stop_sequences":["\n"],
          "tools":[{"name":"f","description":"d","input_schema":{"anyOf":[]},"strict":true,"defer_loading":true,"cache_control":{"type":"ephemeral"}},
            {"type":"web_search_20250305","name":"web_search","cache_control":{"type":"ephemeral"}},{"type":"mcp_toolset","mcp_server_name":"s"}],
          "tool_choice":{"type":"auto","disable_parallel_tool_use":false},"cache_control":{"type":"ephemeral","ttl":"5m"},
          "thinking":{"type":"enabled","budget_tokens":1024,"display":"updates"},"output_config":{"effort":"max","format":{"type":"json_schema","schema":{"type":"object"}},"task_budget":{"n":1}},
          "metadata":{"user_id":"a@b","more":1},"service_tier":"auto","mcp_servers":[],"context_management":{"edits":[]}}"#,
    );
    for rest in [
        r#""thinking":{"type":"adaptive"}"#,
        r#""thinking":{"type":"disabled"},"output_config":{"effort":"low"}"#,
        r#""thinking":{"type":"between_tools"}"#,
        r#""output_config":{"effort":"high"}"#,
        r#""output_config":{"format":{"type":"json_schema","schema":{},"new":1}}"#,
        r#""tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"tool","name":"f"}"#,
        r#""tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"none"}"#,
        r#""tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"newer","name":"f"}"#,
        r#""cache_control":{"type":"newer"}"#,
    ] {
        check_same(&format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"q"}}],{rest}}}"#));
    }
}

#[test]
fn a_model_that_takes_less_is_told_less() {
    let body = format!(
        r#"{{"model":"m","max_tokens":64,"messages":[{{"role":"user","content":[{},{}]}}],"temperature":0.5,
          "tools":[{{"name":"f","input_schema":{{}}}}],"tool_choice":{{"type":"any"}},"cache_control":{{"type":"ephemeral"}}}}"#,
        USER[2], USER[1]
    );
    let request = decode(body.as_bytes()).expect("a request");
    let to = Capabilities {
        sampling: false,
        tools: false,
        images: false,
        output_tokens_max: Some(32),
        ..Capabilities::default()
    };
    let (text, losses) = written(&request, &to);
    assert_eq!(text, r#"{"model":"m","max_tokens":32,"messages":[{"role":"user","content":"b"}]}"#);
    assert_eq!(
        losses,
        ["messages[0].content[0]", "max_tokens", "tools", "tool_choice", "temperature", "cache_control"]
    );
}
