//! How many tokens of an answer have passed, while nobody has said so yet.

use super::Tally;

/// What has passed of an answer that comes in pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Produced {
    pieces: u64,
    tally: Tally,
}

impl Produced {
    /// About so many tokens.
    pub fn about(tokens: u64) -> Self {
        Self { pieces: 0, tally: Tally::about(tokens) }
    }

    /// Takes in the next piece.
    pub fn push(&mut self, piece: &str) {
        self.pieces += u64::from(!piece.is_empty());
        self.tally.push(piece);
    }

    /// The same for a piece as it stands in its event, a string of JSON.
    #[inline]
    pub(crate) fn push_json(&mut self, piece: &[u8]) {
        self.pieces += u64::from(!piece.is_empty());
        self.tally.push_json(piece);
    }

    /// About how many tokens they are. Most servers send a token a piece: then the pieces are the count, which is exact.
    /// Others send several at once, or less than one; where the text speaks against the pieces, the text is believed.
    pub fn tokens(&self) -> u64 {
        let (pieces, likely) = (self.pieces, self.tally.tokens());
        // The oldest tokenisers take twice as many for some scripts as is likely; none takes a third less.
        let is_a_token_each =
            likely.saturating_mul(3) <= pieces.saturating_mul(4) && pieces <= likely.saturating_mul(2);
        if is_a_token_each { pieces } else { likely }
    }
}
