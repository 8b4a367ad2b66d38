//! No lint is silenced without a reason, and no test is skipped.

use crate::problem::Problem;
use crate::source::{self, Token};
use crate::tree::Tree;

/// Attributes that are not used here.
const BANNED: &[(&str, &str)] = &[
    ("allow", "use `#[expect(lint, reason = \"..\")]`: it goes away by itself when it is no longer needed"),
    ("ignore", "assert what happens today with a FIXME instead of skipping the test"),
];

/// Every banned attribute in the tree.
pub(crate) fn problems(tree: &Tree) -> Vec<Problem> {
    tree.ending(".rs").flat_map(|file| in_file(&file.path, &source::tokens(&file.text))).collect()
}

fn in_file(path: &str, tokens: &[Token]) -> Vec<Problem> {
    let mut out = Vec::new();
    let mut rest = tokens;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if first.text != "#" {
            continue;
        }
        let body = match tail {
            [mark, open, body @ ..] if mark.text == "!" && open.text == "[" => body,
            [open, body @ ..] if open.text == "[" => body,
            _ => continue,
        };
        out.extend(in_attribute(path, body));
    }
    out
}

/// The attribute ends at its bracket; what `cfg_attr` adds counts too.
fn in_attribute(path: &str, body: &[Token]) -> Vec<Problem> {
    let conditional = body.first().is_some_and(|first| first.text == "cfg_attr");
    let reach = if conditional { body.len() } else { 1 };
    let inside = body.iter().take(reach).take_while(|token| token.text != "]");
    inside
        .filter_map(|token| {
            let (name, advice) = BANNED.iter().find(|(name, _)| token.text == *name)?;
            Some(Problem::at(path, token.line, format!("`#[{name}]`: {advice}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, lines: &[usize]) {
        let found = problems(&Tree::of(&[("crates/wire/src/lib.rs", text)]));
        let found: Vec<usize> = found.iter().map(|problem| problem.line).collect();
        assert_eq!(found, lines);
    }

    #[test]
    fn a_silenced_lint_is_found_however_it_is_written() {
        check("#[allow(dead_code)]\nfn a() {}", &[1]);
        check("#![allow(dead_code)]", &[1]);
        check("\n#[cfg_attr(test, allow(dead_code))]\nfn a() {}", &[2]);
    }

    #[test]
    fn a_skipped_test_is_found() {
        check("#[test]\n#[ignore]\nfn a() {}\n#[test]\n#[ignore = \"slow\"]\nfn b() {}", &[2, 5]);
    }

    #[test]
    fn an_expectation_and_words_in_texts_are_fine() {
        check("#[expect(dead_code, reason = \"allow\")]\nfn allow() { allow(\"#[allow(x)]\"); }", &[]);
    }
}
