//! What clients send on a connection: the cuts of the network change neither a request's head, nor its body, nor what is
//! wrong with it, nor where the next request begins.

#![no_main]

use bytes::{Bytes, BytesMut};
use cuts::{Cut, read_body};
use http::{HeaderMap, Method, Version};
use libfuzzer_sys::fuzz_target;
use trunkline_proxy::h1::{Framing, FramingError, HeadError, Received, RequestReader};

/// Requests that are read from one input.
const REQUESTS_MAX: usize = 8;

/// What a head said.
type Told = (Method, String, Version, HeaderMap, Framing, bool, bool);

/// What came of a connection's bytes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    requests: Vec<(Told, Vec<u8>)>,
    bad_head: Option<HeadError>,
    bad_body: Option<FramingError>,
}

fn receive(pieces: Vec<Bytes>) -> Outcome {
    let mut pieces = pieces.into_iter();
    let mut buf = BytesMut::new();
    let mut reader = RequestReader::default();
    let mut outcome = Outcome::default();
    while outcome.requests.len() < REQUESTS_MAX && outcome.bad_body.is_none() {
        let received = match (reader.read(&mut buf, HeaderMap::new), pieces.len()) {
            (Ok(Some(received)), _) => received,
            (Err(error), _) => {
                outcome.bad_head = Some(error);
                break;
            }
            (Ok(None), 0) => break,
            (Ok(None), _) => {
                buf.extend(pieces.next());
                continue;
            }
        };
        let Received { parts, framing, keep_alive, waits } = received;
        assert_ne!(framing, Framing::Close, "a request ends before its connection");
        let told = (parts.method, parts.uri.to_string(), parts.version, parts.headers, framing, keep_alive, waits);
        let (body, result) = read_body(framing, &mut buf, &mut pieces);
        outcome.requests.push((told, body));
        outcome.bad_body = result.err();
    }
    outcome
}

fuzz_target!(|data: &[u8]| {
    let Some(cut) = Cut::of(data) else { return };
    assert_eq!(receive(vec![cut.whole.clone()]), receive(cut.pieces()));
});
