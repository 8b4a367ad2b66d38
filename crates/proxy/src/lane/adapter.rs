//! The adapter lane: the provider is Rust code over the neutral model.

use std::sync::Arc;

use trunkline_providers::{Adapter, adapter};
use trunkline_route::Attempt;
use trunkline_wire::relay::Facts;
use trunkline_wire::{Fault, StreamHead, dialect};

use super::{Failed, Tried};
use crate::head;
use crate::meter::End;
use crate::prepare::Taken;
use crate::reply::{AdapterReply, Deadline, ReplyBody, first_event, whole_answer};
use crate::report_guard::ReportGuard;

/// One try with an adapter, up to its first event.
pub(crate) async fn attempt(
    adapter: &'static dyn Adapter,
    taken: &Taken<'_>,
    attempt: &Attempt,
    mut guard: ReportGuard,
) -> Tried {
    let provider = Arc::clone(&attempt.target.provider.name);
    let dialect = dialect::of(taken.surface.dialect);
    let begun = begin(adapter, taken, attempt, &guard);
    let (mut events, include_usage) = match begun {
        Ok(begun) => begun,
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let mut deadline = Deadline::new(&attempt.target.timeouts, guard.started());
    let created = guard.report.at_ms / 1000;
    let model = taken.peek.model.clone();
    guard.report.status = 200;
    if !taken.streams() {
        let (answer, facts) = match whole_answer(events, deadline, &provider, (model, created)).await {
            Ok(answer) => answer,
            Err(fault) => return Err(Failed::new(fault, guard)),
        };
        let bytes = dialect.encode_response(&answer);
        guard.sent(bytes.len());
        guard.measure(&facts, End::Whole);
        guard.served();
        return Ok(head::with_type(ReplyBody::Full(bytes), "application/json"));
    }
    let first = match first_event(&mut events, &mut deadline, &provider).await {
        Ok(event) => Some(event),
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let encoder = dialect.stream_encoder(StreamHead { model, include_usage, created });
    let facts = Facts::default();
    let reply = AdapterReply { events, encoder, guard, provider, deadline, first, facts, ended: false };
    Ok(head::with_type(ReplyBody::Adapter(Box::new(reply)), "text/event-stream; charset=utf-8"))
}

/// Decodes and checks the request, and sets the adapter to work.
fn begin(
    adapter: &'static dyn Adapter,
    taken: &Taken<'_>,
    attempt: &Attempt,
    guard: &ReportGuard,
) -> Result<(adapter::Events, bool), Fault> {
    let mut request = dialect::of(taken.surface.dialect).decode_request(&taken.body)?;
    request.stream = taken.streams();
    adapter.subset().check(&request)?;
    let include_usage = request.include_usage;
    let context = adapter::Context {
        headers: taken.headers.clone(),
        model: attempt.target.model.name.to_string(),
        request_id: format!("{:032x}", guard.report.id),
    };
    Ok((adapter.chat(request, context)?, include_usage))
}
