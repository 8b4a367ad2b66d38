//! Requests against targets that fail on schedule, under a clock of its own: whatever happens, nobody who rests is asked,
//! keys are used fairly, no try begins past a deadline, and who recovers is found again.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use trunkline_config::{Env, Key, KeyStrategy, Overrides, Snapshot, load};
use trunkline_route::policy::{action, penalty};
use trunkline_route::{
    Ask, Attempt, Catalog, Live, Lot, Moment, NoPlan, Now, Session, Verdict, Wants, again, judge, plan,
};
use trunkline_wire::{DialectId, Fault, FaultKind, Operation};

#[derive(Debug)]
struct Nobody;

impl Session for Nobody {
    fn id(&self) -> Option<u64> {
        None
    }
}

const SEEDS: u64 = 1_000;
const REQUESTS: usize = 120;
const PROVIDERS: usize = 3;
const KEYS: usize = 3;
/// What a request may take in all.
const TOTAL: Duration = Duration::from_secs(20);
/// Longest rest that a schedule asks for.
const RETRY_AFTER_MAX_S: u64 = 20;
/// When every schedule is over.
const ALL_WELL_S: u64 = 400;
/// By then a target that is well again has been found: its longest rest, and the longest its circuit can stay open.
const FOUND_AGAIN_S: u64 = ALL_WELL_S + 320;

/// Numbers at random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// When somebody fails, and how.
#[derive(Clone, Copy)]
struct Outage {
    from_s: u64,
    until_s: u64,
    kind: FaultKind,
    /// Of which key; all of them, when none.
    key: Option<usize>,
    retry_after_s: Option<u64>,
}

struct World {
    snapshot: Snapshot,
    catalog: Catalog,
    live: Live,
    /// By provider.
    outages: Vec<Vec<Outage>>,
    dice: Dice,
    now: Moment,
    turn: usize,
    /// Answers by provider and key.
    served: HashMap<String, usize>,
    /// What each key was used for: when, and how many requests and tokens.
    used: HashMap<String, Vec<(Moment, u64, u64)>>,
}

