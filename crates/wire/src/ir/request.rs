//! A conversation turn as the caller asked for it.

use serde_json::value::RawValue;

use crate::DialectId;

/// A field that the neutral model has no place for, word for word.
#[derive(Clone, Debug)]
pub struct Extra {
    /// Its name in the body, such as `tools`.
    pub name: String,
    /// Its value, untouched.
    pub raw: Box<RawValue>,
}

/// One conversation turn.
#[derive(Clone, Debug)]
pub struct Request {
    /// The dialect it came in; extras and opaque blocks are in its terms.
    pub origin: DialectId,
    /// The name the client asked for.
    pub model: String,
    /// Oldest first.
    pub messages: Vec<Message>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether a stream is to end with its usage.
    pub include_usage: bool,
    /// How to choose tokens.
    pub sampling: Sampling,
    /// Texts at which to stop; empty for none.
    pub stop: Vec<String>,
    /// The caller's name for its own user.
    pub user: Option<String>,
    /// Everything else, in the order it came.
    pub extras: Vec<Extra>,
}

/// How to choose tokens; `None` leaves it to the model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    /// 0 to 2.
    pub temperature: Option<f64>,
    /// 0 to 1.
    pub top_p: Option<f64>,
    /// Most tokens to produce.
    pub output_tokens_max: Option<u64>,
}

/// One message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub blocks: Vec<Block>,
    /// Everything else the message carried, such as `name` or `tool_calls`.
    pub extras: Vec<Extra>,
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The operator.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// Any other word, kept.
    Other(String),
}

/// One piece of content.
#[derive(Clone, Debug)]
pub enum Block {
    /// Plain text.
    Text(String),
    /// A part that the neutral model has no word for, in the words of the request's origin.
    Opaque {
        /// Its own name for itself, such as `image_url`.
        kind: String,
        /// The whole part, untouched.
        raw: Box<RawValue>,
    },
}
