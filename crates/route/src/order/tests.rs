use std::time::Duration;

use trunkline_config::{Env, Overrides, load};

use super::*;
use crate::live::{Live, Moment};

#[derive(Debug)]
struct Known(u64);

impl Session for Known {
    fn id(&self) -> Option<u64> {
        Some(self.0)
    }
}

/// The targets in the order of one request.
fn ordered(mut targets: Vec<Arc<Target>>, strategy: Strategy, live: &Live, lot: Lot, session: u64) -> Vec<Arc<Target>> {
    let at = Moment(0);
    order(&mut targets, strategy, Now { live, at, began: at, lot, session: &Known(session) });
    targets
}

/// Targets `a`, `b`, `c` of one priority with these weights, and `z` of the next.
fn targets(weights: [u32; 3]) -> Vec<Arc<Target>> {
    let [a, b, c] = weights;
    let one = |name: &str, weight, priority| {
        format!("{{ provider = \"dummy\", model = \"{name}\", weight = {weight}, priority = {priority} }}")
    };
    let list = [one("a", a, 0), one("b", b, 0), one("c", c, 0), one("z", 1, 1)].join(", ");
    let document = format!("[models.m]\ntargets = [{list}]\n");
    let loaded = load(Some(("t.toml", &document)), &Env::default(), &Overrides::default(), &[]);
    loaded.expect("a right document").snapshot.models["m"].targets.clone()
}

fn names(targets: &[Arc<Target>]) -> String {
    targets.iter().map(|target| &*target.model.name).collect()
}

/// How often each of `a`, `b`, `c` comes first in 1000 requests.
fn first(strategy: Strategy, weights: [u32; 3]) -> [usize; 3] {
    let mut counts = [0; 3];
    for turn in 0..1_000 {
        let lot = Lot { turn, chance: mixed(turn as u64) };
        let names = names(&ordered(targets(weights), strategy, &Live::default(), lot, turn as u64));
        assert!(names.ends_with('z') && names.len() == 4, "{names}");
        counts[usize::from(names.as_bytes()[0] - b'a')] += 1;
    }
    counts
}

#[test]
fn weights_are_shares_of_chance() {
    let [a, b, c] = first(Strategy::Weighted, [6, 3, 1]);
    assert!((550..650).contains(&a) && (250..350).contains(&b) && (60..140).contains(&c), "{a} {b} {c}");
}

#[test]
fn turns_are_taken_in_proportion_and_spread() {
    assert_eq!(first(Strategy::RoundRobin, [2, 2, 2]), [334, 333, 333]);
    let [a, b, c] = first(Strategy::RoundRobin, [6, 3, 1]);
    assert!((595..=605).contains(&a) && (295..=305).contains(&b) && (95..=105).contains(&c), "{a} {b} {c}");
    let lot = Lot { turn: 4, chance: 0 };
    let in_turn = ordered(targets([1, 1, 1]), Strategy::RoundRobin, &Live::default(), lot, 0);
    assert_eq!(names(&in_turn), "bcaz", "the others follow in their order");
}

#[test]
fn backups_stay_as_written() {
    assert_eq!(first(Strategy::Backup, [1, 9, 9]), [1_000, 0, 0]);
}

#[test]
fn the_least_busy_for_its_weight_comes_first() {
    let live = Live::default();
    let targets = targets([4, 1, 1]);
    let open: Vec<_> = [0, 0, 0, 1].map(|index: usize| live.loads.of(&targets[index]).begin()).into();
    let first = |turn| {
        let lot = Lot { turn, chance: mixed(turn as u64) };
        names(&ordered(targets.clone(), Strategy::LeastBusy, &live, lot, 0))
    };
    assert!((0..50).all(|turn| first(turn) == "cabz"), "{}", first(0));
    drop(open);
    assert!((0..50).any(|turn| first(turn).starts_with('b')), "among equals it is chance");
}

#[test]
fn of_two_the_one_that_will_answer_first_is_asked() {
    let live = Live::default();
    let targets = targets([1, 1, 1]);
    for (index, ms) in [(0, 100), (1, 200), (2, 900)] {
        live.loads.of(&targets[index]).begin().answered(Duration::from_millis(ms));
    }
    let counts = |live: &Live| {
        let mut counts = [0; 3];
        for turn in 0..600 {
            let lot = Lot { turn, chance: mixed(turn as u64) };
            let names = names(&ordered(targets.clone(), Strategy::TwoChoices, live, lot, 0));
            counts[usize::from(names.as_bytes()[0] - b'a')] += 1;
        }
        counts
    };
    let [a, b, c] = counts(&live);
    assert!(c == 0 && a > 350 && b > 150, "the slowest of three never wins: {a} {b} {c}");
    let _open: Vec<_> = (0..9).map(|_| live.loads.of(&targets[0]).begin()).collect();
    let [a, b, c] = counts(&live);
    assert!(a == 0 && b > c, "the fastest is too busy: {a} {b} {c}");
}

#[test]
fn a_session_stays_where_it_is_and_few_move_when_one_target_is_gone() {
    let all = targets([2, 1, 1]);
    let order_of = |targets: Vec<Arc<Target>>, session| {
        let lot = Lot { turn: session as usize, chance: mixed(session) };
        names(&ordered(targets, Strategy::Sticky, &Live::default(), lot, session))
    };
    let [a, b, c] = first(Strategy::Sticky, [2, 1, 1]);
    assert!((430..570).contains(&a) && (180..320).contains(&b) && (180..320).contains(&c), "{a} {b} {c}");
    for session in 0..200 {
        let before = order_of(all.clone(), session);
        assert_eq!(order_of(all.clone(), session), before);
        let without_a: Vec<Arc<Target>> = all.iter().filter(|target| &*target.model.name != "a").cloned().collect();
        assert_eq!(order_of(without_a, session), before.replace('a', ""), "the others keep their order");
    }
}
