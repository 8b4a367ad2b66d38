//! One try, in the lane that its plan chose.

pub(crate) mod adapter;
pub(crate) mod bridged;
pub(crate) mod counted;
pub(crate) mod estimated;
pub(crate) mod events;
mod kind;
pub(crate) mod native;
pub(crate) mod vectors;

use http::{HeaderValue, Response};
use trunkline_config::OnLoss;
use trunkline_route::Attempt;
use trunkline_route::policy::PARAMETERS_UNMET;
use trunkline_wire::{Fault, FaultKind, ir};

use crate::head;
use crate::prepare::Taken;
use crate::reply::ReplyBody;
use crate::report_guard::ReportGuard;
use crate::wishes;

/// What a try gives: an answer that has begun, or what became of it. Boxed, since it is handed from step to step.
pub(crate) type Tried = Result<Response<ReplyBody>, Box<Failed>>;

/// A try that failed, and the report it belongs into.
pub(crate) struct Failed {
    pub(crate) fault: Fault,
    pub(crate) guard: Box<ReportGuard>,
}

impl Failed {
    pub(crate) fn new(fault: Fault, guard: Box<ReportGuard>) -> Box<Self> {
        Box::new(Self { fault, guard })
    }
}

/// Refuses a request of which a provider would not be told everything, where that was asked for.
pub(crate) fn refuse_losses(
    taken: &Taken<'_>,
    attempt: &Attempt,
    losses: &ir::Losses,
    on_loss: OnLoss,
) -> Result<(), Fault> {
    if losses.is_empty() {
        return Ok(());
    }
    let asked = taken.headers.get(head::ON_LOSS).map(HeaderValue::as_bytes);
    let reject = match asked {
        Some(b"reject") => true,
        Some(b"report") => false,
        Some(_) | None => on_loss == OnLoss::Reject,
    };
    let elsewhere = wishes::must_be_told_all(taken);
    let Some(first) = losses.iter().next().filter(|_| reject || elsewhere) else { return Ok(()) };
    let message = format!(
        "provider {:?} cannot be told `{}`; leave it out, or let losses be reported (`on_loss = \"report\"`)",
        attempt.target.provider.name,
        losses.joined("`, `")
    );
    let fault = Fault::new(FaultKind::InvalidRequest, message).with_param(first.field.clone());
    Err(if elsewhere { fault.with_code(PARAMETERS_UNMET) } else { fault })
}
