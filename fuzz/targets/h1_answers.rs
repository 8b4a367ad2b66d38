//! A provider's answer on a plain connection: the cuts of the network change neither its head, nor its body, nor what
//! is wrong with it, nor where the next answer begins.

#![no_main]

use bytes::{Bytes, BytesMut};
use cuts::{Cut, read_body};
use http::Method;
use libfuzzer_sys::fuzz_target;
use trunkline_proxy::h1::{FramingError, Head, HeadError, HeadReader};

/// What came of a connection's bytes.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The head never ended.
    NoHead,
    BadHead(HeadError),
    /// What was read of the body, and what was wrong with it.
    BadBody(Head, Vec<u8>, FramingError),
    /// The body, and what follows it.
    Whole(Head, Vec<u8>, Vec<u8>),
}

fn receive(method: &Method, pieces: Vec<Bytes>) -> Outcome {
    let mut pieces = pieces.into_iter();
    let mut buf = BytesMut::new();
    let mut reader = HeadReader::new(method, http::HeaderMap::new());
    let head = loop {
        match (reader.read(&mut buf), pieces.len()) {
            (Ok(Some(head)), _) => break head,
            (Err(error), _) => return Outcome::BadHead(error),
            (Ok(None), 0) => return Outcome::NoHead,
            (Ok(None), _) => buf.extend(pieces.next()),
        }
    };
    match read_body(head.framing, &mut buf, &mut pieces) {
        (body, Err(error)) => Outcome::BadBody(head, body, error),
        (body, Ok(())) => {
            buf.extend(pieces);
            Outcome::Whole(head, body, buf.to_vec())
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some(cut) = Cut::of(data) else { return };
    let method = if cut.choice(0) { Method::HEAD } else { Method::POST };
    assert_eq!(receive(&method, vec![cut.whole.clone()]), receive(&method, cut.pieces()));
});
