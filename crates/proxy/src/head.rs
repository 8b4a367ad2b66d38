//! The heads of answers: what is taken out, what is put in.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use smallvec::SmallVec;
use trunkline_route::{Attempt, Report};
use trunkline_wire::filter::Repairs;
use trunkline_wire::ir::Losses;
use trunkline_wire::limits::is_limit;
use trunkline_wire::usd::TEXT_BYTES_MAX;
use trunkline_wire::{DialectId, RateLimits, Usd};

use crate::reply::ReplyBody;

/// The id of the request, for support and for finding it in the ledger.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The same in Anthropic's words; its SDKs show it with an error.
const ANTHROPIC_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// Who served it.
const PROVIDER: HeaderName = HeaderName::from_static("x-trunkline-provider");
/// The provider's own id for the request, under another name.
const UPSTREAM_REQUEST_ID: HeaderName = HeaderName::from_static("x-trunkline-upstream-request-id");
/// The provider's own name for the model.
const UPSTREAM_MODEL: HeaderName = HeaderName::from_static("x-trunkline-upstream-model");

/// What of the request the provider was not told, as a list of the request's fields.
const LOSSES: HeaderName = HeaderName::from_static("x-trunkline-losses");
/// What of a whole answer was put right, as a list of `kind:path`.
const REPAIRS: HeaderName = HeaderName::from_static("x-trunkline-repairs");
/// What the path of an answer's loss begins with in a report: no request has a field of this name.
const ANSWER: &str = "answer.";
/// Whether a loss is to be reported or refused; a request's own word goes before the model's setting.
pub(crate) const ON_LOSS: HeaderName = HeaderName::from_static("x-trunkline-on-loss");

/// What the answer cost, in USD.
const COST: HeaderName = HeaderName::from_static("x-trunkline-cost");
/// The same in LiteLLM's words.
const LITELLM_COST: HeaderName = HeaderName::from_static("x-litellm-response-cost");

/// Headers of the operator's account: names that are nobody's business, limits that are not the caller's own.
const ACCOUNT_HEADERS: &[&str] = &["openai-organization", "openai-project", "anthropic-organization-id"];
/// Which pages may read an answer is ours to say.
const ORIGIN_PREFIX: &str = "access-control-";

/// Takes from a provider's head what must not go on to the client. `own_key` says that the provider's account is ours.
pub(crate) fn clean(headers: &mut HeaderMap, own_key: bool) {
    let goes = |name: &&HeaderName| {
        let text = name.as_str();
        **name == header::SET_COOKIE
            || **name == REQUEST_ID
            || text.starts_with(ORIGIN_PREFIX)
            || own_key && (ACCOUNT_HEADERS.contains(&text) || is_limit(text))
    };
    let going: SmallVec<[HeaderName; 4]> = headers.keys().filter(goes).cloned().collect();
    for name in going {
        let value = headers.remove(&name);
        if let Some(theirs) = value.filter(|_| name == REQUEST_ID) {
            headers.insert(UPSTREAM_REQUEST_ID, theirs);
        }
    }
}

/// Says which request was answered. An id that a provider of Anthropic's dialect gave stays where its clients look.
pub(crate) fn name_request(headers: &mut HeaderMap, id: HeaderValue, dialect: DialectId) {
    if dialect == DialectId::Anthropic {
        headers.entry(ANTHROPIC_REQUEST_ID).or_insert_with(|| id.clone());
    }
    headers.insert(REQUEST_ID, id);
}

/// Says who answered.
pub(crate) fn name_provider(headers: &mut HeaderMap, attempt: &Attempt) {
    let named = [(PROVIDER, &attempt.target.provider.name_header), (UPSTREAM_MODEL, &attempt.target.model.header)];
    for (name, value) in named {
        if let Some(value) = value {
            headers.insert(name, value.clone());
        }
    }
}

/// Says what was lost on the way to the provider, in the report and in the answer.
pub(crate) fn name_losses(report: &mut Report, losses: &Losses) -> Option<HeaderValue> {
    if losses.is_empty() {
        return None;
    }
    let text = losses.joined(", ");
    let value = printable(&text);
    report.losses = Some(text.into());
    value
}

/// A field's name is the client's own text; one that a header cannot hold would hide the others.
fn printable(text: &str) -> Option<HeaderValue> {
    let printable: String = text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
    HeaderValue::from_str(&printable).ok()
}

/// Says what of the answer was put right, in the report and, for whoever still writes the head, in a header.
pub(crate) fn name_repairs(report: &mut Report, repairs: Option<&Repairs>) -> Option<(HeaderName, HeaderValue)> {
    let told: Vec<String> = repairs?.iter().map(ToString::to_string).collect();
    let text = told.join(", ");
    let value = printable(&text);
    report.repairs = Some(text.into());
    value.map(|value| (REPAIRS, value))
}

/// Adds to the report what of the answer the client's dialect could not say. The header tells of the request alone: that
/// of a stream has left by then, and that of a whole answer says the same.
pub(crate) fn name_answer_losses(report: &mut Report, losses: &Losses) {
    if losses.is_empty() {
        return;
    }
    let before = report.losses.as_deref().map(|before| format!("{before}, ")).unwrap_or_default();
    report.losses = Some(format!("{before}{ANSWER}{}", losses.joined(&format!(", {ANSWER}"))).into());
}

/// Says what is left of the caller's budget, in the words of its dialect.
pub(crate) fn tell_limits(headers: &mut HeaderMap, limits: &RateLimits, dialect: DialectId) {
    if *limits == RateLimits::default() {
        return;
    }
    for (name, value) in limits.in_dialect(dialect, SystemTime::now()) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
}

/// Takes out what somebody says of limits; as a rule there is nothing.
pub(crate) fn leave_out_limits(headers: &mut HeaderMap) {
    let going: SmallVec<[HeaderName; 4]> = headers.keys().filter(|name| is_limit(name.as_str())).cloned().collect();
    for name in going {
        headers.remove(&name);
    }
}

/// Says what the answer cost, to LiteLLM's clients as well where that is wanted.
pub(crate) fn tell_cost(headers: &mut HeaderMap, cost: Usd, litellm: bool) {
    let Ok(value) = HeaderValue::from_bytes(cost.write(&mut [0; TEXT_BYTES_MAX])) else { return };
    if litellm {
        headers.insert(LITELLM_COST, value.clone());
    }
    headers.insert(COST, value);
}

/// The answer with the header of [`name_losses`].
pub(crate) fn with_losses(mut response: Response<ReplyBody>, lost: Option<HeaderValue>) -> Response<ReplyBody> {
    response.headers_mut().extend(lost.map(|lost| (LOSSES, lost)));
    response
}

pub(crate) fn with_type(body: ReplyBody, content_type: &'static str) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if content_type.starts_with("text/event-stream") || content_type == "application/x-ndjson" {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    }
    response
}

/// A request's id as its header shows it: 32 hexadecimal digits.
pub(crate) fn request_id(id: u128) -> HeaderValue {
    let mut digits = [0; 32];
    let mut left = id;
    for digit in digits.iter_mut().rev() {
        let nibble = (left & 0xf) as u8;
        *digit = if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble };
        left >>= 4;
    }
    HeaderValue::from_bytes(&digits).expect("hexadecimal digits may stand in a header")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_shown_as_reports_show_them() {
        for id in [0, 1, 0xabcdef, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            assert_eq!(request_id(id), format!("{id:032x}").as_str());
        }
    }
}
