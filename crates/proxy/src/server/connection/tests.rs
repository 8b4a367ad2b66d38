//! Connections served over an in-memory pipe; what is said about time is said of tokio's paused clock.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::super::body::RequestBody;
use super::super::limits::Patience;
use super::{LINGER_TIMEOUT, Service, serve};

const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(7);
/// What the pipe holds: less than the answers that are to get stuck in it.
const PIPE_BYTES: usize = 64 << 10;

type TestBody = UnsyncBoxBody<Bytes, BrokenOff>;

#[derive(Debug, thiserror::Error)]
#[error("broken off")]
struct BrokenOff;

/// Answers with what it was asked, or as the path says.
#[derive(Default)]
struct Echo {
    /// What `/piped` answers, piece by piece.
    pieces: Mutex<Option<mpsc::Receiver<Result<Bytes, BrokenOff>>>>,
    /// Set when the answer to `/never` is given up.
    given_up: Arc<AtomicBool>,
}

struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Service for Arc<Echo> {
    type Body = TestBody;

    async fn answer(&self, parts: Parts, mut body: RequestBody) -> Response<TestBody> {
        let full = |bytes: Bytes| Full::new(bytes).map_err(|never: Infallible| match never {}).boxed_unsync();
        match parts.uri.path() {
            "/ignores" => Response::new(full(Bytes::from_static(b"no"))),
            "/empty" => {
                let mut response = Response::new(full(Bytes::new()));
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
            "/never" => {
                let _given_up = GivenUp(Arc::clone(&self.given_up));
                std::future::pending().await
            }
            "/laid-out" => {
                let mut pieces = Vec::new();
                while let Some(Ok(data)) = std::future::poll_fn(|_| body.poll_data()).await {
                    pieces.push(data);
                }
                let gaps = pieces.windows(2).filter(|pair| pair[0].as_ptr_range().end != pair[1].as_ptr()).count();
                Response::new(full(Bytes::from(format!("{} pieces, {gaps} gaps", pieces.len()))))
            }
            "/piped" => {
                let pieces = self.pieces.lock().unwrap().take().unwrap();
                Response::new(StreamBody::new(Pieces(pieces)).boxed_unsync())
            }
            _ => {
                let mut whole = BytesMut::from(format!("{} {} ", parts.method, parts.uri).as_bytes());
                loop {
                    match std::future::poll_fn(|_| body.poll_data()).await {
                        Some(Ok(data)) => whole.unsplit(data),
                        Some(Err(error)) => return refused(full(Bytes::from(error.to_string()))),
                        None => break,
                    }
                }
                let mut response = Response::new(full(whole.freeze()));
                if parts.method == Method::HEAD {
                    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("7"));
                }
                response
            }
        }
    }

    fn patience(&self) -> Patience {
        Patience { head: HEAD_TIMEOUT, body: BODY_TIMEOUT }
    }

    fn spare_headers(&self) -> HeaderMap {
        HeaderMap::new()
    }

    fn recycle(&self, _headers: HeaderMap) {}
}

fn refused(body: TestBody) -> Response<TestBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

/// What comes through a channel, as a stream.
struct Pieces(mpsc::Receiver<Result<Bytes, BrokenOff>>);

impl futures_core::Stream for Pieces {
    type Item = Result<Frame<Bytes>, BrokenOff>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// A served connection: the client's end, and the way to tell the server to stop.
struct Rig {
    client: DuplexStream,
    stop: watch::Sender<bool>,
    service: Arc<Echo>,
    served: tokio::task::JoinHandle<()>,
}

impl Rig {
    fn new() -> Self {
        Self::with(Echo::default())
    }

    fn with(service: Echo) -> Self {
        let (client, server) = tokio::io::duplex(PIPE_BYTES);
        let stop = watch::Sender::new(false);
        let service = Arc::new(service);
        let served = tokio::spawn(serve(server, Arc::clone(&service), stop.subscribe()));
        Self { client, stop, service, served }
    }

    /// One whose `/piped` answers what is sent to it.
    fn piped() -> (Self, mpsc::Sender<Result<Bytes, BrokenOff>>) {
        let (pieces, answer) = mpsc::channel(64);
        (Self::with(Echo { pieces: Mutex::new(Some(answer)), ..Echo::default() }), pieces)
    }

    async fn send(&mut self, text: &str) {
        self.client.write_all(text.as_bytes()).await.unwrap();
    }

    /// All that comes until the server closes.
    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        self.client.read_to_end(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// What comes until `end` has come.
    async fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end.as_bytes()) {
            let read = self.client.read_buf(&mut bytes).await.unwrap();
            assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&bytes));
        }
        String::from_utf8(bytes).unwrap()
    }
}

/// An answer without its date, which is the day's.
fn dateless(answer: &str) -> String {
    answer.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
}

