//! The codec beside hyper's: whatever bytes a server sends, both read the same answer, or both refuse, or ours refuses
//! for a reason on the list below. Never does ours accept what hyper refuses, or read something else from it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::BTreeSet;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use trunkline_proxy::h1::{Decoder, FramingError, HeadError, HeadReader, Progress};

/// What is left of an answer when only what matters downstream is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    status: StatusCode,
    headers: BTreeSet<(String, Vec<u8>)>,
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
        // Blank lines before the status line, which are left over from somebody else's answer.
        Refusal::Head(HeadError::NotHttp)
        // Line ends of the head that other readers do not take for line ends.
        | Refusal::Head(HeadError::BareLineFeed)
        // An upgrade nobody asked for.
        | Refusal::Head(HeadError::SwitchedProtocols)
        // Both lengths, of which hyper believes the chunks; lists such as `5, 5`; codings other than `chunked`, which
        // hyper ends with the last chunk or the connection.
        | Refusal::Head(HeadError::BothLengths | HeadError::LengthNotDigits | HeadError::TransferCoding)
        // The same headers where the status or the method already says that there is no body, and hyper does not look.
        | Refusal::Head(HeadError::LengthsDiffer | HeadError::ChunkedInHttp10)
        // Blanks around a chunk size; more digits than fit; control characters in an extension.
        | Refusal::Body(FramingError::ChunkSize | FramingError::ChunkSizeTooLong | FramingError::Extension)
        // Trailers with a line that is no header, bare line feeds included.
        | Refusal::Body(FramingError::Trailer) => true,
        Refusal::NoHead
        | Refusal::Head(
            HeadError::FirstLine
            | HeadError::RepeatedHost
            | HeadError::HeaderName
            | HeadError::HeaderValue
            | HeadError::BareCarriageReturn
            | HeadError::TooLarge
            | HeadError::TooManyHeaders
            | HeadError::TooManyInterim,
        )
        | Refusal::Body(
            FramingError::LineEnd
            | FramingError::ExtensionTooLong
            | FramingError::TrailersTooLong
            | FramingError::Cut,
        ) => false,
    }
}

fn ours(method: &Method, wire: &[u8], cuts: &[usize]) -> Result<Answer, Refusal> {
    let mut reader = HeadReader::new(method, http::HeaderMap::new());
    let mut buf = BytesMut::new();
    let mut fed = 0;
    let mut head = None;
    let mut body = Vec::new();
    for cut in cuts.iter().copied().chain([wire.len()]) {
        let cut = cut.clamp(fed, wire.len());
        buf.extend_from_slice(&wire[fed..cut]);
        fed = cut;
        if head.is_none() {
            let found = reader.read(&mut buf).map_err(Refusal::Head)?;
            head = found.map(|head| (Decoder::new(head.framing), head));
        }
        if let Some((decoder, _)) = &mut head {
            while let Progress::Data(data) = decoder.take(&mut buf).map_err(Refusal::Body)? {
                body.extend_from_slice(&data);
            }
        }
    }
    let (mut decoder, head) = head.ok_or(Refusal::NoHead)?;
    decoder.finish().map_err(Refusal::Body)?;
    Ok(Answer { status: head.status, headers: seen(&head.headers), body })
}

