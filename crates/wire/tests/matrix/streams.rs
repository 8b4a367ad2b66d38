//! Streams through every dialect. However the bytes are cut, the events are the same, and in the order of the grammar.

use trunkline_wire::Dialect;
use trunkline_wire::dialect::ALL;
use trunkline_wire::ir::{Collector, Event, Grammar, Losses};

use crate::fixture::{self, Fixture, Outcome};
use crate::head;

/// The events of a stream that comes in these pieces.
fn read(from: &dyn Dialect, pieces: &[&[u8]]) -> Vec<Event> {
    let mut decoder = from.stream_decoder();
    let mut events = Vec::new();
    pieces.iter().for_each(|piece| decoder.push(piece, &mut events));
    decoder.finish(&mut events);
    let len = events.len();
    decoder.finish(&mut events);
    assert_eq!(events.len(), len, "the end is told once");
    events
}

fn check_grammar(events: &[Event], what: &str) {
    let mut grammar = Grammar::new();
    for event in events {
        assert_eq!(grammar.step(event), Ok(()), "{what}: {event:?} in {events:#?}");
    }
    assert!(grammar.is_over(), "{what} has no end: {events:#?}");
}

/// Cuts of one stream, spread evenly; byte by byte makes all of them at once.
const CUTS: usize = 500;

fn check_cuts(fixture: &Fixture, events: &[Event]) {
    let (whole, bytes) = (format!("{events:?}"), fixture.bytes.as_slice());
    for cut in (0..=bytes.len()).step_by(bytes.len() / CUTS + 1) {
        let (front, back) = bytes.split_at(cut);
        let came = read(fixture.origin, &[front, back]);
        assert_eq!(format!("{came:?}"), whole, "{}, cut at {cut}", fixture.name);
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(format!("{:?}", read(fixture.origin, &single)), whole, "{}, byte by byte", fixture.name);
}

/// A stream loses what the same answer loses as a whole.
fn check_losses(to: &dyn Dialect, events: &[Event], streamed: &Losses, what: &str) {
    if !matches!(events.last(), Some(Event::Stop(_))) {
        return;
    }
    let mut collector = Collector::default();
    events.iter().for_each(|event| collector.push(event));
    let whole = to.encode_response(&collector.finish("m".to_owned(), 0), &head()).losses;
    let sorted = |losses: &Losses| {
        let mut fields: Vec<String> = losses.iter().map(|loss| loss.field.clone()).collect();
        fields.sort();
        fields
    };
    assert_eq!(sorted(streamed), sorted(&whole), "{what} as {}", to.id().as_str());
}

fn check(fixture: &Fixture) {
    let events = read(fixture.origin, &[&fixture.bytes]);
    check_grammar(&events, &fixture.name);
    check_cuts(fixture, &events);
    let mut outcome = Outcome::default();
    for to in ALL {
        let mut encoder = to.stream_encoder(head());
        let mut out = Vec::new();
        events.iter().for_each(|event| encoder.push(event, &mut out));
        encoder.finish(&mut out);
        check_grammar(&read(*to, &[&out]), &format!("{} as {}", fixture.name, to.id().as_str()));
        outcome.add(to.id(), &String::from_utf8(out).unwrap(), encoder.losses());
        check_losses(*to, &events, encoder.losses(), &fixture.name);
    }
    outcome.check(fixture);
}

#[test]
fn every_dialect_tells_every_stream() {
    fixture::all("streams").iter().for_each(check);
}
