//! The table in the guide says of each kind of failure what the code says: its status, its `type` and its `code`.

use std::collections::BTreeMap;

use crate::problem::Problem;
use crate::source::{self, Token};
use crate::tree::Tree;

const GUIDE: &str = "docs/errors.md";
/// Where each part of a row comes from: a file and the function whose `match` says it.
const NAMES: (&str, &str) = ("crates/wire/src/fault.rs", "as_str");
const STATUSES: (&str, &str) = ("crates/proxy/src/fault.rs", "status");
const WORDS: (&str, &str) = ("crates/wire/src/dialects/openai_chat/error.rs", "words");

/// What the guide's table holds of one kind, beside its name: status, type, code.
type Row = [String; 3];

/// One arm of a `match`: the variants it is for, and its right side.
struct Arm<'a> {
    variants: Vec<&'a str>,
    body: &'a [Token],
}

/// Every row of the guide that differs from the code.
pub(crate) fn problems(tree: &Tree) -> Vec<Problem> {
    let code = match rows_of_code(tree) {
        Ok(rows) => rows,
        Err(problem) => return vec![problem],
    };
    let guide = rows_of_guide(tree.text(GUIDE).unwrap_or_default());
    let mut out = Vec::new();
    for (name, row) in &code {
        let said = row.join(", ");
        match guide.get(name) {
            Some((_, found)) if found == row => {}
            Some((line, _)) => out.push(Problem::at(GUIDE, *line, format!("`{name}` is {said} in the code"))),
            None => out.push(Problem::of(GUIDE, format!("`{name}` is missing: it is {said}"))),
        }
    }
    let gone = guide.iter().filter(|(name, _)| !code.contains_key(*name));
    out.extend(gone.map(|(name, (line, _))| Problem::at(GUIDE, *line, format!("there is no kind `{name}`"))));
    out
}

fn rows_of_code(tree: &Tree) -> Result<BTreeMap<String, Row>, Problem> {
    let read = |(path, _): (&str, &str)| source::tokens(tree.text(path).unwrap_or_default());
    let (names, statuses, words) = (read(NAMES), read(STATUSES), read(WORDS));
    let names = by_variant(&names, NAMES, |body| body.first()?.string().map(str::to_owned))?;
    let statuses = by_variant(&statuses, STATUSES, |body| Some(status(body)))?;
    let words = by_variant(&words, WORDS, |body| words_of(&words, body))?;
    let row = |variant: &String| {
        let (kind, code) = words.get(variant)?.clone();
        Some([statuses.get(variant)?.clone(), kind, code])
    };
    names
        .iter()
        .map(|(variant, name)| {
            let missing = || Problem::of(STATUSES.0, format!("no status or words were found for `{variant}`"));
            Ok((name.clone(), row(variant).ok_or_else(missing)?))
        })
        .collect()
}

/// What a function's `match` says of each variant.
fn by_variant<T: Clone>(
    tokens: &[Token],
    (path, function): (&str, &str),
    read: impl Fn(&[Token]) -> Option<T>,
) -> Result<BTreeMap<String, T>, Problem> {
    let unread = || Problem::of(path, format!("the `match` of `{function}` was not understood"));
    let mut out = BTreeMap::new();
    for arm in arms(tokens, function).ok_or_else(unread)? {
        let value = read(arm.body).ok_or_else(unread)?;
        out.extend(arm.variants.iter().map(|variant| ((*variant).to_owned(), value.clone())));
    }
    Ok(out)
}

/// `StatusCode::NOT_FOUND` as `Not Found`; anything else is decided case by case.
fn status(body: &[Token]) -> String {
    let constant = body.windows(3).find_map(|three| match three {
        [kind, colons, name] if kind.text == "StatusCode" && colons.text == "::" => Some(&name.text),
        _ => None,
    });
    constant.map_or_else(|| "the provider's own".to_owned(), |name| name.replace('_', " ").to_lowercase())
}

/// `(TYPE, Some("code"))`, where the type may be a constant of the same file.
fn words_of(file: &[Token], body: &[Token]) -> Option<(String, String)> {
    let [_, kind, _, rest @ ..] = body else { return None };
    let constant = || {
        let at = file.windows(2).position(|two| source::starts_with(two, &["const", &kind.text]))?;
        file.get(at..)?.iter().find_map(Token::string)
    };
    let code = rest.iter().find_map(Token::string).unwrap_or("null");
    Some((kind.string().or_else(constant)?.to_owned(), code.to_owned()))
}

