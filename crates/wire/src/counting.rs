//! How many tokens a prompt is, asked before it is sent: the question and the answer, where a dialect has words for them,
//! and what the tokeniser of a model server takes and says.
//!
//! Whoever has no words of its own is asked in those of a chat.

mod answers;
mod at_least;
mod by_size;
mod sketch;

use std::borrow::Cow;

use bytes::Bytes;

use crate::dialects::anthropic::count_tokens;
use crate::dialects::gemini::count;
use crate::dialects::openai_responses::state;
use crate::fields::Fields;
use crate::ir::{Block, Content, MediaKind, MediaSource, Request};
use crate::write::object;
use crate::{Capabilities, DialectId, Encoded, WireError, dialect};

pub use answers::Answers;
pub use at_least::{at_least, is_cut_to_fit};
pub use by_size::by_size;
pub use count_tokens::{estimate, estimate_answer};
pub use sketch::Sketch;

/// Members of a request of Messages that its counter takes, of which the prompt is made; it refuses all others. Those of
/// `MessageCountTokensParams` in Anthropic's Python SDK 2.12.0 (November 2026).
const OF_ANTHROPIC: &[&str] = &[
    "model",
    "system",
    "messages",
    "tools",
    "tool_choice",
    "thinking",
    "cache_control",
    "context_management",
    "mcp_servers",
    "output_config",
    "output_format",
];

/// The same of Responses: those of `TokenCountsBody` in OpenAI's OpenAPI document (August 2026), save what it would have
/// to remember.
const OF_RESPONSES: &[&str] = &[
    "model",
    "instructions",
    "input",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "truncation",
    "personality",
];

/// The same of Chat: what the templates of vLLM and llama.cpp read.
const OF_CHAT: &[&str] = &[
    "model",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "reasoning_effort",
    "chat_template_kwargs",
];

/// Reads a client's question.
///
/// # Errors
/// As for a request that wants an answer, save that what only the answer needs may be missing.
pub fn decode_request(dialect: DialectId, body: &[u8]) -> Result<Request, WireError> {
    match dialect {
        DialectId::Anthropic => count_tokens::decode_count_request(body),
        DialectId::Gemini => count::decode_request(body),
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses | DialectId::Ollama => {
            dialect::of(dialect).decode_request(body)
        }
    }
}

/// Asks a provider. A loss is what will not be counted.
///
/// # Errors
/// As for a request that wants an answer.
pub fn encode_request(dialect: DialectId, request: &Request, to: &Capabilities) -> Result<Encoded, WireError> {
    let taken = match dialect {
        DialectId::Gemini => return count::encode_request(request, to),
        DialectId::Anthropic => OF_ANTHROPIC,
        DialectId::OpenaiResponses => OF_RESPONSES,
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::Ollama => OF_CHAT,
    };
    let whole = dialect::of(dialect).encode_request(request, to)?;
    Ok(Encoded { bytes: only(&whole.bytes, taken)?, losses: whole.losses })
}

/// Reads a provider's answer.
///
/// # Errors
/// When it does not say.
pub fn decode_answer(dialect: DialectId, body: &[u8]) -> Result<u64, WireError> {
    match dialect {
        DialectId::Gemini => count::decode_count(body),
        DialectId::OpenaiChat
        | DialectId::OpenaiCompletions
        | DialectId::OpenaiResponses
        | DialectId::Anthropic
        | DialectId::Ollama => number(body, "input_tokens"),
    }
}

/// Answers a client.
pub fn encode_answer(dialect: DialectId, tokens: u64) -> Bytes {
    match dialect {
        DialectId::Gemini => count::encode_count(tokens),
        DialectId::OpenaiResponses => state::input_tokens_body(tokens),
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::Anthropic | DialectId::Ollama => {
            count_tokens::encode_count(tokens)
        }
    }
}

/// Whether a tokeniser reads all that the request says: in a template pictures and sounds are marks that stand for more
/// tokens than they are.
pub fn is_text(request: &Request) -> bool {
    request.messages.iter().all(|message| are_text(&message.blocks))
}

fn are_text(blocks: &[Block]) -> bool {
    blocks.iter().all(|block| match &block.content {
        Content::Media(media) => matches!(media.source, MediaSource::Text(_)),
        Content::ToolResult(result) => are_text(&result.blocks),
        Content::Text(_)
        | Content::Refusal(_)
        | Content::Reasoning(_)
        | Content::ToolCall(_)
        | Content::Opaque { .. } => true,
    })
}

/// How many pictures a request in this dialect holds, whoever's turn they are in; none in what cannot be read. The whole
/// body is read for it.
pub fn images(dialect: DialectId, body: &[Bytes]) -> u64 {
    let body = match body {
        [whole] => Cow::Borrowed(&**whole),
        pieces => Cow::Owned(pieces.concat()),
    };
    let request = dialect::of(dialect).decode_request(&body);
    request.map_or(0, |request| request.messages.iter().map(|message| images_among(&message.blocks)).sum())
}

fn images_among(blocks: &[Block]) -> u64 {
    let images = blocks.iter().map(|block| match &block.content {
        Content::Media(media) => u64::from(media.kind == MediaKind::Image),
        Content::ToolResult(result) => images_among(&result.blocks),
        Content::Text(_)
        | Content::Refusal(_)
        | Content::Reasoning(_)
        | Content::ToolCall(_)
        | Content::Opaque { .. } => 0,
    });
    images.sum()
}

/// Reads what vLLM's tokeniser says of a chat: `{"count":9,"tokens":[…],…}`.
///
/// # Errors
/// When it does not say.
pub fn decode_tokenized(body: &[u8]) -> Result<u64, WireError> {
    number(body, "count")
}

/// Gives llama.cpp's tokeniser the prompt that its template has made: `{"prompt":"…"}`.
///
/// # Errors
/// When `body` holds none.
pub fn encode_prompt(model: &str, body: &[u8]) -> Result<Bytes, WireError> {
    let prompt: String = Fields::of_body(body)?.required("prompt", "a string")?;
    Ok(Bytes::from(object(|out| {
        out.put("model", model);
        out.text("content", &prompt);
        // As the server does before it answers a chat.
        out.put("add_special", &true);
        out.put("parse_special", &true);
    })))
}

/// Counts what llama.cpp's tokeniser says: `{"tokens":[…]}`.
///
/// # Errors
/// When it does not say.
pub fn decode_tokens(body: &[u8]) -> Result<u64, WireError> {
    let mut fields = Fields::of_body(body)?;
    let tokens = fields.list("tokens", "an array")?.ok_or_else(|| fields.missing("tokens"))?;
    Ok(u64::try_from(tokens.len()).unwrap_or(u64::MAX))
}

fn number(body: &[u8], name: &str) -> Result<u64, WireError> {
    Fields::of_body(body)?.required(name, "a whole number of 0 or more")
}

/// The members of an object that have these names.
fn only(body: &[u8], names: &[&str]) -> Result<Bytes, WireError> {
    let mut fields = Fields::of_body(body)?;
    Ok(Bytes::from(object(|out| {
        for name in names {
            if let Some(raw) = fields.take(name) {
                out.raw(name, raw);
            }
        }
    })))
}

#[cfg(test)]
mod tests;
