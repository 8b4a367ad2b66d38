//! What becomes of each key of a source: a table of rules, and the walk that applies it.
//!
//! The walk visits every key once, in the order of the source, and every visit ends in exactly one finding: that no key
//! is forgotten, and none is told twice, does not depend on the rules.

use std::borrow::Cow;

use serde_json::Value;

use super::report::{Finding, Report, Verdict};
use crate::path::Path;

/// What becomes of the keys at one place.
pub(super) struct Rule<D> {
    /// The place: names joined by dots, `*` for a name of the user's, `[]` for an item of a list. A rule for a table
    /// speaks for all in it that no rule further down speaks for.
    pub(super) place: &'static str,
    pub(super) then: Then<D>,
}

pub(super) enum Then<D> {
    /// Nothing is written.
    Say(Verdict, &'static str),
    /// Writes into the draft and says what it wrote.
    Do(fn(&Key<'_>, &mut D) -> Answer),
}

/// Said of a key that says nothing.
const NOT_SET: &str = "not set";

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    verdict: Verdict,
    note: Cow<'static, str>,
}

impl Outcome {
    /// The same with a reservation.
    pub(super) fn less_than(self, but: &str) -> Self {
        Self { verdict: self.verdict.max(Verdict::Approximate), note: format!("{}; {but}", self.note).into() }
    }
}

/// A value that is not what its key takes: what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Misread(pub(super) &'static str);

pub(super) type Answer = Result<Outcome, Misread>;

pub(super) fn exact(note: impl Into<Cow<'static, str>>) -> Answer {
    Ok(Outcome { verdict: Verdict::Exact, note: note.into() })
}
pub(super) fn approximate(note: impl Into<Cow<'static, str>>) -> Answer {
    Ok(Outcome { verdict: Verdict::Approximate, note: note.into() })
}
pub(super) fn manual(note: impl Into<Cow<'static, str>>) -> Answer {
    Ok(Outcome { verdict: Verdict::Manual, note: note.into() })
}
pub(super) fn unsupported(note: impl Into<Cow<'static, str>>) -> Answer {
    Ok(Outcome { verdict: Verdict::Unsupported, note: note.into() })
}

/// A rule that writes.
pub(super) const fn make<D>(place: &'static str, then: fn(&Key<'_>, &mut D) -> Answer) -> Rule<D> {
    Rule { place, then: Then::Do(then) }
}
/// A rule for what needs nothing, because Trunkline does the same by itself.
pub(super) const fn done<D>(place: &'static str, note: &'static str) -> Rule<D> {
    Rule { place, then: Then::Say(Verdict::Exact, note) }
}
/// A rule for what a person has to do.
pub(super) const fn ask<D>(place: &'static str, note: &'static str) -> Rule<D> {
    Rule { place, then: Then::Say(Verdict::Manual, note) }
}
/// A rule for what Trunkline cannot do.
pub(super) const fn refuse<D>(place: &'static str, note: &'static str) -> Rule<D> {
    Rule { place, then: Then::Say(Verdict::Unsupported, note) }
}

/// A key of the source.
pub(super) struct Key<'a> {
    /// What it says; never null.
    pub(super) value: &'a Value,
    steps: &'a [Step<'a>],
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> Key<'a> {
    /// The name of the step that is this many above the key; 0 is the key's own. Empty for an item of a list.
    pub(super) fn name(&self, above: usize) -> &'a str {
        match self.steps.iter().rev().nth(above) {
            Some(Step::Name(name)) => name,
            Some(Step::Index(_)) | None => "",
        }
    }
    /// The index of the item that the key is in, innermost first.
    pub(super) fn index(&self) -> usize {
        let mut indexes = self.steps.iter().rev().filter_map(|step| match step {
            Step::Index(index) => Some(*index),
            Step::Name(_) => None,
        });
        indexes.next().unwrap_or(0)
    }
    pub(super) fn text(&self) -> Result<&'a str, Misread> {
        self.value.as_str().ok_or(Misread("a text"))
    }
    /// Also 0 and 1, as SQLite has them.
    pub(super) fn flag(&self) -> Result<bool, Misread> {
        flag(self.value).ok_or(Misread("true or false"))
    }
    pub(super) fn count(&self) -> Result<i64, Misread> {
        count(self.value).ok_or(Misread("a whole number, at least 1"))
    }
    /// The same where none at all has a meaning.
    pub(super) fn count_or_none(&self) -> Result<i64, Misread> {
        let none = self.value.as_i64().filter(|count| *count == 0);
        none.or_else(|| count(self.value)).ok_or(Misread("a whole number, not negative"))
    }
    /// Not negative.
    pub(super) fn number(&self) -> Result<f64, Misread> {
        self.value.as_f64().filter(|number| *number >= 0.0).ok_or(Misread("a number, not negative"))
    }
    /// A period that is given in seconds, as the document writes it. Shorter than a millisecond counts as none.
    pub(super) fn seconds(&self) -> Result<String, Misread> {
        period(self.value).filter(|period| period != "0s").ok_or(Misread("a number of seconds, more than 0"))
    }
    /// The same where none at all has a meaning.
    pub(super) fn seconds_or_none(&self) -> Result<String, Misread> {
        period(self.value).ok_or(Misread("a number of seconds"))
    }
    /// A list of texts; one text alone counts as one.
    pub(super) fn texts(&self) -> Result<Vec<&'a str>, Misread> {
        texts(self.value).ok_or(Misread("a list of texts"))
    }
}

