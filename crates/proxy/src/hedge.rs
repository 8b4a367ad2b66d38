//! A second try beside one that is slow to answer: the first content wins, the other is cancelled.

use std::pin::pin;
use std::time::Duration;

use trunkline_config::Failover;
use trunkline_route::policy::action;
use trunkline_route::{Attempt, Plan, Verdict, judge};

use crate::carry_out::{begin, enter, learn, try_and_mend};
use crate::lane::{Failed, Tried};
use crate::prepare::Taken;
use crate::report_guard::ReportGuard;
use crate::trail::Trail;
use crate::turns::Turns;
use crate::worker::Worker;

/// A try that another is begun beside when it is slow.
pub(crate) struct Hedge<'t, 'a> {
    pub(crate) one: &'a Attempt,
    /// When it began, from the request's arrival.
    pub(crate) began: Duration,
    /// How long is slow.
    pub(crate) after: Duration,
    /// Where the other comes from.
    pub(crate) turns: &'t mut Turns<'a>,
}

/// Makes a try, and another beside it when it has not answered in time. Gives what came of them, and whose it is.
pub(crate) async fn race<'a>(
    worker: &Worker,
    taken: &Taken<'_>,
    (plan, failover): (&Plan, &Failover),
    Hedge { one, began: one_began, after, turns }: Hedge<'_, 'a>,
    mut guard: Box<ReportGuard>,
    trail: &mut Trail,
) -> (Tried, &'a Attempt) {
    // What comes of one of the two is noted while the other has its trail with it.
    guard.trail = trail.share();
    let (mut twin, twins) = guard.twin();
    let mut first = pin!(try_and_mend(worker, taken, one, plan, guard));
    if let Ok(tried) = tokio::time::timeout(after, first.as_mut()).await {
        return (tried, one);
    }
    let Some((other, place)) = turns.beside(one) else { return (first.await, one) };
    if let Err(held) = enter(worker, plan, other, &mut twin) {
        trail.held(other, held);
        return (first.await, one);
    }
    twins.begin();
    twin.place = place;
    let other_began = begin(worker, taken, plan, other, (&mut twin, trail)).await;
    let mut second = pin!(try_and_mend(worker, taken, other, plan, twin));
    tokio::select! {
        // When both have answered, the one that was asked first is the better choice.
        biased;
        tried = first.as_mut() => match tried {
            Ok(response) => {
                trail.outpaced(other);
                (Ok(response), one)
            }
            Err(failed) => {
                let Failed { fault, mut guard } = *failed;
                guard.try_failed();
                match judge(action(&one.target.provider, &fault)) {
                    Verdict::NextKey => {}
                    Verdict::NextTarget => turns.pass_by(one),
                    Verdict::GiveUp => {
                        trail.outpaced(other);
                        return (Err(Failed::new(fault, guard)), one);
                    }
                }
                learn(worker, one, &fault, failover);
                trail.failed(one, &fault, (one_began, guard.elapsed()));
                match second.await {
                    Ok(response) => {
                        twins.pass_on();
                        (Ok(response), other)
                    }
                    Err(mut failed) => {
                        failed.guard.try_failed();
                        (Err(Failed::new(failed.fault, guard)), other)
                    }
                }
            }
        },
        tried = second.as_mut() => match tried {
            Ok(response) => {
                twins.pass_on();
                trail.outpaced(one);
                (Ok(response), other)
            }
            Err(mut failed) => {
                failed.guard.try_failed();
                if judge(learn(worker, other, &failed.fault, failover)) == Verdict::NextTarget {
                    turns.pass_by(other);
                }
                trail.failed(other, &failed.fault, (other_began, failed.guard.elapsed()));
                (first.await, one)
            }
        },
    }
}
