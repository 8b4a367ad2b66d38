//! Embeddings: the neutral request and answer, and the forms they have on the wire.
//!
//! There is no stream and no conversation, so they are no part of [`crate::Dialect`]: a [`Form`] is one path's bodies.

mod openai;
mod vector;

#[cfg(test)]
mod tests;

use serde_json::value::RawValue;

use crate::dialect::{DialectId, Encoded};
use crate::dialects::ollama::embed;
use crate::fields::Fields;
use crate::ir::{Extra, Losses};
use crate::{WireError, write};

pub(crate) use vector::numbers;

/// One path's bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// OpenAI's `/v1/embeddings`.
    Openai,
    /// Ollama's `/api/embed`.
    Ollama,
    /// Ollama's older `/api/embeddings`, which takes one text.
    OllamaLegacy,
}

/// Texts to make vectors of.
#[derive(Clone, Debug)]
pub struct Request {
    /// The form it came in; extras are in its terms.
    pub origin: Form,
    /// The name the client asked for.
    pub model: String,
    /// What to make vectors of.
    pub input: Input,
    /// How the vectors are to be written; `None` when not said, which means as numbers.
    pub encoding: Option<Encoding>,
    /// How many numbers a vector is to have; `None` leaves it to the model.
    pub dimensions: Option<u64>,
    /// The caller's name for its own user.
    pub user: Option<String>,
    /// Everything else, in the order it came.
    pub extras: Vec<Extra>,
}

/// What to make vectors of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// One text.
    Text(String),
    /// Texts; none at all loads an Ollama model.
    Texts(Vec<String>),
    /// One text, as tokens of the model.
    Tokens(Vec<u32>),
    /// Texts, as tokens of the model.
    TokenLists(Vec<Vec<u32>>),
}

/// How vectors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As arrays of numbers.
    Float,
    /// As base64 of little-endian 32-bit floats.
    Base64,
}

/// The vectors of one request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The model's name, as the client is to see it.
    pub model: String,
    /// One for each text, in their order; all numbers are finite.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens of all texts, where known.
    pub input_tokens: Option<u64>,
    /// Everything else it carried.
    pub extras: Vec<Extra>,
}

impl Form {
    /// Reads a request.
    ///
    /// # Errors
    /// When a required field is missing or a field has the wrong type; the error names its path.
    pub fn decode_request(self, body: &[u8]) -> Result<Request, WireError> {
        match self {
            Self::Openai => openai::decode_request(body),
            Self::Ollama => embed::decode_request(body),
            Self::OllamaLegacy => embed::decode_legacy_request(body),
        }
    }

    /// Writes a request; what cannot be said is a loss.
    ///
    /// # Errors
    /// When its input cannot be said at all: tokens for Ollama, several texts for its older path, none for OpenAI.
    pub fn encode_request(self, request: &Request) -> Result<Encoded, WireError> {
        match self {
            Self::Openai => openai::encode_request(request),
            Self::Ollama => embed::encode_request(request),
            Self::OllamaLegacy => embed::encode_legacy_request(request),
        }
    }

    /// Reads a provider's answer, however its vectors are written.
    ///
    /// # Errors
    /// When it is none, or a vector holds anything but finite numbers.
    pub fn decode_answer(self, body: &[u8]) -> Result<Answer, WireError> {
        match self {
            Self::Openai => openai::decode_answer(body),
            Self::Ollama => embed::decode_answer(body),
            Self::OllamaLegacy => embed::decode_legacy_answer(body),
        }
    }

    /// Writes an answer to `request`, in the encoding it asked for.
    pub fn encode_answer(self, answer: &Answer, request: &Request) -> Encoded {
        match self {
            Self::Openai => openai::encode_answer(answer, request.encoding.unwrap_or(Encoding::Float)),
            Self::Ollama => embed::encode_answer(answer),
            Self::OllamaLegacy => embed::encode_legacy_answer(answer),
        }
    }

    /// Whose words its extras are.
    pub fn dialect(self) -> DialectId {
        match self {
            Self::Openai => DialectId::OpenaiChat,
            Self::Ollama | Self::OllamaLegacy => DialectId::Ollama,
        }
    }
}

/// A request that names its model and asks for nothing.
pub(crate) fn named(fields: &mut Fields<'_>, origin: Form) -> Result<Request, WireError> {
    const EXPECTED: &str = "a non-empty string";
    let model: String = fields.required("model", EXPECTED)?;
    if model.is_empty() {
        return Err(fields.wrong("model", EXPECTED));
    }
    let input = Input::Texts(Vec::new());
    Ok(Request { origin, model, input, encoding: None, dimensions: None, user: None, extras: Vec::new() })
}

/// How many numbers a vector is to have.
pub(crate) fn dimensions(fields: &mut Fields<'_>) -> Result<Option<u64>, WireError> {
    const EXPECTED: &str = "a positive integer";
    let dimensions = fields.optional("dimensions", EXPECTED)?;
    if dimensions == Some(0) { Err(fields.wrong("dimensions", EXPECTED)) } else { Ok(dimensions) }
}

/// Ends a request's body with its own extras; another form's are lost.
pub(crate) fn write_extras(form: Form, request: &Request, body: &mut write::Object<'_>, losses: &mut Losses) {
    if form.dialect() == request.origin.dialect() {
        body.extras(&request.extras);
    } else {
        request.extras.iter().for_each(|extra| losses.add(&extra.name));
    }
}

/// The error that something of a provider's answer is missing or not what it should be.
pub(crate) fn broken(path: impl Into<String>, expected: &'static str) -> WireError {
    WireError::Wrong { path: path.into(), expected }
}

/// A vector of an answer, as numbers or as base64, that stands at `path`.
pub(crate) fn vector_at(raw: &RawValue, path: impl Into<String>) -> Result<Vec<f32>, WireError> {
    vector::read(raw).ok_or_else(|| broken(path, "finite numbers, or base64 of 32-bit floats"))
}
