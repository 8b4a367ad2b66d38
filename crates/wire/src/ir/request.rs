//! What a caller asks for.

use serde_json::value::RawValue;

use super::{At, Block, CacheMark, Extra, Field, Handling, Tool, ToolChoice};
use crate::DialectId;

/// One conversation turn.
#[derive(Clone, Debug)]
pub struct Request {
    /// The dialect it came in; extras and opaque blocks are in its terms.
    pub origin: DialectId,
    /// The name the client asked for.
    pub model: String,
    /// Oldest first; the operator's own words (`system`, `instructions`) are messages of [`Role::System`] at the front.
    pub messages: Vec<Message>,
    /// What the model may call, in order.
    pub tools: Vec<Tool>,
    /// Whether it may, must or must not call one; `None` leaves it to the provider.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several at once; `None` leaves it to the provider.
    pub parallel_tool_calls: Option<bool>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether a stream is to end with its usage.
    pub include_usage: bool,
    /// How to choose tokens.
    pub sampling: Sampling,
    /// Texts at which to stop; empty for none.
    pub stop: Vec<String>,
    /// Whether and how long to think before answering.
    pub thinking: Thinking,
    /// What the answer's text must be; `None` for plain text.
    pub output_format: Option<OutputFormat>,
    /// The caller's name for its own user.
    pub user: Option<String>,
    /// How the provider is to handle it.
    pub handling: Handling,
    /// What the provider's prompt cache should make of it.
    pub caching: Caching,
    /// Everything else, in the order it came.
    pub extras: Vec<Extra>,
    /// Fields that it said under another name than its dialect's usual one; the last one of a field counts.
    pub spelt: Vec<(Field, &'static str)>,
}

impl Request {
    /// A request that asks for nothing but an answer to no message.
    pub fn new(origin: DialectId, model: impl Into<String>) -> Self {
        Self {
            origin,
            model: model.into(),
            messages: Vec::new(),
            tools: Vec::new(),
            tool_choice: None,
            parallel_tool_calls: None,
            stream: false,
            include_usage: false,
            sampling: Sampling::default(),
            stop: Vec::new(),
            thinking: Thinking::default(),
            output_format: None,
            user: None,
            handling: Handling::default(),
            caching: Caching::default(),
            extras: Vec::new(),
            spelt: Vec::new(),
        }
    }
}

/// How to choose tokens; `None` leaves it to the model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    /// 0 to 2.
    pub temperature: Option<f64>,
    /// 0 to 1.
    pub top_p: Option<f64>,
    /// Only so many of the likeliest tokens.
    pub top_k: Option<u64>,
    /// Only tokens at least this likely beside the likeliest, 0 to 1.
    pub min_p: Option<f64>,
    /// For repeatable answers.
    pub seed: Option<i64>,
    /// -2 to 2.
    pub presence_penalty: Option<f64>,
    /// -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// 1 leaves repetition alone.
    pub repetition_penalty: Option<f64>,
    /// Most tokens to produce, thinking included.
    pub output_tokens_max: Option<u64>,
}

/// Whether and how long to think before answering; `None` everywhere leaves it to the model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thinking {
    /// On or off, when said.
    pub enabled: Option<bool>,
    /// How hard.
    pub effort: Option<Effort>,
    /// Most tokens to think with.
    pub budget_tokens: Option<u64>,
    /// Whether the thoughts, or a summary of them, are to be shown; `None` when not said.
    pub shown: Option<bool>,
}

/// How hard to think.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Not at all.
    None,
    /// As little as there is.
    Minimal,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// More than that.
    XHigh,
    /// As much as there is.
    Max,
    /// Any other word, kept.
    Other(String),
}

impl Effort {
    /// By its usual name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "none" => Self::None,
            "minimal" => Self::Minimal,
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "xhigh" => Self::XHigh,
            "max" => Self::Max,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Its usual name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
            Self::Other(name) => name,
        }
    }
}

/// What an answer's text must be.
#[derive(Clone, Debug)]
pub enum OutputFormat {
    /// Some JSON object.
    JsonObject,
    /// JSON that this schema admits.
    JsonSchema {
        /// The schema's name, where it has one.
        name: Option<String>,
        /// What it is for.
        description: Option<String>,
        /// The schema, untouched.
        schema: Box<RawValue>,
        /// Whether the provider must enforce it; `None` leaves it to the provider.
        strict: Option<bool>,
    },
}

/// What the provider's prompt cache should make of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caching {
    /// Requests with the same key share a prefix.
    pub key: Option<String>,
    /// How long to keep, in the origin's words, such as `24h`.
    pub retention: Option<String>,
    /// A mark for the whole request: the provider places it itself.
    pub mark: Option<CacheMark>,
}

/// One message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub blocks: Vec<Block>,
    /// Everything else the message carried, such as `name`.
    pub extras: Vec<Extra>,
    /// Where it stood.
    pub at: At,
}

impl Message {
    /// A message of these blocks and nothing else.
    pub fn new(role: Role, blocks: Vec<Block>) -> Self {
        Self { role, blocks, extras: Vec::new(), at: At::default() }
    }

    /// The same, standing there.
    pub fn at(self, at: impl Into<At>) -> Self {
        Self { at: at.into(), ..self }
    }
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The operator.
    System,
    /// The operator, as newer OpenAI models call it.
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// A tool that the model called. Results may stand in a [`Role::User`] message as well: there is one meaning.
    Tool,
    /// Any other word, kept.
    Other(String),
}

impl Role {
    /// Its usual name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Other(name) => name,
        }
    }
}
