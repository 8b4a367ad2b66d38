//! Single requests: what is asked of whoever keeps their records, and what they look like from outside.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

use crate::plane::Misasked;

/// Which requests are wanted; what is `None` excludes none.
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
    /// Those that ended so; `failed` stands for every kind of fault.
    pub outcome: Option<String>,
    /// Those with this text in their id or in the name of their client key, model, provider or upstream model.
    pub text: Option<String>,
}

/// Some requests, the newest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "RequestList")]
pub struct RequestPage {
    /// They.
    pub items: Vec<RequestRow>,
    /// What asks for the next page; `None` when there is none.
    pub next_cursor: Option<String>,
}

/// The record of a request that is over.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RequestRow {
    /// Unique; also in the `x-request-id` header of the answer.
    pub id: String,
    /// When it came.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// The client key's name.
    pub client_key: Option<String>,
    /// What was asked for.
    pub operation: String,
    /// What the client speaks.
    pub dialect: Option<String>,
    /// The name that the client asked for.
    pub model: Option<String>,
    /// Who served it last.
    pub provider: Option<String>,
    /// The provider's own name for the model.
    pub upstream_model: Option<String>,
    /// How the bytes got there: `native`, `bridged`, `adapter`, `counted` or `estimated`.
    pub lane: Option<String>,
    /// The HTTP status that the client saw.
    pub status: u16,
    /// How it ended: `served`, `client_left` or the kind of fault.
    pub outcome: String,
    /// Whether the answer was a stream.
    pub stream: bool,
    /// Whether it was an answer given before.
    pub cached: bool,
    /// Tokens put in, those from and for a cache not counted.
    pub input_tokens: u64,
    /// Tokens read from a cache.
    pub cache_read_tokens: u64,
    /// Tokens written to a cache.
    pub cache_write_tokens: u64,
    /// Tokens that came out.
    pub output_tokens: u64,
    /// How many of those were reasoning.
    pub reasoning_tokens: u64,
    /// How many tokens put in were sound.
    pub audio_input_tokens: u64,
    /// How many that came out.
    pub audio_output_tokens: u64,
    /// How far the tokens can be trusted: `exact`, `partial` or `estimated`; `None` when nothing was produced.
    pub quality: Option<String>,
    /// In USD; `None`: nobody knows.
    #[schemars(extend("format" = "decimal"))]
    pub cost: Option<String>,
    /// What was not paid because of a cache, in USD; `None` as for the cost.
    #[schemars(extend("format" = "decimal"))]
    pub saved: Option<String>,
    /// From arrival to the first byte of the answer.
    pub first_byte_us: Option<u64>,
    /// From arrival to the end.
    pub total_us: u64,
    /// Bytes of the request's body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// Tries upstream; 0 when it never got so far.
    pub attempt_count: u32,
}

/// All that is known of one request.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RequestDetail {
    /// Its record.
    #[serde(flatten)]
    pub row: RequestRow,
    /// Who was asked, in this order; and, among them, who was not, and why.
    pub attempts: Vec<AttemptRow>,
    /// What of the request the provider was not told, or of the answer the client.
    pub losses: Vec<String>,
    /// What of the answer was put right.
    pub repairs: Vec<String>,
    /// Where its time went.
    pub timings: Timings,
    /// How many times the answer broke off and was gone on with.
    pub continued: u32,
    /// What the client sent, where it is kept.
    pub request_body: Option<Body>,
    /// What it got.
    pub response_body: Option<Body>,
    /// How many secrets were taken out of the two.
    pub redacted: u32,
    /// Why it failed, in a sentence; `None` when it did not.
    pub error: Option<String>,
}

/// One try.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AttemptRow {
    /// Who was asked.
    pub provider: String,
    /// For which model.
    pub upstream_model: String,
    /// With which key, by its label; `None` when none was sent, or nobody noted it.
    pub key: Option<String>,
    /// In which lane.
    pub lane: Option<String>,
    /// The dialect that it was carried over into.
    pub dialect: Option<String>,
    /// `served`, the kind of fault, or why it was not asked.
    pub outcome: String,
    /// What the provider answered.
    pub status: Option<u16>,
    /// Why it failed.
    pub detail: Option<String>,
    /// When it began, from arrival.
    pub started_us: u64,
    /// The first byte of the answer, from its beginning.
    pub first_byte_us: Option<u64>,
    /// How long it took.
    pub total_us: u64,
}

/// Where the time of a request went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Timings {
    /// Until the try that answered began: other tries, and waiting for one; `None` when it was the first.
    pub queued_us: Option<u64>,
    /// From arrival to the first byte of the answer.
    pub first_byte_us: Option<u64>,
    /// From arrival to the end.
    pub total_us: u64,
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

/// What somebody who listens hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A request that is over.
    Request(Arc<RequestRow>),
    /// So many were over while nobody listened.
    Missed(u64),
}

/// Whoever listens to requests as they end.
pub trait Listener: Send {
    /// What is heard next; `None` once there is nothing more to hear.
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<Heard>> + Send + '_>>;
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
    /// As many listen as may.
    #[error("as many listen as may: {0}")]
    TooManyListeners(usize),
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
    /// Requests from now on, each once it is over.
    ///
    /// # Errors
    /// When too many listen already.
    fn listen(&self) -> Result<Box<dyn Listener>, RequestProblem>;
}