fn arms<'a>(tokens: &'a [Token], function: &str) -> Option<Vec<Arm<'a>>> {
    let at = tokens.windows(2).position(|two| source::starts_with(two, &["fn", function]))?;
    let tokens = tokens.get(at..)?;
    let at = tokens.iter().position(|token| token.text == "match")?;
    let tokens = tokens.get(at..)?;
    let at = tokens.iter().position(|token| token.text == "{")?;
    let mut rest = tokens.get(at + 1..)?;
    let mut out = Vec::new();
    while rest.first()?.text != "}" {
        let arrow = rest.windows(2).position(|two| source::starts_with(two, &["=", ">"]))?;
        let (pattern, after) = rest.split_at_checked(arrow)?;
        let body = after.get(2..)?;
        let end = end_of_arm(body)?;
        let variants = pattern.windows(2).filter(|two| two.first().is_some_and(|first| first.text == "::"));
        let variants = variants.filter_map(|two| two.last().map(|last| last.text.as_str())).collect();
        out.push(Arm { variants, body: body.get(..end)? });
        let comma = body.get(end).is_some_and(|token| token.text == ",");
        rest = body.get(end + usize::from(comma)..)?;
    }
    Some(out)
}

/// Where an arm's right side ends: at its comma, or at the brace that closes the `match`.
fn end_of_arm(body: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in body.iter().enumerate() {
        match token.text.as_str() {
            "," | "}" if depth == 0 => return Some(at),
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The rows whose first cell is a kind: its line and the next three cells. A status is compared by its words.
fn rows_of_guide(text: &str) -> BTreeMap<String, (usize, Row)> {
    let mut out = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [_, kind, status, class, code, ..] = cells.as_slice() else { continue };
        if kind.is_empty() || !kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') || *kind == "kind" {
            continue;
        }
        let status = status.trim_start_matches(|digit: char| digit.is_ascii_digit() || digit == ' ').to_lowercase();
        out.insert((*kind).to_owned(), (at + 1, [status, (*class).to_owned(), (*code).to_owned()]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &str = "fn as_str(self) { match self { Self::Busy => \"busy\", Self::Rejected => \"rejected\", } }";
    const STATUS: &str = "fn status(f: &Fault) { match f.kind { K::Busy => StatusCode::SERVICE_UNAVAILABLE, \
                          K::Rejected => rejected(f.words, 1), } }";
    const ERROR: &str = "fn words(k: K) { const A: &str = \"server_error\"; match k { \
                         K::Busy => (A, Some(\"overloaded\")), K::Rejected => (\"mine\", None), } }";

    #[track_caller]
    fn check(guide: &str, expected: &[&str]) {
        let files = [(NAMES.0, KINDS), (STATUSES.0, STATUS), (WORDS.0, ERROR), (GUIDE, guide)];
        let found: Vec<String> = problems(&Tree::of(&files)).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    const BUSY: &str =
        "| kind | status | type | code |\n| `busy` | 503 Service Unavailable | `server_error` | `overloaded` |\n";

    #[test]
    fn a_table_that_says_what_the_code_says_is_fine() {
        check(&format!("{BUSY}| `rejected` | the provider's own | `mine` | `null` | x |\n"), &[]);
    }

    #[test]
    fn a_wrong_row_a_missing_row_and_an_invented_row_are_found() {
        check(
            &format!("{BUSY}| `gone` | 500 A | `b` | `c` |\n"),
            &[
                "docs/errors.md: `rejected` is missing: it is the provider's own, mine, null",
                "docs/errors.md:3: there is no kind `gone`",
            ],
        );
        check(
            "| `busy` | 500 Oops | `server_error` | `overloaded` |\n| `rejected` | the provider's own | `mine` | `null` |",
            &["docs/errors.md:1: `busy` is service unavailable, server_error, overloaded in the code"],
        );
    }

    #[test]
    fn code_that_is_not_understood_is_said_rather_than_passed() {
        let found = problems(&Tree::of(&[(GUIDE, BUSY)]));
        assert_eq!(found, [Problem::of(NAMES.0, "the `match` of `as_str` was not understood")]);
    }
}
