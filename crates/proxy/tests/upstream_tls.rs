//! `https` providers: certificates, both HTTP versions, and what failures are called.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod upstream_support;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use trunkline_providers::BaseUrl;
use trunkline_proxy::upstream::{Client, Patience, UpstreamError};
use upstream_support::{PATIENCE, SOME_HEADERS, collect, get, origin, post};

/// A certificate authority made for one test, and a certificate for `localhost` that it signed.
struct Authority {
    roots: RootCertStore,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(root.der().clone()).unwrap();
        Self { roots, chain: vec![leaf.der().clone()], key: PrivateKeyDer::try_from(key.serialize_der()).unwrap() }
    }

    /// A server that echoes, speaking only the HTTP version of this ALPN name.
    async fn serve(&self, alpn: &'static [u8]) -> BaseUrl {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config =
            builder.with_no_client_auth().with_single_cert(self.chain.clone(), self.key.clone_key()).unwrap();
        config.alpn_protocols = vec![alpn.to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (io, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust us hangs up.
                    let Ok(io) = acceptor.accept(io).await else { return };
                    let io = TokioIo::new(io);
                    if alpn == b"h2" {
                        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                        let _ = server.serve_connection(io, service_fn(echo)).await;
                    } else {
                        let server = hyper::server::conn::http1::Builder::new();
                        let _ = server.serve_connection(io, service_fn(echo)).await;
                    }
                });
            }
        });
        BaseUrl { tls: true, host: "localhost".to_owned(), port, path: String::new() }
    }
}

async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let about = format!("{} {} {:?}", request.method(), request.uri().path(), request.headers().get("authorization"));
    let version = if request.version() == Version::HTTP_2 { "2" } else { "1" };
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let answer = Response::builder().header("x-about", about).header("x-version", version);
    let answer = if version == "1" { answer.header("keep-alive", "timeout=5") } else { answer };
    Ok(answer.body(Full::new(body)).unwrap())
}

async fn check_echo(alpn: &'static [u8], version: &str) {
    let authority = Authority::new();
    let url = authority.serve(alpn).await;
    let client = Client::with_roots(authority.roots.clone());
    for _ in 0..2 {
        let mut outgoing = post("/v1/echo", &["one ", "", "two"]);
        outgoing.headers.extend(SOME_HEADERS.iter().map(|(name, value)| (name, value)));
        let answer = client.send(&url, &outgoing, PATIENCE).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["x-about"], "POST /v1/echo Some(\"Bearer k\")");
        assert_eq!(answer.headers["x-version"], version);
        assert_eq!(answer.headers.get("keep-alive"), None);
        assert_eq!(answer.body.remaining_bytes(), Some(7));
        assert_eq!(collect(answer.body).await.unwrap(), b"one two");
    }
    let large = vec![b'x'; 10_000_000];
    let mut outgoing = post("/", &[]);
    outgoing.body = [Bytes::from(large.clone())].into_iter().collect();
    let answer = client.send(&url, &outgoing, PATIENCE).await.unwrap();
    assert!(collect(answer.body).await.unwrap() == large, "the body changed on its way");
}

#[tokio::test]
async fn speaks_http_1_over_tls() {
    check_echo(b"http/1.1", "1").await;
}

#[tokio::test]
async fn speaks_http_2_where_the_server_does() {
    check_echo(b"h2", "2").await;
}

#[tokio::test]
async fn an_unknown_authority_or_another_name_is_a_tls_error() {
    let authority = Authority::new();
    let mut url = authority.serve(b"h2").await;
    let stranger = Client::with_roots(Authority::new().roots);
    let error = stranger.send(&url, &get("/"), PATIENCE).await.unwrap_err();
    assert!(error.to_string().starts_with("TLS with `localhost` failed: invalid peer certificate: "), "{error}");

    url.host = "127.0.0.1".to_owned();
    let client = Client::with_roots(authority.roots.clone());
    let error = client.send(&url, &get("/"), PATIENCE).await.unwrap_err();
    assert!(error.to_string().starts_with("TLS with `127.0.0.1` failed: invalid peer certificate: "), "{error}");
}

#[tokio::test]
async fn platform_roots_do_not_trust_a_stranger() {
    let url = Authority::new().serve(b"h2").await;
    let error = Client::new().send(&url, &get("/"), PATIENCE).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Tls { .. }), "{error:?}");
}

#[tokio::test]
async fn failures_to_connect_are_called_what_they_are_called_on_plain_connections() {
    let client = Client::with_roots(Authority::new().roots);
    let mut url = origin(TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port());
    url.tls = true;
    let error = client.send(&url, &get("/"), PATIENCE).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Connect { .. }), "{error:?}");

    // Takes connections and says nothing: the handshake is covered by the connect timeout.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    url.port = silent.local_addr().unwrap().port();
    let error =
        client.send(&url, &get("/"), Patience { connect: Duration::from_millis(50), ..PATIENCE }).await.unwrap_err();
    assert!(matches!(error, UpstreamError::ConnectTimeout), "{error:?}");

    url.host = "no-such-host.invalid".to_owned();
    let error = client.send(&url, &get("/"), PATIENCE).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Resolve { .. }), "{error:?}");
}

#[tokio::test]
async fn a_plain_server_behind_an_https_url_is_a_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut url = origin(listener.local_addr().unwrap().port());
    url.tls = true;
    tokio::spawn(async move {
        let (io, _) = listener.accept().await.unwrap();
        io.writable().await.unwrap();
        io.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        std::future::pending::<()>().await;
    });
    let client = Client::with_roots(Authority::new().roots);
    let error = client.send(&url, &get("/"), PATIENCE).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Tls { .. }), "{error:?}");
}
