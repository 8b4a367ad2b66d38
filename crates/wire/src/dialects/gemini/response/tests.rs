use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::ir::{Block, Citation, Reasoning, Seal, SealOrigin, ToolCall};

fn head() -> StreamHead {
    StreamHead {
        model: "m".into(),
        include_usage: true,
        created: 7,
        request_id: "0".repeat(32),
        request: None,
        cost: None,
    }
}

const ANSWER: &str = r#"{
    "candidates": [{
        "content": {"role": "model", "parts": [
            {"text": "hm", "thought": true, "thoughtSignature": "S0"},
            {"text": "a"},
            {"text": "", "thoughtSignature": "S1"},
            {"functionCall": {"id": "i", "name": "f", "args": {"x": 1}}, "thoughtSignature": "S2"},
            {"executableCode": {"code": "1"}}
        ]},
        "finishReason": "STOP", "index": 0,
        "safetyRatings": [{"category": "c"}],
        "groundingMetadata": {"webSearchQueries": ["q"]}
    }, {"content": {"parts": [{"text": "other"}]}, "index": 1}],
    "promptFeedback": {"safetyRatings": []},
    "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 14, "cachedContentTokenCount": 4, "thoughtsTokenCount": 2},
    "modelVersion": "gemini-x", "responseId": "r1"
}"#;

#[test]
fn an_answer_goes_home_as_it_came() {
    let response = decode(ANSWER.as_bytes()).expect("an answer");
    let encoded = encode(&response, &head());
    let value = |json: &[u8]| serde_json::from_slice::<Value>(json).expect("JSON");
    assert_eq!(value(&encoded.bytes), value(ANSWER.as_bytes()));
    assert!(encoded.losses.is_empty());
    expect![[r#"
        Response {
            id: "r1",
            model: "gemini-x",
            created: 0,
            blocks: [
                Block {
                    content: Reasoning(
                        Reasoning {
                            text: "hm",
                            summary: true,
                            seal: Some(
                                Seal {
                                    origin: Gemini,
                                    data: "S0",
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
                        "",
                    ),
                },
                Block {
                    content: Text(
                        "a",
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
                    content: Reasoning(
                        Reasoning {
                            text: "",
                            summary: false,
                            seal: Some(
                                Seal {
                                    origin: Gemini,
                                    data: "S1",
                                },
                            ),
                            redacted: true,
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
                    content: ToolCall(
                        ToolCall {
                            id: "i",
                            name: "f",
                            arguments: "{\"x\": 1}",
                            custom: false,
                            seal: Some(
                                Seal {
                                    origin: Gemini,
                                    data: "S2",
                                },
                            ),
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
                        origin: Gemini,
                        kind: "executableCode",
                        raw: RawValue(
                            {"executableCode": {"code": "1"}},
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
                        origin: Gemini,
                        kind: "groundingMetadata",
                        raw: RawValue(
                            {"groundingMetadata":{"webSearchQueries": ["q"]}},
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
            ],
            stop: ToolCalls,
            usage: Some(
                Usage {
                    input: 5,
                    cache_read: 4,
                    cache_write: 0,
                    output: 5,
                    reasoning: 2,
                    audio_input: 0,
                    audio_output: 0,
                },
            ),
            tier: None,
            extras: [
                Extra {
                    name: "candidates[0].safetyRatings",
                    raw: RawValue(
                        [{"category": "c"}],
                    ),
                },
                Extra {
                    name: "candidates[1]",
                    raw: RawValue(
                        {"content": {"parts": [{"text": "other"}]}, "index": 1},
                    ),
                },
                Extra {
                    name: "promptFeedback",
                    raw: RawValue(
                        {"safetyRatings": []},
                    ),
                },
            ],
        }
    "#]]
    .assert_debug_eq(&response);
}

#[track_caller]
fn check(response: &Response, lost: &[&str], expected: &Expect) {
    let encoded = encode(response, &head());
    assert_eq!(encoded.losses.iter().map(|loss| loss.field.as_str()).collect::<Vec<_>>(), lost);
    expected.assert_eq(std::str::from_utf8(&encoded.bytes).expect("text"));
}

fn answer(contents: Vec<Content>, stop: StopReason) -> Response {
    Response {
        id: String::new(),
        model: String::new(),
        created: 0,
        blocks: contents.into_iter().map(Block::from).collect(),
        stop,
        usage: None,
        tier: None,
        extras: Vec::new(),
    }
}

#[test]
fn answers_of_others_are_said_as_far_as_they_can_be() {
    check(
        &answer(Vec::new(), StopReason::Filtered),
        &[],
        &expect![[
            r#"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"SAFETY","index":0}],"modelVersion":"m","responseId":"00000000000000000000000000000000"}"#
        ]],
    );
    let raw = RawValue::from_string("{}".to_owned()).expect("JSON");
    let seal = Some(Seal { origin: SealOrigin::Openai, data: "E".to_owned() });
    let mut response = answer(
        vec![
            Content::Reasoning(Reasoning { redacted: true, seal, ..Reasoning::default() }),
            Content::Refusal("no".to_owned()),
            Content::ToolCall(ToolCall { id: "c".to_owned(), name: "f".to_owned(), ..ToolCall::default() }),
            Content::Opaque { origin: DialectId::Anthropic, kind: "k".to_owned(), raw: raw.clone() },
        ],
        StopReason::Other("eos".to_owned()),
    );
    response.blocks[1].citations.push(Citation::own(DialectId::Anthropic, raw.clone()));
    response.extras.push(Extra { name: "system_fingerprint".to_owned(), raw });
    check(
        &response,
        &["content[1].refusal", "content[1].citations", "content[3]", "stop_reason", "system_fingerprint"],
        &expect![[
            r#"{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"dGwxLm9wZW5haS5F"},{"text":"no"},{"functionCall":{"id":"c","name":"f","args":{}}}],"role":"model"},"finishReason":"OTHER","index":0}],"modelVersion":"m","responseId":"00000000000000000000000000000000"}"#
        ]],
    );
}

#[test]
fn what_is_no_answer_is_refused() {
    let check = |body: &str, path: &str| {
        assert_eq!(decode(body.as_bytes()).expect_err(body).path(), Some(path));
    };
    check("{}", "candidates");
    check(r#"{"error":{"code":500}}"#, "candidates");
    check(r#"{"candidates":[{"finishReason":"MALFORMED_RESPONSE"}]}"#, "candidates[0].finishReason");
    check(r#"{"candidates":[{"content":{}}]}"#, "candidates[0].finishReason");
    check(r#"{"candidates":7}"#, "candidates");
    assert_eq!(decode(br#"{"promptFeedback":{"blockReason":"OTHER"}}"#).expect("blocked").stop, StopReason::Filtered);
}

proptest! {
    #[test]
    fn any_body_can_be_tried(at in 0..ANSWER.len(), cut in 0_usize..40, with in "[\\[\\]{}\",:0-9a-z]{0,3}") {
        let mut body = ANSWER.as_bytes().to_vec();
        let end = (at + cut).min(body.len());
        body.splice(at..end, with.bytes());
        if let Ok(response) = decode(&body) {
            let _ = encode(&response, &head());
        }
    }
}
