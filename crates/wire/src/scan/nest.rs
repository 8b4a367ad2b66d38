//! Remembers which lists are open, without recursion.

/// Levels of nesting in one value. Guards the bit stack that remembers them: 8 KiB at most.
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
    full: Vec<u64>,
    /// Whether the last step entered a list.
    pub(super) just_opened: bool,
}

impl Nest {
    /// Enters a list; false when it is one too many.
    pub(super) fn push(&mut self, inside: Inside) -> bool {
        if self.depth == DEPTH_MAX {
            return false;
        }
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.full.push(self.bits);
        }
        self.bits = (self.bits << 1) | u64::from(inside == Inside::Object);
        self.depth += 1;
        self.just_opened = true;
        true
    }

    pub(super) fn pop(&mut self) {
        self.bits >>= 1;
        self.depth -= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.bits = self.full.pop().unwrap_or_default();
        }
    }

    pub(super) fn top(&self) -> Option<Inside> {
        match (self.depth, self.bits & 1) {
            (0, _) => None,
            (_, 0) => Some(Inside::Array),
            (_, _) => Some(Inside::Object),
        }
    }
}
