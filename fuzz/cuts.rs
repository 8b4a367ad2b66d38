//! Cuts an input into chunks the way a network might: the fuzzer chooses where.

use bytes::{Bytes, BytesMut};
use trunkline_proxy::h1::{Decoder, Framing, FramingError, Progress};

/// How many bytes at the front of a fuzz input say where to cut.
const SIZES: usize = 4;

/// What a fuzz input says: how to cut, and what.
pub struct Cut {
    /// What arrives.
    pub whole: Bytes,
    sizes: [u8; SIZES],
}

impl Cut {
    /// Takes an input apart; `None` when it is too short to say anything.
    pub fn of(data: &[u8]) -> Option<Self> {
        let (sizes, whole) = data.split_first_chunk::<SIZES>()?;
        Some(Self { whole: Bytes::copy_from_slice(whole), sizes: *sizes })
    }

    /// The pieces, in order: never empty, together the whole. The sizes repeat, so that a long input has many cuts.
    pub fn pieces(&self) -> Vec<Bytes> {
        let mut rest = self.whole.clone();
        let mut sizes = self.sizes.iter().cycle();
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let size = sizes.next().map_or(1, |size| usize::from(*size) + 1);
            pieces.push(rest.split_to(size.min(rest.len())));
        }
        pieces
    }

    /// A number below `count`, which must not be 0; it decides the first cut as well.
    pub fn number(&self, count: usize) -> usize {
        usize::from(self.sizes[0]) % count
    }

    /// A choice that the fuzzer can vary apart from the cuts' own bits.
    pub fn choice(&self, bit: u8) -> bool {
        self.sizes[0] >> bit & 1 == 1
    }
}

/// Reads one HTTP/1.1 body from `buf` and the `pieces` after it: its data, and what was wrong with it.
pub fn read_body(
    framing: Framing,
    buf: &mut BytesMut,
    pieces: &mut impl Iterator<Item = Bytes>,
) -> (Vec<u8>, Result<(), FramingError>) {
    let mut decoder = Decoder::new(framing);
    let mut body = Vec::new();
    let result = loop {
        match decoder.take(buf) {
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
                assert_eq!(decoder.take(buf), Err(error), "an error stays");
                break Err(error);
            }
        }
    };
    if result.is_ok() {
        assert!(decoder.is_done());
        if let Framing::Exact(bytes) = framing {
            assert_eq!(body.len() as u64, bytes);
        }
    }
    (body, result)
}
