use bytes::BytesMut;
use proptest::prelude::*;

use super::{Decoder, FramingError, Progress};
use crate::h1::Framing;

/// What a body came to: its data, how it ended (`None`: it waits for more), and how many bytes were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    data: Vec<u8>,
    end: Option<Result<(), FramingError>>,
    taken: usize,
}

fn decode(framing: Framing, input: &[u8], cuts: &[usize]) -> Outcome {
    let mut decoder = Decoder::new(framing);
    let mut buf = BytesMut::new();
    let (mut data, mut end, mut fed) = (Vec::new(), None, 0);
    for cut in cuts.iter().copied().chain([input.len()]) {
        let cut = cut.clamp(fed, input.len());
        buf.extend_from_slice(&input[fed..cut]);
        fed = cut;
        end = loop {
            match decoder.take(&mut buf) {
                Ok(Progress::Data(piece)) => data.extend_from_slice(&piece),
                Ok(Progress::NeedMore) => break None,
                Ok(Progress::End) => break Some(Ok(())),
                Err(error) => break Some(Err(error)),
            }
        };
        if end.is_some() {
            break;
        }
    }
    Outcome { data, end, taken: fed - buf.len() }
}

fn whole(framing: Framing, input: &[u8]) -> Outcome {
    let at_once = decode(framing, input, &[]);
    let bytewise: Vec<usize> = (1..input.len()).collect();
    assert_eq!(decode(framing, input, &bytewise), at_once, "cut into bytes");
    at_once
}

#[test]
fn chunks_that_came_together_leave_together() {
    let mut decoder = Decoder::new(Framing::Chunked);
    let mut buf = BytesMut::from(&b"3\r\nabc\r\n2;a=\"b\"\r\nde\r\n0\r\nx-sum: 1\r\n\r\nrest"[..]);
    assert_eq!(decoder.take(&mut buf), Ok(Progress::Data(BytesMut::from(&b"abcde"[..]))));
    assert!(decoder.is_done());
    assert_eq!(decoder.take(&mut buf), Ok(Progress::End));
    assert_eq!(&buf[..], b"rest");
}

#[test]
fn one_chunk_is_handed_out_without_a_copy() {
    let mut decoder = Decoder::new(Framing::Chunked);
    let mut buf = BytesMut::from(&b"5\r\nhello\r\n"[..]);
    let at = buf[3..].as_ptr();
    let Ok(Progress::Data(data)) = decoder.take(&mut buf) else { panic!("no data") };
    assert_eq!((&data[..], data.as_ptr()), (&b"hello"[..], at));
}

#[test]
fn data_before_an_error_comes_out_first() {
    let mut decoder = Decoder::new(Framing::Chunked);
    let mut buf = BytesMut::from(&b"2\r\nab\r\nzz"[..]);
    assert_eq!(decoder.take(&mut buf), Ok(Progress::Data(BytesMut::from(&b"ab"[..]))));
    assert_eq!(decoder.take(&mut buf), Err(FramingError::ChunkSize));
    assert_eq!(decoder.take(&mut buf), Err(FramingError::ChunkSize));
}

#[test]
fn exact_bodies_leave_what_follows_in_the_buffer() {
    let outcome = whole(Framing::Exact(3), b"abcdef");
    assert_eq!(outcome, Outcome { data: b"abc".to_vec(), end: Some(Ok(())), taken: 3 });
    assert_eq!(Decoder::new(Framing::Exact(3)).remaining_bytes(), Some(3));
    assert!(Decoder::new(Framing::Exact(0)).is_done());
}

#[test]
fn a_closed_connection_ends_only_a_body_framed_by_it() {
    let mut close = Decoder::new(Framing::Close);
    assert_eq!(close.finish(), Ok(()));
    assert!(close.is_done());
    for framing in [Framing::Exact(1), Framing::Chunked] {
        let mut decoder = Decoder::new(framing);
        assert_eq!(decoder.finish(), Err(FramingError::Cut));
        assert_eq!(decoder.take(&mut BytesMut::from(&b"1"[..])), Err(FramingError::Cut));
    }
}

