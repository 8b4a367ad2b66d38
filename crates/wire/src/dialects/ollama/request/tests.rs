use expect_test::{Expect, expect};

use super::decode::decode;
use crate::ir::Content;

#[track_caller]
fn check_decoded(body: &str, expected: &Expect) {
    expected.assert_debug_eq(&decode(body.as_bytes()).expect("a request"));
}

#[track_caller]
fn check_error(body: &str, expected: &str) {
    let error = decode(body.as_bytes()).expect_err("no request");
    assert_eq!(error.to_string(), expected, "{body}");
}

pub(super) const FULL: &str = r#"{"model":"qwen3","messages":[
    {"role":"system","content":"be brief"},
    {"role":"user","content":"what is it?","images":["iVBORw0KGgoAAA"],"name":"ann"},
    {"role":"assistant","content":"","thinking":"hm","tool_calls":[
        {"id":"c1","type":"function","function":{"index":0,"name":"look","arguments":{"a": [1,  2]}}},
        {"id":"c2","function":{"name":"look","arguments":{}}}]},
    {"role":"tool","content":"a cat","tool_name":"look","tool_call_id":"c1"},
    {"role":"tool","content":"","tool_name":"look","tool_call_id":"c2"},
    {"role":"critic","content":"no"}],
  "tools":[{"type":"function","function":{"name":"look","description":"d","parameters":{"type":"object"},"x":1},"y":2},
    {"type":"web_search","max":3}],
  "stream":false,"format":{"type":"object"},"think":"low","keep_alive":-1,"truncate":true,"logprobs":true,
  "options":{"temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.1,"seed":7,"presence_penalty":0.1,
    "frequency_penalty":0.2,"repeat_penalty":1.1,"num_predict":100,"stop":["x"],"num_ctx":8192,"mirostat":1}}"#;

