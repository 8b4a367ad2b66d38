//! What each family of providers says in its own way.

use super::*;

#[test]
fn errors_of_other_families_are_told_in_openais_shape() {
    for body in [
        r#"{"type":"error","error":{"type":"not_found_error","message":"no such model"}}"#,
        r#"{"error":{"code":404,"message":"no such model","status":"NOT_FOUND"}}"#,
    ] {
        let words = fault(404, &[], body, Credentials::Ours(None)).upstream.expect("words");
        assert_eq!(words.body, None, "{body}");
    }
}

#[test]
fn every_familys_words_for_a_long_prompt_are_known() {
    for body in [
        r#"{"error":{"code":400,"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}}"#,
        r#"{"error":"the input length exceeds the context length"}"#,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}"#,
    ] {
        assert_eq!(fault(400, &[], body, Credentials::Ours(None)).kind, FaultKind::ContextTooLong, "{body}");
    }
}

#[test]
fn a_budget_says_how_long_to_wait_wherever_it_stands_and_no_longer_than_is_believed() {
    // `now` and half a minute, in milliseconds.
    let quoted = r#"{"error":{"message":"m","code":429,"metadata":{"headers":{"X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1700000030000"}}}}"#;
    let wait = |headers: &[_], body| fault(429, headers, body, Credentials::Ours(None)).retry_after;
    assert_eq!(wait(&[], quoted), Some(Duration::from_secs(30)));
    assert_eq!(wait(&[("retry-after", "7")], quoted), Some(Duration::from_secs(7)));
    let far = [
        ("anthropic-ratelimit-requests-remaining", "0"),
        ("anthropic-ratelimit-requests-reset", "2999-12-31T23:59:59Z"),
    ];
    assert_eq!(wait(&far, "{}"), Some(RETRY_AFTER_MAX));
}