#[test]
fn refuses_every_departure_from_the_chunk_grammar() {
    use FramingError::{ChunkSize, ChunkSizeTooLong, Extension, ExtensionTooLong, LineEnd, Trailer, TrailersTooLong};
    let check = |input: &[u8], data: &[u8], error: FramingError, taken: usize| {
        let expected = Outcome { data: data.to_vec(), end: Some(Err(error)), taken };
        assert_eq!(whole(Framing::Chunked, input), expected, "{}", input.escape_ascii());
    };
    check(b"\r\n", b"", ChunkSize, 0);
    check(b";a\r\n", b"", ChunkSize, 0);
    check(b"g\r\n", b"", ChunkSize, 0);
    check(b"-1\r\n", b"", ChunkSize, 0);
    check(b"+1\r\n", b"", ChunkSize, 0);
    check(b"0x1\r\n", b"", ChunkSize, 1);
    check(b" 1\r\na\r\n", b"", ChunkSize, 0);
    check(b"1 \r\na\r\n", b"", ChunkSize, 1);
    check(b"1\t;x\r\na\r\n", b"", ChunkSize, 1);
    check(b"1\na\r\n", b"", ChunkSize, 1);
    check(b"00000000000000001\r\n", b"", ChunkSizeTooLong, 16);
    check(b"10000000000000000\r\n", b"", ChunkSizeTooLong, 16);
    check(b"1\rxa", b"", LineEnd, 2);
    check(b"1\r\nab\r\n", b"a", LineEnd, 4);
    check(b"1\r\na\n", b"a", LineEnd, 4);
    check(b"1\r\na\r\r", b"a", LineEnd, 5);
    check(b"1;x\na", b"", Extension, 3);
    check(b"1;\0\r\n", b"", Extension, 2);
    check(&[&b"1;"[..], &[b'x'; 257], b"\r\n"].concat(), b"", ExtensionTooLong, 258);
    check(b"0\r\n\n", b"", Trailer, 3);
    check(b"0\r\n\r\r", b"", LineEnd, 4);
    check(b"0\r\nno colon\r\n\r\n", b"", Trailer, 5);
    check(b"0\r\n: empty\r\n\r\n", b"", Trailer, 3);
    check(b"0\r\n folded\r\n\r\n", b"", Trailer, 3);
    check(b"0\r\na: b\n\r\n", b"", Trailer, 7);
    check(b"0\r\na: b\r\r\n", b"", LineEnd, 8);
    check(&[&b"0\r\na:"[..], &vec![b'x'; 16 << 10], b"\r\n\r\n"].concat(), b"", TrailersTooLong, 3 + (16 << 10));
    check(&[&b"0\r\n"[..], &b"a:\r\n".repeat(65), b"\r\n"].concat(), b"", TrailersTooLong, 3 + 64 * 4);
}

#[test]
fn the_largest_size_is_taken_as_it_stands() {
    let mut decoder = Decoder::new(Framing::Chunked);
    let mut buf = BytesMut::from(&b"FFFFffffFFFFffff\r\nabc"[..]);
    assert_eq!(decoder.take(&mut buf), Ok(Progress::Data(BytesMut::from(&b"abc"[..]))));
    assert_eq!(decoder.take(&mut buf), Ok(Progress::NeedMore));
}

/// Streams that are mostly well-formed, so that the cuts fall in every state.
fn chunked_stream() -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<u8>)> {
    let chunk = (prop::collection::vec(any::<u8>(), 1..40), prop::sample::select(vec!["", ";a", ";a=\"b c\""]));
    let trailers = prop::sample::select(vec!["", "x-sum: 1\r\n", "a:\r\nb: c d\r\n"]);
    (prop::collection::vec(chunk, 0..8), trailers).prop_map(|(chunks, trailers)| {
        let mut wire = Vec::new();
        for (data, extension) in &chunks {
            wire.extend_from_slice(format!("{:x}{extension}\r\n", data.len()).as_bytes());
            wire.extend_from_slice(data);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
        (chunks.into_iter().map(|(data, _)| data).collect(), wire)
    })
}

proptest! {
    #[test]
    fn well_formed_chunks_come_out_as_they_went_in((chunks, wire) in chunked_stream(), cuts in prop::collection::vec(0..400_usize, 0..6)) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        let expected = Outcome { data: chunks.concat(), end: Some(Ok(())), taken: wire.len() };
        prop_assert_eq!(decode(Framing::Chunked, &wire, &cuts), expected);
    }

    #[test]
    fn any_cut_of_any_stream_gives_the_same(
        (_, wire) in chunked_stream(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        exact in 0..100_u64,
    ) {
        let mut wire = wire;
        for (at, byte) in edits {
            let at = at.index(wire.len());
            wire[at] = byte;
        }
        for framing in [Framing::Chunked, Framing::Exact(exact), Framing::Close] {
            let _ = whole(framing, &wire);
            for cut in 0..wire.len() {
                prop_assert_eq!(decode(framing, &wire, &[cut]), decode(framing, &wire, &[]));
            }
        }
    }

    #[test]
    fn bytes_from_nowhere_never_panic(input in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = whole(Framing::Chunked, &input);
    }
}
