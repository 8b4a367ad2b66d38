//! Whole answers through every dialect.

use trunkline_wire::dialect::ALL;

use crate::fixture::{self, Fixture, Outcome, pretty};
use crate::head;

fn check(fixture: &Fixture) {
    let response = fixture.origin.decode_response(&fixture.bytes);
    let mut response = response.unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
    // The client sees the name it asked for, and its own gateway's clock.
    head().model.clone_into(&mut response.model);
    response.created = head().created;
    let mut outcome = Outcome::default();
    for to in ALL {
        let encoded = to.encode_response(&response, &head());
        outcome.add(to.id(), &pretty(&encoded.bytes), &encoded.losses);
        if let Err(error) = to.decode_response(&encoded.bytes) {
            panic!("{} as {} is no answer: {error}\n{}", fixture.name, to.id().as_str(), pretty(&encoded.bytes));
        }
    }
    outcome.check(fixture);
}

#[test]
fn every_dialect_tells_every_answer() {
    fixture::all("responses").iter().for_each(check);
}
