//! Read and written again in its own dialect, a request is what it was: up to the order of members, absent members that
//! were null, and what is reported as lost.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use trunkline_wire::Dialect;
use trunkline_wire::dialect::ALL;

use crate::fields::{self, Case, Fate};

/// The cases of a dialect that stay what they are when they stand alone.
fn kept(dialect: &dyn Dialect) -> Vec<Case> {
    let cases = fields::cases(dialect).into_iter();
    cases.filter(|case| fields::fate(case, dialect, dialect) == Fate::Kept).collect()
}

/// A body with one of the cases anywhere, and some of those at the top of the body.
fn composed(cases: &[Case], anywhere: Index, at_top: &[Index]) -> Value {
    let mut body = anywhere.get(cases).with.clone();
    // Which tools are chosen among depends on which there are.
    let alone = |case: &&Case| !case.at.contains(['.', '[']) && !case.at.starts_with("tool");
    let top: Vec<&Case> = cases.iter().filter(alone).collect();
    for case in at_top.iter().filter(|_| !top.is_empty()).map(|index| index.get(&top)) {
        let members = body.as_object_mut().unwrap();
        let value = case.with[&case.at].clone();
        members.entry(case.at.clone()).or_insert(value);
    }
    body
}

fn check(dialect: &dyn Dialect, body: &Value) -> Result<(), TestCaseError> {
    // Some fields exclude each other.
    let Ok((after, losses)) = fields::say(dialect, dialect, body) else { return Ok(()) };
    if losses.is_empty() {
        prop_assert_eq!(fields::plain(&after), fields::plain(body), "{}", dialect.id().as_str());
    }
    let again = fields::say(dialect, dialect, &after);
    prop_assert_eq!(again.map(|(after, _)| after), Ok(after), "{} a second time", dialect.id().as_str());
    Ok(())
}

#[test]
fn what_is_read_is_written_again() {
    for dialect in ALL {
        let cases = kept(*dialect);
        let strategy = (any::<Index>(), proptest::collection::vec(any::<Index>(), 0..6));
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
        proptest!(config, |((anywhere, at_top) in strategy)| {
            check(*dialect, &composed(&cases, anywhere, &at_top))?;
        });
    }
}
