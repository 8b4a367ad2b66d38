//! How long the body decoder takes for a burst of a hundred events that one read brought, 25 KB in all.
//! `cargo run --release -p trunkline-proxy --example decode_burst`

#![expect(clippy::print_stdout, reason = "a measurement is for reading")]

use std::hint::black_box;
use std::time::Instant;

use bytes::BytesMut;
use trunkline_proxy::h1::{Decoder, Framing, Progress};

/// Enough to see past the clock and the first rounds' cold caches.
const ROUNDS: u32 = 100_000;

fn main() {
    let event = format!("data: {}\n\n", "x".repeat(242));
    let chunk = format!("{:x}\r\n{event}\r\n", event.len());
    measure("100 chunks", format!("{}0\r\n\r\n", chunk.repeat(100)).as_bytes(), Framing::Chunked);
    measure(
        "1 chunk",
        format!("{:x}\r\n{}\r\n0\r\n\r\n", event.len() * 100, event.repeat(100)).as_bytes(),
        Framing::Chunked,
    );
    measure("by length", event.repeat(100).as_bytes(), Framing::Exact(event.len() as u64 * 100));
}

/// Fills a buffer as a read would (the copy is timed on its own and taken off), and takes all data out of it.
fn measure(name: &str, wire: &[u8], framing: Framing) {
    let fill = time(wire, |buf| drop(black_box(buf.split().freeze())));
    let both = time(wire, |buf| {
        let mut decoder = Decoder::new(framing);
        match black_box(decoder.take(buf)) {
            Ok(Progress::Data(data)) => assert!(decoder.is_done() && data.len() == 25_000),
            other => unreachable!("{other:?}"),
        }
    });
    println!(
        "{name}: {} ns ({} bytes on the wire; filling the buffer, not counted: {fill} ns)",
        both.saturating_sub(fill),
        wire.len()
    );
}

fn time(wire: &[u8], mut each: impl FnMut(&mut BytesMut)) -> u128 {
    let mut buf = BytesMut::with_capacity(64 << 10);
    let start = Instant::now();
    for _ in 0..ROUNDS {
        buf.reserve(wire.len());
        buf.extend_from_slice(wire);
        each(&mut buf);
        buf.clear();
    }
    start.elapsed().as_nanos() / u128::from(ROUNDS)
}
