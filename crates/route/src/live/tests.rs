use std::time::Duration;

use trunkline_config::{CircuitLimits, Env, Key, Overrides, Target, load};
use trunkline_wire::FaultKind;

use super::unwell::KEPT_PER_PROVIDER_MAX;
use super::*;

const LIMITS: CircuitLimits = CircuitLimits {
    failures: 3,
    window: Duration::from_secs(30),
    open: Duration::from_secs(15),
    slow_start: Duration::from_secs(20),
};

fn at(seconds: u64) -> Moment {
    Moment(1_000_000 + seconds * 1_000)
}

/// Two targets of one provider with two keys, and with more settings.
fn snapshot_of(settings: &str) -> Snapshot {
    let document = format!(
        "[providers.p]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:1\"\nkeys = [\"k1\", \"k2\"]\n{settings}\n\
         [models.m]\ntargets = [{{ provider = \"p\", model = \"u\" }}, {{ provider = \"p\", model = \"v\" }}]\n"
    );
    let loaded = load(Some(("t.toml", &document)), &Env::default(), &Overrides::default(), &[]);
    loaded.expect("a right document").snapshot
}

/// The two targets, and the two keys.
fn parties() -> ([Arc<Target>; 2], [Arc<Key>; 2]) {
    let snapshot = snapshot_of("");
    let targets = snapshot.models["m"].targets.clone();
    let keys = targets[0].provider.keys.clone();
    (targets.try_into().unwrap(), keys.try_into().unwrap())
}

fn rests(whose: Whose, seconds: u64) -> Penalty {
    let cause = Cause { kind: FaultKind::RateLimited, status: Some(429) };
    Penalty { whose: Some(whose), rest: Duration::from_secs(seconds), cause, tells: Tells::Nothing }
}

const COUNTS: Penalty = Penalty {
    whose: None,
    rest: Duration::ZERO,
    cause: Cause { kind: FaultKind::UpstreamBroken, status: Some(500) },
    tells: Tells::Failure,
};

/// For each target and key, whether it is held at this time.
fn held(live: &Live, seconds: u64) -> [bool; 4] {
    let ([u, v], [one, two]) = parties();
    [(&u, &one), (&u, &two), (&v, &one), (&v, &two)]
        .map(|(target, key)| live.held(target, Some(key), at(seconds)).is_some())
}

#[test]
fn each_scope_holds_its_own_and_no_longer_than_it_should() {
    let ([u, _], [one, _]) = parties();
    for (whose, expected) in [
        (Whose::Provider, [true; 4]),
        (Whose::Target, [true, true, false, false]),
        (Whose::Key, [true, false, true, false]),
        (Whose::KeyForModel, [true, false, false, false]),
    ] {
        let live = Live::default();
        live.failed(&u, Some(&one), rests(whose, 10), &LIMITS, at(0));
        assert_eq!(held(&live, 9), expected, "{whose:?}");
        assert_eq!(held(&live, 10), [false; 4], "{whose:?}");
        let [row] = live.rests(at(9)).try_into().unwrap();
        assert_eq!((row.rest.since, row.rest.until), (at(0), at(10)));
        assert_eq!(live.rests(at(10)), []);
    }
}

#[test]
fn a_longer_rest_replaces_a_shorter_one_and_success_ends_it() {
    let ([u, _], [one, two]) = parties();
    let live = Live::default();
    live.failed(&u, Some(&one), rests(Whose::KeyForModel, 10), &LIMITS, at(0));
    live.failed(&u, Some(&one), rests(Whose::KeyForModel, 30), &LIMITS, at(1));
    live.failed(&u, Some(&one), rests(Whose::KeyForModel, 5), &LIMITS, at(2));
    assert_eq!(live.held(&u, Some(&one), at(30)).unwrap().until(), Some(at(31)));
    live.succeeded(&u, Some(&two), &LIMITS, at(3));
    assert!(live.held(&u, Some(&one), at(30)).is_some(), "another key's success says nothing of this one");
    live.succeeded(&u, Some(&one), &LIMITS, at(3));
    assert_eq!(held(&live, 3), [false; 4]);
}

