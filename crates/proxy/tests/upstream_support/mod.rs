//! What the upstream tests share.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use trunkline_providers::BaseUrl;
use trunkline_proxy::upstream::{Body, Outgoing, UpstreamError};

/// Long enough for any loopback, short enough for a hung test to end.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub fn origin(port: u16) -> BaseUrl {
    BaseUrl { tls: false, host: "127.0.0.1".to_owned(), port, path: String::new() }
}

pub fn get(path: &str) -> Outgoing {
    Outgoing { method: Method::GET, path: path.to_owned(), headers: HeaderMap::new(), body: [].into_iter().collect() }
}

pub fn post(path: &str, pieces: &[&str]) -> Outgoing {
    let body = pieces.iter().map(|piece| Bytes::copy_from_slice(piece.as_bytes())).collect();
    Outgoing { method: Method::POST, path: path.to_owned(), headers: HeaderMap::new(), body }
}

pub async fn next_piece(body: &mut Body) -> Option<Result<Bytes, UpstreamError>> {
    poll_fn(|cx| body.poll_data(cx)).await
}

pub async fn collect(mut body: Body) -> Result<Vec<u8>, UpstreamError> {
    let mut all = Vec::new();
    while let Some(piece) = next_piece(&mut body).await {
        let piece = piece?;
        assert!(!piece.is_empty());
        all.extend_from_slice(&piece);
    }
    assert!(next_piece(&mut body).await.is_none(), "something came after the end");
    Ok(all)
}

/// One request with its body, which must have a length.
pub async fn read_request(io: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    loop {
        assert!(io.read_buf(&mut request).await.unwrap() > 0, "the client closed early");
        let Some(end) = request.windows(4).position(|at| at == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(request[..end].to_ascii_lowercase()).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if request.len() == end + 4 + length.map_or(0, |digits| digits.parse().unwrap()) {
            return request;
        }
    }
}
