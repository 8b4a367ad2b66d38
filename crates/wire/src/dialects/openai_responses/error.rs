//! Errors: as a body they have the shape of the whole OpenAI family, in a stream they are an answer that failed.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::response::{Frame, Outcome};
use crate::dialect::Dialect;
use crate::dialects::openai_chat::OpenaiChat;
use crate::fields::{error_said, parse};
use crate::write::object;
use crate::{Fault, FaultKind};

/// The body of an error answer.
pub(super) fn encode(fault: &Fault) -> Bytes {
    OpenaiChat.encode_fault(fault)
}

/// The event that ends a stream of which nothing is known but how many events it had. It is `response.failed` and not
/// `error`, since Codex knows no other on this transport.
pub(super) fn encode_frame(fault: &Fault, number: u64) -> Bytes {
    let frame = Frame::unknown();
    let data = object(|event| {
        event.put("type", "response.failed");
        event.put("sequence_number", &number);
        event.object("response", |body| frame.write(body, &Outcome::Failed(fault), &[], None, None));
    });
    let mut out = b"event: response.failed\ndata: ".to_vec();
    out.extend_from_slice(&data);
    out.extend_from_slice(b"\n\n");
    Bytes::from(out)
}

/// What `error.code` of a failed answer says: Codex acts on it, and tries again on any that it does not know.
pub(super) fn code(fault: &Fault) -> &str {
    match fault.kind {
        FaultKind::ContextTooLong => "context_length_exceeded",
        FaultKind::QuotaExhausted | FaultKind::BudgetSpent => "insufficient_quota",
        FaultKind::RateLimited | FaultKind::LimitReached => "rate_limit_exceeded",
        FaultKind::Busy | FaultKind::Overloaded => "server_is_overloaded",
        FaultKind::InvalidRequest
        | FaultKind::NotAllowed
        | FaultKind::ModelNotFound
        | FaultKind::ProviderNotFound
        | FaultKind::UnsupportedMediaType
        | FaultKind::BodyTooLarge
        | FaultKind::UpstreamRejected => fault.code.as_deref().unwrap_or("invalid_prompt"),
        FaultKind::Unauthenticated
        | FaultKind::PathNotFound
        | FaultKind::MethodNotAllowed
        | FaultKind::ClientTimeout
        | FaultKind::UpstreamAuth
        | FaultKind::Unreachable
        | FaultKind::UpstreamTimeout
        | FaultKind::UpstreamBroken
        | FaultKind::ClientLeft
        | FaultKind::Internal => fault.code.as_deref().unwrap_or("server_error"),
    }
}

/// The sentence; where the provider asked to be left alone it says so in the words that Codex reads.
pub(super) fn message(fault: &Fault) -> String {
    match fault.retry_after {
        Some(wait) if !fault.message.contains("try again in") => {
            format!("{}; try again in {}s", fault.message, wait.as_secs().max(1))
        }
        Some(_) | None => fault.message.clone(),
    }
}

/// An error in a provider's stream or answer.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    /// For a person.
    message: Option<String>,
    /// The fine class: a string, with some servers a number.
    code: Option<Box<RawValue>>,
    /// The coarse class.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// The field to blame.
    param: Option<String>,
}

/// What a provider's error says; `raw` is the object with `code` and `message`.
pub(super) fn decode(raw: &RawValue) -> Fault {
    let told: Told = parse(raw).unwrap_or_default();
    let code: Option<String> = told.code.as_deref().map(|raw| parse(raw).unwrap_or_else(|| raw.get().to_owned()));
    let message = told.message.unwrap_or_else(|| {
        let text = parse::<String>(raw).filter(|text| !text.is_empty());
        text.unwrap_or_else(|| "the provider failed without saying why".to_owned())
    });
    let kind = classify(code.as_deref().unwrap_or_default(), told.kind.as_deref().unwrap_or_default(), &message);
    let mut fault = Fault::new(kind, message);
    fault.param = told.param;
    fault.code = code.filter(|code| code != "null").map(Into::into);
    fault
}

/// An answer or an event, as far as it may say that it failed.
#[derive(Deserialize)]
struct Failed<'a> {
    /// What failed, of an answer or in an error body.
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    /// The answer inside an event.
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
    /// `error` where the event itself has the members of one.
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