/// Hop-by-hop headers aside, and a repeated length once.
fn seen(headers: &HeaderMap) -> BTreeSet<(String, Vec<u8>)> {
    let hop = ["connection", "transfer-encoding", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"];
    let connection = headers.get_all("connection").iter().map(|value| value.to_str().unwrap_or_default());
    let named: Vec<String> =
        connection.flat_map(|value| value.split(',')).map(|word| word.trim().to_lowercase()).collect();
    let length = headers.get_all("content-length").iter().next_back();
    headers
        .iter()
        .filter(|(name, value)| *name != "content-length" || Some(*value) == length)
        .filter(|(name, _)| !hop.contains(&name.as_str()) && !named.iter().any(|named| named == name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect()
}

async fn hypers(method: Method, wire: Vec<u8>) -> Result<Answer, hyper::Error> {
    let (near, mut far) = tokio::io::duplex(1 << 16);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(near)).await?;
    tokio::spawn(connection);
    tokio::spawn(async move {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert!(far.read_buf(&mut request).await.unwrap() > 0);
        }
        // Hyper may hang up as soon as it has seen enough.
        let _ = far.write_all(&wire).await;
        let _ = far.shutdown().await;
    });
    let request = Request::builder().method(method).uri("/").header("host", "h").body(Empty::<Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await?;
    let (head, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes().to_vec();
    Ok(Answer { status: head.status, headers: seen(&head.headers), body })
}

fn header_line() -> impl Strategy<Value = String> {
    let lines = vec![
        "content-type: text/event-stream",
        "X-Two: 1",
        "X-Two: 2",
        "x-blank:",
        "x-wide: \t a b \t",
        "X-High: \u{e9}",
        "connection: close",
        "Connection: keep-alive, X-Two",
        "keep-alive: timeout=5",
        "content-length: 5",
        "Content-Length: 05",
        "content-length: 6",
        "content-length: 5, 5",
        "content-length: +5",
        "transfer-encoding: gzip",
        "Transfer-Encoding: Chunked",
    ];
    select(lines).prop_map(str::to_owned)
}

fn body() -> impl Strategy<Value = (Option<&'static str>, Vec<u8>)> {
    let chunk = (vec(any::<u8>(), 1..20), select(vec!["", ";a=b", ";a=\"b c\"", " ", "\t;x"]), 0..20_u8);
    let trailers = select(vec!["", "", "", "x-sum: 1\r\n", "a:\r\nb: c\r\n", "bad\r\n", "a: b\n"]);
    let chunked = (vec(chunk, 0..5), trailers).prop_map(|(chunks, trailers)| {
        let mut wire = Vec::new();
        for (data, after_size, odd) in chunks {
            // Odd blanks after a size are rare, so that most streams reach their end.
            let after_size = if odd > 0 && !after_size.starts_with(';') { "" } else { after_size };
            wire.extend_from_slice(format!("{:X}{after_size}\r\n", data.len()).as_bytes());
            wire.extend_from_slice(&data);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
        (Some("transfer-encoding: chunked"), wire)
    });
    let plain = (select(vec![None, Some("content-length: 5")]), vec(any::<u8>(), 0..12));
    prop_oneof![chunked, plain]
}

/// A change to one byte, or one more, or one less.
fn edit() -> impl Strategy<Value = (Index, u8, u8)> {
    (any::<Index>(), 0..3_u8, select(b"\r\n :;,\t\0\x7f0159aAfFgx-+HTP/.".to_vec()))
}

fn wire() -> impl Strategy<Value = Vec<u8>> {
    let status = prop_oneof![
        6 => select(vec!["HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.0 200 OK", "HTTP/1.1 500 \u{e9}"]),
        1 => select(vec!["HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified", "HTTP/1.1 101 Up", "HTTP/1.1 099 x"]),
        1 => select(vec!["\r\nHTTP/1.1 200 OK", "HTTP/1.1  200 OK", "HTTP/1.2 200 OK", "http/1.1 200 OK"]),
    ];
    let interim = prop_oneof![
        4 => Just(String::new()),
        1 => (1..3_usize).prop_map(|count| "HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n".repeat(count)),
    ];
    let edits = prop_oneof![1 => Just(Vec::new()), 1 => vec(edit(), 1..4)];
    (interim, status, vec(header_line(), 0..4), body(), edits, any::<bool>()).prop_map(
        |(interim, status, mut lines, (length, body), edits, framed)| {
            if framed {
                lines.retain(|line| {
                    !line.to_lowercase().starts_with("content-length") && !line.to_lowercase().contains("encoding")
                });
            }
            lines.extend(length.map(str::to_owned));
            let head: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let mut wire = [format!("{interim}{status}\r\n{head}\r\n").into_bytes(), body].concat();
            for (at, kind, byte) in edits {
                let at = at.index(wire.len());
                match kind {
                    0 => wire[at] = byte,
                    1 => wire.insert(at, byte),
                    _ => drop(wire.remove(at)),
                }
            }
            wire
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_what_hyper_reads_or_refuses(
        wire in wire(),
        method in select(vec![Method::GET, Method::GET, Method::GET, Method::HEAD]),
        cuts in vec(0..300_usize, 0..6),
    ) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        let ours = ours(&method, &wire, &cuts);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let hypers = runtime.block_on(hypers(method, wire.clone()));
        match (ours, hypers) {
            (Ok(ours), Ok(hypers)) => prop_assert_eq!(ours, hypers, "{}", wire.escape_ascii()),
            (Err(_), Err(_)) => {}
            (Err(refusal), Ok(_)) => {
                prop_assert!(is_stricter_on_purpose(refusal), "{refusal:?}: {}", wire.escape_ascii());
            }
            (Ok(ours), Err(error)) => prop_assert!(false, "{error:?}, {ours:?}: {}", wire.escape_ascii()),
        }
    }
}
