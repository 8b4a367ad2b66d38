//! Tokens counted by nobody but us.

use http::{HeaderName, HeaderValue};
use trunkline_wire::{DialectId, dialects};

use super::{Failed, Tried};
use crate::head;
use crate::prepare::Taken;
use crate::reply::ReplyBody;
use crate::report_guard::ReportGuard;

/// Says that a figure is an estimate.
const ESTIMATED: HeaderName = HeaderName::from_static("x-trunkline-estimated");

/// Answers a question for a number of tokens from the request's size alone.
pub(crate) fn attempt(taken: &Taken<'_>, mut guard: ReportGuard) -> Tried {
    let request = match taken.request() {
        Ok(request) => request,
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let tokens = dialects::anthropic::count_tokens::estimate(request);
    let bytes = match taken.surface.dialect {
        DialectId::Gemini => dialects::gemini::count::encode_count(tokens),
        DialectId::OpenaiResponses => dialects::openai_responses::state::input_tokens_body(tokens),
        DialectId::Anthropic | DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::Ollama => {
            dialects::anthropic::count_tokens::encode_count(tokens)
        }
    };
    guard.report.status = 200;
    guard.sent(bytes.len());
    guard.served();
    let mut response = head::with_type(ReplyBody::Full(bytes), "application/json");
    response.headers_mut().insert(ESTIMATED, HeaderValue::from_static("true"));
    Ok(response)
}
