use std::sync::Arc;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::dialect::Dialect;
use crate::dialects::openai_responses::OpenaiResponses;
use crate::ir::{Block, Citation, Reasoning, Seal, SealOrigin, ToolCall, Usage};
use crate::scan::tests::mutated_json;

#[track_caller]
fn check_decoded(body: &str, expected: &Expect) {
    expected.assert_debug_eq(&decode(body.as_bytes()).expect("an answer"));
}

#[test]
fn reads_a_whole_answer() {
    check_decoded(
        r#"{"id":"resp_1","object":"response","created_at":7.9,"status":"completed","model":"m","error":null,"tools":[],
            "speed":"fast","output":[
            {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"gA"},
            {"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[
              {"type":"output_text","text":"a","annotations":[{"x":1}],"logprobs":[]},{"type":"refusal","refusal":"no"}]},
            {"type":"function_call","id":"fc_1","call_id":"","name":"f","namespace":"n","arguments":{"a":1}},
            {"type":"custom_tool_call","call_id":"c2","name":"g","input":"x"},
            {"type":"local_shell_call","call_id":"c3","action":{}},
            {"type":"web_search_call","id":"ws_1"}],
            "usage":{"input_tokens":12,"input_tokens_details":{"cached_tokens":4},"output_tokens":6,"output_tokens_details":null,"total_tokens":18}}"#,
        &expect![[r#"
            Response {
                id: "resp_1",
                model: "m",
                created: 7,
                blocks: [
                    Block {
                        content: Reasoning(
                            Reasoning {
                                text: "t",
                                summary: true,
                                seal: Some(
                                    Seal {
                                        origin: Openai,
                                        data: "gA",
                                    },
                                ),
                                redacted: false,
                                id: Some(
                                    "rs_1",
                                ),
                            },
                        ),
                        cache: None,
                        citations: [],
                        logprobs: [],
                        extras: [],
                        at: At(
                            "output[0]",
                        ),
                    },
                    Block {
                        content: Text(
                            "a",
                        ),
                        cache: None,
                        citations: [
                            Citation {
                                origin: OpenaiResponses,
                                raw: RawValue(
                                    {"x":1},
                                ),
                                page: None,
                            },
                        ],
                        logprobs: [],
                        extras: [],
                        at: At(
                            "output[1].content[0]",
                        ),
                    },
                    Block {
                        content: Refusal(
                            "no",
                        ),
                        cache: None,
                        citations: [],
                        logprobs: [],
                        extras: [],
                        at: At(
                            "output[1].content[1]",
                        ),
                    },
                    Block {
                        content: ToolCall(
                            ToolCall {
                                id: "call_2",
                                name: "n__f",
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
                                arguments: "x",
                                custom: true,
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
                        content: Opaque {
                            origin: OpenaiResponses,
                            kind: "local_shell_call",
                            raw: RawValue(
                                {"type":"local_shell_call","call_id":"c3","action":{}},
                            ),
                        },
                        cache: None,
                        citations: [],
                        logprobs: [],
                        extras: [],
                        at: At(
                            "",
                        ),
                    },
                    Block {
                        content: Opaque {
                            origin: OpenaiResponses,
                            kind: "web_search_call",
                            raw: RawValue(
                                {"type":"web_search_call","id":"ws_1"},
                            ),
                        },
                        cache: None,
                        citations: [],
                        logprobs: [],
                        extras: [],
                        at: At(
                            "output[5]",
                        ),
                    },
                ],
                stop: ToolCalls,
                usage: Some(
                    Usage {
                        input: 8,
                        cache_read: 4,
                        cache_write: 0,
                        output: 6,
                        reasoning: 0,
                        audio_input: 0,
                        audio_output: 0,
                    },
                ),
                tier: None,
                extras: [
                    Extra {
                        name: "speed",
                        raw: RawValue(
                            "fast",
                        ),
                    },
                ],
            }
        "#]],
    );
}

#[test]
fn an_answer_that_failed_is_none() {
    for (body, expected) in [
        (r#"{"status":"failed","error":{"code":"x"},"output":[]}"#, "`error` must be null, for the answer to be one"),
        (r#"{"status":"completed"}"#, "`output` is required"),
        (r#"{"output":[7]}"#, "`output[0]` must be an object"),
    ] {
        assert_eq!(decode(body.as_bytes()).expect_err("no answer").to_string(), expected, "{body}");
    }
}

#[test]
fn reads_why_it_ended() {
    let stop = |status: &str, details: &str, output: &str| {
        let body = format!(r#"{{"status":"{status}","incomplete_details":{details},"output":[{output}]}}"#);
        decode(body.as_bytes()).expect("an answer").stop
    };
    let call = r#"{"type":"function_call","call_id":"c","name":"f","arguments":""}"#;
    assert_eq!(stop("completed", "null", ""), StopReason::End);
    assert_eq!(stop("completed", "null", call), StopReason::ToolCalls);
    assert_eq!(stop("incomplete", r#"{"reason":"max_output_tokens"}"#, call), StopReason::Length);
    assert_eq!(stop("incomplete", r#"{"reason":"content_filter"}"#, ""), StopReason::Filtered);
    assert_eq!(stop("queued", "null", ""), StopReason::Other("queued".into()));
}

#[test]
fn a_whole_answer_is_the_end_of_its_stream() {
    let raw = |json: &str| RawValue::from_string(json.to_owned()).expect("JSON");
    let request = OpenaiResponses
        .decode_request(br#"{"model":"m","input":"hi","store":false,"tools":[{"type":"custom","name":"g"}]}"#)
        .expect("a request");
    let head = StreamHead {
        model: "m".into(),
        include_usage: true,
        created: 7,
        request_id: "R".into(),
        request: Some(Arc::new(request)),
        cost: None,
    };
    let seal = Some(Seal { origin: SealOrigin::Anthropic, data: "d".into() });
    let mut cited = Block::text("a");
    cited.citations = vec![
        Citation::own(DialectId::OpenaiResponses, raw(r#"{"x":1}"#)),
        Citation::own(DialectId::Anthropic, raw("{}")),
    ];
    let call =
        ToolCall { id: "c1".into(), name: "g".into(), arguments: r#"{"input":"x"}"#.into(), ..ToolCall::default() };
    let nothing = ToolCall { id: "c2".into(), name: "f".into(), ..ToolCall::default() };
    let response = Response {
        id: "up".into(),
        model: "m".into(),
        created: 7,
        blocks: vec![
            Content::Reasoning(Reasoning { seal, redacted: true, ..Reasoning::default() }).into(),
            cited,
            Content::Opaque { origin: DialectId::Anthropic, kind: "server_tool_use".into(), raw: raw("{}") }.into(),
            Content::ToolCall(call).into(),
            Content::ToolCall(nothing).into(),
        ],
        stop: StopReason::StopText("x".into()),
        usage: Some(Usage { input: 1, output: 2, ..Usage::default() }),
        tier: None,
        extras: vec![Extra { name: "speed".into(), raw: raw("1") }],
    };
    let encoded = encode(&response, &head);
    let mut body: serde_json::Value = serde_json::from_slice(&encoded.bytes).expect("JSON");
    let shown = |value: serde_json::Value| serde_json::to_string_pretty(&value).expect("JSON");
    expect![[r#"
        [
          {
            "type": "reasoning",
            "id": "rs_R_0",
            "summary": [],
            "encrypted_content": "tl1.anthropic.redacted:d"
          },
          {
            "type": "message",
            "id": "msg_R_1",
            "status": "completed",
            "role": "assistant",
            "content": [
              {
                "type": "output_text",
                "text": "a",
                "annotations": [
                  {
                    "x": 1
                  }
                ],
                "logprobs": []
              }
            ]
          },
          {
            "type": "custom_tool_call",
            "id": "ctc_R_2",
            "status": "completed",
            "call_id": "c1",
            "name": "g",
            "input": "x"
          },
          {
            "type": "function_call",
            "id": "fc_R_3",
            "status": "completed",
            "call_id": "c2",
            "name": "f",
            "arguments": "{}"
          }
        ]"#]]
    .assert_eq(&shown(body["output"].take()));
    assert_eq!(body["status"], "completed");
    assert_eq!(body["usage"]["total_tokens"], 3);
    let losses: Vec<&str> = encoded.losses.iter().map(|loss| loss.field.as_str()).collect();
    assert_eq!(losses, ["content[1].citations", "content[2]", "stop_sequence", "speed"]);
}

proptest! {
    #[test]
    fn takes_or_refuses_any_body(json in mutated_json()) {
        let json = String::from_utf8(json).unwrap_or_default();
        let _ = decode(json.as_bytes());
        let _ = decode(format!(r#"{{"output":[{{"type":"message","role":"assistant","content":{json}}},{json}]}}"#).as_bytes());
    }
}
