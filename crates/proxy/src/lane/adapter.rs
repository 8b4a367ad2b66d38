//! The adapter lane: the provider is Rust code over the neutral model.

use std::sync::Arc;

use trunkline_providers::{Adapter, adapter};
use trunkline_route::Attempt;
use trunkline_wire::relay::Facts;
use trunkline_wire::{Encoded, Fault, StreamHead, ir};

use super::{Failed, Tried};
use crate::head;
use crate::memory::Watcher;
use crate::prepare::Taken;
use crate::reply::{Deadline, EventsReply, Ping, ReplyBody, Telling, first_events, whole_answer};
use crate::report_guard::ReportGuard;
use crate::stored::{Keeper, keep_whole};
use crate::surface;

/// One try with an adapter, up to its first event.
pub(crate) async fn attempt(
    adapter: &'static dyn Adapter,
    taken: &Taken<'_>,
    attempt: &Attempt,
    mut guard: ReportGuard,
) -> Tried {
    let provider = Arc::clone(&attempt.target.provider.name);
    let begun = begin(adapter, taken, attempt, &guard);
    let (mut events, head) = match begun {
        Ok(begun) => begun,
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let mut deadline = Deadline::new(&attempt.target.timeouts, guard.started());
    guard.report.status = 200;
    if !taken.streams() {
        let (answer, facts) = match whole_answer(events, deadline, &provider, &head).await {
            Ok(answer) => answer,
            Err(fault) => return Err(Failed::new(fault, guard)),
        };
        let head = StreamHead { cost: guard.cost_to_tell(&facts), ..head };
        let Encoded { bytes, losses } = surface::encode_response(taken, &answer, &head);
        head::name_answer_losses(&mut guard.report, &losses);
        keep_whole(taken, &answer, &head, &bytes, &guard);
        guard.sent(bytes.len());
        guard.answered(&facts);
        let mut reply = head::with_type(ReplyBody::Full(bytes), "application/json");
        guard.tell_cost(reply.headers_mut());
        return Ok(reply);
    }
    let begun = match first_events(&mut events, &mut deadline, &provider).await {
        Ok(begun) => begun,
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let keeper = Keeper::begin(taken, &head, &guard);
    let encoder = surface::stream_encoder(taken, head);
    let (facts, ping, watcher, ended) = (Facts::default(), Ping::default(), Watcher::default(), false);
    let (telling, continuation) = (Some(Telling { events, provider, deadline, begun }), None);
    let reply = EventsReply { telling, encoder, guard, facts, ended, ping, watcher, keeper, continuation };
    Ok(head::with_type(ReplyBody::Events(Box::new(reply)), surface::stream_type(taken)))
}

/// Decodes and checks the request, and sets the adapter to work.
fn begin(
    adapter: &'static dyn Adapter,
    taken: &Taken<'_>,
    attempt: &Attempt,
    guard: &ReportGuard,
) -> Result<(adapter::Events, StreamHead), Fault> {
    let request = taken.request()?;
    adapter.subset().check(request)?;
    let head = surface::head(taken, guard)?;
    let context = adapter::Context {
        headers: taken.headers.clone(),
        model: attempt.target.model.name.to_string(),
        request_id: head.request_id.clone(),
    };
    Ok((adapter.chat(ir::Request::clone(request), context)?, head))
}
