use proptest::prelude::*;
use trunkline_config::file::AllowanceSection;

use super::*;

fn allowance(json: &str) -> Allowance {
    let section: AllowanceSection = serde_json::from_str(json).expect("an allowance");
    Allowance::clone(&Allowance::of(&section).expect("some limit"))
}

fn at(milliseconds: u64) -> Moment {
    Moment(1_000_000_000 + milliseconds)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn requests_count_for_a_minute_and_the_rest_of_their_second() {
    let (mut asking, two) = (Asking::default(), allowance(r#"{"requests_per_minute":2}"#));
    for _ in 0..2 {
        let entered = asking.enter(&two, 5, at(0)).expect("two are allowed");
        asking.leave(entered, 9, at(10));
    }
    assert_eq!(asking.enter(&two, 5, at(0)), Err(Over::Requests(2, seconds(61))));
    asking.enter(&two, 5, at(61_000)).expect("a minute is over");
}

#[test]
fn tokens_count_by_the_prompt_until_it_is_known_what_was_taken() {
    let (mut asking, few) = (Asking::default(), allowance(r#"{"tokens_per_minute":100}"#));
    let first = asking.enter(&few, 60, at(0)).expect("there is room");
    assert_eq!(asking.enter(&few, 60, at(1_000)), Err(Over::Tokens(100, seconds(60))));
    asking.leave(first, 20, at(1_000));
    let second = asking.enter(&few, 60, at(1_000)).expect("it took less");
    asking.leave(second, 200, at(2_000));
    assert_eq!(asking.enter(&few, 60, at(2_000)), Err(Over::Tokens(100, seconds(61))), "it took more");
}

#[test]
fn a_prompt_beyond_the_limit_is_let_in_when_nothing_else_counts() {
    let (mut asking, few) = (Asking::default(), allowance(r#"{"tokens_per_minute":100}"#));
    asking.enter(&few, 500, at(0)).expect("it could never be let in otherwise");
    assert_eq!(asking.enter(&few, 500, at(0)), Err(Over::Tokens(100, seconds(61))));
}

#[test]
fn so_many_are_open_and_no_more() {
    let (mut asking, two) = (Asking::default(), allowance(r#"{"parallel_requests":2}"#));
    let first = asking.enter(&two, 0, at(0)).expect("one");
    asking.enter(&two, 0, at(0)).expect("two");
    assert_eq!(asking.enter(&two, 0, at(3_600_000)), Err(Over::Parallel(2)));
    asking.leave(first, 0, at(3_600_000));
    assert_eq!(asking.open(), 1);
    asking.enter(&two, 0, at(3_600_000)).expect("there is room again");
}

#[test]
fn a_caller_is_told_what_is_left() {
    let limits = allowance(r#"{"requests_per_minute":10,"tokens_per_minute":1000}"#);
    let mut asking = Asking::default();
    asking.enter(&limits, 300, at(0)).expect("there is room");
    let left = |limit, remaining| Some(Figure { limit, remaining, reset: Duration::from_secs(61) });
    assert_eq!(asking.remaining(&limits, at(0)), Remaining { requests: left(10, 9), tokens: left(1000, 700) });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn never_more_than_is_allowed_in_any_minute_or_at_once(steps in prop::collection::vec((0_u64..20_000, any::<bool>()), 0..120)) {
        let limits = allowance(r#"{"requests_per_minute":5,"parallel_requests":3}"#);
        let (mut asking, mut now, mut open, mut let_in) = (Asking::default(), at(0), Vec::new(), Vec::new());
        for (wait, ends) in steps {
            now = now + Duration::from_millis(wait);
            if ends && let Some(entered) = open.pop() {
                asking.leave(entered, 1, now);
            }
            if let Ok(entered) = asking.enter(&limits, 1, now) {
                open.push(entered);
                let_in.push(now);
            }
            prop_assert!(open.len() <= 3 && asking.open() as usize == open.len());
            let within = let_in.iter().filter(|then| now.since(**then) < seconds(60)).count();
            prop_assert!(within <= 5);
        }
    }
}
