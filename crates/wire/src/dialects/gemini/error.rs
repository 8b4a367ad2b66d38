//! Gemini's errors: `{"error":{"code","message","status","details"}}`, where `status` is a canonical code of Google's.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use crate::fault::UpstreamWords;
use crate::write::object;
use crate::{Fault, FaultKind, RateLimits};

/// The body of an error answer.
pub(super) fn encode(fault: &Fault) -> Bytes {
    Bytes::from(body(fault))
}

/// The event that ends a stream that had begun. The official clients look for `error` in an event's data.
pub(super) fn encode_frame(fault: &Fault) -> Bytes {
    let mut frame = b"data: ".to_vec();
    frame.extend(body(fault));
    frame.extend_from_slice(b"\n\n");
    Bytes::from(frame)
}

/// The error as a value: a body, an event's data, an element of a streamed array.
pub(super) fn body(fault: &Fault) -> Vec<u8> {
    let (code, status) = words(fault);
    let reason = reason(fault);
    object(|outer| {
        outer.object("error", |error| {
            error.put("code", &code);
            error.put("message", &fault.message);
            error.put("status", status);
            if reason.is_none() && fault.param.is_none() && fault.retry_after.is_none() {
                return;
            }
            error.array("details", |details| {
                if let Some(reason) = &reason {
                    details.object(|info| {
                        info.put("@type", "type.googleapis.com/google.rpc.ErrorInfo");
                        info.put("reason", reason);
                        info.put("domain", "googleapis.com");
                    });
                }
                if let Some(field) = &fault.param {
                    details.object(|request| {
                        request.put("@type", "type.googleapis.com/google.rpc.BadRequest");
                        request.array("fieldViolations", |list| {
                            list.object(|violation| {
                                violation.put("field", field);
                                violation.put("description", &fault.message);
                            });
                        });
                    });
                }
                if let Some(after) = fault.retry_after {
                    details.object(|info| {
                        info.put("@type", "type.googleapis.com/google.rpc.RetryInfo");
                        info.put("retryDelay", &format!("{}s", after.as_secs_f64()));
                    });
                }
            });
        });
    })
}

fn reason(fault: &Fault) -> Option<Cow<'_, str>> {
    let own = (fault.kind == FaultKind::Unauthenticated).then_some(Cow::Borrowed("API_KEY_INVALID"));
    fault.code.as_deref().map(Cow::Borrowed).or(own)
}

/// The number and the word of each kind of failure, as <https://cloud.google.com/apis/design/errors> pairs them. The
/// number is what HTTP would say, also where the answer's own status was sent long ago.
fn words(fault: &Fault) -> (u16, &'static str) {
    match fault.kind {
        FaultKind::InvalidRequest | FaultKind::ContextTooLong => (400, "INVALID_ARGUMENT"),
        FaultKind::Unauthenticated => (401, "UNAUTHENTICATED"),
        FaultKind::NotAllowed => (403, "PERMISSION_DENIED"),
        FaultKind::PathNotFound | FaultKind::ModelNotFound | FaultKind::ProviderNotFound => (404, "NOT_FOUND"),
        FaultKind::MethodNotAllowed => (405, "UNIMPLEMENTED"),
        FaultKind::UnsupportedMediaType => (415, "INVALID_ARGUMENT"),
        FaultKind::BodyTooLarge => (413, "INVALID_ARGUMENT"),
        FaultKind::ClientTimeout => (408, "DEADLINE_EXCEEDED"),
        FaultKind::Busy | FaultKind::Overloaded => (503, "UNAVAILABLE"),
        FaultKind::RateLimited | FaultKind::QuotaExhausted | FaultKind::LimitReached | FaultKind::BudgetSpent => {
            (429, "RESOURCE_EXHAUSTED")
        }
        FaultKind::UpstreamTimeout => (504, "DEADLINE_EXCEEDED"),
        FaultKind::UpstreamAuth | FaultKind::Unreachable | FaultKind::UpstreamBroken => (502, "UNAVAILABLE"),
        FaultKind::UpstreamRejected => rejected(fault.upstream.as_deref()),
        FaultKind::ClientLeft => (499, "CANCELLED"),
        FaultKind::Internal => (500, "INTERNAL"),
    }
}

/// A provider's own 4xx is the caller's to see.
fn rejected(words: Option<&UpstreamWords>) -> (u16, &'static str) {
    let status = words.map_or(502, |words| words.status);
    match status {
        401 => (status, "UNAUTHENTICATED"),
        403 => (status, "PERMISSION_DENIED"),
        404 => (status, "NOT_FOUND"),
        409 => (status, "ABORTED"),
        429 => (status, "RESOURCE_EXHAUSTED"),
        400..500 => (status, "INVALID_ARGUMENT"),
        _ => (502, "UNAVAILABLE"),
    }
}

/// An error as a provider sends it.
#[derive(Deserialize)]
struct Body {
    /// The only member that counts.
    error: Error,
}

/// What went wrong.
#[derive(Deserialize)]
struct Error {
    /// HTTP's number.
    #[serde(default)]
    code: Option<u16>,
    /// For a person.
    #[serde(default)]
    message: Option<String>,
    /// Google's word.
    #[serde(default)]
    status: Option<String>,
    /// More for programs.
    #[serde(default)]
    details: Option<Vec<Detail>>,
}

/// One detail; its `@type` says which of these it has.
#[derive(Deserialize)]
struct Detail {
    /// Of `ErrorInfo`, such as `API_KEY_INVALID`.
    #[serde(default)]
    reason: Option<String>,
    /// Of `RetryInfo`, such as `27s`.
    #[serde(default, rename = "retryDelay")]
    retry_delay: Option<String>,
}

