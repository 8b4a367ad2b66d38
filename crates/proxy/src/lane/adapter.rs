//! The adapter lane: the provider is Rust code over the neutral model.

use std::sync::Arc;

use trunkline_providers::{Adapter, adapter};
use trunkline_route::Attempt;
use trunkline_wire::relay::Facts;
use trunkline_wire::{Encoded, Fault, StreamHead, ir};

use super::{Failed, Tried};
use crate::head;
use crate::memory::Watcher;
use crate::meter::End;
use crate::prepare::Taken;
use crate::repair;
use crate::reply::{Deadline, EventsReply, Ping, ReplyBody, Telling, whole_answer};
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
    let (events, head) = match begun {
        Ok(begun) => begun,
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let reading = match repair::reading(taken, attempt) {
        Ok(reading) => reading,
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let deadline = Deadline::new(&attempt.target.timeouts, guard.started());
    guard.report.status = 200;
    if !taken.streams() {
        let mut repaired = reading.begin();
        let (answer, facts) = match whole_answer(events, deadline, &provider, &head, &mut repaired).await {
            Ok(answer) => answer,
            Err(fault) => return Err(Failed::new(fault, guard)),
        };
        let Encoded { bytes, losses } = surface::encode_response(taken, &answer, &head);
        head::name_answer_losses(&mut guard.report, &losses);
        keep_whole(taken, &answer, &head, &bytes, &guard);
        guard.sent(bytes.len());
        guard.measure(&facts, End::Whole);
        let told = head::name_repairs(&mut guard.report, repaired.repairs());
        guard.served();
        let mut reply = head::with_type(ReplyBody::Full(bytes), "application/json");
        reply.headers_mut().extend(told);
        return Ok(reply);
    }
    let telling = match Telling::open(events, deadline, &provider, &reading).await {
        Ok(telling) => telling,
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let keeper = Keeper::begin(taken, &head, &guard);
    let encoder = surface::stream_encoder(taken, head);
    let (facts, ping, watcher, ended) = (Facts::default(), Ping::default(), Watcher::default(), false);
    let (telling, repaired, continuation) = (Some(telling), reading.begin(), None);
    let reply = EventsReply { telling, repaired, encoder, guard, facts, ended, ping, watcher, keeper, continuation };
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
