//! Finds where strings end. Most are shorter than a few words, so a word at a time comes first and wide blocks only for
//! what turns out to be long.

/// Bytes looked at in one step of a long string; the compiler turns such a step into vector code.
const BLOCK: usize = 32;

/// Words looked at before blocks pay.
const WORDS_FIRST: usize = 4;

/// The offset behind the closing quote of the string whose text goes on at `at`; as an error the offset of the byte that
/// stands there wrongly, or begins an escape that does: the length when there is no closing quote.
#[inline]
pub(super) fn skip_string(json: &[u8], at: usize) -> Result<usize, usize> {
    match near_stop(json, at) {
        Ok(quote) if json.get(quote) == Some(&b'"') => Ok(quote + 1),
        Ok(at) | Err(at) => skip_long_string(json, at),
    }
}

/// [`skip_string`] without haste for short ones: escapes are stepped over without leaving the block they stand in.
fn skip_long_string(json: &[u8], mut at: usize) -> Result<usize, usize> {
    while let Some(block) = block(json, at) {
        let start = at;
        at += BLOCK;
        let mut stops = stops_in(block);
        while stops != 0 {
            let offset = stops.trailing_zeros() as usize;
            let stop = start + offset;
            match json.get(stop) {
                Some(b'"') => return Ok(stop + 1),
                Some(b'\\') => {}
                Some(_) | None => return Err(stop),
            }
            let behind = offset + escape_len(json, stop).ok_or(stop)?;
            if behind >= BLOCK {
                at = start + behind;
                break;
            }
            stops &= u32::MAX << behind;
        }
    }
    loop {
        at = last_stop(json, at);
        match json.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at += escape_len(json, at).ok_or(at)?,
            Some(_) | None => return Err(at),
        }
    }
}

/// The length of the escape at `at`, backslash included; `None` when it is none.
#[inline]
fn escape_len(json: &[u8], at: usize) -> Option<usize> {
    match json.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => {
            let digits = json.get(at + 2..)?.first_chunk::<4>()?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(6)
        }
        _ => None,
    }
}

/// The offset, from `at` on, of the first byte that ends a run of plain string text: a quote, a backslash or a control
/// character; the length when there is none.
#[inline]
pub(crate) fn string_stop(json: &[u8], at: usize) -> usize {
    near_stop(json, at).unwrap_or_else(|at| far_stop(json, at))
}

/// [`string_stop`] when it is near; else how far there is none.
#[inline]
fn near_stop(json: &[u8], mut at: usize) -> Result<usize, usize> {
    for _ in 0..WORDS_FIRST {
        let Some(stops) = word(json, at).map(stops_in_word) else { break };
        if stops != 0 {
            return Ok(at + first_byte(stops));
        }
        at += size_of::<u64>();
    }
    Err(at)
}

fn far_stop(json: &[u8], mut at: usize) -> usize {
    while let Some(block) = block(json, at) {
        let stops = stops_in(block);
        if stops != 0 {
            return at + stops.trailing_zeros() as usize;
        }
        at += BLOCK;
    }
    last_stop(json, at)
}

/// [`string_stop`] where less than a block is left.
fn last_stop(json: &[u8], mut at: usize) -> usize {
    while let Some(stops) = word(json, at).map(stops_in_word) {
        if stops != 0 {
            return at + first_byte(stops);
        }
        at += size_of::<u64>();
    }
    let rest = json.get(at..).unwrap_or_default();
    at + rest.iter().position(|&byte| is_stop(byte)).unwrap_or(rest.len())
}

#[inline]
fn block(json: &[u8], at: usize) -> Option<&[u8; BLOCK]> {
    json.get(at..)?.first_chunk()
}

#[inline]
fn word(json: &[u8], at: usize) -> Option<u64> {
    json.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

#[inline]
fn is_stop(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

/// One bit for each byte of the block that ends a run of plain text; the first byte is the lowest bit.
#[inline]
fn stops_in(block: &[u8; BLOCK]) -> u32 {
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

/// The byte that the lowest bit of `bits` belongs to.
#[inline]
fn first_byte(bits: u64) -> usize {
    (bits.trailing_zeros() / 8) as usize
}
