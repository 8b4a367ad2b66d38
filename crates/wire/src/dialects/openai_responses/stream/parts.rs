//! What is known of the items of a provider's stream.

/// A part of an item that is a block of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A text, by its number.
    Text(u32),
    /// A refusal, by its number.
    Refusal(u32),
    /// All parts of a summary.
    Summary,
    /// All parts of the thoughts themselves.
    Thoughts,
    /// Thoughts of which only the seal is there.
    Sealed,
    /// A call.
    Call,
    /// What the neutral model has no word for, by its number.
    Opaque(u32),
}

/// A block that was begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// What it is of its item.
    pub(super) part: Part,
    /// Its number among the answer's blocks.
    pub(super) block: u32,
    /// How much of it was told.
    pub(super) bytes: usize,
    /// Whether it still is.
    pub(super) open: bool,
}

/// The blocks of one item, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The item's own id.
    pub(super) id: Option<String>,
    /// The blocks.
    pub(super) entries: Vec<Entry>,
    /// Whether a source was told.
    pub(super) cited: bool,
    /// Whether it was told how likely tokens were.
    pub(super) weighed: bool,
    /// Whether the item is whole.
    pub(super) done: bool,
}

impl Parts {
    /// The block of a part.
    pub(super) fn find(&self, part: Part) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.part == part)
    }

    /// The same, to be changed.
    pub(super) fn find_mut(&mut self, part: Part) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.part == part)
    }

    /// The last block that is still open.
    pub(super) fn last_open(&self) -> Option<u32> {
        self.entries.iter().rev().find(|entry| entry.open).map(|entry| entry.block)
    }
}
