//! Calls that are written as Python does: `f(a=1)`, alone, on lines, or in a list.

use super::balance::Syntax;
use super::cursor::{Stop, is_name};
use super::ends::{Ends, Shape};
use super::family::{Head, Opening, Raw};
use crate::filter::arguments::{Given, lenient};

/// Calls that one text may hold. Guards against a text that is all brackets.
const CALLS_MAX: usize = 128;

/// A call or a list that ends with its own bracket.
pub(crate) const ONE: Ends = Ends { shape: Shape::One(Syntax::Python), tags: &[], before: &[] };

/// Reads the beginning of a call of an offered tool, or of a list of such when `list` says that it must be one.
pub(crate) fn head(opening: &mut Opening<'_>, list: List, ends: Ends) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    let start = opening.cursor.clone();
    let listed = opening.cursor.skip("[")?;
    if !listed && list == List::Must {
        return Err(Stop::No);
    }
    opening.cursor.spaces()?;
    opening.cursor.skip("print(")?;
    let name = opening.cursor.name()?;
    opening.tool(plain(name))?;
    opening.cursor.expect("(")?;
    opening.cursor = start;
    Ok(Head::Collect(ends))
}

/// Whether calls stand in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Must,
    May,
}

/// The tool's name in a name as it is called: `brave_search.call` calls `brave_search`.
fn plain(name: &str) -> &str {
    name.strip_suffix(".call").unwrap_or(name)
}

/// Every call in a text, with whatever brackets and separators stand around them.
pub(crate) fn calls(text: &str) -> Option<Vec<Raw>> {
    let between = |c: char| c.is_whitespace() || matches!(c, '[' | ']' | ',' | ';' | ')');
    let mut calls = Vec::new();
    let mut rest = text.trim_start_matches(between);
    while !rest.is_empty() && calls.len() < CALLS_MAX {
        rest = rest.strip_prefix("print(").unwrap_or(rest);
        let end = rest.find(|c: char| !is_name(c))?;
        let (name, behind) = rest.split_at(end);
        let (pairs, read) = lenient::keywords(behind.strip_prefix('(')?)?;
        calls.push(Raw { name: plain(name).to_owned(), given: given(name, pairs) });
        rest = behind.get(1 + read..)?.trim_start_matches(between);
    }
    (!calls.is_empty()).then_some(calls)
}

/// `f({"a": 1})` gives the arguments as they are.
fn given(_name: &str, mut pairs: serde_json::Map<String, serde_json::Value>) -> Given {
    match pairs.get("0") {
        Some(serde_json::Value::Object(_)) if pairs.len() == 1 => {
            pairs.shift_remove("0").map_or(Given::Json(String::new()), |only| Given::Json(only.to_string()))
        }
        _ => Given::Typed(pairs),
    }
}
