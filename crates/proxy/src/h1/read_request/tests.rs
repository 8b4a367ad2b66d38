use bytes::BytesMut;
use http::{HeaderMap, Method, Version};
use proptest::prelude::*;

use super::{BLANK_LINES_MAX, METHOD_BYTES_MAX, Received, RequestReader};
use crate::h1::Framing;
use crate::h1::lines::{HEAD_BYTES_MAX, HEADERS_MAX, HeadError};

/// What a head said, in a form that can be compared, and what is left in the buffer behind it.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    line: (Method, String, Version),
    headers: Vec<(String, Vec<u8>)>,
    framing: Framing,
    keep_alive: bool,
    waits: bool,
    rest: Vec<u8>,
}

fn read(input: &[u8], step: usize) -> Result<Option<Read>, HeadError> {
    let mut reader = RequestReader::default();
    let mut buf = BytesMut::new();
    for (at, piece) in input.chunks(step).enumerate() {
        buf.extend_from_slice(piece);
        if let Some(received) = reader.read(&mut buf, HeaderMap::new)? {
            buf.extend_from_slice(input.get((at + 1) * step..).unwrap_or_default());
            return Ok(Some(told(received, &buf)));
        }
    }
    Ok(None)
}

fn told(received: Received, rest: &[u8]) -> Read {
    let Received { parts, framing, keep_alive, waits } = received;
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    let line = (parts.method, parts.uri.to_string(), parts.version);
    Read { line, headers, framing, keep_alive, waits, rest: rest.to_vec() }
}

fn whole(input: &[u8]) -> Result<Option<Read>, HeadError> {
    let at_once = read(input, input.len().max(1));
    assert_eq!(read(input, 1), at_once, "cut into bytes: {}", input.escape_ascii());
    at_once
}

fn refused(input: &str) -> HeadError {
    whole(input.as_bytes()).expect_err(input)
}

#[test]
fn reads_line_headers_framing_and_leaves_the_body() {
    let input = b"POST /v1/chat?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX-Two: 1\r\nx-two: 2\r\n\r\nhello";
    let read = whole(input).unwrap().unwrap();
    assert_eq!(read.line, (Method::POST, "/v1/chat?a=b".to_owned(), Version::HTTP_11));
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    assert_eq!(
        read.headers,
        [header("host", "h"), header("content-length", "5"), header("x-two", "1"), header("x-two", "2")]
    );
    assert_eq!((read.framing, read.keep_alive, read.waits), (Framing::Exact(5), true, false));
    assert_eq!(read.rest, b"hello");
}

#[test]
fn decides_how_the_body_ends_and_whether_the_connection_lives() {
    let check = |input: &str, framing, keep_alive, waits| {
        let read = whole(input.as_bytes()).unwrap().unwrap();
        assert_eq!((read.framing, read.keep_alive, read.waits), (framing, keep_alive, waits), "{input:?}");
    };
    check("GET / HTTP/1.1\r\n\r\n", Framing::Exact(0), true, false);
    check("GET / HTTP/1.0\r\n\r\n", Framing::Exact(0), false, false);
    check("GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n", Framing::Exact(0), true, false);
    check("POST / HTTP/1.1\r\nconnection: x, close\r\n\r\n", Framing::Exact(0), false, false);
    check("POST / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n", Framing::Chunked, true, false);
    check("POST / HTTP/1.1\r\ncontent-length: 7\r\ncontent-length: 7\r\n\r\n", Framing::Exact(7), true, false);
    check("POST / HTTP/1.1\r\nexpect: 100-Continue\r\ncontent-length: 7\r\n\r\n", Framing::Exact(7), true, true);
    check("POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 7\r\n\r\n", Framing::Exact(7), false, false);
    check("\r\n\r\nGET http://h/p HTTP/1.1\r\n\r\n", Framing::Exact(0), true, false);
}

