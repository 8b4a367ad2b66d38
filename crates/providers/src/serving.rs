//! Where a vendor serves a dialect: the path, the headers that the dialect wants, and how the key travels there.

use std::fmt::Write;

use http::{HeaderName, HeaderValue};
use trunkline_wire::{DialectId, Operation};

use crate::{AuthStyle, BaseUrl, Vendor};

/// What is asked of a vendor, as far as its paths depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The wire format that is spoken.
    pub dialect: DialectId,
    /// What for.
    pub operation: Operation,
    /// The vendor's own name for the model; Gemini has it in the path.
    pub model: &'a str,
    /// Whether a stream is asked for; Gemini has that in the path, too.
    pub stream: bool,
}

/// Seen in Anthropic's page "Versions" (November 2026): required, and the only one that still takes sampling settings.
static ANTHROPIC_HEADERS: [(HeaderName, HeaderValue); 1] =
    [(HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01"))];

/// The version that Ollama's own paths do not have.
const OPENAI_VERSION: &str = "/v1";

/// What Gemini's OpenAI-compatible paths have beyond its own.
const GEMINI_COMPATIBLE: &str = "/openai";

impl Vendor {
    /// The request path for `call`, query included: everybody's path for the dialect, unless this vendor has its own.
    /// `None` when there is none: the dialect has no such operation, or the vendor does not serve it.
    ///
    /// Whether the vendor speaks the dialect at all is not asked: an operator may know better than [`Vendor::dialects`].
    pub fn path(&self, base: &BaseUrl, call: &Call<'_>) -> Option<String> {
        let root = root(base, call.dialect);
        if call.dialect == DialectId::Gemini {
            return Some(format!("{root}{}", gemini_path(call)?));
        }
        let mut own = self.own_paths.iter();
        let own = own.find(|(dialect, operation, _)| (*dialect, *operation) == (call.dialect, call.operation));
        let api_path = own.map_or_else(|| usual_path(call.dialect, call.operation), |(_, _, path)| *path)?;
        Some(format!("{root}{api_path}"))
    }

    /// A path that stands beside the version of all others, such as `/tokenize` beside `/v1`.
    pub fn path_beside(&self, base: &BaseUrl, path: &str) -> String {
        format!("{}{path}", base.path.strip_suffix(self.version_path).unwrap_or(&base.path))
    }

    /// Headers that `dialect` wants from every client, beside the key.
    pub fn headers(&self, dialect: DialectId) -> &'static [(HeaderName, HeaderValue)] {
        match dialect {
            DialectId::Anthropic => &ANTHROPIC_HEADERS,
            DialectId::OpenaiChat
            | DialectId::OpenaiCompletions
            | DialectId::OpenaiResponses
            | DialectId::Ollama
            | DialectId::Gemini => &[],
        }
    }

    /// How a key travels when `dialect` is spoken.
    pub fn auth_of(&self, dialect: DialectId) -> AuthStyle {
        self.own_auth.iter().find(|(own, _)| *own == dialect).map_or(self.auth, |(_, auth)| *auth)
    }
}

/// What every path of `dialect` begins with at `base`; no slash at the end, may be empty. A base URL has the form that
/// OpenAI's paths want; where a dialect lives beside it, the difference is cut off.
pub fn root(base: &BaseUrl, dialect: DialectId) -> &str {
    let without = |suffix| base.path.strip_suffix(suffix).unwrap_or(&base.path);
    match dialect {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses | DialectId::Anthropic => {
            &base.path
        }
        DialectId::Ollama => without(OPENAI_VERSION),
        DialectId::Gemini => without(GEMINI_COMPATIBLE),
    }
}

/// Everybody's path, behind the root of the dialect; Gemini's are made by [`gemini_path`].
fn usual_path(dialect: DialectId, operation: Operation) -> Option<&'static str> {
    match (dialect, operation) {
        (DialectId::OpenaiChat, Operation::Chat) => Some("/chat/completions"),
        (DialectId::OpenaiChat, Operation::Embedding) => Some("/embeddings"),
        (DialectId::OpenaiCompletions, Operation::Completion) => Some("/completions"),
        (DialectId::OpenaiResponses, Operation::Chat) => Some("/responses"),
        (DialectId::Anthropic, Operation::Chat) => Some("/messages"),
        (DialectId::Anthropic, Operation::CountTokens) => Some("/messages/count_tokens"),
        (DialectId::Ollama, Operation::Chat) => Some("/api/chat"),
        (DialectId::Ollama, Operation::Completion) => Some("/api/generate"),
        (DialectId::Ollama, Operation::Embedding) => Some("/api/embed"),
        (
            DialectId::OpenaiChat
            | DialectId::OpenaiCompletions
            | DialectId::OpenaiResponses
            | DialectId::Anthropic
            | DialectId::Ollama
            | DialectId::Gemini,
            Operation::Chat | Operation::Completion | Operation::Embedding | Operation::CountTokens | Operation::Other,
        ) => None,
    }
}

/// Gemini's path: the model and what to do with it. Embeddings go to the path that takes several texts at once.
fn gemini_path(call: &Call<'_>) -> Option<String> {
    let method = match (call.operation, call.stream) {
        (Operation::Chat, false) => "generateContent",
        (Operation::Chat, true) => "streamGenerateContent?alt=sse",
        (Operation::CountTokens, _) => "countTokens",
        (Operation::Embedding, _) => "batchEmbedContents",
        (Operation::Completion | Operation::Other, _) => return None,
    };
    // Its model list says `models/NAME`; what a customer tuned lives in a folder of its own.
    let (folder, name) = match call.model.split_once('/') {
        Some((folder @ ("models" | "tunedModels"), name)) => (folder, name),
        Some(_) | None => ("models", call.model),
    };
    Some(format!("/{folder}/{}:{method}", percent_encoded(name)))
}

/// The text as one segment of a path (RFC 3986, section 2.3): a client's name for a model must not lead elsewhere.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes all");
        }
    }
    out
}

#[cfg(test)]
mod tests;
