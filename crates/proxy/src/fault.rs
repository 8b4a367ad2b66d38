//! The one place that knows which status a fault has, and turns faults into answers.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use trunkline_wire::{DialectId, Fault, FaultKind, UpstreamWords, dialect};

use crate::h1::HeadError;
use crate::reply::ReplyBody;

/// Told to callers that met the limit of open requests.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Not standard: Anthropic's word for a server that has no room. Its clients know it from a failure.
const OVERLOADED: u16 = 529;

/// The HTTP status of a fault, as a client of this dialect knows it.
fn status_in(dialect: DialectId, fault: &Fault) -> StatusCode {
    if dialect != DialectId::Anthropic {
        return status(fault);
    }
    match fault.kind {
        FaultKind::QuotaExhausted => StatusCode::PAYMENT_REQUIRED,
        FaultKind::Busy | FaultKind::Overloaded => StatusCode::from_u16(OVERLOADED).unwrap_or(status(fault)),
        FaultKind::UpstreamAuth | FaultKind::Unreachable | FaultKind::UpstreamBroken => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        FaultKind::InvalidRequest
        | FaultKind::ContextTooLong
        | FaultKind::Unauthenticated
        | FaultKind::PathNotFound
        | FaultKind::ModelNotFound
        | FaultKind::ProviderNotFound
        | FaultKind::MethodNotAllowed
        | FaultKind::UnsupportedMediaType
        | FaultKind::BodyTooLarge
        | FaultKind::ClientTimeout
        | FaultKind::RateLimited
        | FaultKind::UpstreamTimeout
        | FaultKind::UpstreamRejected
        | FaultKind::ClientLeft
        | FaultKind::Internal => status(fault),
    }
}

/// The HTTP status of a fault, as OpenAI has it.
fn status(fault: &Fault) -> StatusCode {
    match fault.kind {
        FaultKind::InvalidRequest | FaultKind::ContextTooLong => StatusCode::BAD_REQUEST,
        FaultKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        FaultKind::PathNotFound | FaultKind::ModelNotFound | FaultKind::ProviderNotFound => StatusCode::NOT_FOUND,
        FaultKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        FaultKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        FaultKind::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FaultKind::ClientTimeout => StatusCode::REQUEST_TIMEOUT,
        FaultKind::RateLimited | FaultKind::QuotaExhausted => StatusCode::TOO_MANY_REQUESTS,
        FaultKind::Busy | FaultKind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        // The caller's own key is fine: a 401 would make clients log out.
        FaultKind::UpstreamAuth | FaultKind::Unreachable | FaultKind::UpstreamBroken => StatusCode::BAD_GATEWAY,
        FaultKind::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
        FaultKind::UpstreamRejected => rejected(fault.upstream.as_ref()),
        FaultKind::ClientLeft | FaultKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A provider's own 4xx is the caller's to see.
fn rejected(words: Option<&UpstreamWords>) -> StatusCode {
    words
        .and_then(|words| StatusCode::from_u16(words.status).ok())
        .filter(StatusCode::is_client_error)
        .unwrap_or(StatusCode::BAD_GATEWAY)
}

/// The answer to what is no request. Which dialect its client speaks is not known.
pub(crate) fn bad_head(error: HeadError) -> Response<ReplyBody> {
    let fault = Fault::new(FaultKind::InvalidRequest, format!("the request cannot be read: {error}"));
    let mut response = response(DialectId::OpenaiChat, &fault);
    if matches!(error, HeadError::TooLarge | HeadError::TooManyHeaders) {
        *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    }
    response
}

/// The answer to a head that did not arrive in time.
pub(crate) fn slow_head() -> Response<ReplyBody> {
    let fault = Fault::new(FaultKind::ClientTimeout, "the request's head did not arrive in time");
    response(DialectId::OpenaiChat, &fault)
}

/// The whole answer for a fault that had no byte before it.
pub(crate) fn response(dialect: DialectId, fault: &Fault) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::from(dialect::of(dialect).encode_fault(fault)));
    *response.status_mut() = status_in(dialect, fault);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let wait = fault.retry_after.or((fault.kind == FaultKind::Busy).then_some(BUSY_RETRY_AFTER));
    if let Some(wait) = wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds_up(wait)));
    }
    if fault.kind == FaultKind::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if matches!(fault.kind, FaultKind::BodyTooLarge | FaultKind::ClientTimeout) {
        // The rest of the body is not read, so the connection cannot be used again.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The answer to a WebSocket where only HTTP is spoken: 426 sends Codex to HTTP at once, any other refusal costs it seconds.
pub(crate) fn upgrade_required() -> Response<ReplyBody> {
    let fault = Fault::new(FaultKind::MethodNotAllowed, "Responses are spoken over HTTP here; send a POST");
    let mut refusal = response(DialectId::OpenaiResponses, &fault);
    *refusal.status_mut() = StatusCode::UPGRADE_REQUIRED;
    refusal
}

/// The frame that ends a stream which had begun.
pub(crate) fn stream_frame(dialect: DialectId, fault: &Fault) -> Bytes {
    dialect::of(dialect).encode_stream_fault(fault)
}

fn seconds_up(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
