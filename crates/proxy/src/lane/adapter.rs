//! The adapter lane: the provider is Rust code over the neutral model.

use trunkline_providers::{Adapter, adapter};
use trunkline_route::Attempt;
use trunkline_wire::{Fault, RateLimits, StreamHead, ir};

use super::events::{Begun, begun};
use crate::prepare::{self, Taken};
use crate::repair;
use crate::reply::Deadline;
use crate::report_guard::ReportGuard;
use crate::surface;

/// Asks the adapter, until its answer begins.
///
/// # Errors
/// What became of it; nothing of it has been handed on.
pub(crate) async fn ask(
    adapter: &'static dyn Adapter,
    taken: &Taken<'_>,
    attempt: &Attempt,
    guard: &mut ReportGuard,
) -> Result<Begun, Fault> {
    let (events, head) = begin(adapter, taken, attempt, guard)?;
    let reading = repair::reading(taken, attempt)?;
    let deadline = Deadline::new(&attempt.target.timeouts, guard.started());
    guard.ask_unwatched(taken.surface.dialect, std::slice::from_ref(&taken.body));
    guard.report.status = 200;
    let answer = begun(taken, events, deadline, (&attempt.target.provider.name, &reading), &head).await?;
    Ok(Begun { head, losses: ir::Losses::default(), limits: RateLimits::default(), answer })
}

/// Decodes and checks the request, and sets the adapter to work.
fn begin(
    adapter: &'static dyn Adapter,
    taken: &Taken<'_>,
    attempt: &Attempt,
    guard: &ReportGuard,
) -> Result<(adapter::Events, StreamHead), Fault> {
    let mut request = ir::Request::clone(taken.request()?);
    // No adapter has to know what is not its to do.
    prepare::leave_out_what_is_served_here(&mut request, &*guard.shared().responses);
    adapter.subset().check(&request)?;
    let head = surface::head(taken, guard)?;
    let context = adapter::Context {
        headers: taken.headers.clone(),
        model: attempt.target.model.name.to_string(),
        request_id: head.request_id.clone(),
    };
    Ok((adapter.chat(request, context)?, head))
}
