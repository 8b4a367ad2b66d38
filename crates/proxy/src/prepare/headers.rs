//! Which headers a provider is sent.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use trunkline_config::AuthMode;
use trunkline_route::Attempt;
use trunkline_wire::DialectId;

use super::Taken;
use crate::upstream::HeaderRefs;

/// Client headers that any provider may see.
fn is_for_all(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "accept"
            | "content-type"
            | "user-agent"
            | "openai-beta"
            | "idempotency-key"
            | "traceparent"
            | "tracestate"
            | "x-client-request-id"
    )
}

/// Headers that are part of a client's dialect: they go to a provider that speaks the same.
static DIALECT_HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("anthropic-version"), HeaderName::from_static("anthropic-beta")];

/// Headers that belong to one connection or to our own framing, and headers that would hide the answer from the tap.
static NEVER_FORWARDED: [HeaderName; 13] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::EXPECT,
    header::PROXY_AUTHORIZATION,
    // Our own pages send their session's with what they ask of models.
    header::COOKIE,
    HeaderName::from_static("x-csrf-token"),
    header::ACCEPT_ENCODING,
    HeaderName::from_static("keep-alive"),
];

static CONTENT_TYPE: HeaderName = header::CONTENT_TYPE;
static JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a provider is sent when `to` is spoken: what the client may say to it, what its type and the operator say, and the key.
pub(crate) fn headers<'a>(taken: &Taken<'a>, attempt: &'a Attempt, to: DialectId) -> HeaderRefs<'a> {
    let provider = &attempt.target.provider;
    let mut out = match provider.auth {
        AuthMode::Passthrough => everything(taken.headers),
        AuthMode::Keys => chosen(taken.headers, &provider.forward_headers),
    };
    if to == DialectId::Anthropic && taken.surface.dialect == to {
        // What a dialect says in headers is between the client and its provider.
        out.extend(DIALECT_HEADERS.iter().filter_map(|name| Some((name, taken.headers.get(name)?))));
    }
    for (name, value) in provider.vendor.headers(to) {
        if !out.iter().any(|(other, _)| *other == name) {
            out.push((name, value));
        }
    }
    if !out.iter().any(|(name, _)| **name == CONTENT_TYPE) {
        out.push((&CONTENT_TYPE, &JSON));
    }
    for (name, value) in &provider.headers {
        put(&mut out, name, value);
    }
    if let Some(key) = &attempt.key {
        let (name, value) = key.header_for(to);
        put(&mut out, name, value);
    }
    out
}

/// Adds a header in the place of all others of its name.
fn put<'a>(out: &mut HeaderRefs<'a>, name: &'a HeaderName, value: &'a HeaderValue) {
    out.retain(|(other, _)| *other != name);
    out.push((name, value));
}

fn chosen<'a>(client: &'a HeaderMap, also: &[HeaderName]) -> HeaderRefs<'a> {
    let goes = |name| is_for_all(name) || also.contains(name) && !NEVER_FORWARDED.contains(name);
    client.iter().filter(|(name, _)| goes(name)).collect()
}

fn everything(client: &HeaderMap) -> HeaderRefs<'_> {
    // `Connection` may name further headers of this hop.
    let named: Vec<HeaderName> = client
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    client.iter().filter(|(name, _)| !NEVER_FORWARDED.contains(name) && !named.contains(name)).collect()
}
