//! From a client's request to what one provider is sent.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use smallvec::SmallVec;
use trunkline_config::{AuthMode, Key};
use trunkline_providers::{BaseUrl, Vendor};
use trunkline_route::Attempt;
use trunkline_wire::relay::Changes;
use trunkline_wire::splice::splice;
use trunkline_wire::{Operation, Peek};

use crate::routes::Surface;
use crate::upstream::Outgoing;

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

/// Headers of one request upstream; more cost a second allocation, nothing else.
const HEADERS_USUAL: usize = 12;

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
pub(crate) struct Prepared {
    pub(crate) outgoing: Outgoing,
    pub(crate) changes: Changes,
}

/// The native lane: the client's own bytes, with the provider's name for the model.
pub(crate) fn native(taken: &Taken<'_>, attempt: &Attempt, base_url: &BaseUrl) -> Prepared {
    let mut edits = SmallVec::new();
    let mut changes = Changes::default();
    let upstream_model = attempt.target.model.as_ref();
    if upstream_model != taken.peek.model {
        taken.peek.rename(upstream_model, &mut edits);
        changes.model = Some(taken.peek.model.clone());
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

fn headers(client: &HeaderMap, attempt: &Attempt) -> HeaderMap {
    let provider = &attempt.target.provider;
    let mut out = match provider.auth {
        AuthMode::Passthrough => everything(client),
        AuthMode::Keys => chosen(client, &provider.forward_headers),
    };
    if !out.contains_key(header::CONTENT_TYPE) {
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in &provider.headers {
        out.insert(name.clone(), value.clone());
    }
    if let Some((name, value)) = attempt.key.as_ref().and_then(|key| key_header(provider.vendor, key)) {
        out.insert(name, value);
    }
    out
}

/// The header that carries a provider's key.
pub(crate) fn key_header(vendor: &Vendor, key: &Key) -> Option<(HeaderName, HeaderValue)> {
    vendor.auth.name().map(|name| (name, key.header.clone()))
}

fn chosen(client: &HeaderMap, also: &[HeaderName]) -> HeaderMap {
    let mut out = HeaderMap::with_capacity(HEADERS_USUAL);
    for (name, value) in client {
        if FORWARDED.contains(name) || also.contains(name) && !NEVER_FORWARDED.contains(name) {
            out.append(name.clone(), value.clone());
        }
    }
    out
}

fn everything(client: &HeaderMap) -> HeaderMap {
    // `Connection` may name further headers of this hop.
    let named: Vec<HeaderName> = client
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let mut out = HeaderMap::with_capacity(client.len());
    for (name, value) in client {
        if !NEVER_FORWARDED.contains(name) && !named.contains(name) {
            out.append(name.clone(), value.clone());
        }
    }
    out
}
