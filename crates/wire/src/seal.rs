//! The envelope in which opaque state travels through a dialect that is not its maker's.
//!
//! `tl1.ORIGIN.DATA`: a client keeps it where its own dialect keeps such things and sends it back. The data itself is
//! not touched; it is as safe with the client as it was in its own dialect.

use crate::ir::{Seal, SealOrigin};

/// What an envelope begins with. No vendor's own state does: those are bare base64.
const MARK: &str = "tl1.";

impl SealOrigin {
    /// Its name in an envelope.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
            Self::Gemini => "gemini",
            Self::Openrouter => "openrouter",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Anthropic, Self::Openai, Self::Gemini, Self::Openrouter]
            .into_iter()
            .find(|origin| origin.as_str() == name)
    }
}

impl Seal {
    /// The seal as a dialect of `home`'s writes it: bare where it is its own, else in an envelope.
    pub fn write(&self, home: SealOrigin) -> String {
        if self.origin == home { self.data.clone() } else { format!("{MARK}{}.{}", self.origin.as_str(), self.data) }
    }

    /// What stands in a dialect of `home`'s: a seal of its own, or one in an envelope. `None` for an envelope that
    /// nobody can have made.
    pub fn read(text: &str, home: SealOrigin) -> Option<Self> {
        let Some(rest) = text.strip_prefix(MARK) else {
            return Some(Self { origin: home, data: text.to_owned() });
        };
        let (origin, data) = rest.split_once('.')?;
        Some(Self { origin: SealOrigin::from_name(origin)?, data: data.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn travels_bare_at_home_and_in_an_envelope_elsewhere() {
        let seal = Seal { origin: SealOrigin::Anthropic, data: "EqoB.x==".to_owned() };
        assert_eq!(seal.write(SealOrigin::Anthropic), "EqoB.x==");
        assert_eq!(seal.write(SealOrigin::Openai), "tl1.anthropic.EqoB.x==");
        for home in [SealOrigin::Anthropic, SealOrigin::Openai, SealOrigin::Gemini, SealOrigin::Openrouter] {
            assert_eq!(Seal::read(&seal.write(home), home).as_ref(), Some(&seal), "through {home:?}");
        }
    }

    #[test]
    fn an_envelope_that_nobody_made_is_none() {
        for text in ["tl1.", "tl1.anthropic", "tl1.nobody.x"] {
            assert_eq!(Seal::read(text, SealOrigin::Openai), None, "{text:?}");
        }
    }
}
