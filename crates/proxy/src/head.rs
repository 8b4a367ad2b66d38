//! The heads of answers: what is taken out, what is put in.

use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use trunkline_route::Attempt;

use crate::reply::ReplyBody;

/// The id of the request, for support and for finding it in the ledger.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Who served it.
const PROVIDER: HeaderName = HeaderName::from_static("x-trunkline-provider");
/// The provider's own name for the model.
const UPSTREAM_MODEL: HeaderName = HeaderName::from_static("x-trunkline-upstream-model");

/// Headers of the operator's account: limits that are not the caller's own, names that are nobody's business.
const ACCOUNT_HEADERS: &[&str] = &["openai-organization", "openai-project", "anthropic-organization-id"];
/// The same, by their beginnings.
const ACCOUNT_PREFIXES: &[&str] = &["x-ratelimit-", "anthropic-ratelimit-"];

/// Takes from a provider's head what must not go on to the client.
pub(crate) fn clean(headers: &mut HeaderMap, own_key: bool) {
    headers.remove(header::SET_COOKIE);
    if let Some(theirs) = headers.remove(REQUEST_ID) {
        headers.insert(HeaderName::from_static("x-trunkline-upstream-request-id"), theirs);
    }
    if !own_key {
        return;
    }
    let of_account: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let name = name.as_str();
            ACCOUNT_HEADERS.contains(&name) || ACCOUNT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        })
        .cloned()
        .collect();
    for name in of_account {
        headers.remove(name);
    }
}

pub(crate) fn name_provider(headers: &mut HeaderMap, attempt: &Attempt) {
    let named = [(PROVIDER, &attempt.target.provider.name), (UPSTREAM_MODEL, &attempt.target.model)];
    for (name, text) in named {
        // A model's name may hold what a header cannot; then the header is left out.
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    }
}

pub(crate) fn with_type(body: ReplyBody, content_type: &'static str) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if content_type.starts_with("text/event-stream") {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    }
    response
}

pub(crate) fn request_id(id: u128) -> HeaderValue {
    HeaderValue::from_str(&format!("{id:032x}")).unwrap_or(HeaderValue::from_static(""))
}
