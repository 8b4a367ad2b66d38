//! The bridged lane: the provider speaks another dialect than the client, and both are spoken through the neutral model.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response};
use trunkline_config::OnLoss;
use trunkline_providers::BaseUrl;
use trunkline_providers::adapter::{self, Events};
use trunkline_route::Attempt;
use trunkline_wire::dialects::anthropic::names::ToolNames;
use trunkline_wire::relay::Facts;
use trunkline_wire::{DialectId, Fault, FaultKind, RateLimits, StreamHead, dialect, ir};

use super::kind::Kind;
use super::{Failed, Tried, refuse_losses};
use crate::attempt::{fault_of, limits, send, silent};
use crate::head;
use crate::memory::Watcher;
use crate::prepare::{self, Bridged, Taken};
use crate::reply::{BridgedEvents, Deadline, EventsReply, Ping, ReplyBody, Telling, first_events, whole_answer};
use crate::report_guard::ReportGuard;
use crate::stored::{Keeper, keep_whole};
use crate::surface;
use crate::upstream::{Answer, Body, Client, Outgoing};

/// A whole answer that is translated must be in memory at once. Guards it against a provider that never ends; the
/// largest answers hold images.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// One try in the bridged lane, up to its first content.
pub(crate) async fn attempt(
    client: &Client,
    taken: &Taken<'_>,
    attempt: &Attempt,
    way: (DialectId, OnLoss),
    mut guard: ReportGuard,
) -> Tried {
    match answer(client, taken, attempt, way, &mut guard).await {
        Ok(Begun { mut head, losses, limits, answer: Answered::Whole(response, facts) }) => {
            if response.blocks.iter().any(|block| matches!(block.content, ir::Content::ToolCall(_))) {
                let mut watcher = Watcher::default();
                response.clone().into_events().iter().for_each(|event| guard.watch(&mut watcher, event));
            }
            head.cost = guard.cost_to_tell(&facts);
            let encoded = surface::encode_response(taken, &response, &head);
            keep_whole(taken, &response, &head, &encoded.bytes, &guard);
            guard.sent(encoded.bytes.len());
            let lost = head::name_losses(&mut guard.report, &losses);
            head::name_answer_losses(&mut guard.report, &encoded.losses);
            guard.answered(&facts);
            let mut reply = head::with_type(ReplyBody::Full(encoded.bytes), "application/json");
            guard.tell_cost(reply.headers_mut());
            Ok(told(taken, head::with_losses(reply, lost), &limits))
        }
        Ok(Begun { head, losses, limits, answer: Answered::Stream(telling) }) => {
            let lost = head::name_losses(&mut guard.report, &losses);
            let reply = EventsReply {
                telling: Some(telling),
                keeper: Keeper::begin(taken, &head, &guard),
                encoder: surface::stream_encoder(taken, head),
                guard,
                facts: Facts::default(),
                ended: false,
                ping: Ping::default(),
                watcher: Watcher::default(),
                continuation: None,
            };
            let reply = head::with_type(ReplyBody::Events(Box::new(reply)), surface::stream_type(taken));
            Ok(told(taken, head::with_losses(reply, lost), &limits))
        }
        Err(fault) => Err(Failed::new(fault, guard)),
    }
}

/// An answer that has begun.
struct Begun {
    head: StreamHead,
    losses: ir::Losses,
    limits: RateLimits,
    answer: Answered,
}

enum Answered {
    Whole(ir::Response, Facts),
    Stream(Telling),
}

/// What a provider says in answer to a request for a stream, up to its first content.
///
/// # Errors
/// What became of it; nothing of it has been handed on.
pub(crate) async fn telling(
    client: &Client,
    attempt: &Attempt,
    outgoing: &Outgoing<'_>,
    (to, names): (DialectId, ToolNames),
    started: Instant,
) -> Result<Telling, Fault> {
    let provider = &attempt.target.provider;
    let base_url = base_url(attempt)?;
    let Answer { headers, body, .. } = send(client, attempt, base_url, outgoing, started).await?;
    if Kind::of(&headers) == Kind::Json {
        let message = format!("provider {:?}: its answer is no stream", provider.name);
        return Err(Fault::new(FaultKind::UpstreamBroken, message));
    }
    let deadline = Deadline::new(&attempt.target.timeouts, started);
    opened(events(body, (to, names), &provider.name), deadline, &provider.name).await
}

