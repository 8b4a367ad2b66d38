//! Rust source as tokens, so that words in comments and texts are not taken for code.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Stands before a text or a number, so that its letters do not pass for a word.
const LITERAL: char = '"';

/// One token; brackets stand for themselves, `::` is one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// From 1.
    pub(crate) line: usize,
}

impl Token {
    /// What a plain string literal says.
    pub(crate) fn string(&self) -> Option<&str> {
        self.text.strip_prefix(LITERAL)?.strip_prefix('"')?.strip_suffix('"')
    }
}

/// A path as code names it, such as `std::env::var`, with grouped imports spelt out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) path: String,
    /// From 1.
    pub(crate) line: usize,
}

impl Named {
    /// Whether the path is, ends with or lies under `ban`. A single word counts only as the root of a longer path, so
    /// that a field or a variable may be called `rand`.
    pub(crate) fn is(&self, ban: &str) -> bool {
        let under = self.path.strip_prefix(ban).is_some_and(|rest| rest.starts_with("::"));
        under || (ban.contains("::") && (self.path == ban || self.path.ends_with(&format!("::{ban}"))))
    }
}

/// Whether a file holds nothing but tests, by its name.
pub(crate) fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/benches/")
}

/// The tokens of a file. A file that does not even tokenise has none: the compiler says so better than we could.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    if let Ok(stream) = text.parse::<TokenStream>() {
        flatten(stream, &mut out);
    }
    out
}

/// The tokens without items marked `#[cfg(test)]`.
pub(crate) fn production(tokens: &[Token]) -> Vec<Token> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut out = Vec::new();
    let mut rest = tokens;
    while let Some((first, tail)) = rest.split_first() {
        if starts_with(rest, &MARK) {
            rest = after_item(rest.get(MARK.len()..).unwrap_or_default());
        } else {
            out.push(first.clone());
            rest = tail;
        }
    }
    out
}

/// Every path in the tokens.
pub(crate) fn paths(tokens: &[Token]) -> Vec<Named> {
    let mut out = Vec::new();
    let mut rest = tokens;
    while let Some((first, tail)) = rest.split_first() {
        rest = if is_word(first) { path(rest, "", &mut out) } else { tail };
    }
    out
}

/// Whether the tokens begin with these texts.
pub(crate) fn starts_with(tokens: &[Token], texts: &[&str]) -> bool {
    tokens.len() >= texts.len() && tokens.iter().zip(texts).all(|(token, text)| token.text == *text)
}

/// Reads one path at the front, adds it (or each of its branches) to `out`, and returns what follows.
fn path<'a>(tokens: &'a [Token], prefix: &str, out: &mut Vec<Named>) -> &'a [Token] {
    let Some((word, rest)) = tokens.split_first() else { return tokens };
    let full = if prefix.is_empty() { word.text.clone() } else { format!("{prefix}::{}", word.text) };
    match rest {
        [colons, next, ..] if colons.text == "::" && is_segment(next) => {
            path(rest.get(1..).unwrap_or_default(), &full, out)
        }
        [colons, open, inside @ ..] if colons.text == "::" && open.text == "{" => group(inside, &full, out),
        _ => {
            out.push(Named { path: full, line: word.line });
            rest
        }
    }
}

/// Reads the branches of a grouped import up to its brace, and returns what follows.
fn group<'a>(mut rest: &'a [Token], prefix: &str, out: &mut Vec<Named>) -> &'a [Token] {
    while let Some((first, tail)) = rest.split_first() {
        if first.text == "}" {
            return tail;
        }
        rest = if is_segment(first) { path(rest, prefix, out) } else { tail };
    }
    rest
}

fn is_segment(token: &Token) -> bool {
    is_word(token) || token.text == "*"
}

fn is_word(token: &Token) -> bool {
    token.text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// What follows the item at the front: it ends with a semicolon or the brace that closes its body.
fn after_item(tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (token.text == ";" || token.text == "}") {
            return tokens.get(at + 1..).unwrap_or_default();
        }
    }
    &[]
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                out.push(Token { text: open.to_owned(), line: group.span_open().start().line });
                flatten(group.stream(), out);
                out.push(Token { text: close.to_owned(), line: group.span_close().start().line });
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colon(punct.span().start().line, out),
            TokenTree::Punct(punct) => {
                out.push(Token { text: punct.as_char().to_string(), line: punct.span().start().line });
            }
            TokenTree::Ident(word) => out.push(Token { text: word.to_string(), line: word.span().start().line }),
            TokenTree::Literal(value) => {
                out.push(Token { text: format!("{LITERAL}{value}"), line: value.span().start().line });
            }
        }
    }
}

/// Two colons in a row are one token; one alone stays one.
fn colon(line: usize, out: &mut Vec<Token>) {
    match out.last_mut() {
        Some(last) if last.text == ":" => last.text = "::".to_owned(),
        Some(_) | None => out.push(Token { text: ":".to_owned(), line }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_paths(text: &str, expected: &[(&str, usize)]) {
        let found = paths(&production(&tokens(text)));
        let found: Vec<(&str, usize)> = found.iter().map(|named| (named.path.as_str(), named.line)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn grouped_imports_are_spelt_out() {
        check_paths(
            "use std::{env,\n fs::{self, File}, net::*};",
            &[("use", 1), ("std::env", 1), ("std::fs::self", 2), ("std::fs::File", 2), ("std::net::*", 2)],
        );
    }

    #[test]
    fn comments_and_texts_are_not_code() {
        check_paths("// std::env\nx(\"std::env\", r#\"std::fs\"#);", &[("x", 2)]);
    }

    #[test]
    fn items_marked_as_tests_are_left_out() {
        check_paths(
            "#[cfg(test)]\nmod tests { fn a() { std::env::var(b); } }\n#[cfg(test)]\nmod more;\nc();",
            &[("c", 5)],
        );
    }

    #[test]
    fn calls_inside_macros_are_seen() {
        check_paths(
            "m!(std::env::var(a)); Vec::<u8>::new()",
            &[("m", 1), ("std::env::var", 1), ("a", 1), ("Vec", 1), ("u8", 1), ("new", 1)],
        );
    }
}
