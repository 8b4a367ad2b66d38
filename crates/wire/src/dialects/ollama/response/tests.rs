use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::super::mutation::mutated;
use super::*;
use crate::ir::{Seal, SealOrigin, StopReason, ToolCall, Usage};

#[track_caller]
fn check_decoded(body: &str, expected: &Expect) {
    expected.assert_debug_eq(&decode(body.as_bytes()).expect("an answer"));
}

#[track_caller]
fn check_error(body: &str, expected: &str) {
    assert_eq!(decode(body.as_bytes()).expect_err("no answer").to_string(), expected, "{body}");
}

#[track_caller]
fn check_encoded(response: &Response, form: Form, expected: &Expect) {
    let encoded = encode(response, form);
    let losses: Vec<&str> = encoded.losses.iter().map(|loss| loss.field.as_str()).collect();
    let text = std::str::from_utf8(&encoded.bytes).expect("text");
    expected.assert_eq(&format!("{text}\nlost: {losses:?}\n"));
}

const FULL: &str = r#"{"model":"qwen3","created_at":"2026-11-21T17:16:00.5Z","message":{"role":"assistant","content":"so",
    "thinking":"hm","tool_calls":[{"id":"c2","function":{"index":1,"name":"g","arguments":{}}},
    {"id":"c1","function":{"index":0,"name":"f","arguments":{"a":1}}}]},"done":true,"done_reason":"stop","total_duration":9,
    "load_duration":1,"prompt_eval_count":26,"prompt_eval_duration":1,"eval_count":298,"eval_duration":7,
    "remote_host":"https://ollama.com"}"#;

