//! Every fixture goes through every dialect: what comes out, with what was lost on the way, is a file to review.
//!
//! A fixture is `tests/fixtures/KIND/DIALECT/NAME.json` (streams: as they come over the wire); what every dialect makes of
//! it is `tests/fixtures/golden/KIND/DIALECT/NAME.txt`. `UPDATE_EXPECT=1` writes those anew.

#[cfg(test)]
mod embeddings;
#[cfg(test)]
mod fields;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod neutral;
#[cfg(test)]
mod page;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod responses;
#[cfg(test)]
mod streams;

use trunkline_wire::StreamHead;

/// What every answer is told under.
fn head() -> StreamHead {
    StreamHead {
        model: "m".to_owned(),
        include_usage: true,
        created: 1_700_000_000,
        request_id: "0123456789abcdef0123456789abcdef".to_owned(),
        request: None,
        cost: None,
    }
}
