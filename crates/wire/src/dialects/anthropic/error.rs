//! The error body: `{"type":"error","error":{"type","message"},"request_id"}`.

mod overflow;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::fault::UpstreamWords;
use crate::fields::{error_said, parse};
use crate::write::{Object, object};
use crate::{Fault, FaultKind};

/// Words by which a message tells that the prompt does not fit, whoever wrote it.
const OVERFLOW_WORDS: [&str; 6] = [
    "prompt is too long",
    "exceed context limit",
    "maximum context length",
    "exceeds the available context size",
    "maximum model length",
    "too many tokens",
];

/// The body of an error answer; `request_id` is what its header says, where there is one.
pub(super) fn encode(fault: &Fault, request_id: Option<&str>) -> Bytes {
    Bytes::from(object(|body| {
        put(fault, body);
        body.put("request_id", &request_id);
    }))
}

/// The event that ends a stream that had begun.
pub(super) fn encode_frame(fault: &Fault) -> Bytes {
    let mut frame = b"event: error\ndata: ".to_vec();
    frame.extend(object(|body| put(fault, body)));
    frame.extend_from_slice(b"\n\n");
    Bytes::from(frame)
}

fn put(fault: &Fault, body: &mut Object<'_>) {
    body.put("type", "error");
    body.object("error", |error| {
        error.put("type", word(fault));
        if fault.kind == FaultKind::ContextTooLong {
            error.put("message", &overflow::sentence(&fault.message));
        } else {
            error.put("message", &fault.message);
        }
    });
}

/// The `type` of each kind of failure.
fn word(fault: &Fault) -> &'static str {
    match fault.kind {
        FaultKind::InvalidRequest
        | FaultKind::MethodNotAllowed
        | FaultKind::UnsupportedMediaType
        | FaultKind::ClientTimeout
        | FaultKind::ClientLeft
        | FaultKind::ContextTooLong => "invalid_request_error",
        FaultKind::UpstreamRejected => rejected(fault.upstream.as_deref()),
        FaultKind::Unauthenticated => "authentication_error",
        FaultKind::NotAllowed => "permission_error",
        FaultKind::PathNotFound | FaultKind::ModelNotFound | FaultKind::ProviderNotFound => "not_found_error",
        FaultKind::BodyTooLarge => "request_too_large",
        // As it is when what an organisation may spend is spent.
        FaultKind::RateLimited | FaultKind::LimitReached | FaultKind::BudgetSpent => "rate_limit_error",
        FaultKind::QuotaExhausted => "billing_error",
        FaultKind::Busy | FaultKind::Overloaded => "overloaded_error",
        FaultKind::UpstreamTimeout => "timeout_error",
        // A key of ours that is refused is no business of the client's: it would log out.
        FaultKind::UpstreamAuth | FaultKind::Unreachable | FaultKind::UpstreamBroken | FaultKind::Internal => {
            "api_error"
        }
    }
}

/// A provider's own 4xx is the caller's to see.
fn rejected(words: Option<&UpstreamWords>) -> &'static str {
    match words.map(|words| words.status) {
        Some(401) => "authentication_error",
        Some(403) => "permission_error",
        Some(404) => "not_found_error",
        Some(409) => "conflict_error",
        Some(413) => "request_too_large",
        Some(_) | None => "invalid_request_error",
    }
}

/// What a provider's stream says when it fails, in the provider's own words.
pub(super) fn decode(error: &RawValue) -> Fault {
    /// The object `error`.
    #[derive(serde::Deserialize)]
    struct Error {
        /// The class.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// For a person.
        message: Option<String>,
    }
    let said: Option<Error> = parse(error);
    let (kind, message) = said.map_or((None, None), |error| (error.kind, error.message));
    let message = message.or_else(|| parse(error)).unwrap_or_else(|| error.get().to_owned());
    Fault::new(kind_of(kind.as_deref().unwrap_or_default(), &message), message)
}

/// The error that an answer or an event tells of.
pub(super) fn error_in(body: &[u8]) -> Option<Fault> {
    /// The member that counts.
    #[derive(serde::Deserialize)]
    struct Failed<'a> {
        /// What failed.
        #[serde(borrow)]
        error: &'a RawValue,
    }
    let failed: Failed<'_> = serde_json::from_slice(body).ok()?;
    error_said(failed.error).map(decode)
}

fn kind_of(word: &str, message: &str) -> FaultKind {
    let lower = message.to_lowercase();
    if OVERFLOW_WORDS.iter().any(|words| lower.contains(words)) {
        return FaultKind::ContextTooLong;
    }
    match word {
        "overloaded_error" => FaultKind::Overloaded,
        "rate_limit_error" => FaultKind::RateLimited,
        "billing_error" => FaultKind::QuotaExhausted,
        "authentication_error" | "permission_error" => FaultKind::UpstreamAuth,
        "timeout_error" => FaultKind::UpstreamTimeout,
        "invalid_request_error" | "not_found_error" | "request_too_large" => FaultKind::UpstreamRejected,
        _ if lower.contains("overloaded") => FaultKind::Overloaded,
        _ if lower.contains("rate limit") => FaultKind::RateLimited,
        _ => FaultKind::UpstreamBroken,
    }
}

#[cfg(test)]
mod tests;
