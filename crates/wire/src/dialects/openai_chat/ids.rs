//! Names made from other names: the same ones give the same name.

/// FNV-1a of these texts, each with its end. Not for secrets.
pub(in crate::dialects) fn hash<'a>(texts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for text in texts {
        // No text holds this byte, so `ab` + `c` is not `a` + `bc`.
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}
