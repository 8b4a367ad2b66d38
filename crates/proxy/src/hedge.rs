//! A second try beside one that is slow to answer: the first content wins, the other is cancelled.

use std::pin::pin;
use std::time::Duration;

use trunkline_config::Failover;
use trunkline_route::policy::action;
use trunkline_route::{Attempt, Plan, Verdict, judge};

use crate::carry_out::{enter, learn, try_and_mend};
use crate::lane::{Failed, Tried};
use crate::prepare::Taken;
use crate::report_guard::ReportGuard;
use crate::trail::Trail;
use crate::worker::Worker;

/// What came of a try that another may have been begun beside.
pub(crate) struct Raced<'p> {
    pub(crate) tried: Tried,
    /// Whose it is.
    pub(crate) attempt: &'p Attempt,
    /// Whether the other was asked, too.
    pub(crate) both: bool,
}

/// A try, and the one to begin beside it when it is slow.
pub(crate) struct Hedge<'p> {
    one: &'p Attempt,
    other: &'p Attempt,
    /// How long is slow.
    after: Duration,
}

impl<'p> Hedge<'p> {
    /// What is begun beside the try at `index`, if anything is: another target where there is one, since what makes one
    /// slow makes all its keys slow. Gives its index as well.
    pub(crate) fn of(plan: &'p Plan, index: usize, asked: &[usize]) -> Option<(Self, usize)> {
        let after = plan.hedge_after?;
        let one = plan.attempts.get(index)?;
        let free = || plan.attempts.iter().enumerate().skip(index + 1).filter(|(index, _)| !asked.contains(index));
        let elsewhere = |other: &Attempt| {
            other.target.provider.name != one.target.provider.name || other.target.model != one.target.model
        };
        let (index, other) = free().find(|(_, other)| elsewhere(other)).or_else(|| free().next())?;
        Some((Self { one, other, after }, index))
    }
}

/// Makes a try, and the other beside it when it has not answered in time.
pub(crate) async fn race<'p>(
    worker: &Worker,
    taken: &Taken<'_>,
    (plan, failover): (&Plan, &Failover),
    Hedge { one, other, after }: Hedge<'p>,
    mut guard: ReportGuard,
    trail: &mut Trail,
) -> Raced<'p> {
    let (mut twin, twins) = guard.twin();
    let mut first = pin!(try_and_mend(worker, taken, one, plan, guard));
    if let Ok(tried) = tokio::time::timeout(after, first.as_mut()).await {
        return Raced { tried, attempt: one, both: false };
    }
    if let Err(held) = enter(worker, plan, other) {
        trail.held(other, held);
        return Raced { tried: first.await, attempt: one, both: true };
    }
    twins.begin();
    twin.try_begins(plan.watched.then(|| worker.shared.live.loads.of(&other.target)));
    let mut second = pin!(try_and_mend(worker, taken, other, plan, twin));
    let (tried, attempt) = tokio::select! {
        // When both have answered, the one that was asked first is the better choice.
        biased;
        tried = first.as_mut() => match tried {
            Ok(response) => {
                trail.outpaced(other);
                (Ok(response), one)
            }
            Err(failed) => {
                let Failed { fault, guard } = *failed;
                if judge(action(&one.target.provider, &fault)) == Verdict::GiveUp {
                    trail.outpaced(other);
                    return Raced { tried: Err(Failed::new(fault, guard)), attempt: one, both: true };
                }
                learn(worker, one, &fault, failover);
                trail.failed(one, fault.kind);
                match second.await {
                    Ok(response) => {
                        twins.pass_on();
                        (Ok(response), other)
                    }
                    Err(failed) => (Err(Failed::new(failed.fault, guard)), other),
                }
            }
        },
        tried = second.as_mut() => match tried {
            Ok(response) => {
                twins.pass_on();
                trail.outpaced(one);
                (Ok(response), other)
            }
            Err(failed) => {
                learn(worker, other, &failed.fault, failover);
                trail.failed(other, failed.fault.kind);
                (first.await, one)
            }
        },
    };
    Raced { tried, attempt, both: true }
}
