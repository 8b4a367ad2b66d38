//! Requests that overlap, under a clock of its own: those who are back come to their share little by little, and whoever
//! knows a prompt is asked for it until the others have less to do.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use trunkline_config::{Env, Overrides, Snapshot, Target, load};
use trunkline_route::live::{Cause, Penalty, Tells};
use trunkline_route::loads::Open;
use trunkline_route::prefix::beginnings;
use trunkline_route::{Ask, Catalog, Live, Lot, Moment, Now, Session, Wants, plan};
use trunkline_wire::{DialectId, FaultKind, Operation};

const SEEDS: u64 = 1_000;
const BEGAN: Moment = Moment(1_000_000);

/// Numbers at random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[derive(Debug)]
struct Prompt(Vec<u64>);

impl Session for Prompt {
    fn id(&self) -> Option<u64> {
        None
    }
    fn beginnings(&self) -> &[u64] {
        &self.0
    }
}

struct World {
    snapshot: Snapshot,
    catalog: Catalog,
    live: Live,
    dice: Dice,
    turn: usize,
}

impl World {
    fn new(seed: u64, strategy: &str, targets: usize) -> Self {
        let mut document = String::new();
        let mut list = Vec::new();
        for target in 0..targets {
            let url = format!("http://127.0.0.1:{}", target + 1);
            writeln!(document, "[providers.p{target}]\ntype = \"vllm\"\nbase_url = \"{url}\"").unwrap();
            list.push(format!("{{ provider = \"p{target}\", model = \"u\" }}"));
        }
        writeln!(document, "[models.m]\nstrategy = \"{strategy}\"\ntargets = [{}]", list.join(", ")).unwrap();
        let snapshot = load(Some(("t.toml", &document)), &Env::default(), &Overrides::default(), &[]).unwrap().snapshot;
        let catalog = Catalog::new(&snapshot, HashMap::new());
        Self { snapshot, catalog, live: Live::default(), dice: Dice(seed + 1), turn: 0 }
    }

    fn targets(&self) -> &[Arc<Target>] {
        &self.snapshot.models["m"].targets
    }

    /// Whom a request is sent to.
    fn first(&mut self, at: Moment, prompt: &Prompt) -> Arc<Target> {
        self.turn += 1;
        let lot = Lot { turn: self.turn, chance: self.dice.roll(u64::MAX >> 1) };
        let now = Now { live: &self.live, at, began: at, lot, session: prompt };
        let ask =
            Ask { model: "m", dialect: DialectId::OpenaiChat, operation: Operation::Chat, wants: Wants::default() };
        plan(&self.snapshot, &self.catalog, ask, now).unwrap().attempts[0].target.clone()
    }
}

#[test]
fn whoever_is_back_comes_to_its_share_little_by_little() {
    const PARTS: usize = 10;
    for strategy in ["weighted", "round_robin", "rotational", "least_busy", "two_choices"] {
        // How often the one that is back was asked in each tenth of its slow start, and in one after that.
        let mut asked = [0_u64; PARTS + 1];
        for seed in 0..SEEDS {
            let mut world = World::new(seed, strategy, 2);
            let limits = world.snapshot.failover.circuit;
            let ill = world.targets()[0].clone();
            let cause = Cause { kind: FaultKind::Unreachable, status: None };
            let fails = Penalty { whose: None, rest: Duration::ZERO, cause, tells: Tells::Failure };
            (0..limits.failures).for_each(|_| world.live.failed(&ill, None, fails, &limits, BEGAN));
            assert!(world.live.held(&ill, None, BEGAN).is_some(), "its circuit is open");
            let back = BEGAN + limits.open;
            world.live.enter(&ill, None, back).unwrap();
            world.live.succeeded(&ill, None, &limits, back);
            for (part, asked) in asked.iter_mut().enumerate() {
                let at = back + limits.slow_start / PARTS as u32 * part as u32;
                for request in 0..4 {
                    let at = at + limits.slow_start / (4 * PARTS as u32) * request;
                    *asked += u64::from(world.first(at, &Prompt(Vec::new())).provider.name == ill.provider.name);
                }
            }
            world.live.sweep(back + limits.slow_start);
            assert!(world.live.is_calm(), "nothing is left to know");
        }
        for (part, asked) in asked.iter().enumerate() {
            let share = *asked as f64 / (4 * SEEDS) as f64;
            let whole = ((part as f64 + 0.375) / PARTS as f64).clamp(0.1, 1.0);
            assert!((share - whole / 2.0).abs() < 0.04, "{strategy}, part {part}: {share}");
        }
    }
}

/// Conversations that go on and on, from two beginnings that several have.
fn text(conversation: u64, turns: u64) -> String {
    let mut text = format!("You are assistant {}. ", conversation % 2).repeat(100);
    for turn in 0..turns {
        text += &format!("Turn {turn} of conversation {conversation}. ").repeat(20);
    }
    text
}

#[test]
fn a_conversation_stays_where_it_is_known_unless_that_is_crowded() {
    const CONVERSATIONS: u64 = 6;
    const REQUESTS: u64 = 40;
    let texts: Vec<Vec<Vec<u64>>> = (0..CONVERSATIONS)
        .map(|conversation| (1..=REQUESTS).map(|turns| beginnings([text(conversation, turns).as_bytes()])).collect())
        .collect();
    let mut moved = 0;
    for seed in 0..SEEDS {
        let mut world = World::new(seed, "prefix", 3);
        let mut open: Vec<(Open, usize)> = Vec::new();
        let mut turns = [0_usize; CONVERSATIONS as usize];
        let mut places: [Option<usize>; CONVERSATIONS as usize] = [None; CONVERSATIONS as usize];
        let mut loads = [0_usize; 3];
        for _ in 0..REQUESTS {
            if world.dice.roll(3) == 0 && !open.is_empty() {
                let ended = world.dice.roll(open.len() as u64) as usize;
                loads[open.swap_remove(ended).1] -= 1;
            }
            let conversation = world.dice.roll(CONVERSATIONS) as usize;
            let prompt = Prompt(texts[conversation][turns[conversation]].clone());
            let target = world.first(BEGAN, &prompt);
            let place = world.targets().iter().position(|it| it.provider.name == target.provider.name).unwrap();
            let cap = 1.5 * loads.iter().sum::<usize>() as f64 / 3.0 + 1.0;
            assert!(loads[place] as f64 <= cap, "seed {seed}: {loads:?}, {place}");
            if let Some(known) = places[conversation] {
                let crowded = loads[known] as f64 > cap;
                assert_eq!(known != place, crowded, "seed {seed}: it moves when it has to, and only then");
                moved += usize::from(crowded);
            }
            world.live.prefixes.learn(&prompt.0, &target);
            open.push((world.live.loads.of(&target).begin(), place));
            loads[place] += 1;
            turns[conversation] += 1;
            places[conversation] = Some(place);
        }
    }
    assert!(moved > 0, "somewhere the cap was reached");
}
