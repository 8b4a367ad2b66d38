//! How a client of each dialect asks, and what it reads: strictly, so that what it could not read is told.

use serde_json::Value;
use trunkline_testkit::Reply;
use trunkline_wire::DialectId;

use crate::stream;

/// The dialects that clients speak.
pub(crate) const CLIENTS: [DialectId; 5] =
    [DialectId::OpenaiChat, DialectId::OpenaiResponses, DialectId::Anthropic, DialectId::Ollama, DialectId::Gemini];

/// The request line without its version, and the body.
pub(crate) fn request(client: DialectId, model: &str, streamed: bool) -> (String, String) {
    let messages = r#""messages":[{"role":"user","content":"hi"}]"#;
    let (path, fields) = match client {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions => ("/v1/chat/completions", messages.to_owned()),
        DialectId::OpenaiResponses => ("/v1/responses", r#""input":"hi""#.to_owned()),
        DialectId::Anthropic => ("/v1/messages", format!(r#""max_tokens":9,{messages}"#)),
        DialectId::Ollama => ("/api/chat", messages.to_owned()),
        DialectId::Gemini => {
            let method = if streamed { "streamGenerateContent?alt=sse" } else { "generateContent" };
            let body = r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#;
            return (format!("POST /v1beta/models/{model}:{method}"), body.to_owned());
        }
    };
    (format!("POST {path}"), format!(r#"{{"model":"{model}","stream":{streamed},{fields}}}"#))
}

/// What a client made of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A whole answer with this text.
    Answer(String),
    /// An error in place of an answer.
    Error { status: u16, word: Option<String>, retry_after: Option<String> },
    /// A stream that came to its end.
    Streamed(String),
    /// A stream that broke off behind this text with one error.
    Broken { text: String, word: Option<String> },
}

/// Reads an answer as the client would.
///
/// # Errors
/// What the client would choke on.
pub(crate) fn read(client: DialectId, streamed: bool, reply: &Reply) -> Result<Seen, String> {
    if !reply.whole {
        return Err(format!("the framing broke off: {}", reply.body));
    }
    if reply.status != 200 {
        let body: Value = serde_json::from_str(&reply.body).map_err(|error| format!("{error}: {}", reply.body))?;
        let word = error_word(client, &body).map_err(|why| format!("{why}: {body}"))?;
        let retry_after = reply.header("retry-after").map(str::to_owned);
        return Ok(Seen::Error { status: reply.status, word, retry_after });
    }
    let kind = reply.header("content-type").unwrap_or_default();
    let expected = match (streamed, client) {
        (false, _) => "application/json",
        (true, DialectId::Ollama) => "application/x-ndjson",
        (true, _) => "text/event-stream",
    };
    if !kind.starts_with(expected) {
        return Err(format!("of type {kind:?}, not {expected:?}: {}", reply.body));
    }
    if streamed {
        return stream::read(client, &reply.body).map_err(|why| format!("{why}: {}", reply.body));
    }
    let body: Value = serde_json::from_str(&reply.body).map_err(|error| format!("{error}: {}", reply.body))?;
    let text = match client {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions => "/choices/0/message/content",
        DialectId::OpenaiResponses => "/output/0/content/0/text",
        DialectId::Anthropic => "/content/0/text",
        DialectId::Ollama => "/message/content",
        DialectId::Gemini => "/candidates/0/content/parts/0/text",
    };
    let text = body.pointer(text).and_then(Value::as_str).ok_or_else(|| format!("no answer: {body}"))?;
    Ok(Seen::Answer(text.to_owned()))
}

/// The word by which clients of this dialect tell one error from another; Ollama's have none.
///
/// # Errors
/// When the body has not the dialect's shape.
pub(crate) fn error_word(client: DialectId, body: &Value) -> Result<Option<String>, String> {
    let text = |path: &str| body.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let message = |path| text(path).filter(|message| !message.is_empty()).ok_or("an error without a message");
    match client {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses => {
            message("/error/message")?;
            let keys = ["type", "param", "code"];
            let missing = keys.iter().find(|key| body.pointer(&format!("/error/{key}")).is_none());
            missing.map_or(Ok(text("/error/code")), |key| Err(format!("an error without `{key}`")))
        }
        DialectId::Anthropic => {
            message("/error/message")?;
            if text("/type").as_deref() != Some("error") {
                return Err("an error of another type".to_owned());
            }
            Ok(text("/error/type"))
        }
        DialectId::Ollama => message("/error").map(|_| None).map_err(str::to_owned),
        DialectId::Gemini => {
            message("/error/message")?;
            body.pointer("/error/code").and_then(Value::as_u64).ok_or("an error without a number")?;
            Ok(text("/error/status"))
        }
    }
}
