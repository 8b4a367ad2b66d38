//! The error body: `{"error":"…"}`, alone or as the last line of a stream.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::answer::Line;
use crate::fields::{error_said, parse};
use crate::{Fault, FaultKind, write};

/// The body of an error answer. What a provider said is in the fault's message; its own body has another shape.
pub(super) fn encode(fault: &Fault) -> Bytes {
    Bytes::from(body(fault))
}

/// The line that ends a stream that had begun.
pub(super) fn encode_line(fault: &Fault) -> Bytes {
    let mut line = body(fault);
    line.push(b'\n');
    Bytes::from(line)
}

fn body(fault: &Fault) -> Vec<u8> {
    write::object(|object| object.put("error", &fault.message))
}

/// The fault that a provider tells of with `error`: text, or an object with a `message` where a look-alike speaks.
pub(super) fn decode(error: &RawValue) -> Fault {
    let message = parse::<String>(error).or_else(|| parse::<Told>(error).map(|told| told.message));
    let message = message.unwrap_or_else(|| error.get().to_owned());
    Fault::new(kind(&message), message)
}

/// The error that an answer or a line tells of.
pub(super) fn error_in(body: &[u8]) -> Option<Fault> {
    Line::read(body)?.error.and_then(error_said).map(decode)
}

/// An error as an object.
#[derive(serde::Deserialize)]
struct Told {
    /// For a person.
    message: String,
}

/// What kind of failure these words tell of, as far as they do; the words of the cross-dialect table of errors.
fn kind(message: &str) -> FaultKind {
    const WORDS: &[(&str, FaultKind)] = &[
        ("context_length_exceeded", FaultKind::ContextTooLong),
        ("maximum context length", FaultKind::ContextTooLong),
        ("prompt is too long", FaultKind::ContextTooLong),
        ("exceeds the available context size", FaultKind::ContextTooLong),
        ("exceeds the context length", FaultKind::ContextTooLong),
        ("exceeds maximum context", FaultKind::ContextTooLong),
        ("too many tokens", FaultKind::ContextTooLong),
        // https://github.com/ollama/ollama, server/sched.go (2026-08-21).
        ("server busy", FaultKind::Overloaded),
        ("maximum pending requests exceeded", FaultKind::Overloaded),
        ("overloaded", FaultKind::Overloaded),
        ("rate limit", FaultKind::RateLimited),
        ("too many requests", FaultKind::RateLimited),
        ("usage limit", FaultKind::QuotaExhausted),
        ("unauthorized", FaultKind::UpstreamAuth),
        ("does not support", FaultKind::UpstreamRejected),
    ];
    let message = message.to_lowercase();
    let found = WORDS.iter().find(|(words, _)| message.contains(words)).map(|(_, kind)| *kind);
    let too_long = message.contains("input length") && message.contains("exceed");
    found.unwrap_or(if too_long { FaultKind::ContextTooLong } else { FaultKind::UpstreamBroken })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_one_sentence() {
        let fault = Fault::new(FaultKind::ModelNotFound, "model \"x\" is not configured").with_param("model");
        assert_eq!(encode(&fault), r#"{"error":"model \"x\" is not configured"}"#);
        assert_eq!(encode_line(&fault), "{\"error\":\"model \\\"x\\\" is not configured\"}\n");
    }

    #[track_caller]
    fn check(error: &str, expected: &Fault) {
        let raw = RawValue::from_string(error.to_owned()).expect("JSON");
        assert_eq!(&decode(&raw), expected);
    }

    #[test]
    fn words_tell_the_kind() {
        for (words, kind) in [
            ("server busy, please try again.  maximum pending requests exceeded", FaultKind::Overloaded),
            ("the input length exceeds the context length", FaultKind::ContextTooLong),
            ("Input length 9 must not exceed 8", FaultKind::ContextTooLong),
            ("prompt is too long: 9 tokens", FaultKind::ContextTooLong),
            ("you've reached your weekly usage limit", FaultKind::QuotaExhausted),
            ("\"m\" does not support thinking", FaultKind::UpstreamRejected),
            ("an error was encountered while running the model", FaultKind::UpstreamBroken),
        ] {
            check(&serde_json::to_string(words).expect("text"), &Fault::new(kind, words));
        }
        check(r#"{"message":"rate limit"}"#, &Fault::new(FaultKind::RateLimited, "rate limit"));
        check("[7]", &Fault::new(FaultKind::UpstreamBroken, "[7]"));
    }
}
