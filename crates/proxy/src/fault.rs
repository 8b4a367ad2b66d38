//! The one place that knows which status a fault has, and turns faults into answers.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use trunkline_wire::{DialectId, Fault, FaultKind, UpstreamWords, dialect};

use crate::h1::HeadError;
use crate::head;
use crate::reply::ReplyBody;

/// Told to callers that met the limit of open requests.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Not standard: Anthropic's word for a server that has no room. Its clients know it from a failure.
const OVERLOADED: u16 = 529;

/// Overrides what SDKs make of a status.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

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
        | FaultKind::NotAllowed
        | FaultKind::LimitReached
        | FaultKind::BudgetSpent
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
        FaultKind::NotAllowed => StatusCode::FORBIDDEN,
        FaultKind::PathNotFound | FaultKind::ModelNotFound | FaultKind::ProviderNotFound => StatusCode::NOT_FOUND,
        FaultKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        FaultKind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        FaultKind::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FaultKind::ClientTimeout => StatusCode::REQUEST_TIMEOUT,
        FaultKind::RateLimited | FaultKind::QuotaExhausted => StatusCode::TOO_MANY_REQUESTS,
        FaultKind::LimitReached | FaultKind::BudgetSpent => StatusCode::TOO_MANY_REQUESTS,
        FaultKind::Busy | FaultKind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        // The caller's own key is fine: a 401 would make clients log out.
        FaultKind::UpstreamAuth | FaultKind::Unreachable | FaultKind::UpstreamBroken => StatusCode::BAD_GATEWAY,
        FaultKind::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
        FaultKind::UpstreamRejected => rejected(fault.upstream.as_deref()),
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

/// The whole answer for a fault of the request with this id that had no byte before it.
pub(crate) fn response_to(id: &HeaderValue, dialect: DialectId, fault: &Fault) -> Response<ReplyBody> {
    let body = match id.to_str() {
        Ok(id) => dialect::of(dialect).encode_fault_of(fault, id),
        Err(_) => dialect::of(dialect).encode_fault(fault),
    };
    with_head(dialect, fault, body)
}

/// The whole answer for a fault of a request that has no id.
pub(crate) fn response(dialect: DialectId, fault: &Fault) -> Response<ReplyBody> {
    with_head(dialect, fault, dialect::of(dialect).encode_fault(fault))
}

fn with_head(dialect: DialectId, fault: &Fault, body: Bytes) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::from(body));
    *response.status_mut() = status_in(dialect, fault);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let wait = fault.retry_after.or((fault.kind == FaultKind::Busy).then_some(BUSY_RETRY_AFTER));
    if let Some(wait) = wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds_up(wait)));
    }
    if let Some(words) = &fault.upstream {
        head::tell_limits(headers, &words.limits, dialect);
    }
    if fault.kind == FaultKind::BudgetSpent {
        // OpenAI's and Anthropic's SDKs would try a 429 again within seconds.
        headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
    }
    if fault.kind == FaultKind::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
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

/// The frame that ends a stream which had begun, behind so many events.
pub(crate) fn stream_frame(dialect: DialectId, fault: &Fault, events: u64) -> Bytes {
    dialect::of(dialect).encode_stream_fault_behind(fault, events)
}

fn seconds_up(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use trunkline_wire::dialects::openai_chat::OpenaiChat;
    use trunkline_wire::{Dialect as _, RateLimits};

    use super::*;

    /// What a client sees: of OpenAI's dialect and of most others, and of Anthropic's.
    #[track_caller]
    fn check(kind: FaultKind, usual: u16, anthropic: u16) {
        let fault = Fault::new(kind, "m");
        for dialect in DialectId::ALL {
            let expected = if dialect == DialectId::Anthropic { anthropic } else { usual };
            let response = response(dialect, &fault);
            assert_eq!(response.status().as_u16(), expected, "{} {}", kind.as_str(), dialect.as_str());
        }
    }

    #[test]
    fn anthropics_clients_know_some_failures_by_other_statuses() {
        check(FaultKind::QuotaExhausted, 429, 402);
        check(FaultKind::Busy, 503, 529);
        check(FaultKind::Overloaded, 503, 529);
        for kind in [FaultKind::UpstreamAuth, FaultKind::Unreachable, FaultKind::UpstreamBroken] {
            check(kind, 502, 500);
        }
    }

    #[test]
    fn all_other_statuses_are_the_same_for_everybody() {
        for (kind, status) in [
            (FaultKind::InvalidRequest, 400),
            (FaultKind::ContextTooLong, 400),
            (FaultKind::Unauthenticated, 401),
            (FaultKind::PathNotFound, 404),
            (FaultKind::ModelNotFound, 404),
            (FaultKind::ProviderNotFound, 404),
            (FaultKind::MethodNotAllowed, 405),
            (FaultKind::ClientTimeout, 408),
            (FaultKind::BodyTooLarge, 413),
            (FaultKind::UnsupportedMediaType, 415),
            (FaultKind::NotAllowed, 403),
            (FaultKind::RateLimited, 429),
            (FaultKind::LimitReached, 429),
            (FaultKind::BudgetSpent, 429),
            (FaultKind::UpstreamTimeout, 504),
            (FaultKind::UpstreamRejected, 502),
            (FaultKind::ClientLeft, 500),
            (FaultKind::Internal, 500),
        ] {
            check(kind, status, status);
        }
    }

    #[test]
    fn only_a_clients_own_mistake_keeps_the_providers_status() {
        for (status, seen) in [(404, 404), (499, 499), (500, 502), (302, 502), (99, 502)] {
            let mut fault = Fault::new(FaultKind::UpstreamRejected, "m");
            fault.upstream = Some(Box::new(UpstreamWords { status, body: None, limits: RateLimits::default() }));
            assert_eq!(response(DialectId::Anthropic, &fault).status().as_u16(), seen);
        }
    }

    #[test]
    fn anthropics_errors_name_their_request() {
        let fault = Fault::new(FaultKind::Internal, "m");
        let id = HeaderValue::from_static("01a1");
        let body = |dialect| match response_to(&id, dialect, &fault).into_body() {
            ReplyBody::Full(bytes) => bytes,
            ReplyBody::Native(_)
            | ReplyBody::Events(_)
            | ReplyBody::Waiting(_)
            | ReplyBody::Settled(_)
            | ReplyBody::Recorded(_)
            | ReplyBody::Admin(_) => Bytes::new(),
        };
        assert!(body(DialectId::Anthropic).ends_with(br#""request_id":"01a1"}"#));
        assert_eq!(body(DialectId::OpenaiChat), OpenaiChat.encode_fault(&fault));
    }
}
