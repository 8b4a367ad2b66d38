//! The ordered tries of one request.

use std::sync::Arc;
use std::time::Duration;

use trunkline_config::{
    AuthMode, Enforcement, Failover, FixToolMessages, Key, ModelCache, OnLoss, Snapshot, Target, WhenResting,
};
use trunkline_wire::{DialectId, Fault, FaultKind, Operation};

use crate::Catalog;
use crate::candidates::{Candidates, candidates};
use crate::lane::{Lane, lane};
use crate::live::{Held, Live, Moment};
use crate::order::{self, Lot, Session};
use crate::wants::{Wants, nobody_fits};

/// Tries in one plan. Bounds how long and how often one request can bother providers.
pub const ATTEMPTS_MAX: usize = 8;

/// What is asked for, as far as planning goes.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The name the client used.
    pub model: &'a str,
    /// The client's wire format.
    pub dialect: DialectId,
    /// What for.
    pub operation: Operation,
    /// What the request itself says about who can serve it.
    pub wants: Wants<'a>,
}

/// What is so at the moment of planning.
#[derive(Clone, Copy, Debug)]
pub struct Now<'a> {
    /// Who rests, and whose circuit is open.
    pub live: &'a Live,
    /// The time.
    pub at: Moment,
    /// When planning began: earlier than `at` when the request has waited for somebody to come back.
    pub began: Moment,
    /// What orders the request among others.
    pub lot: Lot,
    /// Whose request it is.
    pub session: &'a dyn Session,
}

/// One try.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Who is asked.
    pub target: Arc<Target>,
    /// With which of the provider's keys; `None` when it needs none or the client's own go upstream.
    pub key: Option<Arc<Key>>,
    /// How.
    pub lane: Lane,
}

impl Attempt {
    /// Whether this one asks the same model of the same provider, with whatever key.
    pub fn is_at_target_of(&self, other: &Self) -> bool {
        self.target.provider.name == other.target.provider.name && self.target.model == other.target.model
    }
}

/// Who could have served, and why they are not asked.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// The try that is not made.
    pub attempt: Attempt,
    /// Why.
    pub held: Held,
}

/// Who cannot do what is asked, in any dialect.
#[derive(Clone, Debug)]
pub struct Unable {
    /// Who.
    pub target: Arc<Target>,
    /// Why.
    pub fault: Fault,
}

/// The ordered tries of one request.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The name the client used; answers carry it.
    pub model: Arc<str>,
    /// What to do with what a translation cannot say, unless the request says it itself.
    pub on_loss: OnLoss,
    /// When its conversation is put right.
    pub fix_tool_messages: FixToolMessages,
    /// Whether its answer must call a tool, where it does.
    pub enforcement: Option<Arc<Enforcement>>,
    /// How the model's answers are kept to be given again; `None`: they are not.
    pub cache: Option<Arc<ModelCache>>,
    /// Never empty, at most [`ATTEMPTS_MAX`].
    pub attempts: Vec<Attempt>,
    /// Those that are not made; empty while all is well.
    pub left_out: Vec<LeftOut>,
    /// Those that could never be made.
    pub unable: Vec<Unable>,
    /// Tries that would come behind the last one, but are too many.
    pub beyond: usize,
    /// Whether it is to be counted how busy those are who are asked.
    pub watched: bool,
    /// After how long without content a second try begins beside the first.
    pub hedge_after: Option<Duration>,
    /// Whether a streamed answer that breaks off is gone on with, by those of its tries that can.
    pub continuation: bool,
    /// Whether the tries are made although those who take part rest: there is nobody else.
    pub regardless: bool,
}

/// A request that nobody is asked to serve.
#[derive(Clone, Debug)]
pub struct Unplanned {
    /// Why there is no plan.
    pub why: NoPlan,
    /// Who could have served, but not now.
    pub left_out: Vec<LeftOut>,
    /// Who could not have.
    pub unable: Vec<Unable>,
}

/// Why there is no plan.
#[derive(Clone, Debug)]
pub enum NoPlan {
    /// Nobody can serve it.
    Fault(Fault),
    /// Everybody who can rests; the first comes back then, and it is worth waiting for.
    Wait(Moment),
}

