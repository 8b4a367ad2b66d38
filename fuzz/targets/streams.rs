//! A provider's stream of any dialect: cuts change nothing, the grammar of events holds, and every dialect can tell it so
//! that it can be read again. The same bytes are also read as a whole answer.

#![no_main]

use bytes::Bytes;
use cuts::Cut;
use libfuzzer_sys::fuzz_target;
use trunkline_wire::dialect::ALL;
use trunkline_wire::ir::{Event, Grammar};
use trunkline_wire::{Dialect, StreamHead};

fn head() -> StreamHead {
    StreamHead {
        model: "m".to_owned(),
        include_usage: true,
        created: 7,
        request_id: "0123456789abcdef0123456789abcdef".to_owned(),
        request: None,
    }
}

fn read(from: &dyn Dialect, pieces: &[Bytes]) -> Vec<Event> {
    let mut decoder = from.stream_decoder();
    let mut events = Vec::new();
    pieces.iter().for_each(|piece| decoder.push(piece, &mut events));
    decoder.finish(&mut events);
    let len = events.len();
    decoder.finish(&mut events);
    assert_eq!(events.len(), len, "the end is told once");
    let mut grammar = Grammar::new();
    for event in &events {
        assert_eq!(grammar.step(event), Ok(()), "{event:?} in {events:?}");
    }
    assert!(grammar.is_over(), "{events:?} has no end");
    events
}

fn tell(to: &dyn Dialect, events: &[Event]) -> Bytes {
    let mut encoder = to.stream_encoder(head());
    let mut out = Vec::new();
    for event in events {
        encoder.push(event, &mut out);
        encoder.ping(&mut out);
    }
    encoder.finish(&mut out);
    let len = out.len();
    encoder.finish(&mut out);
    assert_eq!(out.len(), len, "the end is told once");
    Bytes::from(out)
}

fn check(from: &dyn Dialect, cut: &Cut) {
    let events = read(from, std::slice::from_ref(&cut.whole));
    assert_eq!(format!("{events:?}"), format!("{:?}", read(from, &cut.pieces())));
    for to in ALL {
        read(*to, &[tell(*to, &events)]);
    }
    let Ok(response) = from.decode_response(&cut.whole) else { return };
    for to in ALL {
        let encoded = to.encode_response(&response, &head());
        let again = to.decode_response(&encoded.bytes);
        // A call without a name is taken by some and refused by others.
        let text = String::from_utf8_lossy(&encoded.bytes);
        assert!(again.is_ok() || to.id() != from.id(), "{}: {:?} in {text}", to.id().as_str(), again.err());
    }
}

fuzz_target!(|data: &[u8]| {
    let Some(cut) = Cut::of(data) else { return };
    if let Some(from) = ALL.get(cut.number(ALL.len())) {
        check(*from, &cut);
    }
});
