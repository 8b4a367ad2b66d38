//! How streams end.

use super::*;

#[test]
fn says_how_it_ended() {
    let end = |end: &str| format!(r#"{{"id":"x","choices":[{{"delta":{{"content":"a"}},{end}}}]}}"#);
    check(
        &[&end(r#""finish_reason":"stop","stop_reason":"END""#)],
        &expect![[r#"
        Start { id: "x" }
        Open { block: 0, kind: Text }
        Delta { block: 0, delta: Text("a") }
        Close { block: 0 }
        Stop(StopText("END"))"#]],
    );
    check(
        &[&end(r#""finish_reason":"content_filter","matched_stop":7"#)],
        &expect![[r#"
        Start { id: "x" }
        Open { block: 0, kind: Text }
        Delta { block: 0, delta: Text("a") }
        Close { block: 0 }
        Stop(Filtered)"#]],
    );
    check(
        &[&end(r#""finish_reason":null"#), DONE],
        &expect![[r#"
        Start { id: "x" }
        Open { block: 0, kind: Text }
        Delta { block: 0, delta: Text("a") }
        Close { block: 0 }
        Stop(End)"#]],
    );
    check(
        &[&end(r#""finish_reason":null"#)],
        &expect![[r#"
        Start { id: "x" }
        Open { block: 0, kind: Text }
        Delta { block: 0, delta: Text("a") }
        Fault(Fault { kind: UpstreamBroken, message: "the provider's answer broke off before it was complete; try again", param: None, code: None, retry_after: None, upstream: None })"#]],
    );
    check(
        &[DONE],
        &expect![[
            r#"Fault(Fault { kind: UpstreamBroken, message: "the provider's answer was empty; try again", param: None, code: None, retry_after: None, upstream: None })"#
        ]],
    );
    check(
        &[],
        &expect![[
            r#"Fault(Fault { kind: UpstreamBroken, message: "the provider's answer broke off before it was complete; try again", param: None, code: None, retry_after: None, upstream: None })"#
        ]],
    );
    check(
        &["no JSON"],
        &expect![[
            r#"Fault(Fault { kind: UpstreamBroken, message: "the provider sent a chunk that is not valid; try again", param: None, code: None, retry_after: None, upstream: None })"#
        ]],
    );
}

#[test]
fn an_error_is_told_in_the_providers_words() {
    for (data, expected) in [
        (
            r#"{"error":{"message":"This model's maximum context length is 8 tokens","code":400}}"#,
            expect![[r#"
                Start { id: "x" }
                Open { block: 0, kind: Text }
                Delta { block: 0, delta: Text("a") }
                Fault(Fault { kind: ContextTooLong, message: "This model's maximum context length is 8 tokens", param: None, code: None, retry_after: None, upstream: None })"#]],
        ),
        (
            r#"{"error":{"message":"slow down","type":"tokens","code":"rate_limit_exceeded"}}"#,
            expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: Text }
            Delta { block: 0, delta: Text("a") }
            Fault(Fault { kind: RateLimited, message: "slow down", param: None, code: None, retry_after: None, upstream: None })"#]],
        ),
        (
            r#"{"object":"error","message":"boom","type":"BadRequestError","code":400}"#,
            expect![[r#"
                Start { id: "x" }
                Open { block: 0, kind: Text }
                Delta { block: 0, delta: Text("a") }
                Fault(Fault { kind: UpstreamRejected, message: "boom", param: None, code: None, retry_after: None, upstream: None })"#]],
        ),
        (
            r#"{"error":"the engine died"}"#,
            expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: Text }
            Delta { block: 0, delta: Text("a") }
            Fault(Fault { kind: UpstreamBroken, message: "the engine died", param: None, code: None, retry_after: None, upstream: None })"#]],
        ),
        (
            r#"{"detail":"Overloaded"}"#,
            expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: Text }
            Delta { block: 0, delta: Text("a") }
            Fault(Fault { kind: Overloaded, message: "Overloaded", param: None, code: None, retry_after: None, upstream: None })"#]],
        ),
        (
            r#"{"error":{"message":"bad key sk-1234","code":401}}"#,
            expect![[r#"
            Start { id: "x" }
            Open { block: 0, kind: Text }
            Delta { block: 0, delta: Text("a") }
            Fault(Fault { kind: UpstreamAuth, message: "the provider refused the key that it is configured with", param: None, code: None, retry_after: None, upstream: None })"#]],
        ),
        (
            r#"{"id":"g","error":{"code":502,"message":"no"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
            expect![[r#"
                Start { id: "x" }
                Open { block: 0, kind: Text }
                Delta { block: 0, delta: Text("a") }
                Fault(Fault { kind: UpstreamBroken, message: "no", param: None, code: None, retry_after: None, upstream: None })"#]],
        ),
    ] {
        check(&[&chunk(r#"{"content":"a"}"#), data, DONE], &expected);
    }
}

#[test]
fn an_error_with_a_good_status_is_found() {
    for (body, expected) in [
        (r#"{"choices":[{"message":{"content":"a"}}]}"#, None),
        ("<html>", None),
        (r#"{"error":{"message":"no room","code":503}}"#, Some((FaultKind::Overloaded, "no room"))),
        (r#"{"object":"error","message":"boom","code":400}"#, Some((FaultKind::UpstreamRejected, "boom"))),
        (r#"{"detail":"boom"}"#, Some((FaultKind::UpstreamBroken, "boom"))),
    ] {
        let fault = error_in(body.as_bytes());
        assert_eq!(fault, expected.map(|(kind, message)| Fault::new(kind, message)), "{body}");
    }
}
