//! Which blocks can be said, and how.

use serde_json::value::RawValue;

use super::Writer;
use super::turns::{Piece, Speaker, is_image};
use crate::DialectId;
use crate::capabilities::ReasoningReplay;
use crate::ir::{At, Block, CacheMark, Citation, Content, Extra, Member, Reasoning, SealOrigin, ToolCall, ToolResult};
use crate::write::Object;

/// What stands in a result for an image that was moved behind it.
const MOVED: &str = "[image attached below]";

impl Writer<'_> {
    /// Whether a block can be said where it stands; when not, that is a loss, unless it says nothing.
    pub(super) fn admits(&mut self, block: &Block, speaker: Speaker<'_>) -> bool {
        let admitted = match &block.content {
            Content::Text(text) | Content::Refusal(text) => {
                // Empty texts are refused, and nothing is lost with one.
                if let Some(mark) = block.cache.as_ref().filter(|_| text.is_empty()) {
                    self.lost.mark(mark);
                }
                return !text.is_empty();
            }
            Content::Reasoning(reasoning) => return self.admits_thoughts(reasoning, block, speaker),
            Content::Media(media) => speaker != Speaker::System && self.admits_media(media),
            Content::ToolCall(_) => speaker.is_the_model() && self.to.tools,
            Content::ToolResult(_) => speaker.is_the_user() && self.to.tools,
            Content::Opaque { origin, .. } => *origin == DialectId::Anthropic,
        };
        if !admitted {
            self.lost.block(block);
        }
        admitted
    }

    /// Only thoughts that Anthropic sealed go back to it: others are refused.
    fn admits_thoughts(&mut self, reasoning: &Reasoning, block: &Block, speaker: Speaker<'_>) -> bool {
        match self.to.reasoning_replay {
            ReasoningReplay::Dropped => return false,
            ReasoningReplay::ReasoningContent | ReasoningReplay::Reasoning => {}
        }
        let sealed = reasoning.seal.as_ref().is_some_and(|seal| seal.origin == SealOrigin::Anthropic);
        let admitted = speaker.is_the_model() && sealed;
        if !admitted {
            self.lost.block(block);
        }
        admitted
    }

    /// Writes a block that was admitted.
    pub(super) fn put_block(&mut self, block: &Block, to: &mut Object<'_>) {
        match &block.content {
            Content::Text(text) | Content::Refusal(text) => {
                to.put("type", "text");
                to.put("text", text);
                self.put_citations(block, to);
            }
            Content::Media(media) => self.put_media(media, block, to),
            Content::Reasoning(reasoning) => put_thoughts(reasoning, to),
            Content::ToolCall(call) => {
                to.put("type", "tool_use");
                to.put("id", self.ids.sent(&call.id));
                to.put("name", self.names.sent(&call.name));
                to.raw("input", &call_input(call));
                if call.seal.is_some() {
                    self.lost.of_block(block, Member::Seal);
                }
            }
            Content::ToolResult(result) => self.put_result(result, to),
            // It goes over whole, its type and its mark included.
            Content::Opaque { .. } => {}
        }
        self.put_cache(block.cache.as_ref(), &block.extras, &block.at, to);
        self.put_extras(&block.extras, to);
        if !self.own {
            self.lost.block_extras(block);
        }
    }

    fn put_citations(&mut self, block: &Block, to: &mut Object<'_>) {
        let own = |citation: &&Citation| citation.origin == DialectId::Anthropic;
        if !block.citations.iter().all(|citation| own(&citation)) {
            self.lost.of_block(block, Member::Citations);
        }
        if block.citations.iter().any(|citation| own(&citation)) {
            let citations = block.citations.iter().filter(own);
            to.array("citations", |list| citations.for_each(|citation| list.raw(&citation.raw)));
        }
    }

    fn put_result(&mut self, result: &ToolResult, to: &mut Object<'_>) {
        to.put("type", "tool_result");
        to.put("tool_use_id", self.ids.sent(&result.call_id));
        let mut pieces = Vec::new();
        for block in &result.blocks {
            if !self.to.tool_images && is_image(block) {
                // One that could not be moved either is a loss already.
                if matches!(&block.content, Content::Media(media) if self.admits_media(media)) {
                    pieces.push(Piece::Said(MOVED.to_owned()));
                }
            } else if matches!(block.content, Content::ToolResult(_)) {
                // Results hold none.
                self.lost.block(block);
            } else if self.admits(block, Speaker::User) {
                pieces.push(Piece::Block(block));
            }
        }
        if !pieces.is_empty() {
            self.put_content("content", &pieces, to);
        }
        to.put_some("is_error", result.is_error);
    }

    /// Writes the cache mark of what stands at `at`, with what it said besides.
    pub(super) fn put_cache(&mut self, mark: Option<&CacheMark>, extras: &[Extra], at: &At, to: &mut Object<'_>) {
        let nested = self.nested(extras, "cache_control");
        if mark.is_none() && nested.is_empty() {
            return;
        }
        if !self.to.cache_marks || self.marks_left == 0 {
            match mark {
                Some(mark) => self.lost.mark(mark),
                None => self.lost.at(at, "cache_control"),
            }
            return;
        }
        self.marks_left -= 1;
        let ttl = mark.and_then(|mark| self.ttl(mark));
        to.object("cache_control", |object| {
            if mark.is_some() {
                object.put("type", "ephemeral");
            }
            object.put_some("ttl", ttl);
            nested.iter().for_each(|(name, raw)| object.raw(name, raw));
        });
    }

    /// Anthropic knows `5m` and `1h`; longer times come down to the longer one.
    fn ttl<'t>(&mut self, mark: &'t CacheMark) -> Option<&'t str> {
        let ttl = mark.ttl.as_deref()?;
        if self.own || matches!(ttl, "5m" | "1h") {
            return Some(ttl);
        }
        self.lost.mark_ttl(mark);
        ttl.ends_with(['h', 'd']).then_some("1h")
    }
}

fn put_thoughts(reasoning: &Reasoning, to: &mut Object<'_>) {
    let seal = reasoning.seal.as_ref().map_or("", |seal| seal.data.as_str());
    if reasoning.redacted {
        to.put("type", "redacted_thinking");
        to.put("data", seal);
    } else {
        to.put("type", "thinking");
        to.put("thinking", &reasoning.text);
        to.put("signature", seal);
    }
}

/// A call's arguments as an object: Messages has nothing else. A custom tool's text is the only argument `input`; what is
/// no object is kept as text under `_raw`.
pub(in crate::dialects::anthropic) fn call_input(call: &ToolCall) -> Box<RawValue> {
    let wrapped = |name: &str| {
        let text = serde_json::to_string(&call.arguments).expect("text always serialises");
        format!("{{\"{name}\":{text}}}")
    };
    let text = call.arguments.trim();
    let json = if call.custom {
        wrapped("input")
    } else if text.is_empty() || text == "null" {
        "{}".to_owned()
    } else if text.starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok() {
        text.to_owned()
    } else {
        wrapped("_raw")
    };
    RawValue::from_string(json).expect("it was read, or made of JSON")
}
