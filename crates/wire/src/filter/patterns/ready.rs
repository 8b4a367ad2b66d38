//! A pattern that is ready to be tried.

use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::Extractor;

use super::{Pattern, PatternError};

/// Bytes that a compiled pattern may take. Guards memory, and the time of a search.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Bytes of what every match begins with that are looked for. Keeps the automaton of all patterns small.
const PREFIX_BYTES_MAX: usize = 32;

#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) pattern: Pattern,
    pub(super) regex: Regex,
    /// What every match begins with; empty when nothing is said of it.
    pub(super) prefix: String,
}

impl Ready {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn of(pattern: &Pattern) -> Result<Self, Vec<PatternError>> {
        let mut wrong = Vec::new();
        if pattern.tool_name.is_none() && pattern.tool_name_group.is_none() && pattern.tool_name_json_path.is_none() {
            wrong.push(PatternError::NoName);
        }
        match compile(&pattern.regex) {
            Ok(regex) => {
                wrong.extend(unfit(pattern, &regex));
                let ready = Self { pattern: pattern.clone(), regex, prefix: prefix(&pattern.regex) };
                if wrong.is_empty() { Ok(ready) } else { Err(wrong) }
            }
            Err(error) => {
                wrong.push(error.into());
                Err(wrong)
            }
        }
    }
}

fn compile(regex: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(regex)
        .dot_matches_new_line(true)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .build()
}

/// How a pattern and its expression do not go together.
fn unfit(pattern: &Pattern, regex: &Regex) -> Vec<PatternError> {
    let mut wrong = Vec::new();
    let is_there = |group: usize| group < regex.captures_len();
    wrong.extend(pattern.tool_name_group.filter(|group| !is_there(*group)).map(PatternError::NameGroup));
    for (key, _) in &pattern.parameter_mapping {
        if key.parse().is_ok_and(|group| !is_there(group)) {
            wrong.push(PatternError::ParameterGroup(key.clone()));
        }
    }
    if regex.is_match("") {
        wrong.push(PatternError::Empty);
    }
    wrong
}

/// What every match of an expression begins with.
fn prefix(regex: &str) -> String {
    let Ok(parsed) = ParserBuilder::new().dot_matches_new_line(true).build().parse(regex) else { return String::new() };
    let literals = Extractor::new().extract(&parsed);
    let common = literals.longest_common_prefix().unwrap_or_default();
    let common = common.get(..PREFIX_BYTES_MAX).unwrap_or(common);
    // A prefix may end within a character.
    common.utf8_chunks().next().map(|chunk| chunk.valid().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_what_every_match_begins_with() {
        let long = "x".repeat(300);
        for (regex, expected) in [
            (r"\[EXECUTE:(\w+)\]", "[EXECUTE:"),
            (r"<tool_call>\s*x", "<tool_call>"),
            ("ab?c", "a"),
            ("a|b", ""),
            ("ab|ac", "a"),
            ("a[(]|b", ""),
            (r"\<ab\>", "ab"),
            ("ab+c", "ab"),
            (r"\d+", ""),
            ("(a)b", "ab"),
            ("(?i)ab", ""),
            ("é|è", ""),
            (&long, &long[..PREFIX_BYTES_MAX]),
        ] {
            assert_eq!(prefix(regex), expected, "{regex}");
        }
    }
}
