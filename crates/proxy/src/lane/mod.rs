//! One try, in the lane that its plan chose.

pub(crate) mod adapter;
pub(crate) mod native;

use http::Response;
use trunkline_wire::Fault;

use crate::reply::ReplyBody;
use crate::report_guard::ReportGuard;

/// What a try gives: an answer that has begun, or the fault and the report it belongs into.
pub(crate) type Tried = Result<Response<ReplyBody>, (Fault, ReportGuard)>;
