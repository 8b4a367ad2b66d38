//! How many tokens of an answer have passed, while nobody has said so yet.

use super::Tally;

/// Bytes of an answer that wait to be weighed. Most answers are shorter, and are counted by who gives them in the end: theirs
/// never are. Guards memory.
const WAITING_BYTES_MAX: usize = 4 << 10;

/// Room that is made for them at first.
const WAITING_BYTES_USUAL: usize = 512;

/// What has passed of an answer that comes in pieces.
#[derive(Clone, Debug, Default)]
pub struct Produced {
    pieces: u64,
    tally: Tally,
    /// Pieces that are not in the tally yet, as they stand in JSON.
    waiting: Vec<u8>,
}

/// How far an answer had come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pieces: u64,
    waiting: usize,
}

impl Produced {
    /// About so many tokens.
    pub fn about(tokens: u64) -> Self {
        Self { tally: Tally::about(tokens), ..Self::default() }
    }

    /// Whether nothing has passed.
    pub fn is_empty(&self) -> bool {
        self.pieces == 0 && self.tally == Tally::default()
    }

    /// Begins anew.
    pub(crate) fn clear(&mut self) {
        (self.pieces, self.tally) = (0, Tally::default());
        self.waiting.clear();
    }

    /// Takes in the next piece.
    pub fn push(&mut self, piece: &str) {
        self.weigh();
        self.pieces += u64::from(!piece.is_empty());
        self.tally.push(piece);
    }

    /// The same for a piece as it stands in its event, a string of JSON. When the event is over, it is to be
    /// [settled](Self::settle).
    #[inline]
    pub(crate) fn push_json(&mut self, piece: &[u8]) {
        self.pieces += u64::from(!piece.is_empty());
        if self.waiting.capacity() == 0 {
            self.waiting.reserve(WAITING_BYTES_USUAL);
        }
        self.waiting.extend_from_slice(piece);
    }

    /// Where it is now.
    #[inline]
    pub(crate) fn place(&self) -> Place {
        Place { pieces: self.pieces, waiting: self.waiting.len() }
    }

    /// Forgets what has passed since then, if nothing was settled.
    pub(crate) fn back_to(&mut self, Place { pieces, waiting }: Place) {
        self.pieces = pieces;
        self.waiting.truncate(waiting);
    }

    /// An event is over.
    #[inline]
    pub(crate) fn settle(&mut self) {
        if self.waiting.len() > WAITING_BYTES_MAX {
            self.weigh();
        }
    }

    #[cold]
    fn weigh(&mut self) {
        self.tally.push_json(&self.waiting);
        self.waiting.clear();
    }

    /// About how many tokens they are. Most servers send a token a piece: then the pieces are the count, which is exact.
    /// Others send several at once, or less than one; where the text speaks against the pieces, the text is believed.
    pub fn tokens(&self) -> u64 {
        let mut tally = self.tally;
        tally.push_json(&self.waiting);
        let (pieces, likely) = (self.pieces, tally.tokens());
        // The oldest tokenisers take twice as many for some scripts as is likely; none takes a third less.
        let is_a_token_each =
            likely.saturating_mul(3) <= pieces.saturating_mul(4) && pieces <= likely.saturating_mul(2);
        if is_a_token_each { pieces } else { likely }
    }
}

/// Whether as much has passed, weighed or not.
impl PartialEq for Produced {
    fn eq(&self, other: &Self) -> bool {
        let all = |one: &Self| {
            let mut tally = one.tally;
            tally.push_json(&one.waiting);
            (one.pieces, tally)
        };
        all(self) == all(other)
    }
}

impl Eq for Produced {}
