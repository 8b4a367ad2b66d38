use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::super::mutation::mutated;
use super::*;
use crate::dialect::DialectId;

#[track_caller]
fn check_encoded(request: &Request, expected: &Expect) {
    let encoded = encode_generate_request(request, &Capabilities::default()).expect("a prompt");
    let losses: Vec<&str> = encoded.losses.iter().map(|loss| loss.field.as_str()).collect();
    let text = std::str::from_utf8(&encoded.bytes).expect("text");
    expected.assert_eq(&format!("{text}\nlost: {losses:?}\n"));
}

const FULL: &str = r#"{"model":"m","prompt":"def f(","suffix":"return 1","system":"code","template":"{{ .Prompt }}","raw":true,
    "context":[1,2],"images":["iVBORw0KGgo"],"stream":false,"format":"json","think":false,"keep_alive":"5m",
    "options":{"num_predict":9,"num_ctx":2048}}"#;

#[test]
fn reads_a_prompt_and_keeps_what_is_special_about_it() {
    expect![[r#"
        Request {
            origin: Ollama,
            model: "m",
            messages: [
                Message {
                    role: System,
                    blocks: [
                        Block {
                            content: Text(
                                "code",
                            ),
                            cache: None,
                            citations: [],
                            logprobs: [],
                            extras: [],
                            at: At(
                                "system",
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
                                "def f(",
                            ),
                            cache: None,
                            citations: [],
                            logprobs: [],
                            extras: [],
                            at: At(
                                "prompt",
                            ),
                        },
                        Block {
                            content: Media(
                                Media {
                                    kind: Image,
                                    source: Base64(
                                        "iVBORw0KGgo",
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
                                "images[0]",
                            ),
                        },
                    ],
                    extras: [],
                    at: At(
                        "prompt",
                    ),
                },
            ],
            tools: [],
            tool_choice: None,
            parallel_tool_calls: None,
            stream: false,
            include_usage: true,
            sampling: Sampling {
                temperature: None,
                top_p: None,
                top_k: None,
                min_p: None,
                seed: None,
                presence_penalty: None,
                frequency_penalty: None,
                repetition_penalty: None,
                output_tokens_max: Some(
                    9,
                ),
            },
            stop: [],
            thinking: Thinking {
                enabled: Some(
                    false,
                ),
                effort: None,
                budget_tokens: None,
                shown: None,
            },
            output_format: Some(
                JsonObject,
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
                    name: "options.num_ctx",
                    raw: RawValue(
                        2048,
                    ),
                },
                Extra {
                    name: "suffix",
                    raw: RawValue(
                        "return 1",
                    ),
                },
                Extra {
                    name: "template",
                    raw: RawValue(
                        "{{ .Prompt }}",
                    ),
                },
                Extra {
                    name: "raw",
                    raw: RawValue(
                        true,
                    ),
                },
                Extra {
                    name: "context",
                    raw: RawValue(
                        [1,2],
                    ),
                },
                Extra {
                    name: "keep_alive",
                    raw: RawValue(
                        "5m",
                    ),
                },
            ],
            spelt: [],
        }
    "#]]
    .assert_debug_eq(&decode_generate_request(FULL.as_bytes()).expect("a request"));
    let load = decode_generate_request(br#"{"model":"m"}"#).expect("a request");
    assert!(load.messages.is_empty() && load.stream, "{load:?}");
}

#[test]
fn its_own_requests_come_out_as_they_went_in() {
    let request = decode_generate_request(FULL.as_bytes()).expect("a request");
    let encoded = encode_generate_request(&request, &Capabilities::default()).expect("a prompt");
    let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("JSON");
    assert_eq!(value(&encoded.bytes), value(FULL.as_bytes()));
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
    // The other path would pass over them in silence.
    let chat = Ollama.encode_request(&request, &Capabilities::default()).expect("a request");
    let losses: Vec<&str> = chat.losses.iter().map(|loss| loss.field.as_str()).collect();
    assert_eq!(losses, ["suffix", "template", "raw", "context"]);
}

#[test]
fn a_completion_of_another_dialect_becomes_a_prompt() {
    let mut request = Request::new(DialectId::OpenaiCompletions, "m");
    request.messages = vec![Message::new(Role::User, vec![Block::text("once")])];
    request.sampling.output_tokens_max = Some(16);
    request.extras = vec![crate::ir::Extra {
        name: "echo".into(),
        raw: serde_json::value::RawValue::from_string("true".into()).expect("JSON"),
    }];
    check_encoded(
        &request,
        &expect![[r#"
        {"model":"m","prompt":"once","stream":false,"options":{"num_predict":16}}
        lost: ["echo"]
    "#]],
    );
    request.messages.push(Message::new(Role::Assistant, vec![Block::text("upon")]));
    let error = encode_generate_request(&request, &Capabilities::default()).expect_err("a conversation");
    assert_eq!(error.to_string(), "`messages[1]` must be one prompt, after at most one system prompt");
}

#[test]
fn what_is_wrong_is_named() {
    let check = |body: &str, expected: &str| {
        assert_eq!(decode_generate_request(body.as_bytes()).expect_err("no request").to_string(), expected, "{body}");
    };
    check(r#"{"prompt":"a"}"#, "`model` is required");
    check(r#"{"model":"m","prompt":["a"]}"#, "`prompt` must be a string");
    check(r#"{"model":"m","system":1}"#, "`system` must be a string");
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused(body in mutated(FULL)) {
        if let Ok(request) = decode_generate_request(&body) {
            let once = encode_generate_request(&request, &Capabilities::default()).expect("a prompt");
            let again = decode_generate_request(&once.bytes).expect("what we write we read");
            let again = encode_generate_request(&again, &Capabilities::default()).expect("a prompt");
            prop_assert_eq!(once.bytes, again.bytes);
        }
    }
}