#[tokio::test(start_paused = true)]
async fn requests_sent_at_once_are_answered_in_turn() {
    let mut rig = Rig::new();
    rig.send("POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\nhiGET /b HTTP/1.1\r\nconnection: close\r\n\r\n").await;
    assert_eq!(
        dateless(&rig.rest().await),
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nPOST /a hi\
         HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\nGET /b "
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_may_come_late_and_in_chunks() {
    let mut rig = Rig::new();
    rig.send("POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n").await;
    assert_eq!(rig.until("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    for piece in ["2\r\nhe", "\r\n3;x=y\r\nllo\r", "\n0\r\n", "a: b\r\n\r\n"] {
        rig.send(piece).await;
        tokio::task::yield_now().await;
    }
    rig.until("POST /a hello").await;
    rig.send("POST /b HTTP/1.1\r\ncontent-length: 4\r\n\r\nab").await;
    tokio::task::yield_now().await;
    rig.send("cd").await;
    rig.until("POST /b abcd").await;
}

#[tokio::test(start_paused = true)]
async fn a_body_of_known_length_lies_in_one_piece_however_it_came() {
    let mut rig = Rig::new();
    rig.send("POST /laid-out HTTP/1.1\r\ncontent-length: 200000\r\n\r\n0123456789").await;
    for _ in 0..19 {
        tokio::task::yield_now().await;
        rig.send(&"x".repeat(10_000)).await;
    }
    tokio::task::yield_now().await;
    rig.send(&"y".repeat(9_990)).await;
    let answer = rig.until("gaps").await;
    assert!(answer.ends_with(" pieces, 0 gaps") && !answer.ends_with("\n1 pieces, 0 gaps"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn answers_without_a_body_say_nothing_about_its_end() {
    let mut rig = Rig::new();
    rig.send("HEAD /a HTTP/1.1\r\n\r\n").await;
    assert_eq!(dateless(&rig.until("\r\n\r\n").await), "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n");
    rig.send("GET /empty HTTP/1.1\r\n\r\n").await;
    assert_eq!(dateless(&rig.until("\r\n\r\n").await), "HTTP/1.1 204 No Content\r\n\r\n");
    rig.send("GET /c HTTP/1.1\r\n\r\n").await;
    rig.until("GET /c ").await;
}

#[tokio::test(start_paused = true)]
async fn old_clients_get_bodies_that_end_with_the_connection() {
    let (mut rig, pieces) = Rig::piped();
    rig.send("GET /a HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").await;
    assert!(rig.until("GET /a ").await.contains("connection: keep-alive\r\n"), "else its client would close");
    rig.send("GET /piped HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").await;
    pieces.send(Ok(Bytes::from_static(b"one"))).await.unwrap();
    assert!(rig.until("one").await.contains("connection: close\r\n"));
    pieces.send(Ok(Bytes::from_static(b"two"))).await.unwrap();
    drop(pieces);
    assert_eq!(rig.rest().await, "two");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_completed_is_cut() {
    let (mut rig, pieces) = Rig::piped();
    rig.send("GET /piped HTTP/1.1\r\n\r\n").await;
    pieces.send(Ok(Bytes::from_static(b"one"))).await.unwrap();
    pieces.send(Err(BrokenOff)).await.unwrap();
    assert!(rig.rest().await.ends_with("\r\n\r\n3\r\none\r\n"), "no last chunk");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_ends_the_work() {
    for sent in ["GET /never HTTP/1.1\r\n\r\n", "POST /never HTTP/1.1\r\ncontent-length: 9\r\n\r\nab"] {
        let mut rig = Rig::new();
        rig.send(sent).await;
        tokio::task::yield_now().await;
        drop(rig.client);
        rig.served.await.unwrap();
        assert!(rig.service.given_up.load(Ordering::SeqCst));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_the_readers_to_tell() {
    for (sent, told) in [
        ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\nx", "not a hexadecimal number"),
        ("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n", "does not end where its size says"),
    ] {
        let mut rig = Rig::new();
        rig.send(sent).await;
        let answer = rig.rest().await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(told), "{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_body_does_not_hide_the_answer() {
    let mut rig = Rig::new();
    rig.send("POST /ignores HTTP/1.1\r\ncontent-length: 1000000\r\n\r\nabc").await;
    let begun = Instant::now();
    // More than the pipe holds: the server has to take it, or the client never comes to read.
    for _ in 0..100 {
        rig.send(&"x".repeat(5_000)).await;
    }
    let answer = rig.rest().await;
    assert!(answer.contains("connection: close\r\n") && answer.ends_with("\r\n\r\nno"), "{answer}");
    rig.served.await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), LINGER_TIMEOUT.as_secs(), "it is not listened to for ever");
}

#[tokio::test(start_paused = true)]
async fn a_small_body_nobody_wanted_keeps_the_connection() {
    let mut rig = Rig::new();
    for _ in 0..2 {
        rig.send("POST /ignores HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n").await;
        assert!(!rig.until("\r\n\r\nno").await.contains("connection"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_is_told_so() {
    let long = format!("GET / HTTP/1.1\r\na: {}", "b".repeat(70_000));
    for (sent, status) in [
        ("GET / HTTP/1.1\r\na : b\r\n\r\n", "400 Bad Request"),
        ("\u{16}\u{3}\u{1}\u{2}", "400 Bad Request"),
        (long.as_str(), "431 Request Header Fields Too Large"),
    ] {
        let mut rig = Rig::new();
        rig.send(sent).await;
        let answer = rig.rest().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        assert!(answer.contains("the request cannot be read"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_has_an_end() {
    let begun = Instant::now();
    let mut rig = Rig::new();
    assert_eq!(rig.rest().await, "");
    assert_eq!(begun.elapsed().as_secs(), 75, "no request at all");

    let begun = Instant::now();
    let mut rig = Rig::new();
    rig.send("GET /a HTTP/1.1\r\n\r\n").await;
    rig.until("GET /a ").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    rig.send("GET /a HT").await;
    assert!(rig.rest().await.starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    let waited = begun.elapsed().as_secs();
    assert!((15..=25).contains(&waited), "half a head: {waited} s");

    let mut rig = Rig::new();
    rig.send("POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nab").await;
    for piece in ["c", "d"] {
        tokio::time::sleep(BODY_TIMEOUT - Duration::from_secs(1)).await;
        rig.send(piece).await;
    }
    let begun = Instant::now();
    let answer = rig.rest().await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("it stopped arriving"), "{answer}");
    let waited = begun.elapsed();
    assert!((BODY_TIMEOUT..2 * BODY_TIMEOUT).contains(&waited), "half a body: {waited:?}");
}

#[tokio::test(start_paused = true)]
async fn an_unread_answer_has_an_end_and_a_slow_reader_none() {
    let (mut rig, pieces) = Rig::piped();
    rig.send("GET /piped HTTP/1.1\r\n\r\n").await;
    let begun = Instant::now();
    let sender = tokio::spawn(async move {
        let piece = Bytes::from(vec![b'x'; 40_000]);
        while pieces.send(Ok(piece.clone())).await.is_ok() {}
    });
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(100)).await;
        let mut some = vec![0; 50_000];
        assert!(rig.client.read(&mut some).await.unwrap() > 0);
    }
    assert!(!rig.served.is_finished(), "it reads, if slowly");
    rig.served.await.unwrap();
    let waited = begun.elapsed().as_secs();
    assert!((1_120..=1_140).contains(&waited), "{waited} s");
    sender.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stop_closes_what_is_idle_and_finishes_what_is_not() {
    let mut rig = Rig::new();
    rig.send("GET /a HTTP/1.1\r\n\r\n").await;
    rig.until("GET /a ").await;
    let begun = Instant::now();
    rig.stop.send_replace(true);
    assert_eq!(rig.rest().await, "");
    assert_eq!(begun.elapsed(), Duration::ZERO);

    let (mut rig, pieces) = Rig::piped();
    rig.send("GET /piped HTTP/1.1\r\n\r\n").await;
    pieces.send(Ok(Bytes::from_static(b"one"))).await.unwrap();
    rig.until("one\r\n").await;
    rig.stop.send_replace(true);
    tokio::time::sleep(Duration::from_secs(30)).await;
    pieces.send(Ok(Bytes::from_static(b"two"))).await.unwrap();
    drop(pieces);
    assert_eq!(rig.rest().await, "3\r\ntwo\r\n0\r\n\r\n");
}

/// Hyper's client is the judge of what is written: every kind of body arrives as it was, on one connection.
#[tokio::test]
async fn hyper_reads_what_is_written() {
    let (client, server) = tokio::io::duplex(PIPE_BYTES);
    let stop = watch::Sender::new(false);
    let service = Arc::new(Echo::default());
    tokio::spawn(serve(server, Arc::clone(&service), stop.subscribe()));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(client)).await.unwrap();
    tokio::spawn(connection);
    for bytes in [0, 1, 9_000, 16_385, 200_000, 3_000_000] {
        let body = Bytes::from(vec![b'y'; bytes]);
        let request = Request::post("/a").body(Full::new(body.clone())).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.headers()[header::CONTENT_LENGTH], (8 + bytes).to_string());
        assert!(answer.headers().contains_key(header::DATE));
        let answer = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(answer.strip_prefix(b"POST /a ").unwrap(), body, "{bytes} bytes");

        let (pieces, piped) = mpsc::channel(64);
        *service.pieces.lock().unwrap() = Some(piped);
        for piece in [&body[..bytes / 2], &body[bytes / 2..], b"z"] {
            pieces.send(Ok(Bytes::copy_from_slice(piece))).await.unwrap();
        }
        drop(pieces);
        let answer = sender.send_request(Request::get("/piped").body(Full::default()).unwrap()).await.unwrap();
        assert!(!answer.body().is_end_stream() && !answer.headers().contains_key(header::CONTENT_LENGTH));
        let answer = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(answer.strip_suffix(b"z").unwrap(), body, "{bytes} bytes in pieces");
    }
}
