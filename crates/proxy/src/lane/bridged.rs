//! The bridged lane: the provider speaks another dialect than the client, and both are spoken through the neutral model.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use trunkline_config::OnLoss;
use trunkline_providers::BaseUrl;
use trunkline_providers::adapter::{self, Events};
use trunkline_route::Attempt;
use trunkline_wire::dialects::anthropic::names::ToolNames;
use trunkline_wire::{DialectId, Fault, FaultKind, RateLimits, dialect, ir};

use super::events::{Answered, Begun, begun};
use super::kind::Kind;
use super::refuse_losses;
use crate::attempt::{fault_of, limits, send, silent};
use crate::owed::Asking;
use crate::prepare::{self, Bridged, Taken};
use crate::repair::{self, Reading};
use crate::reply::{BridgedEvents, Deadline, Telling};
use crate::report_guard::ReportGuard;
use crate::surface;
use crate::upstream::{Answer, Body, Client, Outgoing};

/// A whole answer that is translated must be in memory at once. Guards it against a provider that never ends; the
/// largest answers hold images.
const ANSWER_BYTES_MAX: usize = 64 << 20;

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
    let Answer { headers, body, .. } = send(client, attempt, base_url, outgoing, Asking::unwatched(started)).await?;
    if Kind::of(&headers) == Kind::Json {
        let message = format!("provider {:?}: its answer is no stream", provider.name);
        return Err(Fault::new(FaultKind::UpstreamBroken, message));
    }
    let deadline = Deadline::new(&attempt.target.timeouts, started);
    let events = events(body, (to, names), &provider.name);
    // What it adds to is read as one answer, by whoever puts it together.
    Telling::open(events, deadline, &provider.name, &Reading::NONE).await
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

/// Asks the provider, until its answer begins.
///
/// # Errors
/// What became of it; nothing of it has been handed on.
pub(crate) async fn ask(
    client: &Client,
    taken: &Taken<'_>,
    attempt: &Attempt,
    way: (DialectId, OnLoss),
    guard: &mut ReportGuard,
) -> Result<Begun, Fault> {
    match answer(client, taken, attempt, way, guard).await {
        Err(fault) => rescued(taken, attempt, fault, guard).await,
        answered => answered,
    }
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
    let Bridged { outgoing, losses, names } = if repair::goes_as_it_is(taken, to) {
        prepare::unchanged(taken, attempt, base_url)
    } else {
        prepare::bridged(taken, attempt, guard, base_url, to)?
    };
    refuse_losses(taken, attempt, &losses, on_loss)?;
    let reading = repair::reading(taken, attempt)?;
    guard.ask(to, &outgoing.body);
    let Answer { status, headers, body } = send(client, attempt, base_url, &outgoing, guard.asking()).await?;
    guard.report.status = status.as_u16();
    let limits = limits(attempt, &headers);
    let head = surface::head(taken, guard)?;
    let mut deadline = Deadline::new(&attempt.target.timeouts, guard.started());
    let answer = if is_stream(&headers, taken) {
        begun(taken, events(body, (to, names), &provider.name), deadline, (&provider.name, &reading), &head).await?
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
        if reading.is_some() || taken.streams() {
            // It was asked for a stream and gave it all at once, or is looked into.
            let extras = std::mem::take(&mut response.extras);
            let events = adapter::ready(response.into_events().into_iter());
            let answer = begun(taken, events, deadline, (&provider.name, &reading), &head).await?;
            answer.with_extras(extras)
        } else {
            Answered::ready(response)
        }
    };
    Ok(Begun { head, losses, limits, answer })
}

/// An answer in the place of a fault that says what the model wrote, where calls can be made of that.
async fn rescued(taken: &Taken<'_>, attempt: &Attempt, fault: Fault, guard: &mut ReportGuard) -> Result<Begun, Fault> {
    let Some(events) = repair::failed_generation(taken, attempt, &fault) else { return Err(fault) };
    let (head, reading) = (surface::head(taken, guard)?, repair::reading(taken, attempt)?);
    let deadline = Deadline::new(&attempt.target.timeouts, guard.started());
    let (events, provider) = (adapter::ready(events.into_iter()), &attempt.target.provider.name);
    let answer = begun(taken, events, deadline, (provider, &reading), &head).await?;
    guard.report.status = 200;
    Ok(Begun { head, losses: ir::Losses::default(), limits: RateLimits::default(), answer })
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
