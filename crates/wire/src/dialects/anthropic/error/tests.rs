use expect_test::{Expect, expect};

use super::*;

#[track_caller]
fn check(fault: &Fault, body: &Expect, frame: &Expect) {
    body.assert_eq(std::str::from_utf8(&encode(fault, None)).expect("text"));
    frame.assert_eq(std::str::from_utf8(&encode_frame(fault)).expect("text"));
}

#[track_caller]
fn check_overflow(message: &str, expected: &str) {
    assert_eq!(overflow::sentence(message), expected);
}

#[track_caller]
fn check_decoded(error: &str, kind: FaultKind, message: &str) {
    let raw: &RawValue = serde_json::from_str(error).expect("JSON");
    assert_eq!(decode(raw), Fault::new(kind, message));
}

#[test]
fn a_fault_has_the_shape_of_messages() {
    check(
        &Fault::new(FaultKind::ModelNotFound, "model \"x\" is not configured"),
        &expect![[
            r#"{"type":"error","error":{"type":"not_found_error","message":"model \"x\" is not configured"},"request_id":null}"#
        ]],
        &expect![[r#"
            event: error
            data: {"type":"error","error":{"type":"not_found_error","message":"model \"x\" is not configured"}}

        "#]],
    );
}

#[test]
fn a_body_names_the_request_where_it_has_an_id() {
    let fault = Fault::new(FaultKind::Internal, "m");
    let body = encode(&fault, Some("01a1"));
    assert_eq!(body, r#"{"type":"error","error":{"type":"api_error","message":"m"},"request_id":"01a1"}"#);
}

#[test]
fn an_overflow_has_the_sentences_that_clients_look_for() {
    check_overflow(
        "provider \"p\" answered 400: This model's maximum context length is 8192 tokens. However, your messages resulted in 10,001 tokens. Please reduce the length of the messages.",
        "prompt is too long: 10001 tokens > 8192 maximum",
    );
    check_overflow(
        "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (5000 in the messages, 4000 in the completion).",
        "input length and `max_tokens` exceed context limit: 5000 + 4000 > 8192, decrease input length or `max_tokens` and try again",
    );
    check_overflow(
        "'max_tokens' or 'max_completion_tokens' is too large: 1000. This model's maximum context length is 4096 tokens and your request has 4000 input tokens (1000 > 4096 - 4000).",
        "input length and `max_tokens` exceed context limit: 4000 + 1000 > 4096, decrease input length or `max_tokens` and try again",
    );
    check_overflow(
        "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 5000 tokens: 4000 tokens from the input messages and 1000 tokens for the completion.",
        "input length and `max_tokens` exceed context limit: 4000 + 1000 > 4096, decrease input length or `max_tokens` and try again",
    );
    check_overflow(
        "the request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
        "prompt is too long: 5000 tokens > 4096 maximum",
    );
    check_overflow(
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "prompt is too long: 1200000 tokens > 1048576 maximum",
    );
    check_overflow(
        "provider \"p\" answered 400: prompt is too long: 9 tokens > 8 maximum",
        "prompt is too long: 9 tokens > 8 maximum",
    );
    check_overflow(
        "provider \"gpt-4-0613\" answered 400: Please reduce the length",
        "prompt is too long: provider \"gpt-4-0613\" answered 400: Please reduce the length",
    );
}

#[test]
fn a_provider_s_error_keeps_its_words() {
    check_decoded(r#"{"type":"overloaded_error","message":"Overloaded"}"#, FaultKind::Overloaded, "Overloaded");
    check_decoded(r#"{"type":"api_error","message":"boom"}"#, FaultKind::UpstreamBroken, "boom");
    check_decoded(r#"{"message":"Rate limit reached"}"#, FaultKind::RateLimited, "Rate limit reached");
    check_decoded(
        r#"{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}"#,
        FaultKind::ContextTooLong,
        "prompt is too long: 9 tokens > 8 maximum",
    );
    check_decoded(r#""out of memory""#, FaultKind::UpstreamBroken, "out of memory");
    check_decoded("7", FaultKind::UpstreamBroken, "7");
}
