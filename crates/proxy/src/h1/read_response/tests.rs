use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use proptest::prelude::*;

use super::{Head, HeadReader, INTERIM_HEADS_MAX};
use crate::h1::Framing;
use crate::h1::lines::{HEAD_BYTES_MAX, HEADERS_MAX, HeadError};

/// The head, and what is left in the buffer behind it.
type Outcome = Result<Option<(Head, Vec<u8>)>, HeadError>;

fn read(method: &Method, input: &[u8], step: usize) -> Outcome {
    let mut reader = HeadReader::new(method, http::HeaderMap::new());
    let mut buf = BytesMut::new();
    for (at, piece) in input.chunks(step).enumerate() {
        buf.extend_from_slice(piece);
        if let Some(head) = reader.read(&mut buf)? {
            buf.extend_from_slice(input.get((at + 1) * step..).unwrap_or_default());
            return Ok(Some((head, buf.to_vec())));
        }
    }
    Ok(None)
}

fn whole(method: &Method, input: &[u8]) -> Outcome {
    let at_once = read(method, input, input.len().max(1));
    assert_eq!(read(method, input, 1), at_once, "cut into bytes: {}", input.escape_ascii());
    at_once
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

#[test]
fn reads_status_headers_framing_and_leaves_the_body() {
    let input = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
    let head = Head {
        status: StatusCode::OK,
        headers: headers(&[("content-type", "text/plain"), ("content-length", "5")]),
        framing: Framing::Exact(5),
        keep_alive: true,
    };
    assert_eq!(whole(&Method::POST, input), Ok(Some((head, b"hello".to_vec()))));
}

#[test]
fn decides_how_the_body_ends_and_whether_the_connection_lives() {
    let check = |method: Method, input: &str, framing: Framing, keep_alive: bool| {
        let (head, _) = whole(&method, input.as_bytes()).unwrap().unwrap();
        assert_eq!((head.framing, head.keep_alive), (framing, keep_alive), "{input:?}");
    };
    let get = || Method::GET;
    check(get(), "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n", Framing::Chunked, true);
    check(get(), "HTTP/1.1 200 OK\r\n\r\n", Framing::Close, false);
    check(get(), "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", Framing::Exact(0), true);
    check(get(), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 05 \r\n\r\n", Framing::Exact(5), true);
    check(get(), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: x, Close\r\n\r\n", Framing::Exact(5), false);
    check(get(), "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\n", Framing::Exact(5), false);
    check(get(), "HTTP/1.0 200 OK\r\ncontent-length: 5\r\nconnection: Keep-Alive\r\n\r\n", Framing::Exact(5), true);
    check(get(), "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\n", Framing::Close, false);
    check(get(), "HTTP/1.1 204 No Content\r\n\r\n", Framing::Exact(0), true);
    check(get(), "HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n", Framing::Exact(0), true);
    check(Method::HEAD, "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", Framing::Exact(0), true);
    check(Method::HEAD, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", Framing::Exact(0), true);
}

#[test]
fn skips_interim_answers_and_removes_hop_by_hop_headers() {
    let input = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\
        Connection: keep-alive, X-Private\r\nKeep-Alive: timeout=5\r\nX-Private: 1\r\nTransfer-Encoding: chunked\r\n\
        Trailer: x\r\nTE: y\r\nUpgrade: h2c\r\nProxy-Connection: z\r\nX-Empty:\r\nX-Two: 1\r\nX-Two: 2\r\n\r\n0";
    let head = Head {
        status: StatusCode::OK,
        headers: headers(&[("x-empty", ""), ("x-two", "1"), ("x-two", "2")]),
        framing: Framing::Chunked,
        keep_alive: true,
    };
    assert_eq!(whole(&Method::GET, input), Ok(Some((head, b"0".to_vec()))));
}

#[test]
fn keeps_content_length_once() {
    let (head, _) =
        whole(&Method::GET, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n").unwrap().unwrap();
    assert_eq!(head.headers, headers(&[("content-length", "5")]));
}

#[test]
fn refuses_what_two_readers_could_understand_differently() {
    let check =
        |input: &str, error: HeadError| assert_eq!(whole(&Method::GET, input.as_bytes()), Err(error), "{input:?}");
    let with = |line: &str, error| check(&format!("HTTP/1.1 200 OK\r\n{line}\r\n\r\n"), error);
    check("SSH-2.0-OpenSSH", HeadError::NotHttp);
    check("\r\nHTTP/1.1 200 OK\r\n\r\n", HeadError::NotHttp);
    check("HTTP/2", HeadError::NotHttp);
    check("HTTP/1.2 200 OK\r\n\r\n", HeadError::NotHttp);
    check("HTTP/1.1 2000 OK\r\n\r\n", HeadError::FirstLine);
    check("HTTP/1.1 099 OK\r\n\r\n", HeadError::FirstLine);
    check("HTTP/1.1 20x OK\r\n\r\n", HeadError::FirstLine);
    check("HTTP/1.1 200 O\0K\r\n\r\n", HeadError::FirstLine);
    check("HTTP/1.1 200 OK\n", HeadError::BareLineFeed);
    check("HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n", HeadError::BareLineFeed);
    check("HTTP/1.1 200 OK\r\na: b\r\n\n", HeadError::BareLineFeed);
    check("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n", HeadError::SwitchedProtocols);
    check("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", HeadError::ChunkedInHttp10);
    with("content-length: 5\r\ntransfer-encoding: chunked", HeadError::BothLengths);
    with("transfer-encoding: chunked\r\ncontent-length: 5", HeadError::BothLengths);
    with("content-length: 5\r\ncontent-length: 6", HeadError::LengthsDiffer);
    for length in ["", "+5", "-5", "0x5", "5, 5", "5 5", "five", "18446744073709551616"] {
        with(&format!("content-length: {length}"), HeadError::LengthNotDigits);
    }
    for coding in ["", "gzip", "gzip, chunked", "chunked, chunked", "chunked, identity", "identity", "xchunked"] {
        with(&format!("transfer-encoding: {coding}"), HeadError::TransferCoding);
    }
    with("transfer-encoding: chunked\r\ntransfer-encoding: chunked", HeadError::TransferCoding);
    with("a: b\r\n folded", HeadError::HeaderName);
    with("a : b", HeadError::HeaderName);
    with("a b", HeadError::HeaderName);
    with(": b", HeadError::HeaderName);
    with("a: \u{1}", HeadError::HeaderValue);
    with("a: b\rc", HeadError::HeaderValue);
}

#[test]
fn limits_hold_to_the_byte() {
    let head = |filler: usize| format!("HTTP/1.1 204 X\r\na: {}\r\n\r\n", "x".repeat(filler));
    let fits = HEAD_BYTES_MAX - head(0).len();
    assert!(read(&Method::GET, head(fits).as_bytes(), 4096).unwrap().is_some());
    assert_eq!(read(&Method::GET, head(fits + 1).as_bytes(), 4096), Err(HeadError::TooLarge));
    assert_eq!(read(&Method::GET, head(fits + 1).as_bytes(), 1 << 20), Err(HeadError::TooLarge));

    let lines = |count: usize| format!("HTTP/1.1 204 X\r\n{}\r\n", "a: b\r\n".repeat(count));
    assert!(whole(&Method::GET, lines(HEADERS_MAX).as_bytes()).unwrap().is_some());
    assert_eq!(whole(&Method::GET, lines(HEADERS_MAX + 1).as_bytes()), Err(HeadError::TooManyHeaders));

    let interim =
        |count: u8| format!("{}HTTP/1.1 204 X\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n".repeat(usize::from(count)));
    assert!(whole(&Method::GET, interim(INTERIM_HEADS_MAX).as_bytes()).unwrap().is_some());
    assert_eq!(whole(&Method::GET, interim(INTERIM_HEADS_MAX + 1).as_bytes()), Err(HeadError::TooManyInterim));
}

#[test]
fn a_head_that_is_not_there_yet_is_waited_for() {
    let input = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r";
    for end in 0..=input.len() {
        assert_eq!(whole(&Method::GET, &input[..end]), Ok(None));
    }
}

proptest! {
    #[test]
    fn any_cut_of_any_head_gives_the_same(
        edits in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"\r\n :;,\0a1".to_vec())), 0..4),
        step in 1..50_usize,
    ) {
        let mut input = b"HTTP/1.1 103 Hint\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\nConnection: close\r\n\r\nhello".to_vec();
        for (at, byte) in edits {
            let at = at.index(input.len());
            input[at] = byte;
        }
        prop_assert_eq!(read(&Method::GET, &input, step), whole(&Method::GET, &input));
    }

    #[test]
    fn bytes_from_nowhere_never_panic(input in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = whole(&Method::GET, &input);
        let _ = whole(&Method::GET, &[b"HTTP/1.1 ", &input[..]].concat());
    }
}
