//! Long steps through a JSON text, over what is in hand.

use crate::scan::{plain_string, string_stop, table_of, without_space};

#[inline]
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

/// The key whose text begins at `start`, and where its value does; `None` when not all of that is there, or it takes a
/// closer look.
#[inline]
pub(super) fn member_ahead(buffer: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let (key, rest) = plain_string(buffer.get(start..)?)?;
    let rest = without_space(without_space(rest).strip_prefix(b":")?);
    Some((key, buffer.len() - rest.len()))
}

/// The offset behind the closing quote of a string whose text goes on at `at`. As an error whether the next byte, when
/// it comes, is behind a backslash.
#[inline(never)]
pub(super) fn text_end(buffer: &[u8], mut at: usize) -> Result<usize, bool> {
    loop {
        at = string_stop(buffer, at);
        match buffer.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return Err(at > buffer.len()),
        }
    }
}

/// What is behind the string whose text this is, and behind the strings that follow with one byte between; an error as
/// [`text_end`] has it.
#[inline]
pub(super) fn behind_strings(mut text: &[u8]) -> Result<&[u8], bool> {
    loop {
        text = match plain_string(text) {
            Some((_, behind)) => behind,
            None => text.get(text_end(text, 0)?..).unwrap_or_default(),
        };
        match text {
            [b':' | b',', b'"', more @ ..] => text = more,
            _ => return Ok(text),
        }
    }
}

/// Whether a byte begins or ends a string or a list.
const LIST_STOPS: [bool; 256] = table_of(b"\"{}[]");

/// Bytes looked at one by one before blocks pay: most are near.
const LIST_BYTES_FIRST: usize = 8;

/// What of `text` is left from the first byte on that begins or ends a string or a list.
#[inline]
pub(super) fn from_list_stop(text: &[u8]) -> &[u8] {
    let mut rest = text;
    for _ in 0..LIST_BYTES_FIRST {
        match rest.split_first() {
            Some((byte, behind)) if LIST_STOPS.get(usize::from(*byte)) == Some(&false) => rest = behind,
            Some(_) | None => return rest,
        }
    }
    from_far_list_stop(rest)
}

fn from_far_list_stop(mut text: &[u8]) -> &[u8] {
    // `[` and `{`, and their partners, differ in one bit.
    let is_stop = |byte: u8| (byte == b'"') | (byte | 0x20 == b'{') | (byte | 0x20 == b'}');
    while let Some((block, behind)) = text.split_first_chunk::<32>() {
        if block.iter().fold(0, |any, &byte| any | u8::from(is_stop(byte))) != 0 {
            break;
        }
        text = behind;
    }
    let plain = text.iter().position(|&byte| is_stop(byte)).unwrap_or(text.len());
    text.get(plain..).unwrap_or_default()
}
