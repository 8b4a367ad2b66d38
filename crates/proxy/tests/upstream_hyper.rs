//! The upstream client against real servers: hyper's where behaviour matters, a script of bytes where the wire does.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod upstream_support;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use trunkline_proxy::h1::{FramingError, HeadError};
use trunkline_proxy::upstream::{Client, Patience, UpstreamError};
use upstream_support::{PATIENCE, SOME_HEADERS, collect, get, next_piece, origin, post};

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// A hyper server that counts its connections.
struct Hyper {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Hyper {
    async fn start<F, R>(service: F) -> Self
    where
        F: Fn(Request<Incoming>) -> R + Clone + Send + 'static,
        R: Future<Output = Answer> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let (io, _) = listener.accept().await.unwrap();
                counter.fetch_add(1, Ordering::SeqCst);
                let service = service.clone();
                let service = service_fn(move |request| {
                    let answer = service(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service));
            }
        });
        Self { port, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn full(body: impl Into<Bytes>) -> Answer {
    Response::new(Full::new(body.into()).boxed())
}

/// A server that answers its connections, in order, with these scripts. Each reads whole requests and answers them.
async fn scripted(scripts: Vec<Vec<Step>>) -> (u16, tokio::task::JoinHandle<Vec<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let mut requests = Vec::new();
        for script in scripts {
            let (mut io, _) = listener.accept().await.unwrap();
            for step in script {
                match step {
                    Step::Read => requests.push(read_request(&mut io).await),
                    Step::Write(bytes) => io.write_all(&bytes).await.unwrap(),
                    Step::AwaitEof => assert_eq!(io.read(&mut [0; 16]).await.unwrap_or(0), 0),
                }
            }
        }
        requests
    });
    (port, task)
}

enum Step {
    Read,
    Write(Vec<u8>),
    AwaitEof,
}

fn write(bytes: &str) -> Step {
    Step::Write(bytes.as_bytes().to_vec())
}

#[tokio::test]
async fn requests_arrive_whole_and_share_a_connection() {
    let server = Hyper::start(|request: Request<Incoming>| async move {
        let line = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
        let body = request.into_body().collect().await.unwrap().to_bytes();
        full(format!("{line} {}", body.escape_ascii()))
    })
    .await;
    let client = Client::new();
    let mut outgoing = post("/v1/chat?x=1", &["{\"model\":\"", "bench", "\"}"]);
    outgoing.headers.extend(SOME_HEADERS.iter().map(|(name, value)| (name, value)));
    for _ in 0..3 {
        let mut again = post("/v1/chat?x=1", &["{\"model\":\"", "bench", "\"}"]);
        again.headers = outgoing.headers.clone();
        let answer = client.send(&origin(server.port), &again, PATIENCE).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        let expected = format!(
            "POST /v1/chat?x=1 {{\"host\": \"127.0.0.1:{}\", \"authorization\": \"Bearer k\", \
             \"content-length\": \"17\"}} {}",
            server.port, r#"{\"model\":\"bench\"}"#
        );
        assert_eq!(collect(answer.body).await.unwrap(), expected.as_bytes());
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_burst_of_chunks_arrives_as_one_piece() {
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let burst = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
        (0..50).map(|at| chunk(&format!("data: {at}\n\n"))).collect::<String>()
    );
    let (port, server) = scripted(vec![vec![Step::Read, write(&burst), Step::AwaitEof]]).await;
    let client = Client::new();
    let mut answer = client.send(&origin(port), &post("/", &["{}"]), PATIENCE).await.unwrap();
    assert_eq!(answer.headers, HeaderMap::new());
    let piece = next_piece(&mut answer.body).await.unwrap().unwrap();
    assert_eq!(piece, (0..50).map(|at| format!("data: {at}\n\n")).collect::<String>().as_bytes());
    assert!(answer.body.is_end_stream());
    assert!(next_piece(&mut answer.body).await.is_none());
    drop((answer, client));
    server.await.unwrap();
}

#[tokio::test]
async fn answers_without_a_body_end_at_their_head_and_keep_the_connection() {
    let server = Hyper::start(|request: Request<Incoming>| async move {
        match request.uri().path() {
            "/204" => Response::builder().status(204).body(Full::new(Bytes::new()).boxed()).unwrap(),
            "/304" => Response::builder().status(304).body(Full::new(Bytes::new()).boxed()).unwrap(),
            _ => full("hello"),
        }
    })
    .await;
    let client = Client::new();
    let check = async |method: Method, path: &str, status: u16, length: Option<&str>| {
        let mut outgoing = get(path);
        outgoing.method = method;
        let answer = client.send(&origin(server.port), &outgoing, PATIENCE).await.unwrap();
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.headers.get("content-length").map(|value| value.to_str().unwrap()), length);
        assert!(answer.body.is_end_stream());
        assert_eq!(answer.body.remaining_bytes(), Some(0));
    };
    check(Method::HEAD, "/", 200, Some("5")).await;
    check(Method::GET, "/204", 204, None).await;
    check(Method::GET, "/304", 304, None).await;
    let answer = client.send(&origin(server.port), &get("/"), PATIENCE).await.unwrap();
    assert_eq!(answer.body.remaining_bytes(), Some(5));
    assert_eq!(collect(answer.body).await.unwrap(), b"hello");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let script = vec![
        Step::Read,
        write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
        write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
        Step::AwaitEof,
    ];
    let (port, server) = scripted(vec![script]).await;
    let client = Client::new();
    let answer = client.send(&origin(port), &post("/", &["{}"]), PATIENCE).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(collect(answer.body).await.unwrap(), b"ok");
    drop(client);
    server.await.unwrap();
}

