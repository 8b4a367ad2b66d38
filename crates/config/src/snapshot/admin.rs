//! Who may use the admin API.

use std::fmt;

use subtle::{Choice, ConstantTimeEq as _};

use super::key_hash;

/// The tokens of the admin API, by the SHA-256 of each. Its `Debug` shows none of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AdminTokens(Vec<[u8; 32]>);

impl AdminTokens {
    pub(crate) fn new(hashes: Vec<[u8; 32]>) -> Self {
        Self(hashes)
    }

    /// Whether there is none: then nobody may use it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them. Takes as long for any that is not.
    pub fn know(&self, presented: &[u8]) -> bool {
        let hash = key_hash(presented);
        self.0.iter().fold(Choice::from(0), |known, token| known | token.ct_eq(&hash)).into()
    }
}

impl fmt::Debug for AdminTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdminTokens({})", self.0.len())
    }
}
