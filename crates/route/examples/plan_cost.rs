//! What planning one request costs, among a thousand models with five targets each.
//!
//! `cargo run --release -p trunkline-route --example plan_cost` prints nanoseconds a plan: while all is well, and while one
//! target of each model rests; for each strategy.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use trunkline_config::{Env, Overrides, Snapshot, load};
use trunkline_route::live::{Cause, Penalty, Tells, Whose};
use trunkline_route::prefix::beginnings;
use trunkline_route::{Ask, Catalog, Live, Lot, Moment, Now, Session, Wants, plan};
use trunkline_wire::{DialectId, FaultKind, Operation};

const MODELS: usize = 1_000;
const TARGETS: usize = 5;
const PLANS: usize = 200_000;

/// Of a long prompt that somebody was asked for before.
static BEGINNINGS: LazyLock<Vec<u64>> = LazyLock::new(|| beginnings([&[b'x'; 64 << 10][..]]));

#[derive(Debug)]
struct Caller;

impl Session for Caller {
    fn id(&self) -> Option<u64> {
        Some(7)
    }
    fn beginnings(&self) -> &[u64] {
        &BEGINNINGS
    }
}

fn main() {
    for strategy in ["weighted", "round_robin", "backup", "least_busy", "two_choices", "sticky", "prefix"] {
        let snapshot = snapshot(strategy);
        let well = Live::default();
        let unwell = Live::default();
        let cause = Cause { kind: FaultKind::Overloaded, status: Some(503) };
        let penalty =
            Penalty { whose: Some(Whose::Target), rest: Duration::from_secs(60), cause, tells: Tells::Nothing };
        for model in snapshot.models.values() {
            let target = model.targets.first().unwrap();
            well.prefixes.learn(&BEGINNINGS, target);
            unwell.failed(target, None, penalty, &snapshot.failover.circuit, Moment(0));
        }
        println!("{strategy:12} {:6} ns, with rests {:6} ns", cost(&snapshot, &well), cost(&snapshot, &unwell));
    }
}

fn snapshot(strategy: &str) -> Snapshot {
    let mut document = String::new();
    for provider in 0..TARGETS {
        let url = format!("http://127.0.0.1:{}", provider + 1);
        writeln!(document, "[providers.p{provider}]\ntype = \"vllm\"\nbase_url = \"{url}\"\nkeys = [\"a\", \"b\"]")
            .unwrap();
    }
    for model in 0..MODELS {
        let one = |provider| {
            format!("{{ provider = \"p{provider}\", model = \"upstream-{model}\", weight = {} }}", provider + 1)
        };
        let targets: Vec<String> = (0..TARGETS).map(one).collect();
        writeln!(document, "[models.model-{model}]\nstrategy = \"{strategy}\"\ntargets = [{}]", targets.join(", "))
            .unwrap();
    }
    load(Some(("t.toml", &document)), &Env::default(), &Overrides::default(), &[]).unwrap().snapshot
}

/// Nanoseconds a plan.
fn cost(snapshot: &Snapshot, live: &Live) -> u128 {
    let catalog = Catalog::new(snapshot, HashMap::new());
    let names: Vec<&String> = snapshot.models.keys().collect();
    let began = Instant::now();
    for (turn, name) in names.iter().cycle().take(PLANS).enumerate() {
        let ask =
            Ask { model: name, dialect: DialectId::OpenaiChat, operation: Operation::Chat, wants: Wants::default() };
        let at = Moment(1);
        let now = Now { live, at, began: at, lot: Lot { turn, chance: turn as u64 }, session: &Caller };
        black_box(plan(snapshot, &catalog, ask, now).unwrap());
    }
    began.elapsed().as_nanos() / PLANS as u128
}
