//! What nobody can guess, and what is kept in its place.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Bytes that nobody can guess.
pub(super) fn random_bytes<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).expect("the system has randomness, or nothing here is safe");
    bytes
}

/// A new token, of 256 bits.
pub(super) fn new_token() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// A new name of a session, which is no secret.
pub(super) fn new_id() -> String {
    format!("ses_{}", URL_SAFE_NO_PAD.encode(random_bytes::<12>()))
}

/// Whether a text could be a token of ours.
pub(super) fn looks_like_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What is kept of a token.
pub(super) fn hash_text(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What follows from a secret for one purpose: whoever knows it knows neither the secret nor what follows for another.
pub(super) fn derived(purpose: &str, secret: &str) -> String {
    let digest = Sha256::new().chain_update(purpose).chain_update([0]).chain_update(secret).finalize();
    URL_SAFE_NO_PAD.encode(digest)
}

/// Whether two texts are the same, in a time that does not say where they differ.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_look_like_tokens_and_are_never_the_same() {
        let (one, other) = (new_token(), new_token());
        assert!(looks_like_token(&one) && looks_like_token(&other) && one != other);
        for wrong in ["", &one[1..], "é", &one.replace(|_| true, ";")] {
            assert!(!looks_like_token(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn what_follows_for_one_purpose_says_nothing_of_another() {
        let all = [derived("csrf", "a"), derived("csrf", "b"), derived("nonce", "a"), "a".to_owned()];
        for (position, one) in all.iter().enumerate() {
            assert_eq!(all.iter().position(|other| same(one, other)), Some(position));
        }
        assert_eq!(derived("csrf", "a"), derived("csrf", "a"));
    }
}