impl From<Fault> for Box<Unplanned> {
    fn from(fault: Fault) -> Self {
        Self::new(Unplanned { why: NoPlan::Fault(fault), left_out: Vec::new(), unable: Vec::new() })
    }
}

/// Plans one request.
///
/// # Errors
/// When the name is unknown, when nobody who has it can do what is asked, or when all who can rest.
pub fn plan(snapshot: &Snapshot, catalog: &Catalog, ask: Ask<'_>, now: Now<'_>) -> Result<Plan, Box<Unplanned>> {
    let mut found = candidates(snapshot, catalog, ask.model, ask.wants.allowance)?;
    let others = ask.wants.others(snapshot, catalog, &found)?;
    order::order(&mut found.targets, found.strategy, now);
    let mut unwanted = ask.wants.choose(&mut found.targets);
    let mut watched = found.strategy.asks_for_loads();
    let key_turn = now.lot.of_keys(&found.targets, found.strategy);
    for mut other in others {
        watched |= other.strategy.asks_for_loads();
        order::order(&mut other.targets, other.strategy, now);
        unwanted.extend(ask.wants.choose(&mut other.targets));
        found.targets.extend(other.targets);
    }
    let mut tries = Tries { key_cycles: snapshot.failover.key_cycles, ..Tries::default() };
    for target in found.targets {
        match lane(&target, ask) {
            Ok(lane) => match ask.wants.too_long(&target, catalog) {
                Some(held) => tries.leave_out(target, lane, held),
                None => tries.push(target, lane, key_turn, now),
            },
            Err(fault) => tries.unable.push(Unable { target, fault }),
        }
    }
    for target in unwanted {
        let lane = lane(&target, ask);
        lane.into_iter().for_each(|lane| tries.leave_out(target.clone(), lane, Held::Unwanted));
    }
    let Tries { mut attempts, left_out, unable, mut beyond, .. } = tries;
    let hedge_after = found.hedge_after.filter(|_| is_hedged(ask.operation));
    let regardless = attempts.is_empty();
    if regardless {
        let rests = |left: &&LeftOut| left.held.until().is_some();
        let back: Vec<LeftOut> = left_out.iter().filter(rests).cloned().collect();
        let why = if back.is_empty() {
            Some(NoPlan::Fault(nobody(ask.model, &unable, &left_out)))
        } else {
            resting(&snapshot.failover, ask.model, &back, now)
        };
        if let Some(why) = why {
            return Err(Box::new(Unplanned { why, left_out, unable }));
        }
        attempts = back.iter().map(|left| left.attempt.clone()).take(ATTEMPTS_MAX).collect();
        beyond = back.len() - attempts.len();
    }
    let Candidates { model, on_loss, fix_tool_messages, enforcement, cache, continuation, .. } = found;
    Ok(Plan {
        model,
        on_loss,
        fix_tool_messages,
        enforcement,
        cache,
        attempts,
        left_out,
        unable,
        beyond,
        watched,
        hedge_after,
        continuation,
        regardless,
    })
}

/// Whether asking twice at the same time does no harm. What else a path may do is not known.
fn is_hedged(operation: Operation) -> bool {
    match operation {
        Operation::Chat | Operation::Completion | Operation::Embedding => true,
        Operation::CountTokens | Operation::Other => false,
    }
}

#[derive(Default)]
struct Tries {
    attempts: Vec<Attempt>,
    left_out: Vec<LeftOut>,
    unable: Vec<Unable>,
    beyond: usize,
    /// How often the keys of each target are gone through.
    key_cycles: u32,
}

impl Tries {
    /// One try a key, beginning with the one that is to be used first.
    fn push(&mut self, target: Arc<Target>, lane: Lane, key_turn: usize, now: Now<'_>) {
        let provider = Arc::clone(&target.provider);
        if provider.auth == AuthMode::Passthrough || provider.keys.is_empty() {
            return self.push_one(Attempt { target, key: None, lane }, now);
        }
        let first = self.attempts.len();
        if let [key] = provider.keys.as_slice() {
            self.push_one(Attempt { target, key: Some(key.clone()), lane }, now);
        } else {
            for key in order::keys(&provider, key_turn, now) {
                self.push_one(Attempt { target: target.clone(), key: Some(key.clone()), lane }, now);
            }
        }
        self.repeat(first);
    }

