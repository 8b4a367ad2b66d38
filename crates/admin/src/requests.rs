//! Single requests: what is asked of whoever keeps their records, and what they look like from outside.

use std::fmt;
use std::pin::Pin;

use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

use crate::plane::Misasked;

/// Which requests are wanted; what is `None` or false excludes none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The most of them.
    pub limit: u32,
    /// Where the page before ended, in its own words.
    pub cursor: Option<String>,
    /// From this moment on, in milliseconds since the Unix epoch.
    pub since_ms: Option<u64>,
    /// Before this one.
    pub until_ms: Option<u64>,
    /// Those of the client key with this name.
    pub client_key: Option<String>,
    /// Those that asked for this model.
    pub model: Option<String>,
    /// Those that this provider served last.
    pub provider: Option<String>,
    /// Those that failed.
    pub failed: bool,
}

/// Some requests, the newest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "RequestList")]
pub struct RequestPage {
    /// They.
    pub data: Vec<RequestRow>,
    /// What asks for the next page; `None` when there is none.
    pub next_cursor: Option<String>,
}

/// The record of a request that is over.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names of the ledger's columns, which the guide explains")]
pub struct RequestRow {
    pub id: String,
    /// When it came, in RFC 3339.
    pub at: String,
    pub client_key: Option<String>,
    pub operation: String,
    pub model: Option<String>,
    pub provider: Option<String>,
    pub upstream_model: Option<String>,
    pub status: u16,
    pub outcome: String,
    pub stream: bool,
    pub attempts: u32,
    pub input_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    pub output_tokens: u64,
    pub reasoning_tokens: u64,
    pub audio_input_tokens: u64,
    pub audio_output_tokens: u64,
    pub quality: Option<String>,
    /// `None`: nobody knows.
    pub cost_usd: Option<String>,
    pub saved_usd: Option<String>,
    pub first_byte_us: Option<u64>,
    pub total_us: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

/// All that is known of one request.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RequestDetail {
    /// Its record.
    #[serde(flatten)]
    pub row: RequestRow,
    /// What became of the tries before the one that answered.
    pub tries: Vec<String>,
    /// What of the request the provider was not told, or of the answer the client.
    pub losses: Vec<String>,
    /// What of the answer was put right.
    pub repairs: Vec<String>,
    /// How many times the answer broke off and was gone on with.
    pub continued: u32,
    /// What the client sent, where it is kept.
    pub request: Option<Body>,
    /// What it got.
    pub response: Option<Body>,
    /// How many secrets were taken out of the two.
    pub redacted: u32,
}

/// A body as far as it is kept.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Body {
    /// Its text; what is no text is replaced.
    pub text: String,
    /// Whether there was more of it.
    pub cut: bool,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What people said stays out of logs.
        f.debug_struct("Body").field("bytes", &self.text.len()).field("cut", &self.cut).finish()
    }
}

/// Why requests cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RequestProblem {
    /// There is none.
    #[error("no request has the id {0:?}, or its record is not kept any more")]
    NotFound(String),
    /// What is asked for is wrong.
    #[error(transparent)]
    Misasked(#[from] Misasked),
    /// The store does not answer.
    #[error("the store does not answer")]
    Down,
}

/// An answer on its way.
pub type Looked<T> = Pin<Box<dyn Future<Output = Result<T, RequestProblem>> + Send>>;

/// Whoever keeps the records of requests.
pub trait Requests: Send + Sync {
    /// The newest of those that are wanted.
    fn list(&self, wanted: Wanted) -> Looked<RequestPage>;
    /// All that is known of the one with this id.
    fn show(&self, id: String) -> Looked<RequestDetail>;
}
