//! What a model has written, in an event of whichever dialect.

use super::template::next_text;
use crate::tokens::Produced;

/// Members whose strings are what a model has written, in pieces.
pub(super) const TEXTS: [&[u8]; 10] = [
    b"content",
    b"text",
    b"reasoning_content",
    b"reasoning",
    b"arguments",
    b"delta",
    b"thinking",
    b"partial_json",
    b"response",
    b"refusal",
];

/// The pieces of one event.
#[derive(Debug)]
pub(super) struct Pieces<'a, 'p> {
    produced: &'p mut Produced,
    last: &'a [u8],
}

impl<'a, 'p> Pieces<'a, 'p> {
    pub(super) fn new(produced: &'p mut Produced) -> Self {
        Self { produced, last: b"" }
    }

    /// Takes in the next, unless it is the last once more: some servers say a thought under two names.
    #[inline]
    pub(super) fn push(&mut self, piece: &'a [u8]) {
        if !piece.is_empty() && piece != self.last {
            self.produced.push_json(piece);
            self.last = piece;
        }
    }
}

/// Takes in what stands in an event, a valid object.
pub(super) fn read(json: &[u8], produced: &mut Produced) {
    let mut pieces = Pieces::new(produced);
    let mut at = 0;
    while let Some(text) = next_text(json, at, &TEXTS) {
        at = text.end + 1;
        pieces.push(json.get(text).unwrap_or_default());
    }
}