/// `true`, `false`, 1 or 0.
pub(super) fn flag(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_i64().map(|number| number != 0))
}

/// A whole number, at least 1.
pub(super) fn count(value: &Value) -> Option<i64> {
    let whole = value.as_f64().filter(|number| number.fract() == 0.0 && *number < 1e15).map(|number| number as i64);
    value.as_i64().or(whole).filter(|count| *count > 0)
}

/// The texts of a list, or the one text that stands in its place.
pub(super) fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// The longest period that a document takes.
const PERIOD_SECONDS_MAX: f64 = 365.0 * 86400.0;

/// A number of seconds, which may be a text, as the document writes it.
pub(super) fn period(value: &Value) -> Option<String> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    let milliseconds = (seconds * 1000.0).round();
    if !(0.0..=PERIOD_SECONDS_MAX).contains(&seconds) {
        return None;
    }
    let whole = milliseconds as u64;
    Some(if whole.is_multiple_of(1000) { format!("{}s", whole / 1000) } else { format!("{whole}ms") })
}

/// Applies `rules` to everything in `tree`. `unknown` is said of a key that no rule speaks of.
pub(super) fn apply<D>(
    rules: &[Rule<D>],
    unknown: &'static str,
    (source, tree): (&str, &Value),
    draft: &mut D,
    report: &mut Report,
) {
    Walk { rules, unknown, source, draft, report }.visit(tree, &mut Vec::new(), None);
}

struct Walk<'w, D> {
    rules: &'w [Rule<D>],
    unknown: &'static str,
    source: &'w str,
    draft: &'w mut D,
    report: &'w mut Report,
}

impl<'w, D> Walk<'w, D> {
    /// `around` is the rule of the innermost table that has one.
    fn visit<'a>(&mut self, value: &'a Value, steps: &mut Vec<Step<'a>>, around: Option<&'w Rule<D>>) {
        let rules = self.rules;
        let own = rules.iter().find(|rule| fit(rule.place, steps) == Fit::Whole);
        let is_entered = rules.iter().any(|rule| fit(rule.place, steps) == Fit::Begun);
        if is_entered && !is_leaf(value) {
            return for_each_child(value, steps, |child, steps| self.visit(child, steps, own.or(around)));
        }
        let outcome = match own.or(around) {
            Some(rule) => self.outcome(rule, &Key { value, steps }),
            None if is_entered => nothing_below(value),
            None => Outcome { verdict: Verdict::Unsupported, note: self.unknown.into() },
        };
        self.tell(value, steps, &outcome);
    }

    fn outcome(&mut self, rule: &Rule<D>, key: &Key<'_>) -> Outcome {
        if key.value.is_null() {
            return Outcome { verdict: Verdict::Exact, note: NOT_SET.into() };
        }
        match rule.then {
            Then::Say(verdict, note) => Outcome { verdict, note: note.into() },
            Then::Do(apply) => apply(key, self.draft).unwrap_or_else(|Misread(wanted)| Outcome {
                verdict: Verdict::Manual,
                note: format!("expected {wanted}; nothing is made of it").into(),
            }),
        }
    }

    /// The same of every key at and below.
    fn tell<'a>(&mut self, value: &'a Value, steps: &mut Vec<Step<'a>>, outcome: &Outcome) {
        if is_leaf(value) {
            let path = steps.iter().fold(Path::default(), |path, step| match step {
                Step::Name(name) => path.key(name),
                Step::Index(index) => path.index(*index),
            });
            let path = format!("{}: {path}", self.source);
            self.report.findings.push(Finding { path, verdict: outcome.verdict, note: outcome.note.clone() });
            return;
        }
        for_each_child(value, steps, |child, steps| self.tell(child, steps, outcome));
    }
}

/// What counts as one key: a plain value, a list of plain values, or nothing in braces.
fn is_leaf(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => !items.iter().any(|item| item.is_object() || item.is_array()),
        Value::Object(entries) => entries.is_empty(),
    }
}

