//! Reads an error that stands in an answer which had begun well.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fields::{parse, starts_with};
use crate::{Fault, FaultKind};

/// Longest message handed on, in characters. Guards clients and logs against a provider that sends a traceback.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// Longest code handed on, in bytes. What is longer is no name.
const CODE_BYTES_MAX: usize = 128;

/// The members of an error object that say something.
#[derive(Default, Deserialize)]
struct Body<'a> {
    /// For a person.
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    /// The coarse class.
    #[serde(borrow, rename = "type", default)]
    kind: Option<&'a RawValue>,
    /// The fine class, or an HTTP status.
    #[serde(borrow, default)]
    code: Option<&'a RawValue>,
    /// The field to blame.
    #[serde(borrow, default)]
    param: Option<&'a RawValue>,
}

/// What the provider says, with its own message where it has one: an object, or a bare text.
pub(in crate::dialects) fn fault(error: &RawValue) -> Fault {
    let body = serde_json::from_str::<Body<'_>>(error.get()).unwrap_or_default();
    let text = |raw: Option<&RawValue>| raw.and_then(parse::<String>);
    let message = if starts_with(error, '"') { parse(error) } else { text(body.message) };
    let message: String = message.unwrap_or_else(|| error.get().to_owned()).chars().take(MESSAGE_CHARS_MAX).collect();
    let status = body.code.and_then(|raw| raw.get().trim_matches('"').parse().ok());
    let code = text(body.code).filter(|code| code.len() <= CODE_BYTES_MAX && code.parse::<f64>().is_err());
    let names = [code.clone(), text(body.kind)];
    let kind = kind_of(&names, &message.to_lowercase(), status);
    if kind == FaultKind::UpstreamAuth {
        // Its words may hold a part of the key.
        return Fault::new(kind, "the provider refused the key that it is configured with");
    }
    let mut fault = Fault::new(kind, message);
    fault.param = text(body.param).filter(|param| param.len() <= CODE_BYTES_MAX);
    // Other kinds have the code that clients act on.
    let own_code = matches!(kind, FaultKind::UpstreamRejected | FaultKind::UpstreamBroken | FaultKind::UpstreamTimeout);
    fault.code = code.filter(|_| own_code).map(Into::into);
    fault
}

/// Codes and types by which providers name a failure, in lower case.
const NAMES: &[(&str, FaultKind)] = &[
    ("context_length_exceeded", FaultKind::ContextTooLong),
    ("exceed_context_size_error", FaultKind::ContextTooLong),
    ("insufficient_quota", FaultKind::QuotaExhausted),
    ("billing_error", FaultKind::QuotaExhausted),
    ("rate_limit_exceeded", FaultKind::RateLimited),
    ("rate_limit_error", FaultKind::RateLimited),
    ("requests", FaultKind::RateLimited),
    ("tokens", FaultKind::RateLimited),
    ("server_is_overloaded", FaultKind::Overloaded),
    ("slow_down", FaultKind::Overloaded),
    ("overloaded_error", FaultKind::Overloaded),
    ("unavailable_error", FaultKind::Overloaded),
    ("service_unavailable_error", FaultKind::Overloaded),
    ("capacity_exceeded", FaultKind::Overloaded),
    ("invalid_api_key", FaultKind::UpstreamAuth),
    ("authentication_error", FaultKind::UpstreamAuth),
    ("timeout_error", FaultKind::UpstreamTimeout),
];

/// Words of messages that say it where no code does, in lower case.
const WORDS: &[(&str, FaultKind)] = &[
    ("maximum context length", FaultKind::ContextTooLong),
    ("prompt is too long", FaultKind::ContextTooLong),
    ("exceeds the available context size", FaultKind::ContextTooLong),
    ("context length exceeded", FaultKind::ContextTooLong),
    ("too many tokens", FaultKind::ContextTooLong),
    ("rate limit", FaultKind::RateLimited),
    ("too many requests", FaultKind::RateLimited),
    ("overloaded", FaultKind::Overloaded),
];

fn kind_of(names: &[Option<String>], message: &str, status: Option<u16>) -> FaultKind {
    let named = names.iter().flatten().find_map(|name| find(NAMES, |known| name.eq_ignore_ascii_case(known)));
    if let Some(kind) = named.or_else(|| find(WORDS, |words| message.contains(words))) {
        return kind;
    }
    match status {
        Some(401 | 403) => FaultKind::UpstreamAuth,
        Some(402) => FaultKind::QuotaExhausted,
        Some(408 | 504 | 524) => FaultKind::UpstreamTimeout,
        Some(429) => FaultKind::RateLimited,
        Some(498 | 503 | 529) => FaultKind::Overloaded,
        Some(400..=499) => FaultKind::UpstreamRejected,
        Some(_) => FaultKind::UpstreamBroken,
        None if names.iter().flatten().any(|name| name == "invalid_request_error") => FaultKind::UpstreamRejected,
        None => FaultKind::UpstreamBroken,
    }
}

fn find(table: &[(&str, FaultKind)], is: impl Fn(&str) -> bool) -> Option<FaultKind> {
    table.iter().find(|(known, _)| is(known)).map(|(_, kind)| *kind)
}
