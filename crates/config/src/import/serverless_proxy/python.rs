//! Python's regular expressions, as Trunkline writes them. What only Python can do is left as it is, and does not compile.

use std::iter::Peekable;
use std::str::Chars;

/// The same expression, with the same matches.
pub(super) fn translated(regex: &str) -> String {
    let mut out = String::with_capacity(regex.len());
    let mut rest = regex.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, &mut out),
            '[' => class(&mut rest, &mut out),
            '{' => repetition(&mut rest, &mut out),
            // Also before a line break that ends the text.
            '$' => out.push_str(r"(?:\n?\z)"),
            c => out.push(c),
        }
    }
    out
}

/// What stands behind a backslash.
fn escape(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    match rest.next() {
        Some('Z') => out.push_str(r"\z"),
        // Behind a backslash these would be the edges of words.
        Some(c @ ('<' | '>')) => out.push(c),
        Some(c) => out.extend(['\\', c]),
        None => out.push('\\'),
    }
}

/// A choice of characters. In Python's, brackets and doubled signs stand for themselves.
fn class(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    out.extend(rest.next_if_eq(&'^'));
    if rest.next_if_eq(&']').is_some() {
        out.push_str(r"\]");
    }
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(rest, out),
            '[' | '&' | '~' => out.extend(['\\', c]),
            c => out.push(c),
        }
        if c == ']' {
            return;
        }
    }
}

/// How often something is repeated; a bracket that does not say so stands for itself.
fn repetition(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    let ahead: String = rest.clone().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    let is_closed = rest.clone().nth(ahead.len()) == Some('}');
    let is_repetition = is_closed && ahead.matches(',').count() <= 1 && ahead.bytes().any(|byte| byte != b',');
    if !is_repetition || out.is_empty() {
        return out.push_str(r"\{");
    }
    out.push('{');
    if ahead.starts_with(',') {
        out.push('0');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_writes_otherwise_is_translated() {
        for (python, ours) in [
            (r"\[EXECUTE:(\w+):([^\]]+)\]", r"\[EXECUTE:(\w+):([^\]]+)\]"),
            (r"<t>\s*({.*?})\s*</t>", r"<t>\s*(\{.*?})\s*</t>"),
            ("a{2}b{2,}c{,3}d{1,2}e{}f{,}g{x}", r"a{2}b{2,}c{0,3}d{1,2}e\{}f\{,}g\{x}"),
            ("{1}", r"\{1}"),
            (r"\<tool\>(.*)\Z", r"<tool>(.*)\z"),
            ("[[]x[]y][^]z]{2}", r"[\[]x[\]y][^\]z]{2}"),
            ("[a&&b~]", r"[a\&\&b\~]"),
            (r"a\$b$", r"a\$b(?:\n?\z)"),
            ("[$]", "[$]"),
        ] {
            assert_eq!(translated(python), ours, "{python}");
        }
    }
}
