//! A streamed answer passing through: the cuts of the network change nothing, and without changes nothing changes before an
//! error.

#![no_main]

use bytes::Bytes;
use cuts::Cut;
use libfuzzer_sys::fuzz_target;
use trunkline_wire::frame::sse::{SseEvent, SseReader};
use trunkline_wire::quoted;
use trunkline_wire::relay::{Changes, Facts, SseRelay};

fn relay(changes: &Changes, pieces: Vec<Bytes>) -> (Vec<u8>, Facts) {
    let mut relay = SseRelay::new(changes.clone());
    let mut out = Vec::new();
    for piece in pieces {
        out.extend_from_slice(&relay.push(piece));
    }
    out.extend_from_slice(&relay.finish());
    assert!(relay.finish().is_empty(), "a second finish gives nothing");
    (out, relay.facts().clone())
}

fn read(pieces: Vec<Bytes>) -> (Vec<SseEvent>, bool) {
    let mut reader = SseReader::new();
    let mut events = Vec::new();
    for piece in pieces {
        if reader.push(&piece, &mut events).is_err() {
            return (events, false);
        }
    }
    events.extend(reader.finish());
    assert_eq!(reader.finish(), None, "a second finish gives nothing");
    (events, true)
}

fuzz_target!(|data: &[u8]| {
    let Some(cut) = Cut::of(data) else { return };
    assert_eq!(read(vec![cut.whole.clone()]), read(cut.pieces()));
    let model = cut.choice(0).then(|| quoted("turbo \"x\""));
    let changed = Changes { model, withhold_usage: cut.choice(1) };
    for changes in [Changes::default(), changed] {
        let (at_once, facts) = relay(&changes, vec![cut.whole.clone()]);
        let (in_pieces, facts_in_pieces) = relay(&changes, cut.pieces());
        assert_eq!(at_once, in_pieces);
        assert_eq!(facts, facts_in_pieces);
        if changes != Changes::default() {
            continue;
        }
        if facts.error {
            // Nothing passes behind an error.
            assert!(cut.whole.starts_with(&at_once));
        } else {
            assert_eq!(at_once, cut.whole);
        }
    }
});
