//! What callers present, as it is kept: by its hash.

use crate::snapshot::key_hash;

/// Marks a key that is written down as its hash.
pub(crate) const HASH_PREFIX: &str = "sha256:";

/// The SHA-256 of a key, or as written down; else what is wrong and what to do.
pub(super) fn hashed(key: &str) -> Result<[u8; 32], (&'static str, &'static str)> {
    if let Some(digits) = key.trim().strip_prefix(HASH_PREFIX) {
        let wrong = ("what follows `sha256:` is not a SHA-256", "write its 64 hexadecimal digits");
        return from_hex(digits.trim()).ok_or(wrong);
    }
    if key.trim().is_empty() {
        return Err(("the key is empty", "write a key, such as the output of `openssl rand -hex 32`"));
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err((
            "the key holds white space or a character outside ASCII",
            "no header could carry it; choose another",
        ));
    }
    Ok(key_hash(key.as_bytes()))
}

fn from_hex(digits: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    bytes?.try_into().ok()
}
