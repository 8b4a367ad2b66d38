//! Keys and ids that nobody can guess.

use trunkline_config::snapshot::key_hash;

use super::PREFIX;

/// Random characters of a key: 190 bits.
const KEY_CHARACTERS: usize = 32;
/// Random characters of an id, which is no secret.
const ID_CHARACTERS: usize = 16;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new key.
pub(super) fn new_key() -> String {
    format!("{PREFIX}{}", random(KEY_CHARACTERS))
}

/// A new id of a key.
pub(super) fn new_id() -> String {
    format!("key_{}", random(ID_CHARACTERS))
}

/// The SHA-256 of a key in hexadecimal digits.
pub(super) fn hash_text(key: &str) -> String {
    key_hash(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash that this text says.
pub(super) fn hash_of(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
    bytes.filter(|_| rest.is_empty())?.try_into().ok()
}

/// So many characters, each as likely as any other.
fn random(characters: usize) -> String {
    let mut text = String::with_capacity(characters);
    while text.len() < characters {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes).expect("the system has randomness, or nothing here is safe");
        // 248 is four times 62: whatever is above would make some characters likelier.
        let fair = bytes.iter().filter(|byte| **byte < 248);
        let letters = fair.filter_map(|byte| BASE62.get(usize::from(*byte) % BASE62.len()));
        text.extend(letters.take(characters - text.len()).map(|letter| char::from(*letter)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_a_form_and_are_never_the_same() {
        let (one, other) = (new_key(), new_key());
        for key in [&one, &other] {
            let random = key.strip_prefix("sk-tl-").expect("the prefix");
            assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{key}");
        }
        assert_ne!(one, other);
        assert_eq!(new_id().len(), "key_".len() + 16);
    }

    #[test]
    fn hashes_are_read_as_they_are_written() {
        let text = hash_text("test");
        assert_eq!(text, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
        assert_eq!(hash_of(&text), Some(key_hash(b"test")));
        for wrong in ["", "9f", "zz", &text[1..]] {
            assert_eq!(hash_of(wrong), None);
        }
    }
}