#[tokio::test]
async fn a_body_without_a_length_ends_with_the_connection_which_is_not_kept() {
    let closing = || vec![Step::Read, write("HTTP/1.0 200 OK\r\n\r\nuntil the end")];
    let (port, server) = scripted(vec![closing(), closing()]).await;
    let client = Client::new();
    for _ in 0..2 {
        let answer = client.send(&origin(port), &get("/"), PATIENCE).await.unwrap();
        assert_eq!(answer.body.remaining_bytes(), None);
        assert_eq!(collect(answer.body).await.unwrap(), b"until the end");
    }
    assert_eq!(server.await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_connection_with_bytes_behind_its_answer_is_not_kept() {
    let stuffed = || {
        let bytes = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
        vec![Step::Read, write(bytes), Step::AwaitEof]
    };
    let (port, server) = scripted(vec![stuffed(), stuffed()]).await;
    let client = Client::new();
    for _ in 0..2 {
        let answer = client.send(&origin(port), &get("/"), PATIENCE).await.unwrap();
        assert_eq!(collect(answer.body).await.unwrap(), b"ok");
    }
    assert_eq!(server.await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_request_on_a_connection_that_died_in_the_pool_is_sent_again() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    // The first connection reads the second request and closes without a word.
    let scripts = vec![vec![Step::Read, write(ok), Step::Read], vec![Step::Read, write(ok), Step::AwaitEof]];
    let (port, server) = scripted(scripts).await;
    let client = Client::new();
    for _ in 0..2 {
        let answer = client.send(&origin(port), &post("/", &["{", "}"]), PATIENCE).await.unwrap();
        assert_eq!(collect(answer.body).await.unwrap(), b"ok");
    }
    drop(client);
    let requests = server.await.unwrap();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[1], requests[2]);
}

#[tokio::test]
async fn a_new_connection_that_closes_without_an_answer_is_an_error() {
    let (port, server) = scripted(vec![vec![Step::Read]]).await;
    let error = Client::new().send(&origin(port), &post("/", &["{}"]), PATIENCE).await.unwrap_err();
    assert!(matches!(error, UpstreamError::ClosedBeforeHead), "{error:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn a_kept_connection_that_breaks_in_its_head_is_not_tried_again() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let (port, server) = scripted(vec![vec![Step::Read, write(ok), Step::Read, write("HTTP/1.1 2")]]).await;
    let client = Client::new();
    let answer = client.send(&origin(port), &get("/"), PATIENCE).await.unwrap();
    collect(answer.body).await.unwrap();
    let error = client.send(&origin(port), &get("/"), PATIENCE).await.unwrap_err();
    assert!(matches!(error, UpstreamError::ClosedBeforeHead), "{error:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn broken_answers_have_names_of_their_own() {
    let check = async |bytes: &str| {
        let (port, server) = scripted(vec![vec![Step::Read, write(bytes)]]).await;
        let result = Client::new().send(&origin(port), &get("/"), PATIENCE).await;
        let error = match result {
            Ok(answer) => collect(answer.body).await.unwrap_err(),
            Err(error) => error,
        };
        server.await.unwrap();
        error
    };
    assert!(matches!(check("SSH-2.0-x\r\n").await, UpstreamError::BadHead(HeadError::NotHttp)));
    let short = check("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello").await;
    assert!(matches!(short, UpstreamError::ClosedMidBody), "{short:?}");
    let cut = check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
    assert!(matches!(cut, UpstreamError::ClosedMidBody), "{cut:?}");
    let bad = check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello!\n").await;
    assert!(matches!(bad, UpstreamError::Framing(FramingError::LineEnd)), "{bad:?}");
}

#[tokio::test]
async fn dropping_a_body_or_a_request_closes_its_connection() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n";
    let (port, server) = scripted(vec![vec![Step::Read, write(head), Step::AwaitEof]]).await;
    let client = Client::new();
    let mut answer = client.send(&origin(port), &get("/"), PATIENCE).await.unwrap();
    assert_eq!(next_piece(&mut answer.body).await.unwrap().unwrap(), "a");
    drop(answer);
    server.await.unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let request = tokio::spawn(async move { client.send(&origin(port), &get("/"), PATIENCE).await.map(drop) });
    let (mut io, _) = listener.accept().await.unwrap();
    read_request(&mut io).await;
    request.abort();
    assert_eq!(io.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn large_bodies_pass_both_ways() {
    let server = Hyper::start(|request: Request<Incoming>| async move {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let pieces: VecDeque<Bytes> = body.chunks(100_000).map(Bytes::copy_from_slice).collect();
        let stream = StreamBody::new(Pieces(pieces));
        Response::new(stream.boxed())
    })
    .await;
    let client = Client::new();
    let large: Vec<u8> = (0..10_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for _ in 0..2 {
        let mut outgoing = post("/", &[]);
        outgoing.body = large.chunks(1_234_567).map(Bytes::copy_from_slice).collect();
        let answer = client.send(&origin(server.port), &outgoing, PATIENCE).await.unwrap();
        assert!(collect(answer.body).await.unwrap() == large, "the body changed on its way");
    }
    assert_eq!(server.connections(), 1);
}

/// A stream of chunks.
struct Pieces(VecDeque<Bytes>);

impl futures_core::Stream for Pieces {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}

#[tokio::test]
async fn a_refusal_that_comes_during_the_upload_is_the_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let refuse = "HTTP/1.1 413 Payload Too Large\r\ncontent-length: 7\r\n\r\ntoo big";
    let server = tokio::spawn(async move {
        // Says so and keeps the connection open, unread.
        let (mut patient, _) = listener.accept().await.unwrap();
        read_some(&mut patient).await;
        patient.write_all(refuse.as_bytes()).await.unwrap();
        // Says so and closes with most of the request unread, which resets the connection.
        let (mut hasty, _) = listener.accept().await.unwrap();
        read_some(&mut hasty).await;
        hasty.write_all(refuse.as_bytes()).await.unwrap();
        drop(hasty);
        patient
    });
    let client = Client::new();
    for _ in 0..2 {
        let mut outgoing = post("/", &[]);
        outgoing.body = std::iter::repeat_n(Bytes::from(vec![b'x'; 1 << 20]), 32).collect();
        let answer = client.send(&origin(port), &outgoing, PATIENCE).await.unwrap();
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(collect(answer.body).await.unwrap(), b"too big");
    }
    server.await.unwrap();
}

/// One request with its body, which must have a length.
async fn read_request(io: &mut TcpStream) -> Vec<u8> {
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

#[tokio::test]
async fn a_success_that_comes_during_the_upload_waits_for_its_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut io, _) = listener.accept().await.unwrap();
        read_some(&mut io).await;
        io.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        let mut byte_count = 0;
        let mut some = vec![0; 1 << 20];
        while !some[..byte_count].ends_with(b"end") {
            byte_count = io.read(&mut some).await.unwrap();
        }
        io.write_all(b"2\r\nok\r\n0\r\n\r\n").await.unwrap();
        // The same connection again.
        let second = read_request(&mut io).await;
        io.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        second
    });
    let client = Client::new();
    let mut outgoing = post("/", &[]);
    outgoing.body = std::iter::repeat_n(Bytes::from(vec![b'x'; 1 << 20]), 16).collect();
    outgoing.body.push(Bytes::from_static(b"end"));
    let answer = client.send(&origin(port), &outgoing, PATIENCE).await.unwrap();
    assert_eq!(collect(answer.body).await.unwrap(), b"ok");
    let answer = client.send(&origin(port), &get("/second"), PATIENCE).await.unwrap();
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(server.await.unwrap().starts_with(b"GET /second "));
}

async fn read_some(io: &mut TcpStream) {
    let mut some = [0; 1000];
    assert!(io.read(&mut some).await.unwrap() > 0);
}

#[tokio::test]
async fn failures_to_connect_say_which() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let client = Client::new();
    let error = client.send(&origin(free), &get("/"), PATIENCE).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot connect to `127.0.0.1` port {free}: ")), "{error}");

    let mut nowhere = origin(80);
    nowhere.host = "no-such-host.invalid".to_owned();
    let error = client.send(&nowhere, &get("/"), PATIENCE).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Resolve { .. }), "{error:?}");

    let error = client.send(&nowhere, &get("/"), Patience { connect: Duration::ZERO, ..PATIENCE }).await.unwrap_err();
    assert!(matches!(error, UpstreamError::ConnectTimeout | UpstreamError::Resolve { .. }), "{error:?}");
}

#[tokio::test]
async fn a_name_with_several_addresses_finds_the_one_that_listens() {
    // `localhost` is often ::1 first, where nobody listens here.
    let server = Hyper::start(|_| async { full("here") }).await;
    let mut url = origin(server.port);
    url.host = "localhost".to_owned();
    let answer = Client::new().send(&url, &get("/"), PATIENCE).await.unwrap();
    assert_eq!(collect(answer.body).await.unwrap(), b"here");
}

#[tokio::test]
async fn a_path_that_is_two_requests_is_not_sent() {
    let error = Client::new().send(&origin(1), &get("/ HTTP/1.1\r\nhost: x\r\n\r\nGET /"), PATIENCE).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Unsendable(_)), "{error:?}");
}

#[test]
fn futures_can_be_spawned() {
    fn is_send<T: Send>(_: T) {}
    let client = Client::new();
    is_send(client.send(&origin(1), &get("/"), PATIENCE));
    is_send(client);
}
