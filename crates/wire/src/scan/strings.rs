//! Finds where strings end. Most are shorter than a few words, so a word at a time comes first and wide blocks only for
//! what turns out to be long.

mod wide;

/// Bytes looked at in one step of a long string; the compiler turns such a step into vector code.
const BLOCK: usize = 32;

/// Words looked at before blocks pay.
const WORDS_FIRST: usize = 4;

/// What stands before the closing quote and what behind it, when the quote is near and no escape stands before it;
/// `text` begins behind the opening quote.
#[inline(always)]
pub(crate) fn plain_string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = text;
    for _ in 0..WORDS_FIRST {
        let (word, more) = rest.split_first_chunk()?;
        let stops = stops_in_word(u64::from_le_bytes(*word));
        if stops != 0 {
            let (string, end) = text.split_at_checked(text.len() - rest.len() + first_byte(stops))?;
            return Some((string, end.strip_prefix(b"\"")?));
        }
        rest = more;
    }
    None
}

/// The offset of the closing quote of the string whose text this is; as an error the offset of the byte that stands
/// there wrongly, or begins an escape that does: the length when there is no closing quote.
#[inline]
pub(crate) fn string_end(text: &[u8]) -> Result<usize, usize> {
    match plain_string(text) {
        Some((string, _)) => Ok(string.len()),
        None => long_string_end(text),
    }
}

/// [`string_end`] for strings that are long or have escapes.
pub(super) fn long_string_end(json: &[u8]) -> Result<usize, usize> {
    wide::string_end(json).unwrap_or_else(|| string_end_by(json, stops_in))
}

/// [`string_end`] by blocks; `stops_in` gives one bit for each byte of a block that is not plain text. Escapes are stepped
/// over without leaving the block they stand in.
#[inline(always)]
fn string_end_by(json: &[u8], stops_in: impl Fn(&[u8; BLOCK]) -> u32) -> Result<usize, usize> {
    let mut at = 0;
    while let Some(block) = block(json, at) {
        let start = at;
        at += BLOCK;
        let mut stops = stops_in(block);
        while stops != 0 {
            let offset = stops.trailing_zeros() as usize;
            let stop = start + offset;
            match json.get(stop) {
                Some(b'"') => return Ok(stop),
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
            Some(b'"') => return Ok(at),
            Some(b'\\') => at += escape_len(json, at).ok_or(at)?,
            Some(_) | None => return Err(at),
        }
    }
}

/// The length of the escape at `at`, backslash included; `None` when it is none.
#[inline(always)]
fn escape_len(json: &[u8], at: usize) -> Option<usize> {
    let letter = *json.get(at + 1)?;
    if SHORT_ESCAPES.get(usize::from(letter)) == Some(&true) {
        return Some(2);
    }
    (letter == b'u' && is_four_digits(json, at + 2)).then_some(6)
}

/// Whether this letter and its backslash are a whole escape.
const SHORT_ESCAPES: [bool; 256] = table_of(br#""\/bfnrt"#);

/// For each byte whether it is one of these.
#[expect(clippy::indexing_slicing, reason = "a byte is below 256, and tables are made when the crate is compiled")]
pub(crate) const fn table_of(mut bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    while let [byte, rest @ ..] = bytes {
        table[*byte as usize] = true;
        bytes = rest;
    }
    table
}

#[inline(never)]
fn is_four_digits(json: &[u8], at: usize) -> bool {
    let digits = json.get(at..).and_then(|rest| rest.first_chunk::<4>());
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// The offset, from `at` on, of the first byte that ends a run of plain string text: a quote, a backslash or a control
/// character; the length when there is none.
#[inline]
pub(crate) fn string_stop(json: &[u8], mut at: usize) -> usize {
    for _ in 0..WORDS_FIRST {
        let Some(stops) = word(json, at).map(stops_in_word) else { break };
        if stops != 0 {
            return at + first_byte(stops);
        }
        at += size_of::<u64>();
    }
    far_stop(json, at)
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
    // Flipping one bit moves the quote, 0x22, down beside the control characters, which stay below 0x20.
    let quote_or_control = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (quote_or_control | backslash) & !word & HIGHS
}

/// The byte that the lowest bit of `bits` belongs to.
#[inline]
fn first_byte(bits: u64) -> usize {
    (bits.trailing_zeros() / 8) as usize
}
