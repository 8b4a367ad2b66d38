//! Cuts an input into chunks the way a network might: the fuzzer chooses where.

use bytes::Bytes;

/// How many bytes at the front of a fuzz input say where to cut.
const SIZES: usize = 4;

/// What a fuzz input says: how to cut, and what.
pub struct Cut {
    /// What arrives.
    pub whole: Bytes,
    sizes: [u8; SIZES],
}

impl Cut {
    /// Takes an input apart; `None` when it is too short to say anything.
    pub fn of(data: &[u8]) -> Option<Self> {
        let (sizes, whole) = data.split_first_chunk::<SIZES>()?;
        Some(Self { whole: Bytes::copy_from_slice(whole), sizes: *sizes })
    }

    /// The pieces, in order: never empty, together the whole. The sizes repeat, so that a long input has many cuts.
    pub fn pieces(&self) -> Vec<Bytes> {
        let mut rest = self.whole.clone();
        let mut sizes = self.sizes.iter().cycle();
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let size = sizes.next().map_or(1, |size| usize::from(*size) + 1);
            pieces.push(rest.split_to(size.min(rest.len())));
        }
        pieces
    }

    /// A number below `count`, which must not be 0; it decides the first cut as well.
    pub fn number(&self, count: usize) -> usize {
        usize::from(self.sizes[0]) % count
    }

    /// A choice that the fuzzer can vary apart from the cuts' own bits.
    pub fn choice(&self, bit: u8) -> bool {
        self.sizes[0] >> bit & 1 == 1
    }
}