/// The fault that a provider's error body tells of, bare or in an array of one; `None` when it is no such body.
pub fn read_fault(body: &[u8]) -> Option<Fault> {
    // A derived reader takes an array for the members in their order, so the brace is looked for here.
    let error = if body.trim_ascii_start().starts_with(b"{") {
        serde_json::from_slice::<Body>(body).ok()?.error
    } else {
        let [body] = <[Body; 1]>::try_from(serde_json::from_slice::<Vec<Body>>(body).ok()?).ok()?;
        body.error
    };
    let details = error.details.unwrap_or_default();
    let reason = details.iter().find_map(|detail| detail.reason.as_deref());
    let status = error.status.as_deref().unwrap_or_default();
    let message = error.message.filter(|message| !message.is_empty());
    let message = message.unwrap_or_else(|| format!("the provider failed with {status:?}"));
    let mut fault = Fault::new(kind_of(status, error.code, reason, &message), message);
    fault.retry_after = details.iter().find_map(|detail| seconds(detail.retry_delay.as_deref()?));
    fault.upstream =
        error.code.map(|status| Box::new(UpstreamWords { status, body: None, limits: RateLimits::default() }));
    Some(fault)
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.strip_suffix('s')?.parse().ok()?).ok()
}

fn kind_of(status: &str, code: Option<u16>, reason: Option<&str>, message: &str) -> FaultKind {
    // An invalid key is a 400 here.
    if reason == Some("API_KEY_INVALID") {
        return FaultKind::UpstreamAuth;
    }
    match (status, code) {
        ("INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE", _) | ("", Some(400)) => {
            if is_too_long(message) {
                FaultKind::ContextTooLong
            } else {
                FaultKind::UpstreamRejected
            }
        }
        ("UNAUTHENTICATED" | "PERMISSION_DENIED", _) | ("", Some(401 | 403)) => FaultKind::UpstreamAuth,
        ("RESOURCE_EXHAUSTED", _) | ("", Some(429)) => FaultKind::RateLimited,
        ("UNAVAILABLE", _) | ("", Some(503)) => FaultKind::Overloaded,
        ("DEADLINE_EXCEEDED", _) | ("", Some(504)) => FaultKind::UpstreamTimeout,
        ("NOT_FOUND" | "UNIMPLEMENTED" | "ALREADY_EXISTS", _) | ("", Some(404)) => FaultKind::UpstreamRejected,
        (_, _) => FaultKind::UpstreamBroken,
    }
}

/// "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
fn is_too_long(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("token") && message.contains("exceeds the maximum")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(fault: &Fault, expected: &Expect) {
        expected.assert_eq(std::str::from_utf8(&encode(fault)).expect("text"));
        let frame = encode_frame(fault);
        assert_eq!(frame, [b"data: ", encode(fault).as_ref(), b"\n\n"].concat());
    }

    #[test]
    fn says_what_google_would_say() {
        check(
            &Fault::new(FaultKind::ModelNotFound, "model \"x\" is not configured"),
            &expect![[r#"{"error":{"code":404,"message":"model \"x\" is not configured","status":"NOT_FOUND"}}"#]],
        );
        check(
            &Fault::new(FaultKind::InvalidRequest, "`contents` is required").with_param("contents"),
            &expect![[
                r#"{"error":{"code":400,"message":"`contents` is required","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"contents","description":"`contents` is required"}]}]}}"#
            ]],
        );
        let mut fault = Fault::new(FaultKind::RateLimited, "slower");
        fault.retry_after = Some(Duration::from_millis(1500));
        check(
            &fault,
            &expect![[
                r#"{"error":{"code":429,"message":"slower","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"}]}}"#
            ]],
        );
        check(
            &Fault::new(FaultKind::Unauthenticated, "no key"),
            &expect![[
                r#"{"error":{"code":401,"message":"no key","status":"UNAUTHENTICATED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}}"#
            ]],
        );
    }

    #[track_caller]
    fn check_read(body: &str, expected: Option<(FaultKind, &str, Option<u64>)>) {
        let fault = read_fault(body.as_bytes());
        let found = fault
            .as_ref()
            .map(|fault| (fault.kind, fault.message.as_str(), fault.retry_after.map(|after| after.as_secs())));
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn reads_what_google_says() {
        use FaultKind::*;
        check_read(
            r#"[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"m","details":[{"@type":"x"},{"retryDelay":"27s"}]}}]"#,
            Some((RateLimited, "m", Some(27))),
        );
        check_read(
            r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"k","details":[{"reason":"API_KEY_INVALID"}]}}"#,
            Some((UpstreamAuth, "k", None)),
        );
        let long = "The input token count (12) exceeds the maximum number of tokens allowed (10).";
        check_read(
            &format!(r#"{{"error":{{"code":400,"status":"INVALID_ARGUMENT","message":"{long}"}}}}"#),
            Some((ContextTooLong, long, None)),
        );
        check_read(r#"{"error":{"code":400,"message":"m"}}"#, Some((UpstreamRejected, "m", None)));
        check_read(r#"{"error":{"status":"UNAVAILABLE","message":"m"}}"#, Some((Overloaded, "m", None)));
        check_read(r#"{"error":{"status":"DEADLINE_EXCEEDED","message":"m"}}"#, Some((UpstreamTimeout, "m", None)));
        check_read(r#"{"error":{"status":"NOT_FOUND","message":"m"}}"#, Some((UpstreamRejected, "m", None)));
        check_read(
            r#"{"error":{"status":"INTERNAL"}}"#,
            Some((UpstreamBroken, "the provider failed with \"INTERNAL\"", None)),
        );
        for none in ["", "{}", "[]", r#"{"error":"text"}"#, r#"{"candidates":[]}"#] {
            check_read(none, None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_tried(body: Vec<u8>) {
            let _ = read_fault(&body);
        }
    }
}