#[test]
fn reads_a_whole_answer_of_either_path() {
    check_decoded(
        FULL,
        &expect![[r#"
            Response {
                id: "",
                model: "qwen3",
                created: 1795281360,
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
                            "",
                        ),
                    },
                    Block {
                        content: Text(
                            "so",
                        ),
                        cache: None,
                        citations: [],
                        logprobs: [],
                        extras: [],
                        at: At(
                            "",
                        ),
                    },
                    Block {
                        content: ToolCall(
                            ToolCall {
                                id: "c1",
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
                            "",
                        ),
                    },
                    Block {
                        content: ToolCall(
                            ToolCall {
                                id: "c2",
                                name: "g",
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
                            "",
                        ),
                    },
                ],
                stop: ToolCalls,
                usage: Some(
                    Usage {
                        input: 26,
                        cache_read: 0,
                        cache_write: 0,
                        output: 298,
                        reasoning: 0,
                        audio_input: 0,
                        audio_output: 0,
                    },
                ),
                tier: None,
                extras: [
                    Extra {
                        name: "total_duration",
                        raw: RawValue(
                            9,
                        ),
                    },
                    Extra {
                        name: "load_duration",
                        raw: RawValue(
                            1,
                        ),
                    },
                    Extra {
                        name: "prompt_eval_duration",
                        raw: RawValue(
                            1,
                        ),
                    },
                    Extra {
                        name: "eval_duration",
                        raw: RawValue(
                            7,
                        ),
                    },
                    Extra {
                        name: "remote_host",
                        raw: RawValue(
                            "https://ollama.com",
                        ),
                    },
                ],
            }
        "#]],
    );
    check_decoded(
        r#"{"model":"m","response":"so","thinking":"hm","done":true,"done_reason":"length","context":[1,2]}"#,
        &expect![[r#"
            Response {
                id: "",
                model: "m",
                created: 0,
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
                            "",
                        ),
                    },
                    Block {
                        content: Text(
                            "so",
                        ),
                        cache: None,
                        citations: [],
                        logprobs: [],
                        extras: [],
                        at: At(
                            "",
                        ),
                    },
                ],
                stop: Length,
                usage: None,
                tier: None,
                extras: [
                    Extra {
                        name: "context",
                        raw: RawValue(
                            [1,2],
                        ),
                    },
                ],
            }
        "#]],
    );
    check_decoded(
        r#"{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"load"}"#,
        &expect![[r#"
        Response {
            id: "",
            model: "m",
            created: 0,
            blocks: [],
            stop: Other(
                "load",
            ),
            usage: None,
            tier: None,
            extras: [],
        }
    "#]],
    );
}

#[test]
fn calls_without_ids_get_one_each() {
    let body = r#"{"message":{"tool_calls":[{"function":{"name":"f","arguments":{}}},{"function":{"name":"f"}},
        {"id":"a","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"a","function":{"name":"f"}}]},"done":true}"#;
    let ids: std::collections::BTreeSet<String> = decode(body.as_bytes())
        .expect("an answer")
        .blocks
        .into_iter()
        .map(|block| {
            let Content::ToolCall(call) = block.content else { panic!("{block:?} is no call") };
            call.id
        })
        .collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    assert!(ids.contains("a"), "{ids:?}");
}

#[test]
fn what_is_no_answer_is_refused() {
    check_error("{}", "`message` is required");
    check_error(r#"{"error":"no"}"#, "`error` must be absent from an answer");
    check_error(r#"{"message":[7]}"#, "`message` must be the answer of an Ollama server");
    check_error(
        r#"{"message":{"tool_calls":[{"function":{"name":""}}]}}"#,
        "`message.tool_calls` must be a list of calls, each with a name",
    );
}

#[test]
fn its_own_answers_come_out_with_their_durations() {
    check_encoded(
        &decode(FULL.as_bytes()).expect("an answer"),
        Form::Chat,
        &expect![[r#"
        {"model":"qwen3","created_at":"2026-11-21T17:16:00Z","message":{"role":"assistant","content":"so","thinking":"hm","tool_calls":[{"id":"c1","function":{"index":0,"name":"f","arguments":{"a":1}}},{"id":"c2","function":{"index":1,"name":"g","arguments":{}}}]},"done":true,"done_reason":"stop","total_duration":9,"load_duration":1,"prompt_eval_duration":1,"eval_duration":7,"prompt_eval_count":26,"eval_count":298}
        lost: ["remote_host"]
    "#]],
    );
}

#[test]
fn writes_answers_of_others() {
    let seal = Some(Seal { origin: SealOrigin::Anthropic, data: "x".into() });
    let call = ToolCall { id: "c".into(), name: "f".into(), arguments: "{\n}".into(), ..ToolCall::default() };
    let response = Response {
        id: "r".into(),
        model: "m".into(),
        created: 0,
        blocks: vec![
            Content::Reasoning(Reasoning { text: "hm".into(), seal, ..Reasoning::default() }).into(),
            Block::text("a"),
            Content::Refusal("no".into()).into(),
            Content::ToolCall(call).into(),
        ],
        stop: StopReason::ToolCalls,
        usage: Some(Usage { input: 3, cache_read: 4, cache_write: 0, output: 6, reasoning: 2, ..Usage::default() }),
        tier: None,
        extras: Vec::new(),
    };
    check_encoded(
        &response,
        Form::Chat,
        &expect![[r#"
        {"model":"m","created_at":"1970-01-01T00:00:00Z","message":{"role":"assistant","content":"ano","thinking":"hm","tool_calls":[{"id":"c","function":{"index":0,"name":"f","arguments":{}}}]},"done":true,"done_reason":"stop","total_duration":0,"load_duration":0,"prompt_eval_duration":0,"eval_duration":0,"prompt_eval_count":7,"eval_count":6}
        lost: ["content[0].signature"]
    "#]],
    );
    check_encoded(
        &Response { stop: StopReason::ContextFull, usage: None, ..response },
        Form::Generate,
        &expect![[r#"
        {"model":"m","created_at":"1970-01-01T00:00:00Z","response":"ano","thinking":"hm","tool_calls":[{"id":"c","function":{"index":0,"name":"f","arguments":{}}}],"done":true,"done_reason":"length","total_duration":0,"load_duration":0,"prompt_eval_duration":0,"eval_duration":0}
        lost: ["content[0].signature"]
    "#]],
    );
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused_and_what_was_read_is_stable(body in mutated(FULL)) {
        if let Ok(response) = decode(&body) {
            let once = encode(&response, Form::Chat);
            let again = encode(&decode(&once.bytes).expect("what we write we read"), Form::Chat);
            prop_assert_eq!(once.bytes, again.bytes);
        }
    }
}
