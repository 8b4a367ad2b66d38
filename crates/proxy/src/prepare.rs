//! From a client's request to what one provider is sent.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use smallvec::SmallVec;
use trunkline_config::AuthMode;
use trunkline_providers::BaseUrl;
use trunkline_route::Attempt;
use trunkline_wire::relay::Changes;
use trunkline_wire::splice::splice;
use trunkline_wire::{Operation, Peek};

use crate::routes::Surface;
use crate::upstream::{HeaderRefs, Outgoing};

/// Client headers that any provider may see.
static FORWARDED: [HeaderName; 8] = [
    header::ACCEPT,
    header::CONTENT_TYPE,
    header::USER_AGENT,
    HeaderName::from_static("openai-beta"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("x-client-request-id"),
];

/// Headers that belong to one connection or to our own framing, and headers that would hide the answer from the tap.
static NEVER_FORWARDED: [HeaderName; 11] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::EXPECT,
    header::PROXY_AUTHORIZATION,
    header::ACCEPT_ENCODING,
    HeaderName::from_static("keep-alive"),
];

static CONTENT_TYPE: HeaderName = header::CONTENT_TYPE;
static JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A request as it was taken in.
#[derive(Debug)]
pub(crate) struct Taken<'a> {
    pub(crate) surface: Surface<'a>,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) peek: Peek,
}

impl Taken<'_> {
    /// Whether the client gets a stream.
    pub(crate) fn streams(&self) -> bool {
        self.peek.stream || self.surface.force_stream
    }
}

/// What goes out, and what to change in the answer on its way back.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    pub(crate) outgoing: Outgoing<'a>,
    pub(crate) changes: Changes,
}

/// The native lane: the client's own bytes, with the provider's name for the model.
pub(crate) fn native<'a>(taken: &Taken<'a>, attempt: &'a Attempt, base_url: &BaseUrl) -> Prepared<'a> {
    let mut edits = SmallVec::new();
    let mut changes = Changes::default();
    let upstream_model = &attempt.target.model;
    if *upstream_model.name != *taken.peek.model {
        taken.peek.rename(&upstream_model.json, &mut edits);
        // As the client wrote it, escapes and all.
        changes.model = Some(taken.body.slice(taken.peek.model_place()));
    }
    if taken.surface.force_stream && !taken.peek.stream {
        taken.peek.force_stream(&mut edits);
    }
    if asks_for_usage(taken, attempt) {
        taken.peek.ask_for_usage(&mut edits);
        changes.withhold_usage = true;
    }
    let mut path = base_url.join(taken.surface.path);
    if let Some(query) = taken.query {
        path.push('?');
        path.push_str(query);
    }
    let body = splice(&taken.body, edits);
    Prepared {
        outgoing: Outgoing { method: Method::POST, path, headers: headers(taken.headers, attempt), body },
        changes,
    }
}

/// Streams end without a count unless somebody asks; the client did not, so we do.
fn asks_for_usage(taken: &Taken<'_>, attempt: &Attempt) -> bool {
    let counted = match taken.surface.operation {
        Operation::Chat | Operation::Completion => true,
        Operation::Embedding | Operation::Other => false,
    };
    counted && taken.streams() && !taken.peek.include_usage && !attempt.target.provider.vendor.quirks.no_stream_options
}

fn headers<'a>(client: &'a HeaderMap, attempt: &'a Attempt) -> HeaderRefs<'a> {
    let provider = &attempt.target.provider;
    let mut out = match provider.auth {
        AuthMode::Passthrough => everything(client),
        AuthMode::Keys => chosen(client, &provider.forward_headers),
    };
    if !out.iter().any(|(name, _)| **name == CONTENT_TYPE) {
        out.push((&CONTENT_TYPE, &JSON));
    }
    for (name, value) in &provider.headers {
        put(&mut out, name, value);
    }
    if let Some(key) = &attempt.key {
        put(&mut out, &key.name, &key.header);
    }
    out
}

/// Adds a header in the place of all others of its name.
fn put<'a>(out: &mut HeaderRefs<'a>, name: &'a HeaderName, value: &'a HeaderValue) {
    out.retain(|(other, _)| *other != name);
    out.push((name, value));
}

fn chosen<'a>(client: &'a HeaderMap, also: &[HeaderName]) -> HeaderRefs<'a> {
    let goes = |name| FORWARDED.contains(name) || also.contains(name) && !NEVER_FORWARDED.contains(name);
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
