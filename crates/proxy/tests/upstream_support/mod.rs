//! What the upstream tests share.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use trunkline_providers::BaseUrl;
use trunkline_proxy::upstream::{Body, Outgoing, Patience, UpstreamError};

/// Long enough for any loopback, short enough for a hung test to end.
pub(crate) const PATIENCE: Patience =
    Patience { connect: Duration::from_secs(10), head: Duration::from_secs(30), ends_at: None };

/// A key, and a header that is none of the caller's business.
pub(crate) static SOME_HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::AUTHORIZATION, HeaderValue::from_static("Bearer k")),
    (header::CONNECTION, HeaderValue::from_static("close")),
];

pub(crate) fn origin(port: u16) -> BaseUrl {
    BaseUrl { tls: false, host: "127.0.0.1".to_owned(), port, path: String::new() }
}

pub(crate) fn get(path: &str) -> Outgoing<'static> {
    Outgoing { method: Method::GET, path: path.to_owned(), headers: Default::default(), body: [].into_iter().collect() }
}

pub(crate) fn post(path: &str, pieces: &[&str]) -> Outgoing<'static> {
    let body = pieces.iter().map(|piece| Bytes::copy_from_slice(piece.as_bytes())).collect();
    Outgoing { method: Method::POST, path: path.to_owned(), headers: Default::default(), body }
}

pub(crate) async fn next_piece(body: &mut Body) -> Option<Result<Bytes, UpstreamError>> {
    poll_fn(|cx| body.poll_data(cx)).await
}

pub(crate) async fn collect(mut body: Body) -> Result<Vec<u8>, UpstreamError> {
    let mut all = Vec::new();
    while let Some(piece) = next_piece(&mut body).await {
        let piece = piece?;
        assert!(!piece.is_empty());
        all.extend_from_slice(&piece);
    }
    assert!(next_piece(&mut body).await.is_none(), "something came after the end");
    Ok(all)
}
