//! What a model has written, in an event of whichever dialect.

use super::template::next_text;
use crate::tokens::Produced;

/// Whether the strings of a member of this name are what a model has written, in pieces.
#[inline]
pub(super) fn is_text(name: &[u8]) -> bool {
    matches!(
        name,
        b"content"
            | b"text"
            | b"reasoning_content"
            | b"reasoning"
            | b"arguments"
            | b"delta"
            | b"thinking"
            | b"partial_json"
            | b"response"
            | b"refusal"
    )
}

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
    while let Some(text) = next_text(json, at) {
        at = text.end + 1;
        pieces.push(json.get(text).unwrap_or_default());
    }
    produced.settle();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares the pieces of one event with those that it should have.
    #[track_caller]
    fn check(event: &str, pieces: &[&str]) {
        let (mut found, mut expected) = (Produced::default(), Produced::default());
        read(event.as_bytes(), &mut found);
        pieces.iter().for_each(|piece| expected.push(piece));
        assert_eq!(found, expected, "{event}");
    }

    #[test]
    fn the_text_of_every_dialect_counts_and_nothing_else_does() {
        check(r#"{"id":"c","choices":[{"delta":{"content":" \"hi\""},"finish_reason":null}]}"#, &[" \"hi\""]);
        check(r#"{"choices":[{"delta":{"role":"assistant","content":""}}],"usage":null}"#, &[]);
        check(
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":"}}]}}]}"#,
            &["{\"a\":"],
        );
        check(r#"{"choices":[{"index":0,"text":"one"},{"index":1,"text":"two"}]}"#, &["one", "two"]);
        check(r#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"So"}}"#, &["So"]);
        check(r#"{"type":"content_block_delta","delta":{"type":"signature_delta","signature":"EqQB"}}"#, &[]);
        check(r#"{"type":"response.output_text.delta","delta":"Hi","obfuscation":"x7","logprobs":[]}"#, &["Hi"]);
        check(r#"{"candidates":[{"content":{"parts":[{"text":"Hi"},{"text":"!"}],"role":"model"}}]}"#, &["Hi", "!"]);
        check(r#"{"message":{"role":"assistant","content":"Hel"},"done":false}"#, &["Hel"]);
    }

    #[test]
    fn a_thought_that_is_said_twice_counts_once() {
        check(
            r#"{"choices":[{"delta":{"reasoning":"So","reasoning_details":[{"type":"reasoning.text","text":"So"}]}}]}"#,
            &["So"],
        );
    }
}
