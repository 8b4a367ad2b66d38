//! Requests through every dialect.

use trunkline_wire::dialect::ALL;
use trunkline_wire::ir::{Losses, Request};
use trunkline_wire::{Capabilities, Dialect, DialectId, WireError};

use crate::fixture::{self, Fixture, Outcome, pretty, same};

/// What the usual model behind a dialect takes. A dialect's own client is taken at its word.
pub(crate) fn takes(to: DialectId, origin: DialectId) -> Capabilities {
    let own = to == origin;
    // Who asks for marks in one of OpenAI's dialects has a model that knows them.
    let marks = own || origin == DialectId::OpenaiChat || origin == DialectId::OpenaiResponses;
    let (cache_marks, tool_images) = match to {
        DialectId::OpenaiChat => (marks, own),
        DialectId::OpenaiCompletions | DialectId::Ollama => (own, own),
        DialectId::OpenaiResponses => (marks, true),
        DialectId::Gemini => (own, true),
        DialectId::Anthropic => (true, true),
    };
    Capabilities { cache_marks, tool_images, ..Capabilities::UNKNOWN }
}

/// Reads a request as the gateway does: Gemini's model stands in the path.
pub(crate) fn decode(origin: &dyn Dialect, body: &[u8]) -> Result<Request, WireError> {
    let mut request = origin.decode_request(body)?;
    if origin.id() == DialectId::Gemini {
        "m".clone_into(&mut request.model);
    }
    Ok(request)
}

/// Compares what becomes of a fixture; returns what is no request although it was written as one.
fn check(fixture: &Fixture) -> Vec<String> {
    let (mut outcome, mut broken) = (Outcome::default(), Vec::new());
    match decode(fixture.origin, &fixture.bytes) {
        Ok(request) => {
            for to in ALL {
                broken.extend(check_to(fixture, &request, *to, &mut outcome));
            }
        }
        Err(error) => outcome.add(fixture.origin.id(), &format!("refused: {error}"), &Losses::default()),
    }
    outcome.check(fixture);
    broken
}

fn check_to(fixture: &Fixture, request: &Request, to: &dyn Dialect, outcome: &mut Outcome) -> Option<String> {
    let encoded = match to.encode_request(request, &takes(to.id(), request.origin)) {
        Ok(encoded) => encoded,
        Err(error) => {
            outcome.add(to.id(), &format!("cannot be asked: {error}"), &Losses::default());
            return None;
        }
    };
    if to.id() == request.origin && same(&encoded.bytes, &fixture.bytes) {
        outcome.add(to.id(), "as it came", &encoded.losses);
        return None;
    }
    let said = pretty(&encoded.bytes);
    outcome.add(to.id(), &said, &encoded.losses);
    let error = to.decode_request(&encoded.bytes).err()?;
    Some(format!("{} as {}: {error}\n{said}", fixture.name, to.id().as_str()))
}

#[test]
fn every_dialect_says_every_request() {
    let broken: Vec<String> = fixture::all("requests").iter().flat_map(check).collect();
    assert!(broken.is_empty(), "what is written can be read:\n{}", broken.join("\n"));
}
