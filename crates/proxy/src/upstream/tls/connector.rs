//! How hyper's client gets its connections: dialled as plain ones are, then TLS, both within one deadline.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use super::DEFAULT_PORT;
use crate::upstream::UpstreamError;
use crate::upstream::plain::dial;

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, UpstreamError>> + Send>>;

/// TCP and TLS.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    https: HttpsConnector<Dial>,
    limit: Duration,
}

/// TCP alone.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    limit: Duration,
}

impl Connector {
    pub(super) fn new(config: &ClientConfig, limit: Duration) -> Self {
        let https = HttpsConnectorBuilder::new().with_tls_config(config.clone()).https_only().enable_all_versions();
        Self { https: https.wrap_connector(Dial { limit }), limit }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = UpstreamError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let limit = self.limit;
        let host = uri.host().unwrap_or_default().to_owned();
        let connecting = self.https.call(uri);
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(Ok(stream)) => Ok(stream),
                Ok(Err(error)) => Err(match error.downcast::<UpstreamError>() {
                    Ok(ours) => *ours,
                    Err(other) => UpstreamError::Tls { host, reason: other.to_string() },
                }),
                Err(_) => Err(UpstreamError::ConnectTimeout),
            }
        })
    }
}

impl Service<Uri> for Dial {
    type Response = TokioIo<TcpStream>;
    type Error = UpstreamError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let limit = self.limit;
        Box::pin(async move {
            let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
            let io = dial::connect(host, uri.port_u16().unwrap_or(DEFAULT_PORT), limit).await?;
            Ok(TokioIo::new(io))
        })
    }
}

/// A connector's failure, which hyper only lends, as a value of its own.
pub(super) fn repeat(error: &UpstreamError) -> UpstreamError {
    let again = |source: &io::Error| io::Error::new(source.kind(), source.to_string());
    match error {
        UpstreamError::Resolve { host, source } => UpstreamError::Resolve { host: host.clone(), source: again(source) },
        UpstreamError::Connect { host, port, source } => {
            UpstreamError::Connect { host: host.clone(), port: *port, source: again(source) }
        }
        UpstreamError::ConnectTimeout => UpstreamError::ConnectTimeout,
        UpstreamError::Tls { host, reason } => UpstreamError::Tls { host: host.clone(), reason: reason.clone() },
        // A connector makes none of these.
        UpstreamError::Unsendable(_)
        | UpstreamError::Write { .. }
        | UpstreamError::ClosedBeforeHead
        | UpstreamError::HeadTimeout(_)
        | UpstreamError::BadHead(_)
        | UpstreamError::Framing(_)
        | UpstreamError::ClosedMidBody
        | UpstreamError::Io { .. } => UpstreamError::Io { source: io::Error::other(error.to_string()) },
    }
}
