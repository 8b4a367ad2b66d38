//! Tokens counted by nobody but us.

use http::{HeaderName, HeaderValue, Response};
use trunkline_wire::counting;

use super::{Failed, Tried};
use crate::head;
use crate::prepare::Taken;
use crate::reply::ReplyBody;
use crate::report_guard::ReportGuard;

/// Says that a figure is an estimate.
const ESTIMATED: HeaderName = HeaderName::from_static("x-trunkline-estimated");

/// Answers a question for a number of tokens from the request's size alone.
pub(crate) fn attempt(taken: &Taken<'_>, guard: Box<ReportGuard>) -> Tried {
    let tokens = match taken.request() {
        Ok(request) => counting::estimate(request),
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let mut response = tell(taken, tokens, guard);
    response.headers_mut().insert(ESTIMATED, HeaderValue::from_static("true"));
    Ok(response)
}

/// The answer that the request is so many tokens.
pub(super) fn tell(taken: &Taken<'_>, tokens: u64, mut guard: Box<ReportGuard>) -> Response<ReplyBody> {
    let bytes = counting::encode_answer(taken.surface.dialect, tokens);
    guard.report.status = 200;
    guard.sent(bytes.len());
    guard.served();
    head::with_type(ReplyBody::Full(bytes), "application/json")
}