#[test]
fn refuses_what_two_readers_could_understand_differently() {
    let with = |headers: &str| refused(&format!("POST / HTTP/1.1\r\n{headers}\r\n\r\n"));
    assert_eq!(with("content-length: 5\r\ntransfer-encoding: chunked"), HeadError::BothLengths);
    assert_eq!(with("content-length: 5\r\ncontent-length: 6"), HeadError::LengthsDiffer);
    assert_eq!(with("content-length: 5, 5"), HeadError::LengthNotDigits);
    assert_eq!(with("content-length: +5"), HeadError::LengthNotDigits);
    assert_eq!(with("transfer-encoding: gzip, chunked"), HeadError::TransferCoding);
    assert_eq!(with("transfer-encoding: chunked\r\ntransfer-encoding: chunked"), HeadError::TransferCoding);
    assert_eq!(with("host: a\r\nhost: a"), HeadError::RepeatedHost);
    assert_eq!(with("a : b"), HeadError::HeaderName);
    assert_eq!(with("a: b\r\n c"), HeadError::HeaderName);
    assert_eq!(with("a: b\nc: d"), HeadError::BareLineFeed);
    assert_eq!(with("a: b\rc: d"), HeadError::HeaderValue);
    assert_eq!(with("a: \0"), HeadError::HeaderValue);
    assert_eq!(refused("POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n"), HeadError::ChunkedInHttp10);
}

#[test]
fn refuses_other_protocols_at_once() {
    for input in ["\u{16}\u{3}\u{1}", " GET", "GE\u{e4}", "{\"model\"", "GET\t/ HTTP/1.1", "\rx"] {
        assert_eq!(refused(input), HeadError::NotHttp, "{input:?}");
    }
    let longest = "A".repeat(METHOD_BYTES_MAX);
    assert_eq!(whole(format!("{longest} / HTTP/1.1\r\n\r\n").as_bytes()).unwrap().unwrap().line.0, *longest);
    assert_eq!(refused(&format!("{longest}A")), HeadError::NotHttp);
    assert_eq!(refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), HeadError::NotHttp);
    for input in ["GET /a b HTTP/1.1\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n", "GET /\r\n\r\n"] {
        let error = refused(input);
        assert!(
            matches!(error, HeadError::FirstLine | HeadError::NotHttp | HeadError::BareCarriageReturn),
            "{input:?}: {error}"
        );
    }
}

#[test]
fn limits_hold() {
    let blank = "\r\n".repeat(usize::from(BLANK_LINES_MAX));
    assert!(whole(format!("{blank}GET / HTTP/1.1\r\n\r\n").as_bytes()).is_ok());
    assert_eq!(refused(&format!("{blank}\r\nGET / HTTP/1.1\r\n\r\n")), HeadError::FirstLine);
    let lines = "a: b\r\n".repeat(HEADERS_MAX + 1);
    assert_eq!(refused(&format!("GET / HTTP/1.1\r\n{lines}\r\n")), HeadError::TooManyHeaders);
    let long = "a".repeat(HEAD_BYTES_MAX);
    assert_eq!(read(format!("GET /{long}").as_bytes(), HEAD_BYTES_MAX), Err(HeadError::TooLarge));
}

#[test]
fn requests_follow_each_other() {
    let mut reader = RequestReader::default();
    let mut buf = BytesMut::from(&b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /"[..]);
    for path in ["/a", "/b"] {
        assert_eq!(reader.read(&mut buf, HeaderMap::new).unwrap().unwrap().parts.uri, path);
    }
    assert!(reader.read(&mut buf, HeaderMap::new).unwrap().is_none());
    assert_eq!(buf, "GET /");
}

proptest! {
    #[test]
    fn cuts_change_nothing(input in "(\r\n){0,2}(GET|POST|\\{) (/[a-z?]{0,4}|\\*) HTTP/1\\.[012]\r?\n([a-zA-Z-]{1,17}: ?[ -~]{0,9}\r\n){0,3}\r\n.{0,9}", step in 1..40_usize) {
        let bytes = input.as_bytes();
        prop_assert_eq!(read(bytes, step), read(bytes, bytes.len().max(1)));
    }
}