const KINDS: [FaultKind; 6] = [
    FaultKind::RateLimited,
    FaultKind::Overloaded,
    FaultKind::UpstreamAuth,
    FaultKind::Unreachable,
    FaultKind::UpstreamBroken,
    FaultKind::UpstreamTimeout,
];

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        let mut document = format!("[failover]\nretries = 2\nkey_cycles = {}\n", 1 + dice.roll(2));
        for provider in 0..PROVIDERS {
            let limits = if seed.is_multiple_of(3) { limits(&mut dice) } else { String::new() };
            let keys: Vec<String> = (0..KEYS)
                .map(|key| format!("{{ key = \"key-{provider}-{key}\", weight = {}{limits} }}", key + 1))
                .collect();
            let strategy = ["round_robin", "least_used", "weighted"][dice.roll(3) as usize];
            let keys = keys.join(", ");
            writeln!(
                document,
                "[providers.p{provider}]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:{}\"\nkeys = [{keys}]\nkey_strategy = \"{strategy}\"",
                provider + 1
            )
            .unwrap();
        }
        let strategy = ["weighted", "round_robin", "backup", "rotational", "least_busy"][dice.roll(5) as usize];
        let targets: Vec<String> = (0..PROVIDERS)
            .map(|provider| format!("{{ provider = \"p{provider}\", model = \"u\", priority = {} }}", dice.roll(2)))
            .collect();
        writeln!(document, "[models.m]\nstrategy = \"{strategy}\"\ntargets = [{}]", targets.join(", ")).unwrap();
        let snapshot = load(Some(("t.toml", &document)), &Env::default(), &Overrides::default(), &[]).unwrap().snapshot;
        let outages = (0..PROVIDERS).map(|_| (0..dice.roll(4)).map(|_| outage(&mut dice)).collect()).collect();
        let catalog = Catalog::new(&snapshot, HashMap::new());
        Self {
            snapshot,
            catalog,
            live: Live::default(),
            outages,
            dice,
            now: Moment(1_000_000),
            turn: 0,
            served: HashMap::new(),
            used: HashMap::new(),
        }
    }

    /// Notes that a key is asked, and looks whether it may be.
    fn note(&mut self, key: &Key) {
        let used = self.used.entry(key.label.to_string()).or_default();
        used.retain(|(at, ..)| self.now.since(*at) < Duration::from_secs(60));
        let (requests, tokens) =
            used.iter().fold((0, 0), |sum, (_, requests, tokens)| (sum.0 + requests, sum.1 + tokens));
        let limits = key.limits;
        assert!(limits.requests_per_minute.is_none_or(|most| requests < u64::from(most)), "too many requests");
        assert!(limits.tokens_per_minute.is_none_or(|most| tokens < most), "too many tokens");
        used.push((self.now, 1, 0));
    }

    /// Notes what an answer took.
    fn spend(&mut self, key: &Key, tokens: u64) {
        self.live.rates.spend(&key.label, tokens, self.now);
        self.used.entry(key.label.to_string()).or_default().push((self.now, 0, tokens));
    }

    fn second(&self) -> u64 {
        self.now.since(Moment(1_000_000)).as_secs()
    }

    /// What comes of a try, and how long that takes.
    fn ask(&mut self, attempt: &Attempt) -> Result<Duration, (Fault, Duration)> {
        let provider = attempt.target.provider.name[1..].parse::<usize>().unwrap();
        let key = attempt.key.as_deref().map(|key| key.label.rsplit_once('#').unwrap().1.parse::<usize>().unwrap() - 1);
        let second = self.second();
        let failing = self.outages[provider].iter().find(|outage| {
            (outage.from_s..outage.until_s).contains(&second) && (outage.key.is_none() || outage.key == key)
        });
        let Some(outage) = failing.copied() else { return Ok(Duration::from_millis(50 + self.dice.roll(500))) };
        let mut fault = Fault::new(outage.kind, "as scheduled");
        fault.retry_after = outage.retry_after_s.map(Duration::from_secs);
        let took = if outage.kind == FaultKind::UpstreamTimeout { 4_000 } else { 1 + self.dice.roll(20) };
        Err((fault, Duration::from_millis(took)))
    }

    /// One request, as the gateway carries it out. Says whether it was served.
    fn request(&mut self) -> bool {
        let deadline = self.now + TOTAL;
        self.turn += 1;
        let chance = self.dice.roll(u64::MAX >> 1);
        let ask =
            Ask { model: "m", dialect: DialectId::OpenaiChat, operation: Operation::Chat, wants: Wants::default() };
        let now = Now {
            live: &self.live,
            at: self.now,
            began: self.now,
            lot: Lot { turn: self.turn, chance },
            session: &Nobody,
        };
        let plan = match plan(&self.snapshot, &self.catalog, ask, now).map_err(|unplanned| unplanned.why) {
            Ok(plan) => plan,
            Err(NoPlan::Wait(_)) => panic!("waiting is not configured"),
            Err(NoPlan::Fault(fault)) => {
                let back = self.live.rests(self.now).iter().map(|row| row.rest.until).min();
                assert!(fault.retry_after.is_some() || fault.code.is_some(), "when to come back");
                if let (Some(wait), Some(back)) = (fault.retry_after, back) {
                    assert!(self.now + wait <= back || fault.kind == FaultKind::Overloaded, "the earliest return");
                }
                return false;
            }
        };
        assert!(!plan.attempts.is_empty() && !plan.regardless);
        let mut round = 0;
        loop {
            let mut last = None;
            let mut passed: Vec<&Attempt> = Vec::new();
            for attempt in &plan.attempts {
                if passed.iter().any(|passed| attempt.is_at_target_of(passed)) {
                    continue;
                }
                let (target, key) = (&attempt.target, attempt.key.as_deref());
                let held = self.live.held(target, key, self.now);
                let entered = self.live.enter(target, key, self.now);
                assert_eq!(held.is_none(), entered.is_ok(), "what is shown is what is done");
                if entered.is_err() {
                    continue;
                }
                assert!(self.now < deadline, "a try past the deadline");
                key.into_iter().for_each(|key| self.note(key));
                match self.ask(attempt) {
                    Ok(took) => {
                        self.now = self.now + took;
                        self.live.succeeded(target, key, &self.snapshot.failover.circuit, self.now);
                        self.live.finished(&target.provider.name, &target.model.name, self.now);
                        let tokens = self.dice.roll(400);
                        key.into_iter().for_each(|key| self.spend(key, tokens));
                        let label = key.map(|key| key.label.to_string()).unwrap_or_default();
                        *self.served.entry(label).or_default() += 1;
                        return true;
                    }
                    Err((fault, took)) => {
                        self.now = self.now + took;
                        let action = action(&target.provider, &fault);
                        let penalty = penalty(action, &fault, target);
                        self.live.failed(target, key, penalty, &self.snapshot.failover.circuit, self.now);
                        if penalty.whose.is_some() {
                            assert!(self.live.held(target, key, self.now).is_some(), "{:?} rests", fault.kind);
                        }
                        match judge(action) {
                            Verdict::NextKey => assert!(penalty.whose.is_some(), "else the same failure comes again"),
                            Verdict::NextTarget => passed.push(attempt),
                            Verdict::GiveUp => return false,
                        }
                        if self.now >= deadline {
                            return false;
                        }
                        last = Some((action, fault.kind));
                    }
                }
            }
            let Some((action, kind)) = last else { return false };
            let chance = self.dice.roll(1_000);
            let left = deadline.since(self.now);
            let Some(wait) = again(&self.snapshot.failover, action, kind, round, chance, left) else { return false };
            self.now = self.now + wait;
            round += 1;
        }
    }
}

