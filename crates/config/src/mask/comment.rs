//! Comments: a setting that was switched off by a `#` is one, with its key.

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use super::MASK;
use crate::edit::Splice;

/// A word that is longer, and one that is this long and has digits among its letters, may be a key.
const WORD_CHARS_MAX: usize = 24;
const MIXED_CHARS_MIN: usize = 8;

/// Masks the comments that may hold a key.
pub(super) fn masks(text: &str) -> Vec<Splice> {
    let comments = Source::new(text).lex().filter(|token| token.kind() == TokenKind::Comment);
    let of = |token: toml_parser::lexer::Token| {
        let (start, end) = (token.span().start(), token.span().end());
        let comment = text.get(start..end).unwrap_or_default();
        may_hold_key(comment).then(|| Splice { start, end, text: format!("# {MASK}") })
    };
    comments.filter_map(of).collect()
}

fn may_hold_key(comment: &str) -> bool {
    comment.contains(['"', '=', ':', '`']) || comment.split_whitespace().any(is_like_key)
}

fn is_like_key(word: &str) -> bool {
    let has = |is: fn(&char) -> bool| word.chars().filter(is).count();
    let (digits, letters) = (has(char::is_ascii_digit), has(|char| char.is_alphabetic()));
    let count = digits + letters;
    word.starts_with('\'') || count > WORD_CHARS_MAX || (count >= MIXED_CHARS_MIN && digits > 0 && letters > 0)
}
