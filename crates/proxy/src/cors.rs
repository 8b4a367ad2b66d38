//! What browsers may do.

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::reply::ReplyBody;

/// How long a browser may remember the answer, in seconds.
const MAX_AGE_S: &str = "600";
const METHODS: &str = "GET, HEAD, POST, OPTIONS";
const EXPOSED: &str = "x-request-id, x-trunkline-provider, x-trunkline-upstream-model, x-trunkline-losses, retry-after";

/// The answer to a browser's question beforehand; [`allow`] adds whether it may.
pub(crate) fn preflight() -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::Full(bytes::Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(METHODS));
    response
}

/// Lets a page of an admitted origin read the answer. Requests that come from no page are not touched.
pub(crate) fn allow(origins: &[String], request: &HeaderMap, response: &mut HeaderMap) {
    if origins.is_empty() {
        return;
    }
    response.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = request.get(header::ORIGIN) else { return };
    let admitted = origins.iter().any(|admitted| admitted == "*" || admitted.as_bytes() == origin.as_bytes());
    if !admitted {
        return;
    }
    response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    if request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        response.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        response.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_S));
        if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            response.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
    }
}
