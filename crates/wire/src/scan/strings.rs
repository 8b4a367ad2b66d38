//! Finds the end of a run of plain text inside a string.

/// Bytes looked at in one step of the search for a string's end; the compiler turns such a step into vector code.
pub(super) const BLOCK: usize = 32;

/// The offset, from `at` on, of the first byte that ends a run of plain string text: a quote, a backslash or a control
/// character; the length when there is none.
#[inline]
pub(crate) fn string_stop(json: &[u8], mut at: usize) -> usize {
    while let Some(block) = block(json, at) {
        let stops = stops_in(block);
        if stops != 0 {
            return at + stops.trailing_zeros() as usize;
        }
        at += BLOCK;
    }
    while let Some(word) = json.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let stops = stops_in_word(u64::from_le_bytes(*word));
        if stops != 0 {
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = json.get(at..).unwrap_or_default();
    at + rest.iter().position(|&byte| is_stop(byte)).unwrap_or(rest.len())
}

#[inline]
pub(super) fn block(json: &[u8], at: usize) -> Option<&[u8; BLOCK]> {
    json.get(at..)?.first_chunk::<BLOCK>()
}

#[inline]
fn is_stop(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

/// One bit for each byte of the block that ends a run of plain text; the first byte is the lowest bit.
#[inline]
pub(super) fn stops_in(block: &[u8; BLOCK]) -> u32 {
    let mut flags = [0; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        *flag = u8::from(is_stop(*byte));
    }
    let (words, _) = flags.as_chunks::<8>();
    let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
    let [Some(a), Some(b), Some(c), Some(d)] = [words.next(), words.next(), words.next(), words.next()] else {
        return 0;
    };
    if a | b | c | d == 0 {
        return 0;
    }
    // The multiplication gathers the lowest bits of eight bytes into the highest byte.
    let gather = |word: u64| (word.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32;
    gather(a) | gather(b) << 8 | gather(c) << 16 | gather(d) << 24
}

/// The high bit of the lowest byte that stops a run; bits above it may be wrong, since borrows travel upward.
#[inline]
fn stops_in_word(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let found = (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    found & HIGHS
}
