use proptest::prelude::*;

use super::*;

fn usd(text: &str) -> Usd {
    Usd::parse(text).expect("an amount")
}

fn budget(limit: &str, period: BudgetPeriod) -> Budget {
    Budget { limit: usd(limit), period, hard: true }
}

/// 2026-11-22T17:16:00Z, a Sunday.
const NOW: Moment = Moment(1_795_367_760_000);
const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn what_is_set_aside_counts_until_it_is_known_what_it_cost() {
    let (mut spend, budgets) = (Spend::default(), [budget("1.00", BudgetPeriod::Total)]);
    let first = spend.reserve(&budgets, Some(usd("0.60")), NOW).expect("it is there");
    let short = spend.reserve(&budgets, Some(usd("0.50")), NOW).expect_err("it is not");
    assert_eq!((short.left, short.until, short.may_return), (usd("0.40"), None, true));
    spend.settle(&first, usd("0.10"));
    assert_eq!(spend.reserved(), Usd::ZERO);
    let second = spend.reserve(&budgets, Some(usd("0.90")), NOW).expect("it is there again");
    spend.release(&second);
    spend.settle(&spend.clone().reserve(&budgets, Some(usd("0.9")), NOW).expect("still"), usd("0.9"));
}

#[test]
fn a_request_of_unknown_cost_is_let_in_while_something_is_left() {
    let (mut spend, budgets) = (Spend::default(), [budget("1.00", BudgetPeriod::Day)]);
    let unknown = spend.reserve(&budgets, None, NOW).expect("something is left");
    spend.settle(&unknown, usd("1.00"));
    let free = spend.reserve(&budgets, Some(Usd::ZERO), NOW).expect("what is free is still free");
    spend.release(&free);
    let short = spend.reserve(&budgets, None, NOW).expect_err("nothing is left");
    assert_eq!((short.left, short.may_return), (Usd::ZERO, false));
    assert_eq!(short.until, Some(Duration::from_secs(6 * 3600 + 44 * 60)));
}

#[test]
fn the_tightest_hard_budget_counts_and_a_soft_one_only_warns() {
    let mut spend = Spend::default();
    let soft = Budget { hard: false, ..budget("0.05", BudgetPeriod::Day) };
    let budgets = [budget("9.00", BudgetPeriod::Month), budget("0.10", BudgetPeriod::Hour), soft];
    assert_eq!(spend.overrun(&budgets), None);
    let one = spend.reserve(&budgets, Some(usd("0.06")), NOW).expect("it is there");
    spend.settle(&one, usd("0.06"));
    assert_eq!(spend.overrun(&budgets), Some(soft));
    let short = spend.reserve(&budgets, Some(usd("0.06")), NOW).expect_err("the hour's is short");
    assert_eq!(short.budget.period, BudgetPeriod::Hour);
    spend.reserve(&budgets, Some(usd("0.06")), NOW + HOUR).expect("the next hour has its own");
}

#[test]
fn a_period_that_ends_takes_along_what_was_reserved_in_it() {
    let (mut spend, budgets) = (Spend::default(), [budget("1.00", BudgetPeriod::Hour)]);
    let before = spend.reserve(&budgets, Some(usd("1.00")), NOW).expect("it is there");
    let after = spend.reserve(&budgets, Some(usd("1.00")), NOW + HOUR).expect("another hour");
    spend.settle(&before, usd("0.80"));
    let of = |spend: &Spend, period| spend.spent().find(|spent| spent.period == period).map(|spent| spent.usd);
    assert_eq!(of(&spend, BudgetPeriod::Hour), Some(Usd::ZERO), "it was of the hour before");
    assert_eq!(of(&spend, BudgetPeriod::Day), Some(usd("0.80")), "and of this day");
    spend.settle(&after, usd("0.20"));
    assert_eq!((of(&spend, BudgetPeriod::Total), spend.reserved()), (Some(usd("1.00")), Usd::ZERO));
}