/// The error in an answer, in an event that holds one, or in an error event.
pub(super) fn error_in(body: &[u8]) -> Option<Fault> {
    let failed: Failed<'_> = serde_json::from_slice(body).ok()?;
    if let Some(error) = failed.error.and_then(error_said) {
        return Some(decode(error));
    }
    if failed.kind.as_deref() == Some("error") {
        return serde_json::from_slice::<&RawValue>(body).ok().map(decode);
    }
    error_in(failed.response?.get().as_bytes())
}

/// By its code where that is known, else by its words.
fn classify(code: &str, kind: &str, message: &str) -> FaultKind {
    match code {
        "context_length_exceeded" => return FaultKind::ContextTooLong,
        "rate_limit_exceeded" => return FaultKind::RateLimited,
        "insufficient_quota" | "usage_not_included" => return FaultKind::QuotaExhausted,
        "server_is_overloaded" | "slow_down" | "overloaded" => return FaultKind::Overloaded,
        "server_error" | "vector_store_timeout" => return FaultKind::UpstreamBroken,
        _ => {}
    }
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["context length", "context window", "maximum context", "prompt is too long", "too many tokens"]) {
        FaultKind::ContextTooLong
    } else if kind == "rate_limit_error" || says(&["rate limit", "too many requests"]) {
        FaultKind::RateLimited
    } else if says(&["overloaded", "at capacity"]) {
        FaultKind::Overloaded
    } else if kind == "invalid_request_error" || code.starts_with("invalid") || code.contains("policy") {
        FaultKind::UpstreamRejected
    } else {
        FaultKind::UpstreamBroken
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(fault: &Fault, expected: &Expect) {
        expected.assert_eq(std::str::from_utf8(&encode_frame(fault, 0)).expect("text"));
    }

    #[test]
    fn a_stream_that_had_begun_ends_as_an_answer_that_failed() {
        check(
            &Fault::new(FaultKind::ContextTooLong, "too \"long\""),
            &expect![[r#"
            event: response.failed
            data: {"type":"response.failed","sequence_number":0,"response":{"id":"resp_unknown","object":"response","created_at":0,"status":"failed","error":{"code":"context_length_exceeded","message":"too \"long\""},"incomplete_details":null,"model":"","output":[],"usage":null,"background":false,"instructions":null,"max_output_tokens":null,"max_tool_calls":null,"metadata":{},"parallel_tool_calls":true,"previous_response_id":null,"prompt_cache_key":null,"reasoning":{"effort":null,"summary":null},"safety_identifier":null,"service_tier":null,"store":true,"temperature":null,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_logprobs":0,"top_p":null,"truncation":"disabled","user":null}}

        "#]],
        );
    }

    #[test]
    fn errors_are_found_wherever_they_stand() {
        let found = |body: &str| error_in(body.as_bytes()).map(|fault| (fault.kind, fault.message));
        let limited = Some((FaultKind::RateLimited, "m".to_owned()));
        let error = r#"{"code":"rate_limit_exceeded","message":"m"}"#;
        assert_eq!(found(&format!(r#"{{"error":{error}}}"#)), limited);
        assert_eq!(found(&format!(r#"{{"type":"response.failed","response":{{"error":{error}}}}}"#)), limited);
        assert_eq!(found(r#"{"type":"error","code":"rate_limit_exceeded","message":"m"}"#), limited);
        for none in ["", "[]", r#"{"id":"resp_1","error":null}"#, r#"{"type":"x","response":{"error":null}}"#] {
            assert_eq!(found(none), None, "{none}");
        }
    }

    #[test]
    fn codes_are_those_that_clients_act_on() {
        for (kind, expected) in [
            (FaultKind::ContextTooLong, "context_length_exceeded"),
            (FaultKind::QuotaExhausted, "insufficient_quota"),
            (FaultKind::RateLimited, "rate_limit_exceeded"),
            (FaultKind::Overloaded, "server_is_overloaded"),
            (FaultKind::UpstreamRejected, "invalid_prompt"),
            (FaultKind::UpstreamBroken, "server_error"),
        ] {
            assert_eq!(code(&Fault::new(kind, "x")), expected);
        }
        assert_eq!(code(&Fault::new(FaultKind::UpstreamBroken, "x").with_code("bio_policy")), "bio_policy");
    }

    #[test]
    fn the_wait_is_in_the_sentence_once() {
        let mut fault = Fault::new(FaultKind::RateLimited, "slow down");
        assert_eq!(message(&fault), "slow down");
        fault.retry_after = Some(Duration::from_millis(300));
        assert_eq!(message(&fault), "slow down; try again in 1s");
        fault.message = "please try again in 20s".to_owned();
        assert_eq!(message(&fault), "please try again in 20s");
    }
}
