//! Remembers which lists are open, without recursion.

/// Levels of nesting in one value. Guards the bits that remember them: 8 KiB at most.
pub(super) const DEPTH_MAX: usize = 1 << 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    Array,
    Object,
}

/// Which lists are open, one bit each; the innermost is the lowest bit of `bits`.
#[derive(Debug, Default)]
pub(super) struct Nest {
    bits: u64,
    depth: usize,
    /// The bits of the lists further out, once there are more than 64.
    outer: Option<Box<Outer>>,
}

type Outer = [u64; DEPTH_MAX / 64];

impl Nest {
    /// Enters a list; false when it is one too many.
    #[inline(always)]
    pub(super) fn push(&mut self, inside: Inside) -> bool {
        if self.depth == DEPTH_MAX {
            return false;
        }
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer = Some(with_word(self.outer.take(), self.depth / 64, self.bits));
        }
        self.bits = (self.bits << 1) | u64::from(inside == Inside::Object);
        self.depth += 1;
        true
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) {
        self.bits >>= 1;
        self.depth -= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            let word = self.outer.as_ref().and_then(|outer| outer.get(self.depth / 64));
            self.bits = word.copied().unwrap_or_default();
        }
    }

    #[inline(always)]
    pub(super) fn top(&self) -> Option<Inside> {
        match (self.depth, self.bits & 1) {
            (0, _) => None,
            (_, 0) => Some(Inside::Array),
            (_, _) => Some(Inside::Object),
        }
    }
}

/// `outer` with the word at `index` set. It is handed over and given back, so that what is not deep stays in registers.
#[cold]
fn with_word(outer: Option<Box<Outer>>, index: usize, bits: u64) -> Box<Outer> {
    let mut outer = outer.unwrap_or_else(|| Box::new([0; DEPTH_MAX / 64]));
    if let Some(word) = outer.get_mut(index) {
        *word = bits;
    }
    outer
}
