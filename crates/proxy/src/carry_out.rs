//! Carries out a plan: its tries in order, until one of them answers or there is nothing left to try.

use std::time::Duration;

use trunkline_config::{ErrorAction, Failover};
use trunkline_route::policy::{action, is_worth_another_try, penalty};
use trunkline_route::{
    Attempt, CREDENTIALS_EXHAUSTED, Held, Lane, LeftOut, Lot, Moment, Plan, Verdict, again, all_rest, bridge, judge,
};
use trunkline_wire::{DialectId, Fault, FaultKind, Operation};

use crate::attempt::unserved;
use crate::continuation;
use crate::enforce;
use crate::head;
use crate::hedge::{Hedge, race};
use crate::lane::events::Teller;
use crate::lane::{self, Failed, Tried};
use crate::mend;
use crate::prepare::Taken;
use crate::repair;
use crate::report_guard::ReportGuard;
use crate::shared::now_ms;
use crate::stored::{UNKNOWN_RESPONSE, needs_state, resume};
use crate::surface::streams_as_array;
use crate::trail::{self, Trail};
use crate::turns::Turns;
use crate::wishes;
use crate::worker::Worker;

/// Tries the plan's attempts in order, and all of them again after a while when the last one failed in a way that may
/// pass.
pub(crate) async fn carry_out(
    worker: &Worker,
    taken: &Taken<'_>,
    plan: &Plan,
    (failover, lot): (Failover, Lot),
    guard: Box<ReportGuard>,
) -> Tried {
    let mut guard = guard;
    // Apart from the guard, which is the tries' while they are under way.
    let mut trail = std::mem::take(&mut guard.trail);
    trail.leave_out(&plan.left_out);
    let mended = mend::beforehand(taken, plan);
    let taken = mended.as_ref().unwrap_or(taken);
    let mut round = 0;
    loop {
        let mut last = None;
        let mut turns = Turns::of(worker, taken, plan, failover.queue, &guard);
        while let Some(attempt) = turns.next(&mut guard, &mut trail).await {
            if let Err(held) = enter(worker, plan, attempt, &mut guard) {
                trail.held(attempt, held);
                continue;
            }
            let began = begin(worker, taken, plan, attempt, (&mut guard, &trail)).await;
            let (tried, attempt) = match plan.hedge_after.filter(|_| plan.attempts.len() > 1) {
                None => (try_and_mend(worker, taken, attempt, plan, guard).await, attempt),
                Some(after) => {
                    let hedge = Hedge { one: attempt, began, after, turns: &mut turns };
                    // Boxed: few requests race, and all would carry the room for it.
                    Box::pin(race(worker, taken, (plan, &failover), hedge, guard, &mut trail)).await
                }
            };
            let failed = match tried {
                Ok(mut response) => {
                    succeeded(worker, attempt, &failover);
                    head::name_provider(response.headers_mut(), attempt);
                    trail::show(response.headers_mut(), trail.text().as_deref(), Some(attempt));
                    return Ok(response);
                }
                Err(failed) => failed,
            };
            let Failed { fault, guard: back } = *failed;
            guard = back;
            guard.try_failed();
            let action = learn(worker, attempt, &fault, &failover);
            trail.failed(attempt, &fault, (began, guard.elapsed()));
            match judge(action) {
                Verdict::NextKey => {}
                Verdict::NextTarget => turns.pass_by(attempt),
                Verdict::GiveUp => {
                    guard.trail = trail;
                    return give_up(worker, taken, (attempt, plan), fault, guard).await;
                }
            }
            last = Some((attempt, action, fault));
        }
        let Some((attempt, action, fault)) = last else {
            let fault = turns.no_room(&plan.model).unwrap_or_else(|| nobody(worker, plan));
            guard.trail = trail;
            return Err(Failed::new(fault, guard));
        };
        let left = attempt.target.timeouts.total.saturating_sub(guard.elapsed());
        // A count is not worth waiting for: an estimate is at hand.
        let again = (taken.surface.operation != Operation::CountTokens)
            .then(|| again(&failover, action, fault.kind, round, lot.chance, left))
            .flatten();
        // Whoever does nothing for a while needs no place for it.
        guard.place = None;
        match again {
            Some(wait) => tokio::time::sleep(wait).await,
            None => {
                let fault = if trail.is_all_refused() { fault.with_code(CREDENTIALS_EXHAUSTED) } else { fault };
                guard.trail = trail;
                return give_up(worker, taken, (attempt, plan), fault, guard).await;
            }
        }
        round += 1;
    }
}

