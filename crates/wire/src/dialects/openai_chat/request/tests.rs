use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::scan::tests::mutated_json;

#[track_caller]
fn check(body: &str, expected: &Expect) {
    let request = decode(body.as_bytes()).expect("a request");
    expected.assert_debug_eq(&request);
}

#[track_caller]
fn check_error(body: &str, expected: &str) {
    let error = decode(body.as_bytes()).expect_err("no request");
    assert_eq!(error.to_string(), expected, "{body}");
}

#[test]
fn reads_the_smallest_request() {
    check(
        r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#,
        &expect![[r#"
            Request {
                origin: OpenaiChat,
                model: "m",
                messages: [
                    Message {
                        role: User,
                        blocks: [
                            Text(
                                "hi",
                            ),
                        ],
                        extras: [],
                    },
                ],
                stream: false,
                include_usage: false,
                sampling: Sampling {
                    temperature: None,
                    top_p: None,
                    output_tokens_max: None,
                },
                stop: [],
                user: None,
                extras: [],
            }
        "#]],
    );
}

#[test]
fn reads_every_field_and_keeps_what_it_does_not_know() {
    check(
        r#"{"tools":[ {} ],"model":"m","messages":[
            {"role":"developer","content":"be brief","name":"boss"},
            {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{}},{"type":"image_url","image_url":{"url":"u"}}]},
            {"role":"assistant","content":null,"tool_calls":[]},
            {"role":"assistant"}
          ],"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},"temperature":1,"top_p":0.5,
          "max_tokens":7,"max_completion_tokens":9,"stop":["x","y"],"user":"u","seed":null}"#,
        &expect![[r#"
            Request {
                origin: OpenaiChat,
                model: "m",
                messages: [
                    Message {
                        role: Other(
                            "developer",
                        ),
                        blocks: [
                            Text(
                                "be brief",
                            ),
                        ],
                        extras: [
                            Extra {
                                name: "name",
                                raw: RawValue(
                                    "boss",
                                ),
                            },
                        ],
                    },
                    Message {
                        role: User,
                        blocks: [
                            Text(
                                "a",
                            ),
                            Opaque {
                                kind: "text",
                                raw: RawValue(
                                    {"type":"text","text":"b","cache_control":{}},
                                ),
                            },
                            Opaque {
                                kind: "image_url",
                                raw: RawValue(
                                    {"type":"image_url","image_url":{"url":"u"}},
                                ),
                            },
                        ],
                        extras: [],
                    },
                    Message {
                        role: Assistant,
                        blocks: [],
                        extras: [
                            Extra {
                                name: "tool_calls",
                                raw: RawValue(
                                    [],
                                ),
                            },
                        ],
                    },
                    Message {
                        role: Assistant,
                        blocks: [],
                        extras: [],
                    },
                ],
                stream: true,
                include_usage: true,
                sampling: Sampling {
                    temperature: Some(
                        1.0,
                    ),
                    top_p: Some(
                        0.5,
                    ),
                    output_tokens_max: Some(
                        9,
                    ),
                },
                stop: [
                    "x",
                    "y",
                ],
                user: Some(
                    "u",
                ),
                extras: [
                    Extra {
                        name: "stream_options",
                        raw: RawValue(
                            {"include_usage":true,"include_obfuscation":false},
                        ),
                    },
                    Extra {
                        name: "tools",
                        raw: RawValue(
                            [ {} ],
                        ),
                    },
                    Extra {
                        name: "seed",
                        raw: RawValue(
                            null,
                        ),
                    },
                ],
            }
        "#]],
    );
}

#[test]
fn takes_a_single_stop_text_and_null_for_absent() {
    check(
        r#"{"model":"m","messages":[{"role":"user","content":[]}],"stop":"x","stream":null,"temperature":null,"max_tokens":3,"max_completion_tokens":null}"#,
        &expect![[r#"
            Request {
                origin: OpenaiChat,
                model: "m",
                messages: [
                    Message {
                        role: User,
                        blocks: [],
                        extras: [],
                    },
                ],
                stream: false,
                include_usage: false,
                sampling: Sampling {
                    temperature: None,
                    top_p: None,
                    output_tokens_max: Some(
                        3,
                    ),
                },
                stop: [
                    "x",
                ],
                user: None,
                extras: [],
            }
        "#]],
    );
}

#[test]
fn errors_name_the_path() {
    for (body, expected) in [
        ("", "the body is not valid JSON: EOF while parsing a value at line 1 column 0"),
        ("[]", "the body must be a JSON object"),
        (r#"{"messages":[]}"#, "`model` is required"),
        (r#"{"model":"m"}"#, "`messages` is required"),
        (r#"{"model":"m","messages":[]}"#, "`messages` must be a non-empty array"),
        (r#"{"model":"m","messages":"hi"}"#, "`messages` must be a non-empty array"),
        (r#"{"model":"m","messages":[7]}"#, "`messages[0]` must be an object"),
        (r#"{"model":"m","messages":[{}]}"#, "`messages[0].role` is required"),
        (r#"{"model":"m","messages":[{"role":7}]}"#, "`messages[0].role` must be a string"),
        (r#"{"model":"m","messages":[{"role":"user"}]}"#, "`messages[0].content` is required"),
        (
            r#"{"model":"m","messages":[{"role":"user","content":{}}]}"#,
            "`messages[0].content` must be a string or an array of parts",
        ),
        (r#"{"model":"m","messages":[{"role":"user","content":["a"]}]}"#, "`messages[0].content[0]` must be an object"),
        (
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"text":"b"}]}]}"#,
            "`messages[0].content[1].type` is required",
        ),
        (
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":7}]}]}"#,
            "`messages[0].content[0].text` must be a string",
        ),
    ] {
        check_error(body, expected);
    }
    for (field, expected) in [
        (r#""stream":1"#, "`stream` must be a boolean"),
        (r#""stream_options":[]"#, "`stream_options` must be an object"),
        (r#""stream_options":{"include_usage":1}"#, "`stream_options.include_usage` must be a boolean"),
        (r#""temperature":"hot""#, "`temperature` must be a number"),
        (r#""max_tokens":0"#, "`max_tokens` must be a positive integer"),
        (r#""max_completion_tokens":1.5"#, "`max_completion_tokens` must be a positive integer"),
        (r#""stop":7"#, "`stop` must be a string or an array of strings"),
        (r#""stop":["a",7]"#, "`stop[1]` must be a string"),
        (r#""user":{}"#, "`user` must be a string"),
    ] {
        check_error(&format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],{field}}}"#), expected);
    }
}

proptest! {
    #[test]
    fn never_panics_and_takes_only_what_peek_takes(inner in mutated_json(), place in 0..3_usize) {
        let inner = String::from_utf8_lossy(&inner);
        let body = match place {
            0 => format!(r#"{{"model":"m","messages":{inner}}}"#),
            1 => format!(r#"{{"model":"m","messages":[{{"role":"user","content":{inner}}}]}}"#),
            _ => format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],"stop":{inner}}}"#),
        };
        if decode(body.as_bytes()).is_ok() {
            prop_assert!(crate::peek::peek(body.as_bytes()).is_ok());
        }
    }
}
