//! One wire format, both directions: the trait, its ids and the registry of all dialects.

use std::sync::Arc;

use bytes::Bytes;

use crate::ir::Losses;
use crate::{Capabilities, Fault, Peek, Usd, WireError, dialects, ir};

/// The wire formats Trunkline knows, by the names that config, API and docs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DialectId {
    /// OpenAI Chat Completions, with embeddings and every other OpenAI path that has no dialect of its own.
    OpenaiChat,
    /// OpenAI's legacy Completions.
    OpenaiCompletions,
    /// OpenAI Responses.
    OpenaiResponses,
    /// Anthropic Messages.
    Anthropic,
    /// Ollama's own API.
    Ollama,
    /// Gemini's generateContent.
    Gemini,
}

impl DialectId {
    /// Every dialect, in order.
    pub const ALL: [Self; 6] =
        [Self::OpenaiChat, Self::OpenaiCompletions, Self::OpenaiResponses, Self::Anthropic, Self::Ollama, Self::Gemini];

    /// The name in config, API and docs, such as `openai_chat`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenaiChat => "openai_chat",
            Self::OpenaiCompletions => "openai_completions",
            Self::OpenaiResponses => "openai_responses",
            Self::Anthropic => "anthropic",
            Self::Ollama => "ollama",
            Self::Gemini => "gemini",
        }
    }
}

/// What a caller asks for, apart from how it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A conversation turn.
    Chat,
    /// A continuation of plain text.
    Completion,
    /// Vectors for texts.
    Embedding,
    /// How many tokens a conversation turn would take.
    CountTokens,
    /// Anything else that names a model; relayed to the same path of the provider.
    Other,
}

impl Operation {
    /// The name in reports and metrics; chat, text_completion and embeddings are OpenTelemetry's GenAI names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completion => "text_completion",
            Self::Embedding => "embeddings",
            Self::CountTokens => "count_tokens",
            Self::Other => "other",
        }
    }
}

/// One wire format, both directions. Pure: no clock, no sockets, no globals.
///
/// A dialect is written on one side and read on the other: `decode_request`, `encode_response`, `stream_encoder` and the
/// faults face clients; `encode_request`, `decode_response` and `stream_decoder` face providers.
pub trait Dialect: Sync {
    /// Which dialect this is.
    fn id(&self) -> DialectId;

    /// What it calls the things of the neutral model.
    fn names(&self) -> &'static dyn ir::Names;

    /// Finds the model and the stream flag without building a tree.
    ///
    /// # Errors
    /// When the body is not one JSON object, or `model` is missing, empty or not a string.
    fn peek(&self, body: &[u8]) -> Result<Peek, WireError>;

    /// Reads a request into the neutral model; what it does not know rides along as extras.
    ///
    /// # Errors
    /// When a field that the dialect requires is missing or has the wrong type; the error names its path.
    fn decode_request(&self, body: &[u8]) -> Result<ir::Request, WireError>;

    /// Writes a request for a model that takes what `to` says. Extras and opaque blocks of this very dialect are written
    /// back; all else that cannot be said is a loss, named by its path in the request's own dialect.
    ///
    /// # Errors
    /// When what is asked for cannot be asked at all, not even with losses.
    fn encode_request(&self, request: &ir::Request, to: &Capabilities) -> Result<Encoded, WireError>;

    /// Reads a whole answer of a provider.
    ///
    /// # Errors
    /// When it is none.
    fn decode_response(&self, body: &[u8]) -> Result<ir::Response, WireError>;

    /// The error that a provider tells of in an answer, or in one event of it, whose status was fine; `None` when it tells
    /// of none.
    fn error_in(&self, body: &[u8]) -> Option<Fault>;

    /// Writes a whole answer. `head` says what the client asked for.
    fn encode_response(&self, response: &ir::Response, head: &StreamHead) -> Encoded;

    /// Reads a provider's stream: any cutting of its bytes gives the same events.
    fn stream_decoder(&self) -> Box<dyn StreamDecoder>;

    /// Writes a streamed answer, event by event.
    fn stream_encoder(&self, head: StreamHead) -> Box<dyn StreamEncoder>;

    /// The body of an error answer that had no byte before it.
    fn encode_fault(&self, fault: &Fault) -> Bytes;

    /// The same, where the request has an id: for dialects whose errors name it.
    fn encode_fault_of(&self, fault: &Fault, _request_id: &str) -> Bytes {
        self.encode_fault(fault)
    }

    /// The one frame that ends a stream that had begun, separator included.
    fn encode_stream_fault(&self, fault: &Fault) -> Bytes;

    /// The same behind so many events, for dialects that number them.
    fn encode_stream_fault_behind(&self, fault: &Fault, _events: u64) -> Bytes {
        self.encode_stream_fault(fault)
    }
}

/// What was written, and what could not be.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The body.
    pub bytes: Bytes,
    /// What it does not say.
    pub losses: Losses,
}

/// What an answer's encoder must know of the request.
#[derive(Clone, Debug)]
pub struct StreamHead {
    /// The name the client asked for; every chunk carries it.
    pub model: String,
    /// Whether the client asked for the usage chunk.
    pub include_usage: bool,
    /// Seconds since the Unix epoch.
    pub created: u64,
    /// Unique among all requests: 32 hexadecimal digits, fit to make ids from.
    pub request_id: String,
    /// The request, where answers repeat parts of it (Responses) or name its tools.
    pub request: Option<Arc<ir::Request>>,
    /// What the answer cost, where the client asked and it is known; of a stream it is known at its end.
    pub cost: Option<Usd>,
}

impl StreamHead {
    /// The same for an encoder that repeats nothing of the request, so that a long prompt is not held as long as its answer
    /// is streamed.
    pub(crate) fn without_request(self) -> Self {
        Self { request: None, ..self }
    }
}

/// Turns a provider's bytes into events. Owned by one response.
pub trait StreamDecoder: Send {
    /// Appends the events that `bytes` complete to `out`. After a `Stop` or a `Fault` there is nothing more.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<ir::Event>);
    /// The provider is done: appends what was still open, or the fault that the answer is cut off. A second call appends
    /// nothing.
    fn finish(&mut self, out: &mut Vec<ir::Event>);
}

/// Turns events into the client's bytes. Owned by one response.
pub trait StreamEncoder: Send {
    /// Appends what `event` says to `out`.
    fn push(&mut self, event: &ir::Event, out: &mut Vec<u8>);
    /// Ends the stream; a second call appends nothing.
    fn finish(&mut self, out: &mut Vec<u8>);
    /// Appends what keeps a silent connection open; may be nothing.
    fn ping(&mut self, out: &mut Vec<u8>);
    /// Takes what the answer cost, before its end, for a client that asked; dialects without a place for it say nothing.
    fn tell_cost(&mut self, _cost: Usd) {}
    /// What of the events so far the stream does not say.
    fn losses(&self) -> &Losses;
}

/// Every dialect, in the order of [`DialectId`].
pub static ALL: &[&dyn Dialect] = &[
    &dialects::openai_chat::OpenaiChat,
    &dialects::openai_completions::OpenaiCompletions,
    &dialects::openai_responses::OpenaiResponses,
    &dialects::anthropic::Anthropic,
    &dialects::ollama::Ollama,
    &dialects::gemini::Gemini,
];

/// The dialect with this id.
pub fn of(id: DialectId) -> &'static dyn Dialect {
    ALL.iter().copied().find(|dialect| dialect.id() == id).expect("every dialect is in the list")
}