#[test]
fn a_circuit_opens_is_probed_by_one_and_closes() {
    let ([u, v], [one, _]) = parties();
    let live = Live::default();
    let fails = |seconds| live.failed(&u, Some(&one), COUNTS, &LIMITS, at(seconds));
    let enters = |seconds| live.enter(&u, Some(&one), at(seconds)).is_ok();
    fails(0);
    fails(31);
    fails(32);
    assert!(enters(33), "the first was forgotten");
    fails(34);
    assert_eq!(live.held(&u, Some(&one), at(35)), Some(Held::Open { until: at(49) }));
    assert_eq!(live.held(&v, Some(&one), at(35)), None);
    assert!(!enters(48));
    assert!(enters(49), "one probes it");
    assert!(!enters(50), "the others wait for what comes of it");
    fails(51);
    assert!(!enters(80) && enters(81), "twice as long");
    assert!(enters(200), "a probe of which nothing was heard does not block for ever");
    live.succeeded(&u, Some(&one), &LIMITS, at(200));
    assert_eq!(held(&live, 200), [false; 4]);
}

#[test]
fn a_probe_that_is_answered_closes_the_circuit_and_one_that_is_not_makes_room_for_another() {
    let ([u, _], [one, _]) = parties();
    let opened = || {
        let live = Live::default();
        (0..3).for_each(|_| live.failed(&u, Some(&one), COUNTS, &LIMITS, at(0)));
        assert!(live.enter(&u, Some(&one), at(20)).is_ok() && live.enter(&u, Some(&one), at(20)).is_err());
        live
    };
    let ends = |tells| Penalty { tells, ..COUNTS };
    let live = opened();
    live.failed(&u, Some(&one), ends(Tells::Nothing), &LIMITS, at(21));
    assert!(live.enter(&u, Some(&one), at(21)).is_ok(), "the next may probe it");
    assert!(live.enter(&u, Some(&one), at(21)).is_err());
    let live = opened();
    live.failed(&u, Some(&one), ends(Tells::Life), &LIMITS, at(21));
    assert!((0..3).all(|_| live.enter(&u, Some(&one), at(21)).is_ok()), "it lives");
    let live = Live::default();
    (0..3).for_each(|_| live.failed(&u, Some(&one), COUNTS, &LIMITS, at(0)));
    live.failed(&u, Some(&one), ends(Tells::Life), &LIMITS, at(1));
    assert!(live.enter(&u, Some(&one), at(2)).is_err(), "who was asked before it opened says nothing new");
}

#[test]
fn answers_that_break_off_count_until_one_comes_to_its_end() {
    let ([u, _], [one, _]) = parties();
    let (provider, model) = (&u.provider.name, &u.model.name);
    let live = Live::default();
    let breaks = |seconds| {
        live.succeeded(&u, Some(&one), &LIMITS, at(seconds));
        live.broke_off(provider, model, &LIMITS, at(seconds));
    };
    breaks(0);
    breaks(1);
    live.finished(provider, model, at(2));
    assert!(live.is_calm());
    breaks(3);
    breaks(4);
    assert!(live.held(&u, None, at(5)).is_none());
    breaks(5);
    assert_eq!(live.held(&u, None, at(5)), Some(Held::Open { until: at(20) }));
}

#[test]
fn a_probe_that_tells_nothing_makes_room_for_the_next_and_for_no_other() {
    let ([u, _], [one, _]) = parties();
    let live = Live::default();
    let fail = |seconds| live.failed(&u, Some(&one), COUNTS, &LIMITS, at(seconds));
    let enter = |seconds| live.enter(&u, Some(&one), at(seconds));
    assert_eq!(enter(0), Ok(None), "nothing is open");
    (0..LIMITS.failures).for_each(|_| fail(0));
    let first = enter(20).unwrap().expect("it probes");
    assert!(enter(21).is_err());
    live.let_go(&first, at(22));
    let second = enter(22).unwrap().expect("it probes");
    live.let_go(&first, at(23));
    assert!(enter(23).is_err(), "the first let go of its own probe only");
    live.succeeded(&u, Some(&one), &LIMITS, at(24));
    live.let_go(&second, at(25));
    assert_eq!(enter(25), Ok(None), "it is closed");
}

#[test]
fn whoever_is_back_has_a_small_share_at_first() {
    let ([u, v], [one, _]) = parties();
    let live = Live::default();
    live.failed(&u, Some(&one), rests(Whose::Provider, 10), &LIMITS, at(0));
    assert_eq!([10, 20, 30].map(|seconds| live.share(&v, at(seconds))), [0.1, 0.5, 1.0]);
    live.succeeded(&u, Some(&one), &LIMITS, at(5));
    assert_eq!([5, 15, 25].map(|seconds| live.share(&u, at(seconds))), [0.1, 0.5, 1.0], "back before its time");
    live.sweep(at(25));
    assert!(live.is_calm());
}

