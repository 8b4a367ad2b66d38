//! `thoughtSignature`: Gemini's own seals bare, those of others in an envelope, in base64 as the field must be: the official Python client
//! refuses anything else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::ir::{Seal, SealOrigin};

/// What base64 of an envelope begins with; Gemini's own signatures are protocol buffers and never do.
const ENVELOPE: &str = "dGwxL";

/// The seal that `text` is; `None` for an envelope that nobody can have made.
pub(super) fn read(text: &str) -> Option<Seal> {
    if !text.starts_with(ENVELOPE) {
        return Seal::read(text, SealOrigin::Gemini);
    }
    // The Python client reads bytes and writes them back in the alphabet for addresses.
    let bytes = STANDARD.decode(text.replace('-', "+").replace('_', "/")).ok()?;
    Seal::read(&String::from_utf8(bytes).ok()?, SealOrigin::Gemini)
}

/// The seal as the field says it toward a client.
pub(super) fn write(seal: &Seal) -> String {
    let text = seal.write(SealOrigin::Gemini);
    match seal.origin {
        SealOrigin::Gemini => text,
        SealOrigin::Anthropic | SealOrigin::Openai | SealOrigin::Openrouter => STANDARD.encode(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seal_comes_back_through_a_client() {
        let check = |origin, written: &str| {
            let seal = Seal { origin, data: "Eq-o_B==".to_owned() };
            assert_eq!(write(&seal), written);
            assert_eq!(read(written), Some(seal));
        };
        check(SealOrigin::Gemini, "Eq-o_B==");
        check(SealOrigin::Anthropic, "dGwxLmFudGhyb3BpYy5FcS1vX0I9PQ==");
        check(SealOrigin::Openai, "dGwxLm9wZW5haS5FcS1vX0I9PQ==");
        check(SealOrigin::Openrouter, "dGwxLm9wZW5yb3V0ZXIuRXEtb19CPT0=");
        assert_eq!(read("dGwxLm5vYm9keS54"), None);
    }
}
