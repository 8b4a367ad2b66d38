//! What a failed answer means.

mod retry_after;
mod words;

use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use trunkline_wire::{Fault, FaultKind, RateLimits, UpstreamWords};

use self::words::Words;

pub use self::retry_after::RETRY_AFTER_MAX;
pub use self::words::MESSAGE_CHARS_MAX;

/// A provider's answer that is not a success.
#[derive(Clone, Copy, Debug)]
pub struct FailedAnswer<'a> {
    /// The provider's name in the config.
    pub provider: &'a str,
    /// The status line's number; anything but 2xx.
    pub status: u16,
    /// The answer's headers.
    pub headers: &'a HeaderMap,
    /// The answer's body, cut by the caller to what it will hold in memory.
    pub body: &'a Bytes,
    /// Whose credentials were sent.
    pub credentials: Credentials<'a>,
    /// The headers that the operator adds, which may be credentials, too.
    pub added: &'a [(HeaderName, HeaderValue)],
}

/// Whose credentials a provider saw.
#[derive(Clone, Copy, Debug)]
pub enum Credentials<'a> {
    /// The provider's own, in this header value if any. A client must not see it, nor that it is wrong.
    Ours(Option<&'a HeaderValue>),
    /// The client's, handed on.
    Clients,
}

impl Credentials<'_> {
    /// Whether what the provider says of a budget is said of the caller's own: it is not where a key of ours was sent.
    pub fn are_the_callers(&self) -> bool {
        matches!(self, Self::Ours(None) | Self::Clients)
    }
}

/// What a provider's answer says of a budget.
pub fn limits(headers: &HeaderMap) -> RateLimits {
    let texts = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    RateLimits::read(texts)
}

/// Texts that say that a prompt does not fit, in lower case: OpenAI and vLLM; Anthropic; llama.cpp; Gemini; Ollama; SGLang
/// and others.
const CONTEXT_WORDINGS: &[&str] = &[
    "maximum context length",
    "prompt is too long",
    "exceeds the available context size",
    "exceed context limit",
    "exceeds the maximum number of tokens",
    "exceeds the context length",
    "longer than the model's context length",
    "too many tokens",
];

/// Codes and types that say the same without words.
const CONTEXT_CODES: &[&str] = &["context_length_exceeded", "exceed_context_size_error"];

/// Codes and types that say that waiting will not help, money would. Wording is no guide: Gemini's "You exceeded your
/// current quota" may mean a minute's rate (google-gemini/gemini-cli issue 8414, September 2025).
const MONEY_CODES: &[&str] = &["insufficient_quota", "billing_error", "billing_hard_limit_reached"];

/// Anthropic reports spent money with a 400 of type `invalid_request_error` (its page "Errors", August 2026); this is
/// the wording that its users report.
const MONEY_WORDING: &str = "credit balance is too low";

/// Codes and reasons that blame the key whatever the status; Gemini answers 400.
const KEY_CODES: &[&str] = &["invalid_api_key", "api_key_invalid"];

/// Codes and types that say that there is no room now, whatever the 5xx.
const ROOM_CODES: &[&str] = &["overloaded_error", "server_is_overloaded", "slow_down", "unavailable_error"];

/// Says what went wrong, whose doing it was and what may be handed on. `now` turns a date in `Retry-After` into a wait.
///
/// The provider's words are kept, with two exceptions: when it refused our key, and when the answer repeats that key or
/// another header of the operator's.
pub fn classify(answer: &FailedAnswer<'_>, now: SystemTime) -> Fault {
    let words = words::read(answer.headers, answer.body);
    let kind = kind(answer, &words);
    let withheld = match answer.credentials {
        Credentials::Ours(key) => kind == FaultKind::UpstreamAuth || repeats(answer.body, &words, key, KEY_BYTES_MIN),
        Credentials::Clients => false,
    };
    let repeats = |(_, value): &(_, HeaderValue)| repeats(answer.body, &words, Some(value), HEADER_BYTES_MIN);
    let withheld = withheld || answer.added.iter().any(repeats);
    let mut fault = Fault::new(kind, message(answer, kind, (!withheld).then_some(&words)));
    let limits = limits(answer.headers);
    let used_up = || {
        let in_body = || words.limits.wait(now);
        let wait = limits.wait(now).or_else(in_body).filter(|_| kind == FaultKind::RateLimited);
        wait.map(|wait| wait.min(RETRY_AFTER_MAX))
    };
    fault.retry_after = retry_after::read(answer.headers, words.retry_delay.as_deref(), now).or_else(used_up);
    fault.upstream = Some(Box::new(UpstreamWords {
        status: answer.status,
        body: (!withheld && fit_to_hand_on(kind, &words)).then(|| answer.body.clone()),
        limits: if answer.credentials.are_the_callers() { limits } else { RateLimits::default() },
    }));
    if !withheld {
        fault.code = own_code(kind, &words).map(Cow::Owned);
        fault.param = words.param;
    }
    fault
}