fn for_each_child<'a>(
    value: &'a Value,
    steps: &mut Vec<Step<'a>>,
    mut visit: impl FnMut(&'a Value, &mut Vec<Step<'a>>),
) {
    let mut at = |step, child, steps: &mut Vec<Step<'a>>| {
        steps.push(step);
        visit(child, steps);
        steps.pop();
    };
    match value {
        Value::Object(entries) => entries.iter().for_each(|(name, child)| at(Step::Name(name), child, steps)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, child)| at(Step::Index(index), child, steps)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Said of a plain value where a table or a list belongs.
fn nothing_below(value: &Value) -> Outcome {
    match value {
        Value::Null => Outcome { verdict: Verdict::Exact, note: NOT_SET.into() },
        Value::Object(_) => Outcome { verdict: Verdict::Exact, note: "nothing is in it".into() },
        Value::Array(items) if items.is_empty() => Outcome { verdict: Verdict::Exact, note: "nothing is in it".into() },
        Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Outcome { verdict: Verdict::Manual, note: "expected settings; nothing is made of it".into() }
        }
    }
}

/// How a rule's place lies to where the walk is.
#[derive(PartialEq, Eq)]
enum Fit {
    Whole,
    /// The place lies further down.
    Begun,
    Elsewhere,
}

fn fit(place: &str, steps: &[Step<'_>]) -> Fit {
    let mut wanted = place.split('.');
    let fits = steps.iter().all(|step| match (wanted.next(), step) {
        (Some("*"), Step::Name(_)) | (Some("[]"), Step::Index(_)) => true,
        (Some(wanted), Step::Name(name)) => wanted == *name,
        (Some(_) | None, Step::Index(_)) | (None, Step::Name(_)) => false,
    });
    match (fits, wanted.next()) {
        (true, None) => Fit::Whole,
        (true, Some(_)) => Fit::Begun,
        (false, _) => Fit::Elsewhere,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULES: &[Rule<Vec<String>>] = &[
        make("name", |key, seen| {
            seen.push(key.text()?.to_owned());
            exact("here")
        }),
        make("routes.[].*.url", |key, seen| {
            seen.push(format!("{} of {}", key.name(1), key.index()));
            approximate("there")
        }),
        refuse("limits", "none of it"),
        ask("limits.requests", "by hand"),
    ];

    fn check(tree: &Value) -> (String, Vec<String>) {
        let (mut seen, mut report) = (Vec::new(), Report::default());
        apply(RULES, "unknown", ("f", tree), &mut seen, &mut report);
        let lines = report.findings.iter().map(|it| format!("{} {} {}", it.verdict.as_str(), it.path, it.note));
        (lines.collect::<Vec<_>>().join("\n"), seen)
    }

    #[test]
    fn the_rule_furthest_down_speaks_and_every_key_is_told_of() {
        let tree = json!({
            "name": "turbo",
            "routes": [{ "a b": { "url": "u", "port": 1 } }, {}],
            "limits": { "requests": 1, "tokens": [1, 2], "deep": { "er": null } },
            "other": [{ "x": 1 }, 2],
        });
        let (told, seen) = check(&tree);
        let want = "exact f: name here\n\
                    approximate f: routes[0].\"a b\".url there\n\
                    unsupported f: routes[0].\"a b\".port unknown\n\
                    exact f: routes[1] nothing is in it\n\
                    manual f: limits.requests by hand\n\
                    unsupported f: limits.tokens none of it\n\
                    unsupported f: limits.deep.er none of it\n\
                    unsupported f: other[0].x unknown\n\
                    unsupported f: other[1] unknown";
        assert_eq!(told, want);
        assert_eq!(seen, ["turbo", "a b of 0"]);
    }

    #[test]
    fn a_value_that_is_not_what_its_key_takes_is_left_to_a_person() {
        let (told, seen) = check(&json!({ "name": 1, "routes": "none", "limits": 3 }));
        let want = "manual f: name expected a text; nothing is made of it\n\
                    manual f: routes expected settings; nothing is made of it\n\
                    unsupported f: limits none of it";
        assert_eq!((told.as_str(), seen), (want, Vec::new()));
        assert_eq!(check(&json!({ "name": null, "routes": null })).0, "exact f: name not set\nexact f: routes not set");
    }

    #[test]
    fn periods_are_read_from_seconds() {
        let check = |value: Value| period(&value);
        assert_eq!(check(json!(20)), Some("20s".to_owned()));
        assert_eq!(check(json!(7.5)), Some("7500ms".to_owned()));
        assert_eq!(check(json!("0.25")), Some("250ms".to_owned()));
        assert_eq!(check(json!(0)), Some("0s".to_owned()));
        assert_eq!(check(json!(-1)), None);
        assert_eq!(check(json!(1e12)), None);
        assert_eq!(check(json!("soon")), None);
    }
}
