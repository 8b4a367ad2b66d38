use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use trunkline_config::file::{AllowanceSection, BudgetPeriod};

use super::*;
use crate::limits::Over;

fn allowance(json: &str) -> Arc<Allowance> {
    let section: AllowanceSection = serde_json::from_str(json).expect("an allowance");
    Allowance::of(&section).expect("some limit")
}

const NOW: Moment = Moment(1_795_367_760_000);

fn admit(accounts: &Accounts, key: &Arc<str>, allowance: &Arc<Allowance>, nano: i64) -> Result<Admitted, Refused> {
    let reckoned = Reckoned { tokens: 1, cost: Some(Usd::from_nano(nano)) };
    match accounts.admit(key, allowance, reckoned, NOW) {
        Asked::Now(answer) => answer,
        Asked::Later(_) => panic!("one process asks nobody"),
    }
}

#[test]
fn threads_that_spend_at_once_never_overrun_and_leave_nothing_reserved() {
    let (accounts, key) = (Accounts::default(), Arc::from("k"));
    let allowance = allowance(r#"{"budgets":[{"usd":"0.000002"}]}"#);
    let (spent, let_in) = (AtomicI64::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (accounts, key, allowance, spent, let_in) = (&accounts, &key, &allowance, &spent, &let_in);
            scope.spawn(move || {
                for turn in 0..500 {
                    let Ok(admitted) = admit(accounts, key, allowance, 100) else { continue };
                    let_in.fetch_add(1, Ordering::Relaxed);
                    let cost = (turn * 7 + thread) % 101;
                    spent.fetch_add(cost, Ordering::Relaxed);
                    let took = Took { tokens: 1, cost: Some(Usd::from_nano(cost)) };
                    accounts.settle(key, &admitted.counted, took, NOW);
                }
            });
        }
    });
    let account = accounts.of("k", NOW);
    assert!(let_in.into_inner() >= 20, "so many it pays for at the least");
    assert!(spent.load(Ordering::Relaxed) <= 2_000);
    assert_eq!((account.open, account.reserved), (0, Usd::ZERO));
    let total = account.spent.iter().find(|spent| spent.period == BudgetPeriod::Total).map(|spent| spent.usd.nano());
    assert_eq!(total, Some(spent.into_inner()));
}

#[test]
fn who_is_refused_by_a_limit_has_nothing_set_aside() {
    let (accounts, key) = (Accounts::default(), Arc::from("k"));
    let allowance = allowance(r#"{"parallel_requests":1,"budgets":[{"usd":"1"}]}"#);
    let first = admit(&accounts, &key, &allowance, 100).expect("there is room");
    assert!(matches!(admit(&accounts, &key, &allowance, 100), Err(Refused::Over(Over::Parallel(1), _))));
    assert_eq!(accounts.of("k", NOW).reserved, Usd::from_nano(100));
    accounts.settle(&key, &first.counted, Took::default(), NOW);
    assert_eq!(accounts.of("k", NOW).reserved, Usd::ZERO);
}

#[test]
fn a_key_that_is_forgotten_begins_with_what_is_restored() {
    let (accounts, key) = (Accounts::default(), Arc::from("k"));
    let allowance = allowance(r#"{"budgets":[{"usd":"0.0000001"}]}"#);
    let open = admit(&accounts, &key, &allowance, 100).expect("there is money");
    accounts.forget(|id| id == "k");
    accounts.settle(&key, &open.counted, Took { tokens: 1, cost: Some(Usd::from_nano(40)) }, NOW);
    assert_eq!(accounts.of("k", NOW), Account::default());
    let total = Spent { period: BudgetPeriod::Total, from: Moment(0), usd: Usd::from_nano(40) };
    accounts.restore(&key, total, NOW);
    assert!(admit(&accounts, &key, &allowance, 61).is_err());
    admit(&accounts, &key, &allowance, 60).expect("so much is left");
}
