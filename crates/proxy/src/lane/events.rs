//! The lanes in which an answer is events: through the bridge, or from an adapter.

use std::sync::Arc;

use http::Response;
use trunkline_config::OnLoss;
use trunkline_providers::Adapter;
use trunkline_providers::adapter::Events;
use trunkline_route::{Attempt, Plan};
use trunkline_wire::relay::Facts;
use trunkline_wire::{DialectId, Fault, RateLimits, StreamHead, ir};

use super::{Failed, Tried, adapter, bridged};
use crate::cache::{self, Keeping};
use crate::enforce;
use crate::head;
use crate::memory::Watcher;
use crate::prepare::Taken;
use crate::repair::Reading;
use crate::reply::{Deadline, EventsReply, Ping, Repaired, ReplyBody, Telling};
use crate::report_guard::ReportGuard;
use crate::stored::{Keeper, keep_whole};
use crate::surface;
use crate::upstream::Client;

/// Who answers in events.
#[derive(Clone, Copy)]
pub(crate) enum Teller<'a> {
    /// A provider that speaks this dialect.
    Bridged(&'a Client, DialectId, OnLoss),
    /// Rust code.
    Adapter(&'static dyn Adapter),
}

/// An answer that has begun.
pub(crate) struct Begun {
    pub(crate) head: StreamHead,
    /// What the provider was not told.
    pub(crate) losses: ir::Losses,
    pub(crate) limits: RateLimits,
    pub(crate) answer: Answered,
}

/// As much of an answer as the client waits for.
pub(crate) enum Answered {
    Whole { response: ir::Response, facts: Box<Facts>, repaired: Repaired },
    Stream(Telling, Repaired),
}

/// One try, up to its first content.
pub(crate) async fn attempt(
    teller: Teller<'_>,
    taken: &Taken<'_>,
    attempt: &Attempt,
    plan: &Plan,
    mut guard: Box<ReportGuard>,
) -> Tried {
    let begun = match enforce::of(taken, plan) {
        None => ask(teller, taken, attempt, &mut guard).await,
        // Boxed: few requests are held to anything, and all would carry the room for it.
        Some(enforcement) => Box::pin(enforce::ask(teller, taken, attempt, enforcement, &mut guard)).await,
    };
    match begun {
        Ok(begun) => Ok(reply(taken, begun, guard)),
        Err(fault) => Err(Failed::new(fault, guard)),
    }
}

/// Asks once, until an answer begins.
///
/// # Errors
/// What became of it; nothing of it has been handed on.
pub(crate) async fn ask(
    teller: Teller<'_>,
    taken: &Taken<'_>,
    attempt: &Attempt,
    guard: &mut ReportGuard,
) -> Result<Begun, Fault> {
    match teller {
        Teller::Bridged(client, to, on_loss) => bridged::ask(client, taken, attempt, (to, on_loss), guard).await,
        Teller::Adapter(adapter) => adapter::ask(adapter, taken, attempt, guard).await,
    }
}

/// An answer of these events, as far as the client must wait for it.
///
/// # Errors
/// The provider's fault, or a timeout.
pub(crate) async fn begun(
    taken: &Taken<'_>,
    events: Events,
    deadline: Deadline,
    (provider, reading): (&Arc<str>, &Reading<'_>),
    head: &StreamHead,
) -> Result<Answered, Fault> {
    let mut repaired = reading.begin();
    if taken.streams() {
        return Ok(Answered::Stream(Telling::open(events, deadline, provider, reading).await?, repaired));
    }
    let telling = Telling::of(events, deadline, provider);
    let (response, facts) = telling.whole(head, &mut repaired).await?;
    Ok(Answered::Whole { response, facts: Box::new(facts), repaired })
}

impl Answered {
    /// An answer that nothing is done to any more, for a client that waits for all of it.
    pub(crate) fn ready(response: ir::Response) -> Self {
        let facts = Box::new(Facts { finished: true, ..Facts::of_answer(&response) });
        Self::Whole { response, facts, repaired: Reading::NONE.begin() }
    }

    /// All of it.
    ///
    /// # Errors
    /// The provider's fault, or a timeout.
    pub(crate) async fn whole(self, head: &StreamHead) -> Result<(ir::Response, Facts, Repaired), Fault> {
        match self {
            Self::Whole { response, facts, repaired } => Ok((response, *facts, repaired)),
            Self::Stream(telling, mut repaired) => {
                let (response, facts) = telling.whole(head, &mut repaired).await?;
                Ok((response, facts, repaired))
            }
        }
    }

    /// The same with what no event says.
    pub(crate) fn with_extras(mut self, extras: Vec<ir::Extra>) -> Self {
        if let Self::Whole { response, .. } = &mut self {
            response.extras = extras;
        }
        self
    }
}

/// The answer for the client.
pub(crate) fn reply(taken: &Taken<'_>, begun: Begun, mut guard: Box<ReportGuard>) -> Response<ReplyBody> {
    let Begun { mut head, losses, limits, answer } = begun;
    let lost = head::name_losses(&mut guard.report, &losses);
    let reply = match answer {
        Answered::Whole { response, facts, repaired } => {
            head.cost = guard.cost_to_tell(&facts);
            whole(taken, (&response, &losses), &head, (&facts, &repaired), guard)
        }
        Answered::Stream(telling, repaired) => {
            let reply = EventsReply {
                telling: Some(telling),
                repaired,
                keeper: Keeper::begin(taken, &head, &guard),
                keeping: Keeping::begin(taken, &head, &losses),
                encoder: surface::stream_encoder(taken, head),
                guard,
                facts: Facts::default(),
                ended: false,
                ping: Ping::default(),
                watcher: Watcher::default(),
                continuation: None,
            };
            head::with_type(ReplyBody::Events(Box::new(reply)), surface::stream_type(taken))
        }
    };
    let mut reply = head::with_losses(reply, lost);
    head::tell_limits(reply.headers_mut(), &limits, taken.surface.dialect);
    reply
}

fn whole(
    taken: &Taken<'_>,
    (response, losses): (&ir::Response, &ir::Losses),
    head: &StreamHead,
    (facts, repaired): (&Facts, &Repaired),
    mut guard: Box<ReportGuard>,
) -> Response<ReplyBody> {
    if response.blocks.iter().any(|block| matches!(block.content, ir::Content::ToolCall(_))) {
        let mut watcher = Watcher::default();
        response.clone().into_events().iter().for_each(|event| guard.watch(&mut watcher, event));
    }
    let encoded = surface::encode_response(taken, response, head);
    keep_whole(taken, response, head, &encoded.bytes, &guard);
    guard.sent(encoded.bytes.len());
    head::name_answer_losses(&mut guard.report, &encoded.losses);
    let told_repairs = head::name_repairs(&mut guard.report, repaired.repairs());
    guard.answered(facts);
    cache::keep_whole(taken, response, losses, &guard);
    let mut reply = head::with_type(ReplyBody::Full(encoded.bytes), "application/json");
    guard.tell_cost(reply.headers_mut());
    reply.headers_mut().extend(told_repairs);
    reply
}