    /// Goes through the tries from `first` on again, as often as is configured and as there is room.
    fn repeat(&mut self, first: usize) {
        let once = self.attempts.len();
        let room = ATTEMPTS_MAX - once;
        let repeats = (once - first).saturating_mul(self.key_cycles.saturating_sub(1) as usize).min(room);
        for index in 0..repeats {
            self.attempts.extend(self.attempts.get(first + index).cloned());
        }
    }

    /// No try: whichever key it were made with.
    fn leave_out(&mut self, target: Arc<Target>, lane: Lane, held: Held) {
        self.left_out.push(LeftOut { attempt: Attempt { target, key: None, lane }, held });
    }

    fn push_one(&mut self, attempt: Attempt, now: Now<'_>) {
        match now.live.held(&attempt.target, attempt.key.as_deref(), now.at) {
            Some(held) => self.left_out.push(LeftOut { attempt, held }),
            None if self.attempts.len() < ATTEMPTS_MAX => self.attempts.push(attempt),
            None => self.beyond += 1,
        }
    }
}

/// Why there is no plan, though nobody rests.
fn nobody(model: &str, unable: &[Unable], left_out: &[LeftOut]) -> Fault {
    let fault = nobody_fits(model, left_out);
    match unable.first() {
        Some(unable) if fault.kind != FaultKind::ContextTooLong => unable.fault.clone(),
        Some(_) | None => fault,
    }
}

/// What becomes of a request when all who could serve it rest; `None`: they are tried all the same.
fn resting(failover: &Failover, model: &str, left_out: &[LeftOut], now: Now<'_>) -> Option<NoPlan> {
    let back = first_back(left_out, now.at);
    match failover.when_resting {
        WhenResting::Try => None,
        WhenResting::Wait(longest) if back.since(now.began) <= longest => Some(NoPlan::Wait(back)),
        WhenResting::Wait(_) | WhenResting::Fail => Some(NoPlan::Fault(all_rest(model, left_out, now.at))),
    }
}

/// The code of a failure that no key of ours could have avoided: clients must not take it for their own key's.
pub const CREDENTIALS_EXHAUSTED: &str = "upstream_credentials_exhausted";

fn first_back(left_out: &[LeftOut], now: Moment) -> Moment {
    left_out.iter().filter_map(|left| left.held.until()).min().unwrap_or(now)
}

/// What to tell of a request when all who could serve it rest.
pub fn all_rest(model: &str, left_out: &[LeftOut], now: Moment) -> Fault {
    let wait = first_back(left_out, now).since(now);
    let refused = |left: &LeftOut| match left.held {
        Held::Resting { rest, .. } => matches!(rest.cause.kind, FaultKind::UpstreamAuth | FaultKind::QuotaExhausted),
        Held::Open { .. }
        | Held::KeyRate { .. }
        | Held::Unhealthy { .. }
        | Held::Draining
        | Held::TooLong { .. }
        | Held::Unwanted => false,
    };
    let seconds = wait.as_secs_f64().ceil();
    if left_out.iter().all(refused) {
        let message = format!("every key that could serve {model:?} was refused; the next is tried in {seconds} s");
        return Fault::new(FaultKind::UpstreamAuth, message).with_code(CREDENTIALS_EXHAUSTED);
    }
    let limited = |left: &LeftOut| match left.held {
        Held::Resting { rest, .. } => rest.cause.kind == FaultKind::RateLimited,
        Held::KeyRate { .. } => true,
        Held::Open { .. } | Held::Unhealthy { .. } | Held::Draining | Held::TooLong { .. } | Held::Unwanted => false,
    };
    let kind = if left_out.iter().any(limited) { FaultKind::RateLimited } else { FaultKind::Overloaded };
    let message = format!("everything that could serve {model:?} rests; the first is back in {seconds} s");
    let mut fault = Fault::new(kind, message);
    fault.retry_after = Some(wait);
    fault
}