/// Whether this try may be made now. Since the plan was made another request may have found out that it is of no use.
pub(crate) fn enter(worker: &Worker, plan: &Plan, attempt: &Attempt, guard: &mut ReportGuard) -> Result<(), Held> {
    let live = &worker.shared.live;
    let counted = attempt.key.as_deref().filter(|key| key.is_counted);
    if counted.is_none() && (plan.regardless || live.is_calm()) {
        return Ok(());
    }
    let now = Moment(now_ms());
    match counted.filter(|_| plan.regardless) {
        Some(key) => live.rates.begin_regardless(key, now),
        None => guard.probe = live.enter(&attempt.target, attempt.key.as_deref(), now)?.map(Box::new),
    }
    Ok(())
}

/// Why no try was made: others have found out, or have used up, what this request was planned on.
fn nobody(worker: &Worker, plan: &Plan) -> Fault {
    let now = Moment(now_ms());
    let held = |attempt: &Attempt| {
        let held = worker.shared.live.held(&attempt.target, attempt.key.as_deref(), now)?;
        Some(LeftOut { attempt: attempt.clone(), held })
    };
    let all = plan.left_out.iter().cloned().chain(plan.attempts.iter().filter_map(held));
    let resting: Vec<LeftOut> = all.filter(|left| left.held.until().is_some()).collect();
    if resting.is_empty() {
        let message = format!("everything that could serve {:?} was not to be asked just now", plan.model);
        return Fault::new(FaultKind::Overloaded, message);
    }
    all_rest(&plan.model, &resting, now)
}

/// Notes that a try begins, wherever its target's use is looked at. Says how long after the request came, as far as it is
/// worth a look at the clock.
pub(crate) async fn begin(
    worker: &Worker,
    taken: &Taken<'_>,
    plan: &Plan,
    attempt: &Attempt,
    (guard, trail): (&mut ReportGuard, &Trail),
) -> Duration {
    let is_first = trail.is_empty() && guard.waits.is_none();
    let began = if is_first { Duration::ZERO } else { guard.elapsed() };
    trail.begins(attempt, began);
    guard.trail = trail.clone();
    let live = &worker.shared.live;
    guard.try_begins(attempt, plan.watched.then(|| live.loads.of(&attempt.target))).await;
    if let Some(beginnings) = taken.beginnings.get() {
        live.prefixes.learn(beginnings, &attempt.target);
    }
    began
}

/// Forgets what was held against those who have just answered.
pub(crate) fn succeeded(worker: &Worker, attempt: &Attempt, failover: &Failover) {
    let live = &worker.shared.live;
    if !live.is_calm() {
        live.succeeded(&attempt.target, attempt.key.as_deref(), &failover.circuit, Moment(now_ms()));
    }
}

/// Remembers a failure for the requests to come.
pub(crate) fn learn(worker: &Worker, attempt: &Attempt, fault: &Fault, failover: &Failover) -> ErrorAction {
    let Attempt { target, key, .. } = attempt;
    let shared = &worker.shared;
    let action = action(&target.provider, fault);
    let penalty = penalty(action, fault, target);
    shared.live.failed(target, key.as_deref(), penalty, &failover.circuit, Moment(now_ms()));
    let status = fault.upstream.as_ref().map(|words| words.status);
    if status == Some(404) {
        // The provider's list may be older than its models.
        shared.relist.notify_one();
    }
    let provider = &target.provider.name;
    let key = key.as_ref().map(|key| &*key.label);
    // A provider's own words may quote the prompt: the client gets them, the log does not.
    let reason = fault.upstream.is_none().then_some(&*fault.message);
    let rests = penalty.whose.map(|whose| whose.as_str());
    let rest_s = penalty.rest.as_secs();
    tracing::warn!(%provider, key, kind = fault.kind.as_str(), status, reason, rests, rest_s, "attempt failed");
    action
}

/// The lane of a try, which for some requests is another than that of others for the same target.
pub(crate) fn lane_of(taken: &Taken<'_>, attempt: &Attempt, plan: &Plan, may_go_on: bool) -> Lane {
    let tells_cost = || taken.wishes.is_some() && wishes::tells_cost(taken, &attempt.target);
    let by_events = || {
        streams_as_array(taken)
            || taken.mended.is_some()
            || may_go_on
            || tells_cost()
            || repair::reads(taken, attempt)
            || enforce::of(taken, plan).is_some()
            || taken.place.get().is_some()
    };
    if matches!(attempt.lane, Lane::Native) && by_events() {
        // What passes as events is counted; an array is not. What was put right is not in the body, and only events can be
        // gone on with, looked into or kept.
        Lane::Bridged(taken.surface.dialect)
    } else {
        attempt.lane
    }
}

/// One try, and once more with its tool messages put right, where they are why it was refused.
pub(crate) async fn try_and_mend(
    worker: &Worker,
    taken: &Taken<'_>,
    attempt: &Attempt,
    plan: &Plan,
    guard: Box<ReportGuard>,
) -> Tried {
    let tried = try_one(worker, taken, attempt, plan, guard).await;
    let Err(failed) = tried else { return tried };
    match mend::afterwards(taken, plan, attempt, &failed.fault) {
        Some(mended) => Box::pin(try_one(worker, &mended, attempt, plan, failed.guard)).await,
        None => Err(failed),
    }
}

