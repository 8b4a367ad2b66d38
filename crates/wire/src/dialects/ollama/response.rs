//! The whole answer of `/api/chat` and of `/api/generate`.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::answer::{Calling, DURATIONS, Form, Line, Saying, write_end};
use super::call::CallIds;
use super::timestamp;
use crate::dialect::Encoded;
use crate::fields::Fields;
use crate::ir::{Block, BlockKind, Citation, Content, Reasoning, Response, Said, Sealed, ServiceTier, Speech, Unsaid};
use crate::{WireError, write};

/// Members of an answer that the neutral model has a place for.
const KNOWN: [&str; 11] = [
    "model",
    "created_at",
    "message",
    "response",
    "thinking",
    "tool_calls",
    "logprobs",
    "done",
    "done_reason",
    "prompt_eval_count",
    "eval_count",
];

/// Reads a whole answer of either path.
pub(super) fn decode(body: &[u8]) -> Result<Response, WireError> {
    let mut fields = Fields::of_body(body)?;
    let wrong = |path: &str, expected| WireError::Wrong { path: path.to_owned(), expected };
    let mut line = Line::read(body).ok_or_else(|| wrong("message", "the answer of an Ollama server"))?;
    if line.error.is_some() {
        return Err(wrong("error", "absent from an answer"));
    }
    if !line.is_answer() {
        return Err(fields.missing("message"));
    }
    let mut ids = CallIds::default();
    let news =
        line.news(&mut ids, body).ok_or_else(|| wrong("message.tool_calls", "a list of calls, each with a name"))?;
    let thinking = (!news.thinking.is_empty())
        .then(|| Content::Reasoning(Reasoning { text: news.thinking, ..Reasoning::default() }).into());
    let text = (!news.content.is_empty()).then(|| Block { logprobs: news.logprobs, ..Block::text(news.content) });
    let calls = news.calls.into_iter().map(|call| Content::ToolCall(call).into());
    for name in KNOWN {
        fields.take(name);
    }
    Ok(Response {
        id: String::new(),
        created: line.created_at.as_deref().and_then(timestamp::read).unwrap_or(0),
        stop: line.stop(ids.len() > 0),
        usage: line.usage(),
        tier: None,
        model: line.model.unwrap_or_default(),
        blocks: thinking.into_iter().chain(text).chain(calls).collect(),
        extras: fields.rest(),
    })
}

/// Writes a whole answer of one path.
pub(super) fn encode(response: &Response, form: Form) -> Encoded {
    let mut losses = Unsaid::of(response, &Answers);
    let (mut content, mut thinking, mut calls) = (String::new(), String::new(), Vec::new());
    let logprobs: Vec<_> = response.blocks.iter().flat_map(|block| block.logprobs.clone()).collect();
    for block in &response.blocks {
        match &block.content {
            Content::Text(text) | Content::Refusal(text) => content.push_str(text),
            Content::Reasoning(reasoning) => thinking.push_str(&reasoning.text),
            Content::ToolCall(call) => calls.push(Calling { index: calls.len(), call }),
            // Models answer with neither of the first two.
            Content::Media(_) | Content::ToolResult(_) | Content::Opaque { .. } => {}
        }
    }
    let mut durations: [Option<&RawValue>; 4] = [None; 4];
    for extra in &response.extras {
        match DURATIONS.iter().zip(&mut durations).find(|(name, _)| **name == extra.name) {
            Some((_, duration)) => *duration = Some(&extra.raw),
            None => losses.add(&extra.name),
        }
    }
    let bytes = write::object(|line| {
        line.put("model", &response.model);
        line.put("created_at", &timestamp::write(response.created));
        form.write(line, &Saying { content: &content, thinking: &thinking, logprobs: &logprobs, calls: &calls });
        write_end(line, &response.stop, response.usage, durations);
    });
    Encoded { bytes: Bytes::from(bytes), losses }
}

/// What answers can say.
#[derive(Debug)]
pub(super) struct Answers;

impl Speech for Answers {
    fn block(&self, kind: &BlockKind) -> Said {
        match kind {
            BlockKind::Text | BlockKind::Refusal | BlockKind::Reasoning { .. } | BlockKind::ToolCall { .. } => {
                Said::All
            }
            BlockKind::Opaque { .. } => Said::Nothing,
        }
    }

    fn seal(&self, on: Sealed) -> bool {
        match on {
            Sealed::Thoughts | Sealed::Call => false,
        }
    }

    fn citation(&self, _citation: &Citation) -> bool {
        false
    }

    fn logprobs(&self) -> bool {
        true
    }

    fn tier(&self, _tier: &ServiceTier) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
