//! The error body of the OpenAI family: `{"error":{"message","type","param","code"}}`.

use bytes::Bytes;
use serde::Serialize;

use crate::{Fault, FaultKind};

/// An error as a body, or as the data of a stream's last event.
#[derive(Serialize)]
struct Body<'a> {
    /// The only member.
    error: Error<'a>,
}

/// What went wrong.
#[derive(Serialize)]
struct Error<'a> {
    /// For a person.
    message: &'a str,
    /// The coarse class; SDKs show it.
    #[serde(rename = "type")]
    kind: &'a str,
    /// The field to blame; the key is there even when there is none.
    param: Option<&'a str>,
    /// The fine class; programs act on it.
    code: Option<&'a str>,
}

/// The body of an error answer: the provider's own when it has this shape.
pub(in crate::dialects) fn encode(fault: &Fault) -> Bytes {
    match upstream_body(fault) {
        Some(body) => body.clone(),
        None => Bytes::from(own_body(fault)),
    }
}

/// The event that ends a stream that had begun.
pub(in crate::dialects) fn encode_frame(fault: &Fault) -> Bytes {
    let mut frame = b"data: ".to_vec();
    match upstream_body(fault) {
        // Raw line ends are white space between tokens; an event's data must be one line.
        Some(body) => frame.extend(body.iter().filter(|byte| !matches!(byte, b'\n' | b'\r'))),
        None => frame.extend(own_body(fault)),
    }
    frame.extend_from_slice(b"\n\n");
    Bytes::from(frame)
}

fn upstream_body(fault: &Fault) -> Option<&Bytes> {
    fault.upstream.as_ref()?.body.as_ref()
}

fn own_body(fault: &Fault) -> Vec<u8> {
    let (kind, code) = words(fault.kind);
    let code = fault.code.as_deref().or(code);
    let error = Error { message: &fault.message, kind, param: fault.param.as_deref(), code };
    serde_json::to_vec(&Body { error }).expect("text always serialises")
}

/// The `type` and the `code` of each kind of failure.
fn words(kind: FaultKind) -> (&'static str, Option<&'static str>) {
    const CLIENT: &str = "invalid_request_error";
    const SERVER: &str = "server_error";
    match kind {
        FaultKind::InvalidRequest => (CLIENT, None),
        FaultKind::Unauthenticated => (CLIENT, Some("invalid_api_key")),
        FaultKind::NotAllowed => ("permission_error", Some("model_not_allowed")),
        FaultKind::LimitReached => ("rate_limit_error", Some("rate_limit_exceeded")),
        FaultKind::BudgetSpent => ("budget_exceeded", Some("budget_exceeded")),
        FaultKind::PathNotFound => (CLIENT, Some("unknown_url")),
        FaultKind::MethodNotAllowed => (CLIENT, Some("method_not_allowed")),
        FaultKind::ModelNotFound => (CLIENT, Some("model_not_found")),
        FaultKind::ProviderNotFound => ("not_found_error", Some("provider_not_found")),
        FaultKind::UnsupportedMediaType => (CLIENT, Some("unsupported_media_type")),
        FaultKind::BodyTooLarge => (CLIENT, Some("request_too_large")),
        FaultKind::ClientTimeout => (CLIENT, Some("request_timeout")),
        FaultKind::Busy | FaultKind::Overloaded => (SERVER, Some("server_is_overloaded")),
        FaultKind::RateLimited => ("rate_limit_error", Some("rate_limit_exceeded")),
        FaultKind::QuotaExhausted => ("insufficient_quota", Some("insufficient_quota")),
        FaultKind::ContextTooLong => (CLIENT, Some("context_length_exceeded")),
        FaultKind::UpstreamAuth => (SERVER, Some("upstream_auth_error")),
        FaultKind::Unreachable => (SERVER, Some("upstream_unreachable")),
        FaultKind::UpstreamTimeout => (SERVER, Some("timeout")),
        FaultKind::UpstreamBroken => (SERVER, Some("upstream_error")),
        FaultKind::UpstreamRejected => (CLIENT, None),
        FaultKind::ClientLeft => (CLIENT, Some("client_left")),
        FaultKind::Internal => (SERVER, None),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::RateLimits;
    use crate::fault::UpstreamWords;

    #[track_caller]
    fn check(fault: &Fault, body: &Expect, frame: &Expect) {
        body.assert_eq(std::str::from_utf8(&encode(fault)).expect("text"));
        frame.assert_eq(std::str::from_utf8(&encode_frame(fault)).expect("text"));
    }

    #[test]
    fn our_own_fault_has_all_four_members() {
        check(
            &Fault::new(FaultKind::ModelNotFound, "model \"x\" is not configured").with_param("model"),
            &expect![[
                r#"{"error":{"message":"model \"x\" is not configured","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#
            ]],
            &expect![[r#"
                data: {"error":{"message":"model \"x\" is not configured","type":"invalid_request_error","param":"model","code":"model_not_found"}}

            "#]],
        );
        check(
            &Fault::new(FaultKind::UpstreamBroken, "it broke").with_code("dummy_upstream_failed"),
            &expect![[
                r#"{"error":{"message":"it broke","type":"server_error","param":null,"code":"dummy_upstream_failed"}}"#
            ]],
            &expect![[r#"
                data: {"error":{"message":"it broke","type":"server_error","param":null,"code":"dummy_upstream_failed"}}

            "#]],
        );
    }

    #[test]
    fn the_providers_own_words_pass_as_they_are() {
        let mut fault = Fault::new(FaultKind::UpstreamRejected, "no");
        let body = Bytes::from_static(b"{\r\n  \"error\": {\"message\": \"a\\nb\"}\n}\n");
        fault.upstream =
            Some(Box::new(UpstreamWords { status: 422, body: Some(body.clone()), limits: RateLimits::default() }));
        assert_eq!(encode(&fault), body);
        assert_eq!(encode_frame(&fault), "data: {  \"error\": {\"message\": \"a\\nb\"}}\n\n");
        fault.upstream = Some(Box::new(UpstreamWords { status: 422, body: None, limits: RateLimits::default() }));
        assert_eq!(
            encode(&fault),
            r#"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}"#
        );
    }
}
