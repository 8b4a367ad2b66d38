//! `https` providers, over HTTP/1.1 or HTTP/2 as the handshake settles it, through hyper's pooled client.

use std::error::Error as _;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use hyper::body::{Body as _, Incoming};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::sync::OnceCell;
use trunkline_providers::BaseUrl;

use super::error::is_closed;
use super::pool::{IDLE_AGE_MAX, IDLE_PER_ORIGIN_MAX};
use super::{Answer, Body, Outgoing, Patience, UpstreamError};
use crate::h1::hop;
use crate::h1::write_request::{check_method, host_value, https_uri, is_ours};

mod connector;
mod pieces;
mod roots;

use connector::Connector;
use pieces::PiecesBody;
pub(super) use roots::Roots;

/// Connect timeouts in use at the same time. hyper's client has one connect timeout, so each gets its own client, with
/// its own connections. Guards memory when timeouts are edited often; the client unused for longest goes first.
const CLIENTS_MAX: usize = 16;
/// How often an HTTP/2 connection proves that it is alive. A NAT on the way may forget it without a word, and every
/// request after that would wait on a dead connection.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// How long the proof may take.
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// What a provider may send ahead of the consumer on one HTTP/2 stream. Guards memory for each request.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// The same for a connection with all its streams.
const CONNECTION_WINDOW_BYTES: u32 = 8 << 20;

const DEFAULT_PORT: u16 = 443;

type HyperClient = hyper_util::client::legacy::Client<Connector, PiecesBody>;

/// The `https` half of a client.
#[derive(Debug)]
pub(super) struct Client {
    roots: Roots,
    config: OnceCell<ClientConfig>,
    /// By connect timeout, the one used last at the end.
    clients: Mutex<Vec<(Duration, HyperClient)>>,
}

impl Client {
    /// Costs nothing until the first request.
    pub(super) fn new(roots: Roots) -> Self {
        Self { roots, config: OnceCell::new(), clients: Mutex::default() }
    }

    pub(super) async fn send(
        &self,
        to: &BaseUrl,
        outgoing: &Outgoing<'_>,
        patience: Patience,
    ) -> Result<Answer, UpstreamError> {
        check_method(&outgoing.method)?;
        let uri = https_uri(&host_value(&to.host, to.port, DEFAULT_PORT)?, &outgoing.path)?;
        let mut request = Request::new(PiecesBody::new(outgoing.body.clone()));
        *request.method_mut() = outgoing.method.clone();
        *request.uri_mut() = uri;
        for (name, value) in outgoing.headers.iter().filter(|(name, _)| !is_ours(name)) {
            request.headers_mut().append(*name, (*value).clone());
        }
        let config = self.config.get_or_try_init(|| self.roots.client_config(&to.host)).await?;
        let client = self.client(config, patience.connect);
        let limit = patience.within(patience.connect + patience.head, Instant::now());
        let late = |_elapsed| UpstreamError::HeadTimeout(limit);
        let asked = tokio::time::timeout(limit, client.request(request)).await.map_err(late)?;
        let (mut head, body) = asked.map_err(|error| before_head(&error))?.into_parts();
        hop::strip(&mut head.headers);
        Ok(Answer { status: head.status, headers: head.headers, body: Body::Tls(body) })
    }

    fn client(&self, config: &ClientConfig, connect_timeout: Duration) -> HyperClient {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let (timeout, client) = match clients.iter().position(|(timeout, _)| *timeout == connect_timeout) {
            Some(at) => clients.remove(at),
            None => (connect_timeout, build(config, connect_timeout)),
        };
        if clients.len() == CLIENTS_MAX {
            clients.remove(0);
        }
        clients.push((timeout, client.clone()));
        client
    }
}

fn build(config: &ClientConfig, connect_timeout: Duration) -> HyperClient {
    hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_AGE_MAX)
        .pool_max_idle_per_host(IDLE_PER_ORIGIN_MAX)
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true)
        .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
        .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .build(Connector::new(config, connect_timeout))
}

/// The next piece of a body that hyper reads.
pub(super) fn poll_data(body: &mut Incoming, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpstreamError>>> {
    loop {
        match ready!(std::pin::Pin::new(&mut *body).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(mid_body(&error)))),
            // Trailers are dropped, as they are on plain connections.
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if !data.is_empty() => return Poll::Ready(Some(Ok(data))),
                Ok(_) | Err(_) => {}
            },
        }
    }
}

fn before_head(error: &hyper_util::client::legacy::Error) -> UpstreamError {
    let mut cause = error.source();
    let mut deepest = error.to_string();
    let mut closed = false;
    while let Some(this) = cause {
        if let Some(ours) = this.downcast_ref::<UpstreamError>() {
            return connector::repeat(ours);
        }
        closed |= this
            .downcast_ref::<hyper::Error>()
            .is_some_and(|error| error.is_incomplete_message() || error.is_closed() || error.is_canceled());
        closed |= this.downcast_ref::<io::Error>().is_some_and(is_closed);
        deepest = this.to_string();
        cause = this.source();
    }
    if closed { UpstreamError::ClosedBeforeHead } else { UpstreamError::Io { source: io::Error::other(deepest) } }
}

fn mid_body(error: &hyper::Error) -> UpstreamError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut deepest = String::new();
    let mut closed = error.is_incomplete_message();
    while let Some(this) = cause {
        closed |= this.downcast_ref::<io::Error>().is_some_and(is_closed);
        deepest = this.to_string();
        cause = this.source();
    }
    if closed { UpstreamError::ClosedMidBody } else { UpstreamError::Io { source: io::Error::other(deepest) } }
}
