//! Answers that broke off in the middle, gone on with by another who is told what was said so far.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::vec;

use http::{HeaderName, HeaderValue, Response};
use serde::Deserialize;
use trunkline_providers::GoesOn;
use trunkline_route::{Attempt, Plan};
use trunkline_wire::continuation::Joiner;
use trunkline_wire::ir::{Delta, Event};
use trunkline_wire::relay::Facts;
use trunkline_wire::{DialectId, Fault, FaultKind, Operation};

use crate::carry_out::{enter, learn, succeeded};
use crate::lane;
use crate::prepare::Taken;
use crate::reply::{ReplyBody, Telling};
use crate::report_guard::ReportGuard;

mod letter;

use letter::{Letter, Origin};

/// Says that the answer, should it break off, may be gone on with by another. Whether it was is in the report: the head
/// has left by then.
const CONTINUATION: HeaderName = HeaderName::from_static("x-trunkline-continuation");

/// Times that one answer is gone on with. Bounds what a prompt on which everybody breaks can cost.
pub(crate) const CONTINUATIONS_MAX: u32 = 2;

/// Goes on with one answer when it breaks off.
pub(crate) struct Continuation {
    origin: Origin,
    /// Who gives the answer, or gave it last.
    teller: Attempt,
    joiner: Joiner,
    /// Pieces of the answer so far, each a token or more.
    pieces: u64,
    /// Room for the events of one step; empty between them.
    pub(crate) joined: VecDeque<Event>,
    search: Option<Search>,
}

/// One who was asked to go on, until it begins to.
type Asking = Pin<Box<dyn Future<Output = Result<Telling, Fault>> + Send>>;

/// Looks for somebody who goes on.
struct Search {
    /// Why that is needed.
    broke: Fault,
    /// Who is asked now.
    asked: Attempt,
    telling: Asking,
    /// Who is asked next.
    left: vec::IntoIter<Attempt>,
}

/// Whether the answer to a request may be gone on with when it breaks off.
pub(crate) fn is_for(taken: &Taken<'_>, plan: &Plan) -> bool {
    plan.continuation
        && taken.surface.operation == Operation::Chat
        && taken.streams()
        && plan.attempts.iter().any(|attempt| goes_on(attempt).is_some())
        && wants_one(taken)
}

/// Has an answer that is given as events gone on with when it breaks off, and says so in its head.
pub(crate) fn attach(response: &mut Response<ReplyBody>, taken: &Taken<'_>, plan: &Plan, attempt: &Attempt) {
    let ReplyBody::Events(reply) = response.body_mut() else { return };
    let Ok(request) = taken.request() else { return };
    reply.continuation = Some(Box::new(Continuation {
        origin: Origin::of(taken, request, plan),
        teller: attempt.clone(),
        joiner: Joiner::default(),
        pieces: 0,
        joined: VecDeque::new(),
        search: None,
    }));
    response.headers_mut().insert(CONTINUATION, HeaderValue::from_static("on"));
}

/// How a target is had to go on from the model's own words, if it can.
fn goes_on(attempt: &Attempt) -> Option<GoesOn> {
    let target = &attempt.target;
    let how = target.provider.vendor.quirks.goes_on?;
    (target.capabilities.prefill && target.provider.dialects.contains(&how.dialect())).then_some(how)
}

/// Whether one answer is wanted. Of several at once none is the one to go on with.
fn wants_one(taken: &Taken<'_>) -> bool {
    #[derive(Deserialize)]
    struct Choices {
        n: Option<u64>,
    }
    taken.surface.dialect != DialectId::OpenaiChat
        || serde_json::from_slice::<Choices>(&taken.body).is_ok_and(|choices| choices.n.is_none_or(|n| n <= 1))
}

/// Whether another may do better: the answer was lost on its way, or whoever gave it gave up.
fn may_go_on(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::UpstreamBroken | FaultKind::UpstreamTimeout | FaultKind::Unreachable | FaultKind::Overloaded
    )
}

fn is_same_target(one: &Attempt, other: &Attempt) -> bool {
    one.target.provider.name == other.target.provider.name && one.target.model.name == other.target.model.name
}

impl Continuation {
    /// What the client is to see of an event. What it is given in is to be put back into `joined`.
    pub(crate) fn join(&mut self, event: Event) -> VecDeque<Event> {
        if let Event::Delta { delta: Delta::Text(_) | Delta::Arguments(_), .. } = &event {
            self.pieces += 1;
        }
        self.joiner.push(event, &mut self.joined);
        std::mem::take(&mut self.joined)
    }

