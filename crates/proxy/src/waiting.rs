//! Streamed requests that may have to wait for a place: when that takes long, their clients hear that something goes on.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::request::Parts;
use tokio::sync::oneshot;
use tokio::time::Instant;
use trunkline_config::{QueueLimits, Snapshot};
use trunkline_route::{Lot, Plan};
use trunkline_wire::{Fault, FaultKind, Peek, Wishes, ir};

use crate::cache::Place;
use crate::lane::{Failed, Tried};
use crate::pipeline::ask_others;
use crate::planning::Planning;
use crate::prepare::Taken;
use crate::reply::{ReplyBody, WaitingReply, Work, speaks_tokens};
use crate::report_guard::ReportGuard;
use crate::routes::{self, Route};
use crate::wishes::PromptOf;
use crate::worker::Worker;
use crate::{carry_out, enforce, head, surface};

/// How a request waits for a place.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    /// When it began to, once it has had to.
    pub(crate) since: Option<Instant>,
    /// Called when that was long ago, where the client can be told.
    long: Option<oneshot::Sender<()>>,
}

impl Waits {
    /// When it has waited for long, if somebody is to be called then.
    pub(crate) fn silent_until(&self, limits: &QueueLimits) -> Option<Instant> {
        self.long.as_ref().and(self.since).map(|since| since + limits.keepalive_after)
    }

    /// Calls whoever is to know, once it has waited for long, and goes on waiting.
    pub(crate) async fn speak_up_when_long(&mut self, limits: &QueueLimits) -> Infallible {
        self.since.get_or_insert_with(Instant::now);
        if let Some(at) = self.silent_until(limits) {
            tokio::time::sleep_until(at).await;
            self.speak_up(limits);
        }
        std::future::pending().await
    }

    /// Calls whoever is to know, when it has waited for long. Says whether it did.
    pub(crate) fn speak_up(&mut self, limits: &QueueLimits) -> bool {
        let is_long = self.silent_until(limits).is_some_and(|at| at <= Instant::now());
        is_long && self.long.take().is_some_and(|long| long.send(()).is_ok())
    }
}

/// Whether carrying out a plan may be a long wait, for a place or for an answer that will do, of which the client can be
/// told.
pub(crate) fn may_be_long(taken: &Taken<'_>, plan: &Plan, limits: &QueueLimits) -> bool {
    let waits = || plan.attempts.iter().any(|attempt| attempt.target.room.is_some());
    (waits() || enforce::of(taken, plan).is_some())
        && taken.streams()
        && speaks_tokens(taken.surface.operation)
        && !limits.keepalive_after.is_zero()
}

/// Carries out such a plan. When the request waits for long, the answer begins before anybody has answered, and what comes
/// of the plan is told in it.
pub(crate) async fn carry_out(
    worker: &Arc<Worker>,
    snapshot: &Arc<Snapshot>,
    parts: &Parts,
    taken: &Taken<'_>,
    (plan, lot): (Plan, Lot),
    mut guard: Box<ReportGuard>,
) -> Tried {
    let (long, is_long) = oneshot::channel();
    guard.waits = Some(Box::new(Waits { since: None, long: Some(long) }));
    let (id, at_ms) = (guard.report.id, guard.report.at_ms);
    let own = Kept::of(parts, taken);
    let mut work: Work = Box::pin(own.carry_out(Arc::clone(worker), Arc::clone(snapshot), (plan, lot), guard));
    tokio::select! {
        biased;
        tried = &mut work => return tried,
        Ok(()) = is_long => {}
    }
    match surface::head_of(taken, id, at_ms) {
        Ok(head) => {
            let reply = WaitingReply::new(work, surface::stream_encoder(taken, head));
            Ok(head::with_type(ReplyBody::Waiting(Box::new(reply)), surface::stream_type(taken)))
        }
        // Whoever is asked will say so, with a status.
        Err(_) => work.await,
    }
}

/// A request that outlives the call that took it in.
struct Kept {
    parts: Parts,
    body: Bytes,
    peek: Peek,
    model: String,
    wishes: Option<Box<Wishes>>,
    decoded: OnceLock<Arc<ir::Request>>,
    beginnings: OnceLock<Vec<u64>>,
    place: OnceLock<Box<Place>>,
}

impl Kept {
    fn of(parts: &Parts, taken: &Taken<'_>) -> Self {
        Self {
            parts: parts.clone(),
            body: taken.body.clone(),
            peek: taken.peek.clone(),
            model: taken.model.clone(),
            wishes: taken.wishes.clone(),
            decoded: taken.decoded.clone(),
            beginnings: taken.beginnings.clone(),
            place: taken.place.clone(),
        }
    }

    async fn carry_out(
        self,
        worker: Arc<Worker>,
        snapshot: Arc<Snapshot>,
        (plan, lot): (Plan, Lot),
        guard: Box<ReportGuard>,
    ) -> Tried {
        let Self { parts, body, peek, model, wishes, decoded, beginnings, place } = self;
        let (Route::Model(surface) | Route::Played(surface)) = routes::find(&parts.method, parts.uri.path()) else {
            return Err(Failed::new(Fault::new(FaultKind::Internal, "the way in is lost"), guard));
        };
        let (query, headers) = (parts.uri.query(), &parts.headers);
        let taken =
            Taken { surface, query, headers, body, peek, model, wishes, decoded, mended: None, beginnings, place };
        let (client_key, prompt) = (guard.client_key.clone(), PromptOf::new(&taken));
        let wants = prompt.wants(client_key.as_ref().and_then(|key| key.allowance.as_deref()));
        let (shared, client_key) = (&worker.shared, client_key.as_ref().map(|key| &*key.name));
        let planning = Planning { shared, snapshot: &snapshot, taken: &taken, client_key, lot, wants };
        match carry_out::carry_out(&worker, &taken, &plan, (snapshot.failover, lot), guard).await {
            Ok(response) => Ok(response),
            Err(failed) => ask_others(&worker, planning, failed).await,
        }
    }
}
