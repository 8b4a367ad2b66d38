//! Signatures of thoughts: Anthropic's own, those of other vendors in their envelope, and a stand-in where there is none.

use crate::ir::{Seal, SealOrigin};

/// What a stand-in begins with. It names no maker, so [`Seal::read`] takes it for nobody's and it is dropped again when
/// the client sends it back.
const NONE: &str = "tl1.none.";

/// What a `signature` or redacted `data` holds; `None` for a stand-in and for an empty one.
pub(super) fn read(text: &str) -> Option<Seal> {
    if text.is_empty() { None } else { Seal::read(text, SealOrigin::Anthropic) }
}

/// What a client gets as the signature of thoughts: never empty, for strict clients refuse that.
pub(super) fn write(seal: Option<&Seal>, thoughts: Fingerprint) -> String {
    match seal {
        Some(seal) => seal.write(SealOrigin::Anthropic),
        None => format!("{NONE}{}", thoughts.hex()),
    }
}

/// A short stable hash (FNV-1a, 32 bits) that grows with its text. It tells names apart; it proves nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fingerprint(u32);

impl Fingerprint {
    pub(super) fn new() -> Self {
        Self(0x811c_9dc5)
    }

    pub(super) fn of(text: &str) -> Self {
        let mut print = Self::new();
        print.push(text);
        print
    }

    pub(super) fn push(&mut self, text: &str) {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }

    /// Eight hexadecimal digits.
    pub(super) fn hex(self) -> String {
        format!("{:08x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_seal_comes_back() {
        let seal = |origin| Seal { origin, data: "EqoB".to_owned() };
        for origin in [SealOrigin::Anthropic, SealOrigin::Openai, SealOrigin::Gemini, SealOrigin::Openrouter] {
            let written = write(Some(&seal(origin)), Fingerprint::new());
            assert_eq!(read(&written), Some(seal(origin)), "{written}");
        }
        let stand_in = write(None, Fingerprint::of("thoughts"));
        assert_eq!((stand_in.as_str(), read(&stand_in)), ("tl1.none.073c8113", None));
        assert_eq!(read(""), None);
    }

    #[test]
    fn a_fingerprint_does_not_depend_on_the_pieces() {
        let mut pieces = Fingerprint::new();
        pieces.push("ab");
        pieces.push("");
        pieces.push("c");
        assert_eq!(pieces.hex(), Fingerprint::of("abc").hex());
    }
}