#[test]
fn rests_outlive_the_process() {
    let ([u, v], [one, two]) = parties();
    let before = Live::default();
    before.failed(&u, Some(&one), rests(Whose::Key, 10), &LIMITS, at(0));
    before.failed(&u, Some(&two), rests(Whose::KeyForModel, 20), &LIMITS, at(0));
    before.failed(&v, None, rests(Whose::KeyForModel, 30), &LIMITS, at(0));
    let rows = before.rests(at(5));
    assert_eq!(rows.len(), 3);
    let after = Live::default();
    after.restore(rows.clone(), at(5));
    assert_eq!(after.rests(at(5)), rows);
    assert_eq!([held(&after, 5), held(&after, 15)], [[true, true, true, true], [false, true, true, true]]);
    let late = Live::default();
    late.restore(rows, at(60));
    assert_eq!(late.rests(at(0)), []);
}

#[test]
fn what_is_kept_is_bounded_and_swept() {
    let ([u, _], _) = parties();
    let live = Live::default();
    for number in 0..2 * KEPT_PER_PROVIDER_MAX {
        let target = Target { model: trunkline_config::UpstreamModel::new(&format!("m{number}")), ..Target::clone(&u) };
        live.failed(&target, None, rests(Whose::Target, 10), &LIMITS, at(0));
    }
    assert_eq!(live.rests(at(0)).len(), KEPT_PER_PROVIDER_MAX);
    live.sweep(at(10));
    assert!(live.is_calm());
}

#[test]
fn who_is_not_well_is_held_whatever_its_answers_are() {
    let ([u, _], [one, _]) = parties();
    let live = Live::default();
    live.follow(&snapshot_of("[providers.p.health]"));
    let sick = Sick { since: at(5), next: at(10), why: "answered with status 503".into() };
    live.checked(&u.provider.name, Some(sick.clone()));
    assert_eq!(live.held(&u, Some(&one), at(6)), Some(Held::Unhealthy { since: at(5), until: at(10) }));
    live.succeeded(&u, Some(&one), &LIMITS, at(0));
    live.sweep(at(900));
    let late = Held::Unhealthy { since: at(5), until: at(901) };
    assert_eq!(live.held(&u, Some(&one), at(900)), Some(late), "until it is asked again, and never in the past");
    assert_eq!(live.sick(), [(Arc::clone(&u.provider.name), sick.clone())]);
    live.checked(&u.provider.name, None);
    assert!(live.is_calm());
    live.checked(&u.provider.name, Some(sick));
    live.follow(&snapshot_of(""));
    assert!(live.is_calm(), "nobody asks any more");
}

#[test]
fn what_is_drained_is_held_until_the_configuration_says_otherwise() {
    let ([u, v], _) = parties();
    let live = Live::default();
    live.follow(&snapshot_of("draining = true"));
    assert_eq!([live.held(&u, None, at(0)), live.held(&v, None, at(0))], [Some(Held::Draining); 2]);
    live.succeeded(&u, None, &LIMITS, at(0));
    assert_eq!(live.enter(&u, None, at(0)), Err(Held::Draining));
    live.follow(&snapshot_of(""));
    assert!(live.is_calm());
}

#[test]
fn a_rest_that_another_process_found_over_is_lifted_unless_it_has_become_longer() {
    let ([u, _], [one, _]) = parties();
    for whose in [Whose::Provider, Whose::Target, Whose::Key, Whose::KeyForModel] {
        let live = Live::default();
        live.failed(&u, Some(&one), rests(whose, 10), &LIMITS, at(0));
        let [known] = live.rests(at(1)).try_into().unwrap();
        live.failed(&u, Some(&one), rests(whose, 20), &LIMITS, at(1));
        live.lift(&known, at(2));
        let [longer] = live.rests(at(2)).try_into().unwrap();
        assert_eq!(longer.rest.until, at(21), "{whose:?}");
        live.lift(&longer, at(3));
        assert_eq!((live.rests(at(3)), held(&live, 3)), (Vec::new(), [false; 4]), "{whose:?}");
    }
}