    /// Begins to look for somebody who goes on with an answer that broke off; false where there is nobody, or it is no
    /// answer to go on with.
    pub(crate) fn begin(&mut self, broke: &Fault, facts: &Facts, guard: &mut ReportGuard, driver: &Waker) -> bool {
        let is_over = self.joiner.text().is_none() || self.joiner.continuations() >= CONTINUATIONS_MAX;
        if is_over || !may_go_on(broke) {
            return false;
        }
        let able = self.origin.plan.attempts.iter().filter(|attempt| goes_on(attempt).is_some());
        let (same, mut left): (Vec<_>, Vec<_>) =
            able.cloned().partition(|attempt| is_same_target(attempt, &self.teller));
        left.extend(same);
        if left.is_empty() {
            return false;
        }
        let provider = &self.teller.target.provider.name;
        tracing::warn!(%provider, kind = broke.kind.as_str(), reason = %broke.message, "answer broke off; another is asked to go on");
        let spent = guard.spent_on(facts);
        guard.broke_off(broke);
        self.search = self.ask(broke.clone(), left.into_iter(), guard, driver);
        if self.search.is_some() {
            guard.has_spent(spent);
        }
        self.search.is_some()
    }

    /// Who goes on with the answer, once somebody does; at last why it broke off, when nobody does.
    pub(crate) fn poll(&mut self, guard: &mut ReportGuard, cx: &mut Context<'_>) -> Poll<Result<Telling, Fault>> {
        while let Some(search) = &mut self.search {
            let told = ready!(search.telling.as_mut().poll(cx));
            let worker = Arc::clone(guard.worker());
            let failover = worker.shared.snapshot().failover;
            let Some(Search { broke, asked, left, .. }) = self.search.take() else { break };
            match told {
                Ok(telling) => {
                    succeeded(&worker, &asked, &failover);
                    self.teller = asked;
                    self.joiner.go_on();
                    guard.report.continued += 1;
                    return Poll::Ready(Ok(telling));
                }
                Err(fault) => {
                    guard.try_failed();
                    learn(&worker, &asked, &fault, &failover);
                    self.search = self.ask(broke.clone(), left, guard, cx.waker());
                    if self.search.is_none() {
                        return Poll::Ready(Err(broke));
                    }
                }
            }
        }
        Poll::Ready(Err(Fault::new(FaultKind::Internal, "nobody is asked to go on")))
    }

    /// Asks the first of these who can be asked now; `None`: nobody can.
    fn ask(
        &self,
        broke: Fault,
        mut left: vec::IntoIter<Attempt>,
        guard: &mut ReportGuard,
        driver: &Waker,
    ) -> Option<Search> {
        // Whoever broke off has nothing more to do.
        guard.place = None;
        let telling = left.by_ref().find_map(|attempt| {
            let telling = self.try_one(&attempt, guard, driver)?;
            Some((attempt, telling))
        });
        let Some((asked, telling)) = telling else {
            // Of those who served it this one was the last.
            guard.name(&self.teller);
            return None;
        };
        Some(Search { broke, asked, telling, left })
    }

    /// Asks one, where it can be asked now.
    fn try_one(&self, attempt: &Attempt, guard: &mut ReportGuard, driver: &Waker) -> Option<Asking> {
        let (how, text) = (goes_on(attempt)?, self.joiner.text()?);
        let worker = Arc::clone(guard.worker());
        let is_late = guard.elapsed() >= attempt.target.timeouts.total;
        let place = worker.shared.rooms.place_now(&attempt.target).ok().filter(|_| !is_late)?;
        let letter = self.origin.letter((attempt, how), (text, self.pieces), guard).ok()?;
        enter(&worker, &self.origin.plan, attempt, guard).ok()?;
        let load = self.origin.plan.watched.then(|| worker.shared.live.loads.of(&attempt.target));
        guard.ask_unwatched(how.dialect(), &letter.body);
        guard.place = place;
        guard.report.attempts += 1;
        guard.name(attempt);
        guard.try_begins_for(driver.clone(), attempt, load);
        let (attempt, started) = (attempt.clone(), guard.started());
        Some(Box::pin(async move {
            let Letter { to, names, .. } = &letter;
            lane::bridged::telling(&worker.client, &attempt, &letter.outgoing(), (*to, names.clone()), started).await
        }))
    }
}
