//! What every purse does alike, however it counts: one table of cases, and any mixture of steps.

use std::sync::Arc;

use proptest::prelude::*;
use trunkline_config::Allowance;
use trunkline_config::file::AllowanceSection;
use trunkline_providers::Usd;
use trunkline_route::purse::{Account, Admitted, Counted, Reckoned, Refused, Took};
use trunkline_route::{Moment, Purse};

/// 2026-11-22T17:16:00Z, a Sunday.
pub(crate) const NOW: Moment = Moment(1_795_367_760_000);

const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;

/// One thing that happens to a purse.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A request of so many tokens, that costs so many nano-USD at most.
    Admit(u64, Option<i64>),
    /// One of the open ones may cost so much more.
    Raise(usize, Option<i64>),
    /// One of the open ones ends with so many tokens and so much cost.
    Settle(usize, u64, Option<i64>),
    /// So many milliseconds go by.
    Wait(u64),
    /// A key's allowance changes.
    Now(&'static str),
}

/// What came of a step, as everybody sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Admitted(trunkline_wire::limits::Remaining, bool),
    Raised(Option<Usd>),
    Refused(Refused),
    Account(Account),
}

pub(crate) fn allowance(json: &str) -> Arc<Allowance> {
    let section: AllowanceSection = serde_json::from_str(json).expect("an allowance");
    Allowance::of(&section).expect("some limit")
}