#[test]
fn more_is_set_aside_for_a_dearer_target_or_all_stays_as_it_was() {
    let (mut spend, budgets) = (Spend::default(), [budget("1.00", BudgetPeriod::Total)]);
    let one = spend.reserve(&budgets, Some(usd("0.30")), NOW).expect("it is there");
    assert_eq!(spend.raise(&one, &budgets, Some(usd("0.20")), NOW), Ok(one), "it is never less");
    assert_eq!(spend.raise(&one, &budgets, None, NOW), Ok(one));
    spend.raise(&one, &budgets, Some(usd("1.10")), NOW).expect_err("so much is not there");
    assert_eq!(spend.reserved(), usd("0.30"));
    let more = spend.raise(&one, &budgets, Some(usd("1.00")), NOW).expect("all of it");
    assert_eq!(spend.reserved(), usd("1.00"));
    spend.release(&more);
    assert_eq!(spend.reserved(), Usd::ZERO);
}

#[test]
fn what_was_spent_before_a_restart_counts_where_its_period_goes_on() {
    let (mut before, budgets) = (Spend::default(), [budget("1.00", BudgetPeriod::Day)]);
    let one = before.reserve(&budgets, Some(usd("0.70")), NOW).expect("it is there");
    before.settle(&one, usd("0.70"));
    let mut after = Spend::default();
    before.spent().for_each(|spent| after.restore(spent, NOW + HOUR));
    assert_eq!(after.reserve(&budgets, Some(usd("0.31")), NOW + HOUR).expect_err("it was spent").left, usd("0.30"));
    let spent: Vec<Usd> = after.spent().map(|spent| spent.usd).collect();
    let [hour, longer @ ..] = spent.as_slice() else { panic!("five periods") };
    assert_eq!((*hour, longer), (Usd::ZERO, &[usd("0.70"); 4][..]), "the hour is over");
}

#[derive(Clone, Debug)]
enum Step {
    Reserve(i64),
    /// One of the open ones ends, with so many hundredths of what was set aside.
    End(usize, i64),
    Raise(usize, i64),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_i64..400).prop_map(Step::Reserve),
        3 => (any::<usize>(), 0_i64..=100).prop_map(|(which, part)| Step::End(which, part)),
        1 => (any::<usize>(), 0_i64..400).prop_map(|(which, amount)| Step::Raise(which, amount)),
        1 => (0_u64..7_200_000).prop_map(Step::Wait),
    ]
}

proptest! {
    #[test]
    fn no_interleaving_overruns_a_budget_and_nothing_stays_reserved(steps in prop::collection::vec(step(), 0..200)) {
        let budgets = [budget("0.000001", BudgetPeriod::Total), budget("0.0000005", BudgetPeriod::Hour)];
        let (mut spend, mut open, mut now, mut total) = (Spend::default(), Vec::new(), NOW, 0);
        for step in steps {
            match step {
                Step::Reserve(nano) => open.extend(spend.reserve(&budgets, Some(Usd::from_nano(nano)), now)),
                Step::End(which, part) if !open.is_empty() => {
                    let one: Reserved = open.swap_remove(which % open.len());
                    let cost = one.amount.nano() * part / 100;
                    total += cost;
                    spend.settle(&one, Usd::from_nano(cost));
                }
                Step::Raise(which, nano) if !open.is_empty() => {
                    let which = which % open.len();
                    if let Ok(raised) = spend.raise(&open[which], &budgets, Some(Usd::from_nano(nano)), now) {
                        open[which] = raised;
                    }
                }
                Step::End(..) | Step::Raise(..) => {}
                Step::Wait(ms) => now = now + Duration::from_millis(ms),
            }
            for budget in &budgets {
                let window = spend.window(budget.period);
                prop_assert!(window.spent.plus(window.reserved) <= budget.limit, "{window:?}");
                prop_assert!(window.reserved >= Usd::ZERO);
            }
            let set_aside: i64 = open.iter().map(|one| one.amount.nano()).sum();
            prop_assert_eq!(spend.reserved().nano(), set_aside);
        }
        open.iter().for_each(|one| spend.release(one));
        spend.roll(now);
        prop_assert_eq!(spend.windows.map(|window| window.reserved), [Usd::ZERO; PERIODS]);
        prop_assert_eq!(spend.window(BudgetPeriod::Total).spent.nano(), total);
    }
}