fn kind(answer: &FailedAnswer<'_>, words: &Words) -> FaultKind {
    let ours = matches!(answer.credentials, Credentials::Ours(_));
    match answer.status {
        // OpenRouter's moderation answers 403 with reasons. That is the prompt's doing, not the key's.
        401 | 403 if ours && !words.moderated => FaultKind::UpstreamAuth,
        400..=499 if ours && words.says(KEY_CODES) => FaultKind::UpstreamAuth,
        400..=599 if words.says(CONTEXT_CODES) => FaultKind::ContextTooLong,
        402 => FaultKind::QuotaExhausted,
        400..=499 if words.says(MONEY_CODES) => FaultKind::QuotaExhausted,
        400 if words.contain(&[MONEY_WORDING]) => FaultKind::QuotaExhausted,
        400 | 413 | 422 if words.contain(CONTEXT_WORDINGS) => FaultKind::ContextTooLong,
        408 | 504 | 522 | 524 => FaultKind::UpstreamTimeout,
        429 => FaultKind::RateLimited,
        // 498: no room for Groq's flex tier. 529: Anthropic is overloaded.
        498 | 503 | 529 => FaultKind::Overloaded,
        500..=599 if words.says(ROOM_CODES) => FaultKind::Overloaded,
        400..=499 => FaultKind::UpstreamRejected,
        _ => FaultKind::UpstreamBroken,
    }
}

fn message(answer: &FailedAnswer<'_>, kind: FaultKind, words: Option<&Words>) -> String {
    let FailedAnswer { provider, status, .. } = *answer;
    if (300..400).contains(&status) {
        return format!("provider \"{provider}\" answered {status}, a redirect; check its `base_url`");
    }
    if let Some(text) = words.and_then(|words| words.message.as_deref()) {
        return format!("provider \"{provider}\" answered {status}: {text}");
    }
    if kind == FaultKind::UpstreamAuth && matches!(answer.credentials, Credentials::Ours(None)) {
        return format!("provider \"{provider}\" wants a key (status {status}), and the config has none for it");
    }
    if kind == FaultKind::UpstreamAuth {
        return format!("provider \"{provider}\" refused its key with status {status}; check the key in the config");
    }
    match StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("provider \"{provider}\" answered {status} ({reason})"),
        None => format!("provider \"{provider}\" answered {status}"),
    }
}

/// Whether the body can stand as the answer: in the OpenAI shape, and under a code that clients know for this kind.
/// Without a code of its own it can stand only where the kind has none either.
fn fit_to_hand_on(kind: FaultKind, words: &Words) -> bool {
    let code = words.code.as_deref();
    let known = match well_known_code(kind) {
        Some(known) => code == Some(known),
        None => code.is_some() || kind == FaultKind::UpstreamRejected,
    };
    words.openai_shape && known
}

/// The provider's code, where the kind has none that clients look for.
fn own_code(kind: FaultKind, words: &Words) -> Option<String> {
    if well_known_code(kind).is_some() { None } else { words.code.clone() }
}

/// The code by which OpenAI's clients recognise a kind, whatever the provider calls it.
fn well_known_code(kind: FaultKind) -> Option<&'static str> {
    if kind == FaultKind::ContextTooLong {
        Some("context_length_exceeded")
    } else if kind == FaultKind::QuotaExhausted {
        Some("insufficient_quota")
    } else {
        None
    }
}

/// Shortest key that is looked for. A shorter one, such as the `none` that local servers are given, is no secret and is
/// a word that answers hold anyway.
const KEY_BYTES_MIN: usize = 8;

/// The same of other headers: what is shorter is a version or a name.
const HEADER_BYTES_MIN: usize = 16;

/// Whether the answer repeats the key that was sent, as debug pages do.
fn repeats(body: &[u8], words: &Words, sent: Option<&HeaderValue>, bytes_min: usize) -> bool {
    let Some(sent) = sent.map(HeaderValue::as_bytes) else { return false };
    let key = sent.strip_prefix(b"Bearer ").unwrap_or(sent);
    let holds = |text: &[u8]| text.windows(key.len()).any(|window| window == key);
    key.len() >= bytes_min && (holds(body) || words.message.as_deref().is_some_and(|text| holds(text.as_bytes())))
}

#[cfg(test)]
mod tests;
