//! The native lane: the provider speaks the client's dialect, so the bytes are relayed.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use trunkline_config::OnLoss;
use trunkline_route::Attempt;
use trunkline_wire::relay::{Facts, JsonRelay, LinesRelay, SseRelay};
use trunkline_wire::{Fault, FaultKind};

use super::kind::Kind;
use super::{Failed, Tried, refuse_losses};
use crate::attempt::send;
use crate::head;
use crate::prepare::{self, Taken};
use crate::reply::{self, Deadline, NativeReply, Relay, ReplyBody, Source, Until, speaks_tokens};
use crate::report_guard::ReportGuard;
use crate::surface;
use crate::upstream::{Answer, Client};

/// One try in the native lane, up to its first bytes.
pub(crate) async fn attempt(
    client: &Client,
    taken: &Taken<'_>,
    attempt: &Attempt,
    on_loss: OnLoss,
    mut guard: Box<ReportGuard>,
) -> Tried {
    let provider = &attempt.target.provider;
    let Some(base_url) = &provider.base_url else {
        let message = format!("provider {:?} has no base URL", provider.name);
        return Err(Failed::new(Fault::new(FaultKind::Internal, message), guard));
    };
    let prepared = prepare::native(taken, attempt, base_url);
    if let Err(fault) = refuse_losses(taken, attempt, &prepared.losses, on_loss) {
        return Err(Failed::new(fault, guard));
    }
    guard.ask(taken.surface.dialect, &prepared.outgoing.body);
    let sent = send(client, attempt, base_url, &prepared.outgoing, guard.asking()).await;
    let Answer { status, mut headers, body } = match sent {
        Ok(answer) => answer,
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let changes = prepared.changes;
    let changed = changes != Default::default();
    let relay = match mended_kind(&mut headers, taken) {
        Kind::Sse => Relay::Sse(SseRelay::new(changes)),
        Kind::Json => Relay::Json(JsonRelay::new(changes)),
        Kind::Lines => Relay::Lines(LinesRelay::new(changes)),
        Kind::Opaque => Relay::Opaque(Facts::default()),
    };
    // A stream may end in an event of ours.
    let resized = changed || matches!(relay, Relay::Sse(_) | Relay::Lines(_));
    let mut source = Box::new(Source {
        upstream: body,
        relay,
        provider: Arc::clone(&provider.name),
        operation: taken.surface.operation,
        deadline: Deadline::new(&attempt.target.timeouts, guard.started()),
        ready: Bytes::new(),
        ended: false,
    });
    // The status line waits for the first content: an answer that breaks before it is still a plain error.
    let until = if guard.is_priced() { Until::CostIsKnown } else { Until::Begun };
    if let Err(fault) = reply::open(&mut source, taken.surface.dialect, until).await {
        return Err(Failed::new(fault, guard));
    }
    guard.report.status = status.as_u16();
    let lost = head::name_losses(&mut guard.report, &prepared.losses);
    if source.is_whole() {
        source.count_unsaid(taken.surface.dialect);
        guard.cost_of(source.relay.facts());
    }
    head::clean(&mut headers, attempt.key.is_some());
    guard.tell_cost(&mut headers);
    let reply = NativeReply::new(source, guard, taken.surface.dialect, !resized);
    let mut response = Response::new(ReplyBody::Native(reply));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(head::with_losses(response, lost))
}

/// What the answer's bytes are. Puts right a type that no answer to such a request has: what it is shows when it is read.
fn mended_kind(headers: &mut HeaderMap, taken: &Taken<'_>) -> Kind {
    let kind = Kind::of(headers);
    let known = kind != Kind::Opaque || headers.contains_key(header::CONTENT_ENCODING);
    if known || !speaks_tokens(taken.surface.operation) {
        return kind;
    }
    let mended = if taken.streams() { surface::stream_type(taken) } else { "application/json" };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mended));
    Kind::of(headers)
}