/// Of each key of a provider.
fn limits(dice: &mut Dice) -> String {
    let (requests, tokens) = (2 + dice.roll(6), 500 + dice.roll(2_000));
    match dice.roll(3) {
        0 => format!(", requests_per_minute = {requests}"),
        1 => format!(", tokens_per_minute = {tokens}"),
        _ => format!(", requests_per_minute = {requests}, tokens_per_minute = {tokens}"),
    }
}

fn outage(dice: &mut Dice) -> Outage {
    let from_s = dice.roll(ALL_WELL_S - 100);
    Outage {
        from_s,
        until_s: from_s + 5 + dice.roll(90),
        kind: KINDS[dice.roll(KINDS.len() as u64) as usize],
        key: (dice.roll(2) == 0).then(|| dice.roll(KEYS as u64) as usize),
        retry_after_s: (dice.roll(2) == 0).then(|| 1 + dice.roll(RETRY_AFTER_MAX_S)),
    }
}

#[test]
fn whatever_fails_nobody_who_rests_is_asked_and_who_recovers_is_found() {
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        let step = Duration::from_secs(ALL_WELL_S) / REQUESTS as u32;
        for _ in 0..REQUESTS {
            world.request();
            world.now = world.now + step;
        }
        while world.second() < FOUND_AGAIN_S {
            world.now = world.now + Duration::from_secs(5);
            world.request();
        }
        assert!(world.request(), "seed {seed}: all is well again");
        assert!(world.live.rests(world.now).is_empty(), "seed {seed}");

        // From here on nothing fails: each key of a provider that is asked gets its share, unless there are limits.
        world.served.clear();
        for _ in 0..60 * KEYS {
            assert!(world.request() || seed.is_multiple_of(3), "seed {seed}");
        }
        for provider in
            world.snapshot.providers.values().filter(|provider| !seed.is_multiple_of(3) && !provider.keys.is_empty())
        {
            has_its_share(&provider.keys, provider.key_strategy, &world.served, seed);
        }
    }
}

fn has_its_share(keys: &[Arc<Key>], strategy: KeyStrategy, served: &HashMap<String, usize>, seed: u64) {
    let weight = |key: &Arc<Key>| if strategy == KeyStrategy::Weighted { key.weight as usize } else { 1 };
    let count = |key: &Arc<Key>| served.get(&*key.label).copied().unwrap_or(0);
    let (total, weights): (usize, usize) = (keys.iter().map(count).sum(), keys.iter().map(weight).sum());
    for key in keys {
        let share = total * weight(key) / weights;
        assert!(count(key).abs_diff(share) <= 30, "seed {seed}: {} of {total}, {strategy:?}", count(key));
    }
}