#[test]
fn reads_every_field_and_keeps_what_it_does_not_know() {
    check_decoded(
        FULL,
        &expect![[r#"
            Request {
                origin: Ollama,
                model: "qwen3",
                messages: [
                    Message {
                        role: System,
                        blocks: [
                            Block {
                                content: Text(
                                    "be brief",
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
                        role: User,
                        blocks: [
                            Block {
                                content: Text(
                                    "what is it?",
                                ),
                                cache: None,
                                citations: [],
                                logprobs: [],
                                extras: [],
                                at: At(
                                    "messages[1].content",
                                ),
                            },
                            Block {
                                content: Media(
                                    Media {
                                        kind: Image,
                                        source: Base64(
                                            "iVBORw0KGgoAAA",
                                        ),
                                        media_type: Some(
                                            "image/png",
                                        ),
                                        name: None,
                                        detail: None,
                                    },
                                ),
                                cache: None,
                                citations: [],
                                logprobs: [],
                                extras: [],
                                at: At(
                                    "messages[1].images[0]",
                                ),
                            },
                        ],
                        extras: [
                            Extra {
                                name: "name",
                                raw: RawValue(
                                    "ann",
                                ),
                            },
                        ],
                        at: At(
                            "messages[1]",
                        ),
                    },
                    Message {
                        role: Assistant,
                        blocks: [
                            Block {
                                content: Reasoning(
                                    Reasoning {
                                        text: "hm",
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
                                    "messages[2].thinking",
                                ),
                            },
                            Block {
                                content: ToolCall(
                                    ToolCall {
                                        id: "c1",
                                        name: "look",
                                        arguments: "{\"a\": [1,  2]}",
                                        custom: false,
                                        seal: None,
                                    },
                                ),
                                cache: None,
                                citations: [],
                                logprobs: [],
                                extras: [
                                    Extra {
                                        name: "type",
                                        raw: RawValue(
                                            "function",
                                        ),
                                    },
                                    Extra {
                                        name: "function.index",
                                        raw: RawValue(
                                            0,
                                        ),
                                    },
                                ],
                                at: At(
                                    "messages[2].tool_calls[0]",
                                ),
                            },
                            Block {
                                content: ToolCall(
                                    ToolCall {
                                        id: "c2",
                                        name: "look",
                                        arguments: "{}",
                                        custom: false,
                                        seal: None,
                                    },
                                ),
                                cache: None,
                                citations: [],
                                logprobs: [],
                                extras: [],
                                at: At(
                                    "messages[2].tool_calls[1]",
                                ),
                            },
                        ],
                        extras: [],
                        at: At(
                            "messages[2]",
                        ),
                    },
                    Message {
                        role: Tool,
                        blocks: [
                            Block {
                                content: ToolResult(
                                    ToolResult {
                                        call_id: "c1",
                                        name: Some(
                                            "look",
                                        ),
                                        blocks: [
                                            Block {
                                                content: Text(
                                                    "a cat",
                                                ),
                                                cache: None,
                                                citations: [],
                                                logprobs: [],
                                                extras: [],
                                                at: At(
                                                    "messages[3].content",
                                                ),
                                            },
                                        ],
                                        is_error: None,
                                        custom: false,
                                    },
                                ),
                                cache: None,
                                citations: [],
                                logprobs: [],
                                extras: [],
                                at: At(
                                    "messages[3]",
                                ),
                            },
                        ],
                        extras: [],
                        at: At(
                            "messages[3]",
                        ),
                    },
                    Message {
                        role: Tool,
                        blocks: [
                            Block {
                                content: ToolResult(
                                    ToolResult {
                                        call_id: "c2",
                                        name: Some(
                                            "look",
                                        ),
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
                                    "messages[4]",
                                ),
                            },
                        ],
                        extras: [],
                        at: At(
                            "messages[4]",
                        ),
                    },
                    Message {
                        role: Other(
                            "critic",
                        ),
                        blocks: [
                            Block {
                                content: Text(
                                    "no",
                                ),
                                cache: None,
                                citations: [],
                                logprobs: [],
                                extras: [],
                                at: At(
                                    "messages[5].content",
                                ),
                            },
                        ],
                        extras: [],
                        at: At(
                            "messages[5]",
                        ),
                    },
                ],
                tools: [
                    Tool {
                        kind: Function {
                            name: "look",
                            description: Some(
                                "d",
                            ),
                            parameters: Some(
                                RawValue(
                                    {"type":"object"},
                                ),
                            ),
                            strict: None,
                        },
                        cache: None,
                        extras: [
                            Extra {
                                name: "y",
                                raw: RawValue(
                                    2,
                                ),
                            },
                            Extra {
                                name: "function.x",
                                raw: RawValue(
                                    1,
                                ),
                            },
                        ],
                        at: At(
                            "tools[0]",
                        ),
                    },
                    Tool {
                        kind: Hosted {
                            origin: Ollama,
                            kind: "web_search",
                            raw: RawValue(
                                {"type":"web_search","max":3},
                            ),
                        },
                        cache: None,
                        extras: [],
                        at: At(
                            "tools[1]",
                        ),
                    },
                ],
                tool_choice: None,
                parallel_tool_calls: None,
                stream: false,
                include_usage: true,
                sampling: Sampling {
                    temperature: Some(
                        0.5,
                    ),
                    top_p: Some(
                        0.9,
                    ),
                    top_k: Some(
                        40,
                    ),
                    min_p: Some(
                        0.1,
                    ),
                    seed: Some(
                        7,
                    ),
                    presence_penalty: Some(
                        0.1,
                    ),
                    frequency_penalty: Some(
                        0.2,
                    ),
                    repetition_penalty: Some(
                        1.1,
                    ),
                    output_tokens_max: Some(
                        100,
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
                        Low,
                    ),
                    budget_tokens: None,
                    shown: None,
                },
                output_format: Some(
                    JsonSchema {
                        name: None,
                        description: None,
                        schema: RawValue(
                            {"type":"object"},
                        ),
                        strict: None,
                    },
                ),
                user: None,
                handling: Handling {
                    tier: None,
                    metadata: None,
                    store: None,
                    safety_identifier: None,
                    verbosity: None,
                    moderation: None,
                    cache_options: None,
                    obfuscation: None,
                    logprobs: Some(
                        true,
                    ),
                    top_logprobs: None,
                },
                caching: Caching {
                    key: None,
                    retention: None,
                    mark: None,
                },
                extras: [
                    Extra {
                        name: "options.num_ctx",
                        raw: RawValue(
                            8192,
                        ),
                    },
                    Extra {
                        name: "options.mirostat",
                        raw: RawValue(
                            1,
                        ),
                    },
                    Extra {
                        name: "keep_alive",
                        raw: RawValue(
                            -1,
                        ),
                    },
                    Extra {
                        name: "truncate",
                        raw: RawValue(
                            true,
                        ),
                    },
                ],
                spelt: [],
            }
        "#]],
    );
}

#[test]
fn what_is_wrong_is_named() {
    check_error("[]", "the body must be a JSON object");
    check_error(r#"{"messages":[]}"#, "`model` is required");
    check_error(r#"{"model":""}"#, "`model` must be a non-empty string");
    check_error(r#"{"model":"m","messages":{}}"#, "`messages` must be an array");
    check_error(r#"{"model":"m","messages":[7]}"#, "`messages[0]` must be an object");
    check_error(r#"{"model":"m","messages":[{"content":"a"}]}"#, "`messages[0].role` is required");
    check_error(r#"{"model":"m","messages":[{"role":"user"}]}"#, "`messages[0].content` is required");
    check_error(
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]}"#,
        "`messages[0].content` must be a string",
    );
    check_error(
        r#"{"model":"m","messages":[{"role":"user","images":["a",{}]}]}"#,
        "`messages[0].images[1]` must be a base64 string",
    );
    check_error(
        r#"{"model":"m","messages":[{"role":"assistant","tool_calls":[{}]}]}"#,
        "`messages[0].tool_calls[0].function` is required",
    );
    check_error(
        r#"{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":[]}}]}]}"#,
        "`messages[0].tool_calls[0].function.arguments` must be an object",
    );
    check_error(r#"{"model":"m","tools":[{"function":{}}]}"#, "`tools[0].function.name` is required");
    check_error(r#"{"model":"m","tools":[{"type":"function"}]}"#, "`tools[0].function` is required");
    check_error(r#"{"model":"m","stream":"yes"}"#, "`stream` must be a boolean");
    check_error(r#"{"model":"m","format":"xml"}"#, "`format` must be \"json\" or a JSON schema");
    check_error(
        r#"{"model":"m","think":7}"#,
        "`think` must be a boolean or a level such as \"low\", \"medium\" or \"high\"",
    );
    check_error(r#"{"model":"m","options":{"temperature":"hot"}}"#, "`options.temperature` must be a number");
    check_error(r#"{"model":"m","options":{"stop":"x"}}"#, "`options.stop` must be an array of strings");
    for value in ["\"x\"", "7.5", "1e3", "{}"] {
        let body = format!(r#"{{"model":"m","options":{{"num_predict":{value}}}}}"#);
        check_error(&body, "`options.num_predict` must be an integer");
    }
}

#[test]
fn a_result_that_answers_no_call_is_refused() {
    let body = |call: &str, result: &str| {
        format!(r#"{{"model":"m","messages":[{call}{{"role":"tool","content":"x"{result}}}]}}"#)
    };
    let call = r#"{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":{}}}]},"#;
    check_error(&body("", ""), "`messages[0].tool_call_id` is required");
    check_error(
        &body(call, r#","tool_call_id":"b""#),
        "`messages[1].tool_call_id` must be the id of an earlier tool call",
    );
    check_error(
        &body(call, r#","tool_name":"g""#),
        "`messages[1].tool_name` must be the name of a tool that was called and has not answered",
    );
    let twice = format!(r#"{call}{{"role":"tool","content":"x","tool_name":"f"}},"#);
    check_error(&body(&twice, ""), "`messages[2].tool_call_id` is required");
}

/// The ids of all calls, and those that the results answer.
#[track_caller]
fn check_answers(body: &str, expected_answers: &[usize]) {
    let request = decode(body.as_bytes()).expect("a request");
    let (mut calls, mut answers) = (Vec::new(), Vec::new());
    for block in request.messages.iter().flat_map(|message| &message.blocks) {
        match &block.content {
            Content::ToolCall(call) => calls.push(call.id.as_str()),
            Content::ToolResult(result) => answers.push(result.call_id.as_str()),
            Content::Text(_)
            | Content::Refusal(_)
            | Content::Media(_)
            | Content::Reasoning(_)
            | Content::Opaque { .. } => {}
        }
    }
    let places: Vec<usize> =
        answers.iter().map(|id| calls.iter().position(|call| call == id).expect("a call")).collect();
    assert_eq!(places, expected_answers, "{calls:?} {answers:?}");
}

#[test]
fn calls_without_ids_are_answered_by_name_and_by_order() {
    check_answers(
        r#"{"model":"m","messages":[
            {"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{}}},{"function":{"name":"g","arguments":{}}},
                {"function":{"name":"f","arguments":{}}}]},
            {"role":"tool","content":"1","tool_name":"g"},{"role":"tool","content":"2","tool_name":"f"},
            {"role":"tool","content":"3"}]}"#,
        &[1, 0, 2],
    );
    // A server that counts its ids anew in each answer.
    check_answers(
        r#"{"model":"m","messages":[
            {"role":"assistant","tool_calls":[{"id":"call_0","function":{"name":"f","arguments":{}}}]},
            {"role":"tool","content":"1","tool_call_id":"call_0"},
            {"role":"assistant","tool_calls":[{"id":"call_0","function":{"name":"f","arguments":{}}}]},
            {"role":"tool","content":"2","tool_call_id":"call_0"}]}"#,
        &[0, 1],
    );
}

#[test]
fn an_integer_may_have_a_fraction_of_zero() {
    let request = decode(br#"{"model":"m","options":{"top_k":40.0,"seed":-7.00}}"#).expect("a request");
    assert_eq!((request.sampling.top_k, request.sampling.seed), (Some(40), Some(-7)));
}