/// Where a provider is.
///
/// # Errors
/// When it is nowhere.
pub(crate) fn base_url(attempt: &Attempt) -> Result<&BaseUrl, Fault> {
    let provider = &attempt.target.provider;
    let nowhere = || Fault::new(FaultKind::Internal, format!("provider {:?} has no base URL", provider.name));
    provider.base_url.as_ref().ok_or_else(nowhere)
}

fn events(body: Body, (to, names): (DialectId, ToolNames), provider: &Arc<str>) -> Events {
    Box::pin(BridgedEvents::new(body, dialect::of(to).stream_decoder(), names, Arc::clone(provider)))
}

async fn opened(mut events: Events, mut deadline: Deadline, provider: &Arc<str>) -> Result<Telling, Fault> {
    let begun = first_events(&mut events, &mut deadline, provider).await?;
    Ok(Telling { events, provider: Arc::clone(provider), deadline, begun })
}

async fn answer(
    client: &Client,
    taken: &Taken<'_>,
    attempt: &Attempt,
    (to, on_loss): (DialectId, OnLoss),
    guard: &mut ReportGuard,
) -> Result<Begun, Fault> {
    let provider = &attempt.target.provider;
    let base_url = base_url(attempt)?;
    let Bridged { outgoing, losses, names } = prepare::bridged(taken, attempt, guard, base_url, to)?;
    refuse_losses(taken, attempt, &losses, on_loss)?;
    let Answer { status, headers, body } = send(client, attempt, base_url, &outgoing, guard.started()).await?;
    guard.report.status = status.as_u16();
    let limits = limits(attempt, &headers);
    let head = surface::head(taken, guard)?;
    let mut deadline = Deadline::new(&attempt.target.timeouts, guard.started());
    let answer = if is_stream(&headers, taken) {
        let events = events(body, (to, names), &provider.name);
        if taken.streams() {
            Answered::Stream(opened(events, deadline, &provider.name).await?)
        } else {
            let (response, facts) = whole_answer(events, deadline, &provider.name, &head).await?;
            Answered::Whole(response, facts)
        }
    } else {
        let bytes = read_whole(body, &mut deadline, &provider.name).await?;
        if let Some(fault) = dialect::of(to).error_in(&bytes) {
            return Err(fault);
        }
        let mut response = dialect::of(to).decode_response(&bytes).map_err(|error| {
            let message = format!("provider {:?}: its answer cannot be read: {error}", provider.name);
            Fault::new(FaultKind::UpstreamBroken, message)
        })?;
        names.restore(&mut response);
        response.model.clone_from(&head.model);
        response.created = head.created;
        if taken.streams() {
            // It was asked for a stream and gave it all at once.
            let events = adapter::ready(response.into_events().into_iter());
            let provider = Arc::clone(&provider.name);
            Answered::Stream(Telling { events, provider, deadline, begun: VecDeque::new() })
        } else {
            let facts = Facts { usage: response.usage, finished: true, ..Facts::default() };
            Answered::Whole(response, facts)
        }
    };
    Ok(Begun { head, losses, limits, answer })
}

/// The answer with what is left of the caller's budget.
fn told(taken: &Taken<'_>, mut reply: Response<ReplyBody>, limits: &RateLimits) -> Response<ReplyBody> {
    head::tell_limits(reply.headers_mut(), limits, taken.surface.dialect);
    reply
}

/// Whether an answer is a stream of frames. One that does not say what it is is what was asked for.
fn is_stream(headers: &HeaderMap, taken: &Taken<'_>) -> bool {
    match Kind::of(headers) {
        Kind::Sse | Kind::Lines => true,
        Kind::Json => false,
        Kind::Opaque => taken.streams(),
    }
}

pub(crate) async fn read_whole(mut body: Body, deadline: &mut Deadline, provider: &str) -> Result<Bytes, Fault> {
    let mut read = BytesMut::new();
    loop {
        let next = poll_fn(|cx| match body.poll_data(cx) {
            std::task::Poll::Ready(data) => std::task::Poll::Ready(Ok(data)),
            std::task::Poll::Pending => deadline.poll(cx).map(|silence: Duration| Err(silent(provider, silence))),
        });
        let Some(data) = next.await? else { return Ok(read.freeze()) };
        deadline.touch();
        let data = data.map_err(|error| fault_of(provider, &error))?;
        if read.len() + data.len() > ANSWER_BYTES_MAX {
            let message = format!("provider {provider:?}: its answer is over {ANSWER_BYTES_MAX} bytes");
            return Err(Fault::new(FaultKind::UpstreamBroken, message));
        }
        read.extend_from_slice(&data);
    }
}
