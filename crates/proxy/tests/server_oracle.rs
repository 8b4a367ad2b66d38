//! The codec beside hyper's, as a server: whatever bytes a client sends, both read the same request, or both refuse, or
//! ours refuses for a reason on the list below. Never does ours accept what hyper refuses, or read something else from it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::convert::Infallible;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, Version, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use trunkline_proxy::h1::{Decoder, FramingError, HeadError, Progress, RequestReader};

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    method: Method,
    target: String,
    version: Version,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// The bytes end before the head does.
    NoHead,
    Head(HeadError),
    Body(FramingError),
}

/// What hyper accepts and we refuse on purpose.
fn is_stricter_on_purpose(refusal: Refusal) -> bool {
    match refusal {
        // Line ends that other readers do not take for line ends.
        Refusal::Head(HeadError::BareLineFeed)
        // Clients that begin with something else than a method.
        | Refusal::Head(HeadError::NotHttp)
        // Both lengths, of which hyper believes the chunks; lists such as `5, 5`; other codings than `chunked`.
        | Refusal::Head(HeadError::BothLengths | HeadError::LengthNotDigits | HeadError::TransferCoding)
        // A host for each reader to choose from.
        | Refusal::Head(HeadError::RepeatedHost | HeadError::LengthsDiffer)
        // Blanks around a chunk size; more digits than fit; control characters in an extension.
        | Refusal::Body(FramingError::ChunkSize | FramingError::ChunkSizeTooLong | FramingError::Extension)
        // Trailers with a line that is no header, bare line feeds included.
        | Refusal::Body(FramingError::Trailer) => true,
        Refusal::NoHead
        | Refusal::Head(
            HeadError::FirstLine
            | HeadError::HeaderName
            | HeadError::HeaderValue
            | HeadError::BareCarriageReturn
            | HeadError::TooLarge
            | HeadError::TooManyHeaders
            | HeadError::TooManyInterim
            | HeadError::SwitchedProtocols
            | HeadError::ChunkedInHttp10,
        )
        | Refusal::Body(
            FramingError::LineEnd
            | FramingError::ExtensionTooLong
            | FramingError::TrailersTooLong
            | FramingError::Cut,
        ) => false,
    }
}

fn ours(wire: &[u8], cuts: &[usize]) -> Result<Asked, Refusal> {
    let mut reader = RequestReader::default();
    let mut buf = BytesMut::new();
    let mut fed = 0;
    let mut asked = None;
    for cut in cuts.iter().copied().chain([wire.len()]) {
        let cut = cut.clamp(fed, wire.len());
        buf.extend_from_slice(&wire[fed..cut]);
        fed = cut;
        if asked.is_none()
            && let Some(received) = reader.read(&mut buf, HeaderMap::new).map_err(Refusal::Head)?
        {
            let parts = received.parts;
            let (method, target) = (parts.method, parts.uri.to_string());
            let headers = seen(&parts.headers);
            let head = Asked { method, target, version: parts.version, headers, body: Vec::new() };
            asked = Some((Decoder::new(received.framing), head));
        }
        if let Some((decoder, asked)) = &mut asked {
            while let Progress::Data(data) = decoder.take(&mut buf).map_err(Refusal::Body)? {
                asked.body.extend_from_slice(&data);
            }
        }
    }
    let (mut decoder, asked) = asked.ok_or(Refusal::NoHead)?;
    decoder.finish().map_err(Refusal::Body)?;
    Ok(asked)
}

/// Headers in a fixed order, a repeated length once.
fn seen(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let length = headers.get_all(header::CONTENT_LENGTH).iter().next_back();
    let mut seen: Vec<_> = headers
        .iter()
        .filter(|(name, value)| *name != header::CONTENT_LENGTH || Some(*value) == length)
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    seen.sort();
    seen
}