/// All that comes of the steps.
pub(crate) async fn outcomes(purse: &dyn Purse, key: &str, first: &str, steps: &[Step]) -> Vec<Outcome> {
    let (key, mut allowance_now, mut now): (Arc<str>, _, _) = (Arc::from(key), allowance(first), NOW);
    let (mut open, mut found): (Vec<Counted>, Vec<Outcome>) = (Vec::new(), Vec::new());
    for step in steps {
        match *step {
            Step::Admit(tokens, cost) => {
                let reckoned = Reckoned { tokens, cost: cost.map(Usd::from_nano) };
                match purse.admit(&key, &allowance_now, reckoned, now).answer().await {
                    Ok(Admitted { counted, remaining, overrun }) => {
                        open.push(counted);
                        found.push(Outcome::Admitted(remaining, overrun.is_some()));
                    }
                    Err(refused) => found.push(Outcome::Refused(refused)),
                }
            }
            Step::Raise(which, cost) if !open.is_empty() => {
                let which = which % open.len();
                let cost = cost.map(Usd::from_nano);
                match purse.raise(&key, &allowance_now, &open[which], cost, now).answer().await {
                    Ok(raised) => {
                        open[which] = raised;
                        found.push(Outcome::Raised(raised.reserved.map(|reserved| reserved.amount)));
                    }
                    Err(refused) => found.push(Outcome::Refused(refused)),
                }
            }
            Step::Settle(which, tokens, cost) if !open.is_empty() => {
                let counted = open.swap_remove(which % open.len());
                purse.settle(&key, &counted, Took { tokens, cost: cost.map(Usd::from_nano) }, now);
            }
            Step::Raise(..) | Step::Settle(..) => {}
            Step::Wait(ms) => now.0 += ms,
            Step::Now(json) => allowance_now = allowance(json),
        }
    }
    for counted in open {
        purse.settle(&key, &counted, Took::default(), now);
    }
    // Whoever asks for nothing finds all settled.
    let nothing = Reckoned { tokens: 0, cost: Some(Usd::ZERO) };
    let asked =
        purse.admit(&key, &allowance(r#"{"budgets":[{"usd":"9000","hard":false}]}"#), nothing, now).answer().await;
    let counted = asked.expect("nothing keeps it out").counted;
    found.push(Outcome::Account(purse.account(&key, now)));
    purse.settle(&key, &counted, Took::default(), now);
    found
}

/// The cases that have a name.
pub(crate) fn cases() -> Vec<(&'static str, &'static str, Vec<Step>)> {
    use Step::*;
    vec![
        (
            "requests a minute",
            r#"{"requests_per_minute":2}"#,
            vec![
                Admit(1, None),
                Wait(30 * SECOND),
                Admit(1, None),
                Admit(1, None),
                Wait(31 * SECOND),
                Admit(1, None),
                Admit(1, None),
            ],
        ),
        (
            "tokens a minute, settled by what they were",
            r#"{"tokens_per_minute":100}"#,
            vec![
                Admit(60, None),
                Admit(60, None),
                Settle(0, 30, None),
                Admit(60, None),
                Wait(5 * SECOND),
                Settle(0, 90, None),
                Admit(1, None),
                Wait(61 * SECOND),
                Admit(1_000, None),
                Admit(1, None),
            ],
        ),
        (
            "open at once",
            r#"{"parallel_requests":2}"#,
            vec![Admit(1, None), Admit(1, None), Admit(1, None), Settle(1, 1, None), Admit(1, None)],
        ),
        (
            "a budget is reserved, settled and whole again in the next hour",
            r#"{"budgets":[{"usd":"0.0000001","period":"hour"}]}"#,
            vec![
                Admit(1, Some(60)),
                Admit(1, Some(41)),
                Admit(1, Some(40)),
                Admit(1, None),
                Settle(0, 1, Some(20)),
                Admit(1, Some(40)),
                Wait(HOUR),
                Settle(0, 1, Some(40)),
                Admit(1, Some(100)),
                Admit(1, Some(0)),
                Admit(1, Some(1)),
            ],
        ),
        (
            "the tightest hard budget counts and a soft one warns",
            r#"{"budgets":[{"usd":"0.000001","period":"month"},
            {"usd":"0.0000002","period":"day"},{"usd":"0.0000001","period":"week","hard":false}]}"#,
            vec![
                Admit(1, Some(150)),
                Settle(0, 1, Some(120)),
                Admit(1, Some(50)),
                Admit(1, Some(50)),
                Wait(24 * HOUR),
                Admit(1, Some(50)),
            ],
        ),
        (
            "more is set aside or all stays",
            r#"{"budgets":[{"usd":"0.0000001"}]}"#,
            vec![
                Admit(1, Some(30)),
                Raise(0, Some(20)),
                Raise(0, None),
                Raise(0, Some(110)),
                Admit(1, Some(71)),
                Raise(0, Some(100)),
                Admit(1, Some(1)),
                Settle(0, 1, Some(50)),
                Admit(1, Some(50)),
            ],
        ),
        (
            "who is refused by a limit has nothing set aside",
            r#"{"parallel_requests":1,"budgets":[{"usd":"0.0000001"}]}"#,
            vec![Admit(1, Some(60)), Admit(1, Some(40)), Settle(0, 1, Some(0)), Admit(1, Some(100))],
        ),
        (
            "of unknown cost while something is left",
            r#"{"budgets":[{"usd":"0.0000001"}]}"#,
            vec![Admit(1, None), Settle(0, 1, Some(100)), Admit(1, None), Admit(1, Some(0))],
        ),
        (
            "an allowance that changes",
            r#"{"budgets":[{"usd":"0.0000001"}]}"#,
            vec![
                Admit(1, Some(100)),
                Now(r#"{"budgets":[{"usd":"0.0000002"}]}"#),
                Admit(1, Some(100)),
                Admit(1, Some(1)),
                Now(r#"{"budgets":[{"usd":"0.0000001","period":"hour"}],"requests_per_minute":1}"#),
                Admit(1, Some(1)),
            ],
        ),
    ]
}

/// Any step.
pub(crate) fn step() -> impl Strategy<Value = Step> {
    let cost = || prop_oneof![9 => (0_i64..400).prop_map(Some), 1 => Just(None)];
    prop_oneof![
        6 => (0_u64..60, cost()).prop_map(|(tokens, cost)| Step::Admit(tokens, cost)),
        4 => (any::<usize>(), 0_u64..90, cost()).prop_map(|(which, tokens, cost)| Step::Settle(which, tokens, cost)),
        1 => (any::<usize>(), cost()).prop_map(|(which, cost)| Step::Raise(which, cost)),
        2 => (0_u64..40 * SECOND).prop_map(Step::Wait),
        1 => (0_u64..30 * HOUR).prop_map(Step::Wait),
    ]
}

/// What any steps are done under.
pub(crate) const TIGHT: &str = r#"{"requests_per_minute":8,"tokens_per_minute":200,"parallel_requests":5,"budgets":[
    {"usd":"0.000002","period":"day"},{"usd":"0.0000008","period":"hour"},{"usd":"0.000001","period":"month","hard":false}]}"#;
