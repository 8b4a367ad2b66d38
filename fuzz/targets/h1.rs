//! A provider's answer on a plain connection: the cuts of the network change neither its head, nor its body, nor what
//! is wrong with it, nor where the next answer begins.

#![no_main]

use bytes::{Bytes, BytesMut};
use cuts::Cut;
use http::Method;
use libfuzzer_sys::fuzz_target;
use trunkline_proxy::upstream::h1::{Decoder, Framing, FramingError, Head, HeadError, HeadReader, Progress};

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
    let mut decoder = Decoder::new(head.framing);
    let mut body = Vec::new();
    let result = loop {
        match decoder.take(&mut buf) {
            Ok(Progress::Data(data)) => {
                assert!(!data.is_empty(), "data is never empty");
                body.extend_from_slice(&data);
            }
            Ok(Progress::NeedMore) => match pieces.next() {
                Some(piece) => buf.extend_from_slice(&piece),
                None => break decoder.finish(),
            },
            Ok(Progress::End) => break Ok(()),
            Err(error) => {
                assert_eq!(decoder.take(&mut buf), Err(error), "an error stays");
                break Err(error);
            }
        }
    };
    match result {
        Err(error) => Outcome::BadBody(head, body, error),
        Ok(()) => {
            assert!(decoder.is_done());
            if let Framing::Exact(bytes) = head.framing {
                assert_eq!(body.len() as u64, bytes);
            }
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
