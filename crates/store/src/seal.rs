//! Sealing what is not to be read by whoever has the database alone.
//!
//! What is sealed is a version, a random nonce, and what XChaCha20-Poly1305 makes of the text. The name of what is sealed
//! goes with it unwritten: what was sealed under one name does not open under another.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// The first byte of what is sealed this way.
const VERSION: u8 = 1;

/// Random, once for each sealing: of so many no two ever are the same.
const NONCE_BYTES: usize = 24;

/// Tells our keys from whatever else somebody derives of the same text.
const SALT: &[u8] = b"trunkline vault";

/// What a thing is called while it is sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name<'a> {
    /// That which shows whether a key is the right one.
    Proof,
    /// A secret.
    Secret(&'a str),
    /// A revision of the document.
    Revision(u64),
}

/// A key to seal and open with. Its `Debug` shows nothing of it.
#[derive(Clone)]
pub(crate) struct SealingKey {
    sealing: XChaCha20Poly1305,
    hashing: Hmac<Sha256>,
}

/// What is sealed cannot be opened: with another key, under another name, by another release, or somebody has changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shut;

impl SealingKey {
    /// The key that is made of these bytes, which nobody can guess.
    pub(crate) fn derive(from: &[u8]) -> Self {
        let root = Hkdf::<Sha256>::new(Some(SALT), from);
        let derived = |purpose: &[u8]| {
            let mut key = [0; 32];
            root.expand(purpose, &mut key).expect("32 bytes are no more than a hash gives");
            key
        };
        let hashing = Hmac::<Sha256>::new_from_slice(&derived(b"hash 1")).expect("every length is a key's");
        Self { sealing: XChaCha20Poly1305::new(&derived(b"seal 1").into()), hashing }
    }

    /// The text, so that only this key opens it, under this name.
    pub(crate) fn seal(&self, name: Name<'_>, text: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).expect("the system has randomness, or nothing here is safe");
        let payload = Payload { msg: text, aad: &name.written() };
        let sealed =
            self.sealing.encrypt(&XNonce::from(nonce), payload).expect("it is far shorter than the cipher takes");
        [&[VERSION], nonce.as_slice(), &sealed].concat()
    }

    /// The text again.
    ///
    /// # Errors
    /// When it does not open.
    pub(crate) fn open(&self, name: Name<'_>, sealed: &[u8]) -> Result<String, Shut> {
        let (&VERSION, sealed) = sealed.split_first().ok_or(Shut)? else { return Err(Shut) };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Shut)?;
        let payload = Payload { msg: sealed, aad: &name.written() };
        let text = self.sealing.decrypt(&XNonce::from(*nonce), payload).map_err(|_shut| Shut)?;
        String::from_utf8(text).map_err(|_no_text| Shut)
    }

    /// What tells texts apart, in hexadecimal digits, and tells nothing of them to whoever has not the key.
    pub(crate) fn hash(&self, text: &str) -> String {
        let mut hashing = self.hashing.clone();
        hashing.update(text.as_bytes());
        hex(&hashing.finalize().into_bytes())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

impl Name<'_> {
    fn written(self) -> Vec<u8> {
        match self {
            Self::Proof => b"proof".to_vec(),
            Self::Secret(name) => [b"secret:", name.as_bytes()].concat(),
            Self::Revision(number) => format!("revision:{number}").into_bytes(),
        }
    }
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_and_name_alone() {
        let (key, other) = (SealingKey::derive(b"one"), SealingKey::derive(b"other"));
        let (name, text) = (Name::Secret("groq"), "sk-canary \u{e9}");
        let sealed = key.seal(name, text.as_bytes());
        assert_eq!(key.open(name, &sealed).as_deref(), Ok(text));
        assert_eq!(SealingKey::derive(b"one").open(name, &sealed).as_deref(), Ok(text));
        assert_eq!(other.open(name, &sealed), Err(Shut));
        for name in [Name::Proof, Name::Secret("groq2"), Name::Revision(1)] {
            assert_eq!(key.open(name, &sealed), Err(Shut));
        }
        assert_ne!(key.seal(name, text.as_bytes()), sealed, "each time with another nonce");
        assert!(!sealed.windows(6).any(|bytes| bytes == b"canary"));
    }

    #[test]
    fn whatever_is_changed_does_not_open() {
        let key = SealingKey::derive(b"one");
        let sealed = key.seal(Name::Proof, b"");
        assert_eq!(sealed.len(), 1 + NONCE_BYTES + 16);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(Name::Proof, &changed), Err(Shut), "byte {at}");
            assert_eq!(key.open(Name::Proof, &sealed[..at]), Err(Shut), "{at} bytes");
        }
        assert_eq!(key.open(Name::Proof, &sealed).as_deref(), Ok(""));
    }

    #[test]
    fn hashes_are_of_the_key_and_the_text() {
        let (key, other) = (SealingKey::derive(b"one"), SealingKey::derive(b"other"));
        assert_eq!(key.hash("a"), key.hash("a"));
        assert_eq!(key.hash("a").len(), 64);
        assert_ne!(key.hash("a"), key.hash("b"));
        assert_ne!(key.hash("a"), other.hash("a"));
        assert_eq!(format!("{key:?}"), "SealingKey(..)");
    }
}
