use trunkline_config::{Env, Overrides, load};

use super::*;

/// Targets `a`, `b`, `c` of one priority with these weights, and `z` of the next.
fn targets(weights: [u32; 3]) -> Vec<Target> {
    let [a, b, c] = weights;
    let one = |name: &str, weight, priority| {
        format!("{{ provider = \"dummy\", model = \"{name}\", weight = {weight}, priority = {priority} }}")
    };
    let list = [one("a", a, 0), one("b", b, 0), one("c", c, 0), one("z", 1, 1)].join(", ");
    let document = format!("[models.m]\ntargets = [{list}]\n");
    let loaded = load(Some(("t.toml", &document)), &Env::default(), &Overrides::default(), &[]);
    loaded.expect("a right document").snapshot.models["m"].targets.clone()
}

fn names(targets: &[Target]) -> String {
    targets.iter().map(|target| &*target.model.name).collect()
}

/// How often each of `a`, `b`, `c` comes first in 1000 requests.
fn first(strategy: Strategy, weights: [u32; 3]) -> [usize; 3] {
    let mut counts = [0; 3];
    for turn in 0..1_000 {
        let mut targets = targets(weights);
        order(&mut targets, strategy, Lot { turn, chance: mixed(turn as u64) });
        let names = names(&targets);
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
    let mut in_turn = targets([1, 1, 1]);
    order(&mut in_turn, Strategy::RoundRobin, Lot { turn: 4, chance: 0 });
    assert_eq!(names(&in_turn), "bcaz", "the others follow in their order");
}

#[test]
fn backups_stay_as_written() {
    assert_eq!(first(Strategy::Backup, [1, 9, 9]), [1_000, 0, 0]);
}
