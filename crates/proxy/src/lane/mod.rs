//! One try, in the lane that its plan chose.

pub(crate) mod adapter;
pub(crate) mod bridged;
pub(crate) mod counted;
pub(crate) mod estimated;
mod kind;
pub(crate) mod native;
pub(crate) mod vectors;

use http::Response;
use trunkline_wire::Fault;

use crate::reply::ReplyBody;
use crate::report_guard::ReportGuard;

/// What a try gives: an answer that has begun, or what became of it. Boxed, since it is handed from step to step.
pub(crate) type Tried = Result<Response<ReplyBody>, Box<Failed>>;

/// A try that failed, and the report it belongs into.
pub(crate) struct Failed {
    pub(crate) fault: Fault,
    pub(crate) guard: ReportGuard,
}

impl Failed {
    pub(crate) fn new(fault: Fault, guard: ReportGuard) -> Box<Self> {
        Box::new(Self { fault, guard })
    }
}
