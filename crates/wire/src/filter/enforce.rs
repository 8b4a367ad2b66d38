//! Answers that must call a tool: which of them do, and how one that does not is asked for again.

use std::sync::Arc;

use crate::ir::{Block, Content, Message, Request, Response, Role, StopReason, ToolChoice};

/// Stands in guidance and corrections for the flag.
const FLAG: &str = "{flag}";

/// What the model is told beforehand, where the operator says nothing of it, and it may end with a flag.
const GUIDANCE_TO_FLAG: &str =
    "In every answer, call one of your tools. Only when nothing is left to do, end your answer with {flag}.";

/// The same where it must call.
const GUIDANCE: &str = "In every answer, call one of your tools.";

/// What the model is told after an answer without a call, where it may end with a flag.
const CALL_OR_FLAG: &str = "Your last answer called no tool. Call one of your tools now. Only if nothing is left to do, end your answer with {flag}.";

/// The same where it must call.
const CALL: &str = "Your last answer called no tool. Call one of your tools now.";

/// The most of a failed answer that is shown to the model again, in bytes. Guards its window against its own chatter.
const SHOWN_BYTES_MAX: usize = 16 << 10;

/// What an answer must be, where a request offers tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// What the model writes when it is done and calls nothing; `None`: it must always call. Never empty.
    pub flag: Option<Arc<str>>,
    /// What it is told beforehand, behind the operator's own words; [`flag`](Self::flag) takes the place of `{flag}`.
    /// `None`: words of our own; empty: nothing.
    pub guidance: Option<Arc<str>>,
    /// Whether an answer that says nothing at all will do.
    pub empty_passes: bool,
}

impl Demand {
    /// Whether a request's answer is held to it: it offers tools, and the model may call them.
    pub fn is_for(&self, request: &Request) -> bool {
        !request.tools.is_empty() && !matches!(request.tool_choice, Some(ToolChoice::None))
    }

    /// Tells the model what is wanted, before it is asked.
    pub fn guide(&self, request: &mut Request) {
        let own = if self.flag.is_some() { GUIDANCE_TO_FLAG } else { GUIDANCE };
        let guidance = self.guidance.as_deref().unwrap_or(own);
        if guidance.is_empty() {
            return;
        }
        let is_operators = |message: &Message| matches!(message.role, Role::System | Role::Developer);
        let behind = request.messages.iter().take_while(|message| is_operators(message)).count();
        request.messages.insert(behind, Message::new(Role::System, vec![Block::text(self.with_flag(guidance))]));
    }

    /// Whether an answer will do; then the flag is no longer in it. An answer that was filtered or paused will do, since
    /// asking again would not change it.
    pub fn accepts(&self, response: &mut Response) -> bool {
        let calls = response.blocks.iter().any(|block| matches!(block.content, Content::ToolCall(_)));
        let refused = response.blocks.iter().any(|block| matches!(block.content, Content::Refusal(_)));
        let empty = || response.blocks.iter().filter_map(Block::as_text).all(|text| text.trim().is_empty());
        let beyond_us = refused || matches!(response.stop, StopReason::Filtered | StopReason::Paused);
        let passes = calls || beyond_us || (self.empty_passes && empty()) || self.is_flagged(response);
        if passes {
            self.strip(response);
        }
        passes
    }

    /// The request that asks again after an answer that did not do. It is made of the request as it was at first, so that
    /// there is never more than one such answer in it.
    #[must_use]
    pub fn correction(&self, request: &Request, response: &Response) -> Request {
        let mut again = request.clone();
        let mut said = response.text();
        said.truncate(said.floor_char_boundary(SHOWN_BYTES_MAX));
        if !said.trim().is_empty() {
            again.messages.push(Message::new(Role::Assistant, vec![Block::text(said)]));
        }
        let words = if self.flag.is_some() { CALL_OR_FLAG } else { CALL };
        again.messages.push(Message::new(Role::User, vec![Block::text(self.with_flag(words))]));
        again
    }

    fn is_flagged(&self, response: &Response) -> bool {
        let Some(flag) = &self.flag else { return false };
        response.blocks.iter().filter_map(Block::as_text).any(|text| text.contains(&**flag))
    }

    /// Takes the flag out of what the person sees; what is sealed must stay as it is.
    fn strip(&self, response: &mut Response) {
        let Some(flag) = &self.flag else { return };
        for block in &mut response.blocks {
            match &mut block.content {
                Content::Text(text) => take_out(text, flag),
                Content::Reasoning(thoughts) if thoughts.seal.is_none() => take_out(&mut thoughts.text, flag),
                Content::Reasoning(_)
                | Content::Refusal(_)
                | Content::Media(_)
                | Content::ToolCall(_)
                | Content::ToolResult(_)
                | Content::Opaque { .. } => {}
            }
        }
        response.blocks.retain(|block| block.as_text() != Some(""));
    }

    fn with_flag(&self, words: &str) -> String {
        words.replace(FLAG, self.flag.as_deref().unwrap_or_default())
    }
}

/// Takes out a word wherever it stands, and the white space before it where nothing but that is left behind it.
fn take_out(text: &mut String, word: &str) {
    if text.contains(word) {
        let left = text.replace(word, "");
        *text = if text.trim_end().ends_with(word) { left.trim_end().to_owned() } else { left };
    }
}

#[cfg(test)]
mod tests;
