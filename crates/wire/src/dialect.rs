//! One wire format, both directions: the trait, its ids and the registry of all dialects.

use bytes::Bytes;

use crate::{Fault, Peek, WireError, dialects, ir};

/// The wire formats Trunkline knows, by the names that config, API and docs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DialectId {
    /// OpenAI Chat Completions, with embeddings and every other OpenAI path that has no dialect of its own.
    OpenaiChat,
}

impl DialectId {
    /// The name in config, API and docs, such as `openai_chat`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenaiChat => "openai_chat",
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
            Self::Other => "other",
        }
    }
}

/// One wire format, both directions. Pure: no clock, no sockets, no globals.
pub trait Dialect: Sync {
    /// Which dialect this is.
    fn id(&self) -> DialectId;

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

    /// Writes a whole answer.
    fn encode_response(&self, response: &ir::Response) -> Bytes;

    /// Writes a streamed answer, event by event.
    fn stream_encoder(&self, head: StreamHead) -> Box<dyn StreamEncoder>;

    /// The body of an error answer that had no byte before it.
    fn encode_fault(&self, fault: &Fault) -> Bytes;

    /// The one frame that ends a stream that had begun, separator included.
    fn encode_stream_fault(&self, fault: &Fault) -> Bytes;
}

/// What a stream's encoder must know before the first event.
#[derive(Clone, Debug)]
pub struct StreamHead {
    /// The name the client asked for; every chunk carries it.
    pub model: String,
    /// Whether the client asked for the usage chunk.
    pub include_usage: bool,
    /// Seconds since the Unix epoch.
    pub created: u64,
}

/// Turns events into the client's bytes. Owned by one response.
pub trait StreamEncoder: Send {
    /// Appends what `event` says to `out`.
    fn push(&mut self, event: &ir::Event, out: &mut Vec<u8>);
    /// Ends the stream; a second call appends nothing.
    fn finish(&mut self, out: &mut Vec<u8>);
}

/// Every dialect, in the order of [`DialectId`].
pub static ALL: &[&dyn Dialect] = &[&dialects::openai_chat::OpenaiChat];

/// The dialect with this id.
pub fn of(id: DialectId) -> &'static dyn Dialect {
    match id {
        DialectId::OpenaiChat => &dialects::openai_chat::OpenaiChat,
    }
}
