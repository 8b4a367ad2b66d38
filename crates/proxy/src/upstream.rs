//! The client that speaks to providers: plain HTTP/1.1 through a codec of our own, TLS and HTTP/2 through hyper.
//!
//! Most self-hosted servers are plain HTTP/1.1, and that is the path whose cost shows. There the task of the request
//! drives the connection itself, and whatever one read brought leaves as one piece, so that a burst of a hundred events
//! costs one write downstream and not a hundred.
//!
//! The client retries nothing but a connection that had died in the pool. Deadlines beyond the answer's head are
//! the caller's: dropping a future or a [`Body`] closes the connection, and with it the provider's work.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use hyper::body::{Body as _, Incoming};
use rustls::RootCertStore;
use smallvec::SmallVec;
use trunkline_providers::BaseUrl;
use trunkline_wire::splice::Pieces;

mod error;
pub mod plain;
mod pool;
mod tls;

pub use error::UpstreamError;

/// Headers of one request, in the order they go out; more than the usual number cost an allocation, nothing else. Borrowed,
/// since they come from the client's request and the snapshot, which both outlive the sending.
pub type HeaderRefs<'a> = SmallVec<[(&'a HeaderName, &'a HeaderValue); 12]>;

/// A request to a provider.
pub struct Outgoing<'a> {
    /// Any method but `CONNECT`.
    pub method: Method,
    /// Path and query as they go on the wire; begins with a slash.
    pub path: String,
    /// End-to-end headers. Host, length and hop-by-hop headers are the client's own and ignored here.
    pub headers: HeaderRefs<'a>,
    /// The body; its length is stated.
    pub body: Pieces,
}

/// Headers may hold keys: their values are not shown.
impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("body_bytes", &self.body.iter().map(Bytes::len).sum::<usize>())
            .finish_non_exhaustive()
    }
}

/// How long a provider may take to answer at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For name lookup, connecting and the TLS handshake, where these are needed.
    pub connect: Duration,
    /// From there to the answer's head, the request's own upload included. Through TLS the two are counted as one, since
    /// hyper does not say when it has connected.
    pub head: Duration,
    /// When both must be over, if that is known.
    pub ends_at: Option<Instant>,
}

impl Patience {
    /// What of `limit` is left at `now`.
    fn within(&self, limit: Duration, now: Instant) -> Duration {
        self.ends_at.map_or(limit, |ends_at| limit.min(ends_at.saturating_duration_since(now)))
    }
}

/// What a provider answered, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// 200 and up.
    pub status: StatusCode,
    /// End-to-end headers; `content-length` where the length is known from the head.
    pub headers: HeaderMap,
    /// What follows.
    pub body: Body,
}

/// An answer's body as it comes in. Dropping it before its end cancels the request at the provider.
#[derive(Debug)]
pub enum Body {
    /// From a plain connection.
    Plain(Box<plain::Body>),
    /// From hyper.
    Tls(Incoming),
}

impl Body {
    /// The next piece, never empty; `None` at the end. After an error there is nothing more.
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpstreamError>>> {
        match self {
            Self::Plain(body) => body.poll_data(cx),
            Self::Tls(body) => tls::poll_data(body, cx),
        }
    }

    /// Whether it is known that nothing follows.
    pub fn is_end_stream(&self) -> bool {
        match self {
            Self::Plain(body) => body.is_end_stream(),
            Self::Tls(body) => body.is_end_stream(),
        }
    }

    /// Bytes still to come, where that is known exactly.
    pub fn remaining_bytes(&self) -> Option<u64> {
        match self {
            Self::Plain(body) => body.remaining_bytes(),
            Self::Tls(body) => body.size_hint().exact(),
        }
    }
}

/// Connects within `limit`, and hangs up: whether anybody is there.
///
/// # Errors
/// Why nobody is.
pub(crate) async fn reach(to: &BaseUrl, limit: Duration) -> Result<(), UpstreamError> {
    plain::dial::connect(&to.host, to.port, limit).await.map(drop)
}

/// Sends requests and keeps connections. One for each worker: what its hyper half spawns runs on the runtime of the
/// first request that needed it. Clones share everything.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Arc<pool::Pool>,
    tls: Arc<tls::Client>,
}

impl Client {
    /// A client that trusts the platform's certificate authorities (`SSL_CERT_FILE` included), or those of the web when
    /// the platform has none. They are read when the first `https` provider is asked.
    pub fn new() -> Self {
        Self { pool: Arc::default(), tls: Arc::new(tls::Client::new(tls::Roots::Platform)) }
    }

    /// A client that trusts only these certificate authorities.
    pub fn with_roots(roots: RootCertStore) -> Self {
        Self { pool: Arc::default(), tls: Arc::new(tls::Client::new(tls::Roots::Given(Arc::new(roots)))) }
    }

    /// Sends a request and waits for the answer's head. The body is not timed.
    ///
    /// Errs when there was no answer to speak of; any HTTP status is an answer.
    pub async fn send(
        &self,
        to: &BaseUrl,
        outgoing: &Outgoing<'_>,
        patience: Patience,
    ) -> Result<Answer, UpstreamError> {
        self.send_telling(to, outgoing, patience, || {}).await
    }

    /// The same, and tells when there is a connection to send it on. Through TLS that is told at once, since hyper does not
    /// say.
    pub(crate) async fn send_telling(
        &self,
        to: &BaseUrl,
        outgoing: &Outgoing<'_>,
        patience: Patience,
        connected: impl Fn(),
    ) -> Result<Answer, UpstreamError> {
        if to.tls {
            connected();
            self.tls.send(to, outgoing, patience).await
        } else {
            plain::send(&self.pool, to, outgoing, patience, connected).await
        }
    }

    /// An empty map for headers, with memory of its own if one was recycled.
    pub(crate) fn spare_headers(&self) -> HeaderMap {
        self.pool.spare_headers()
    }

    /// Takes a map of headers that is done with, to be filled again for an answer: its memory is the size that answers
    /// take.
    pub(crate) fn recycle(&self, headers: HeaderMap) {
        self.pool.recycle(headers);
    }

    /// Closes plain connections that have been idle for too long; to be called now and then. Costs a lock for each
    /// origin. (Connections that hyper keeps are closed by hyper.)
    pub fn sweep(&self) {
        self.pool.sweep(Instant::now());
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}
