//! A short number that stands for some bytes: for names that must be the same every time and need not be secret.

/// FNV-1a over 64 bits, begun at `seed`.
pub(crate) fn of(seed: u64, bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    bytes.iter().fold(OFFSET ^ seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}