/// One try, in the lane that its plan chose, or in another when the provider turns out not to know that one.
async fn try_one(
    worker: &Worker,
    taken: &Taken<'_>,
    attempt: &Attempt,
    plan: &Plan,
    mut guard: Box<ReportGuard>,
) -> Tried {
    guard.report.attempts += 1;
    guard.name(attempt);
    let may_go_on = continuation::is_for(taken, plan);
    let lane = lane_of(taken, attempt, plan, may_go_on);
    let tried = try_once(worker, taken, attempt, lane, plan, guard).await;
    match tried {
        Ok(mut response) => {
            response.headers_mut().extend(mend::tell(taken));
            if may_go_on {
                continuation::attach(&mut response, taken, plan, attempt);
            }
            Ok(response)
        }
        Err(failed) => match next_lane(taken, (attempt, plan), lane, &failed.fault) {
            Some(lane) => try_once(worker, taken, attempt, lane, plan, failed.guard).await,
            None => Err(failed),
        },
    }
}

/// The lane that is left when a try in this one has failed so.
fn next_lane(taken: &Taken<'_>, (attempt, plan): (&Attempt, &Plan), lane: Lane, fault: &Fault) -> Option<Lane> {
    let own = match lane {
        Lane::Native => true,
        Lane::Bridged(to) => to == taken.surface.dialect,
        Lane::Adapter(_) | Lane::Counted | Lane::Estimated => false,
    };
    if own && unserved(fault) {
        return other_lane(attempt, taken);
    }
    // What it goes on from is not kept here, so the provider may have it.
    let unread = matches!((attempt.lane, lane), (Lane::Native, Lane::Bridged(_)))
        && taken.mended.is_none()
        && enforce::of(taken, plan).is_none();
    (unread && fault.upstream.is_none() && fault.code.as_deref() == Some(UNKNOWN_RESPONSE)).then_some(Lane::Native)
}

/// One try, in one lane.
async fn try_once(
    worker: &Worker,
    taken: &Taken<'_>,
    attempt: &Attempt,
    lane: Lane,
    plan: &Plan,
    mut guard: Box<ReportGuard>,
) -> Tried {
    guard.report.lane = Some(lane.as_str());
    // Boxed: few requests wait here, and all would carry the room for it.
    if needs_state(taken, lane)
        && let Err(fault) = Box::pin(resume(taken, guard.responses(), guard.report.client_key.as_deref())).await
    {
        return Err(Failed::new(fault, guard));
    }
    match lane {
        Lane::Native => lane::native::attempt(&worker.client, taken, attempt, plan.on_loss, guard).await,
        Lane::Bridged(to) if taken.surface.operation == Operation::Embedding => {
            lane::vectors::attempt(&worker.client, taken, attempt, to, guard).await
        }
        Lane::Bridged(to) => {
            let teller = Teller::Bridged(&worker.client, to, plan.on_loss);
            lane::events::attempt(teller, taken, attempt, plan, guard).await
        }
        // Boxed: only counts pass here.
        Lane::Counted => Box::pin(lane::counted::attempt(&worker.client, taken, attempt, guard)).await,
        Lane::Estimated => lane::estimated::attempt(taken, guard),
        Lane::Adapter(adapter) => lane::events::attempt(Teller::Adapter(adapter), taken, attempt, plan, guard).await,
    }
}

/// The end of a plan that nobody could carry out. A count is an aid: where all who could count have failed, an estimate
/// serves better than an error.
async fn give_up(
    worker: &Worker,
    taken: &Taken<'_>,
    (attempt, plan): (&Attempt, &Plan),
    fault: Fault,
    guard: Box<ReportGuard>,
) -> Tried {
    if taken.surface.operation != Operation::CountTokens || !is_worth_another_try(&attempt.target.provider, &fault) {
        return Err(Failed::new(fault, guard));
    }
    // What cannot be estimated either, such as what goes on from an answer that is the provider's, fails as it did.
    let estimated = try_once(worker, taken, attempt, Lane::Estimated, plan, guard).await;
    estimated.map_err(|failed| Failed::new(fault, failed.guard))
}

/// The way to a server that is older than the client's dialect: it speaks another, or need not be asked.
fn other_lane(attempt: &Attempt, taken: &Taken<'_>) -> Option<Lane> {
    match taken.surface.operation {
        // Everybody knows these paths: what is not there is the model.
        _ if taken.surface.dialect == DialectId::OpenaiChat => None,
        Operation::Chat | Operation::Completion => bridge(&attempt.target, taken.surface.dialect).map(Lane::Bridged),
        Operation::CountTokens => Some(Lane::Counted),
        Operation::Embedding | Operation::Other => None,
    }
}