async fn hypers(wire: Vec<u8>) -> Option<Asked> {
    let (near, mut far) = tokio::io::duplex(1 << 16);
    let (say, mut told) = mpsc::channel(8);
    let service = service_fn(move |request: Request<Incoming>| {
        let say = say.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map(|body| body.to_bytes().to_vec());
            let (method, target, version) = (parts.method, parts.uri.to_string(), parts.version);
            let headers = seen(&parts.headers);
            say.send(body.ok().map(|body| Asked { method, target, version, headers, body })).await.unwrap();
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let served = tokio::spawn(async move {
        // An error here is hyper's way to refuse.
        let _ = hyper::server::conn::http1::Builder::new()
            .half_close(true)
            .serve_connection(TokioIo::new(near), service)
            .await;
    });
    // It may hang up as soon as it has seen enough.
    let _ = far.write_all(&wire).await;
    let _ = far.shutdown().await;
    let _ = far.read_to_end(&mut Vec::new()).await;
    served.await.unwrap();
    told.recv().await.flatten()
}

fn line() -> impl Strategy<Value = String> {
    let known = select(vec![
        "content-length: 5",
        "content-length: 0",
        "content-length: 5, 5",
        "Content-Length:  3 ",
        "transfer-encoding: chunked",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: identity",
        "connection: close",
        "connection: keep-alive, x-a",
        "host: a",
        "host: b",
        "expect: 100-continue",
        "x-a: 1",
        "x-a:",
        "x-a : 1",
        " folded",
        "x-\u{e4}: 1",
        "x-a: \u{e4}",
        "",
    ])
    .prop_map(str::to_owned);
    prop_oneof![8 => known, 1 => "[a-z]{1,5}: ?[ -~]{0,8}"]
}

fn request() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        6 => select(vec!["POST /a?b=c HTTP/1.1", "GET / HTTP/1.1", "POST / HTTP/1.0", "PUT http://h/p HTTP/1.1"])
            .prop_map(str::to_owned),
        1 => select(vec![
            "GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/2.0", "GET /a b HTTP/1.1", "G\u{e4}T / HTTP/1.1", "", "* * *",
            "OPTIONS * HTTP/1.1", "CONNECT h:1 HTTP/1.1", "GET /\u{e4} HTTP/1.1", "get / HTTP/1.1", "GET h HTTP/1.1",
        ])
        .prop_map(str::to_owned),
    ];
    let end = || prop_oneof![30 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r")];
    let body = prop_oneof![
        select(vec![
            "",
            "hello",
            "hel",
            "0\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
            "3;a=b\r\nabc\r\n0\r\nx: y\r\n\r\n",
            "3\nabc\n0\n\n",
            "3 \r\nabc\r\n0\r\n\r\n",
            "0003\r\nabc\r\n0\r\n\r\n",
            "g\r\n",
            "5\r\nabc\r\n0\r\n\r\n",
            "3\r\nabc\r\n",
        ])
        .prop_map(str::to_owned),
        "[0-9a-f]{0,3}(;[a-z]{0,3})?\r?\n[a-z]{0,4}\r?\n",
    ];
    (first, end(), vec((line(), end()), 0..5), end(), body).prop_map(|(first, end, lines, blank, body)| {
        let mut wire = first + end;
        for (line, end) in lines {
            wire += &line;
            wire += end;
        }
        wire += blank;
        wire += &body;
        wire.into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn both_read_the_same_or_ours_is_stricter(wire in request(), cuts in vec(any::<Index>(), 0..4)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len() + 1)).collect();
        cuts.sort_unstable();
        let ours_at_once = ours(&wire, &[]);
        prop_assert_eq!(&ours(&wire, &cuts), &ours_at_once, "cuts change nothing");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let hypers = runtime.block_on(hypers(wire.clone()));
        match (ours_at_once, hypers) {
            (Ok(ours), Some(hypers)) => prop_assert_eq!(ours, hypers, "{}", wire.escape_ascii()),
            (Ok(ours), None) => prop_assert!(false, "hyper refuses {:?} of {}", ours, wire.escape_ascii()),
            (Err(refusal), Some(hypers)) => {
                prop_assert!(is_stricter_on_purpose(refusal), "{:?}, but {:?} of {}", refusal, hypers, wire.escape_ascii());
            }
            (Err(_), None) => {}
        }
    }
}
