//! Writes what the model said: its thoughts as the provider takes them back, its words, its calls.

use super::super::super::super::thoughts;
use super::super::super::marks;
use super::super::{content, is_openai_own, is_own, nested, outer, tools};
use super::Writer;
use crate::capabilities::ReasoningReplay;
use crate::ir::{Block, Content, Lost, Member, Message, Reasoning, Request, SealOrigin, ToolCall};
use crate::write::Object;
use crate::{Capabilities, DialectId};

impl<'a> Writer<'_, '_, 'a> {
    pub(super) fn assistant(&mut self, message: &'a Message) {
        let extras = self.extras(message);
        let (mut words, mut calls, mut thoughts) = (Vec::new(), Vec::new(), Vec::new());
        for block in &message.blocks {
            match &block.content {
                Content::Reasoning(reasoning) => thoughts.push((block, reasoning)),
                Content::ToolCall(call) => calls.push((block, call)),
                Content::Text(_)
                | Content::Refusal(_)
                | Content::Media(_)
                | Content::ToolResult(_)
                | Content::Opaque { .. } => words.push(block),
            }
        }
        let refusal = self.refusal_alone(&mut words);
        self.lose_citations(&words);
        let parts = self.parts(words.iter().copied());
        let thoughts = self.thoughts(&thoughts);
        if parts.is_empty()
            && calls.is_empty()
            && thoughts.is_empty()
            && refusal.is_none()
            && !message.blocks.is_empty()
        {
            // Nothing of it can be said, which is noted; an empty message would only confuse.
            return;
        }
        let nothing_said = parts.is_empty() && (!calls.is_empty() || refusal.is_some());
        let several = self.several("");
        let (request, to) = (self.request, self.to);
        let lost = &mut *self.lost;
        self.list.object(|object| {
            object.put("role", "assistant");
            // Chat templates of local servers may print `None` for null; OpenAI's own word for nothing is null.
            if nothing_said && (is_own(request) || is_openai_own(to)) {
                object.put("content", &None::<&str>);
            } else {
                content::write(object, &parts, several, to);
            }
            object.put_some("refusal", refusal);
            write_thoughts(object, &thoughts, to);
            write_annotations(object, &words);
            if !calls.is_empty() {
                object.array("tool_calls", |list| {
                    for (block, call) in &calls {
                        list.object(|object| write_call(object, (block, call), request, to, lost));
                    }
                });
            }
            object.extras(extras);
        });
    }

    /// A refusal that is all that was said has a member of its own where the provider knows it.
    fn refusal_alone(&self, words: &mut Vec<&'a Block>) -> Option<&'a str> {
        let [Block { content: Content::Refusal(text), .. }] = words.as_slice() else { return None };
        if !is_own(self.request) && !is_openai_own(self.to) {
            return None;
        }
        words.clear();
        Some(text)
    }

    fn lose_citations(&mut self, words: &[&Block]) {
        for block in words {
            if block.citations.iter().any(|citation| citation.origin != DialectId::OpenaiChat) {
                self.lost.of_block(block, Member::Citations);
            }
        }
    }

    /// The thoughts that go back. Seals of others are noted; that nobody reads thoughts is no loss.
    fn thoughts(&mut self, thoughts: &[(&Block, &'a Reasoning)]) -> Vec<&'a Reasoning> {
        if self.to.reasoning_replay == ReasoningReplay::Dropped {
            return Vec::new();
        }
        let mut told = Vec::new();
        for (block, reasoning) in thoughts {
            let foreign = reasoning.seal.as_ref().is_some_and(|seal| seal.origin != SealOrigin::Openrouter);
            if foreign {
                self.lost.of_block(block, Member::Seal);
            }
            if !foreign || !reasoning.text.is_empty() {
                told.push(*reasoning);
            }
        }
        told
    }
}

fn write_thoughts(object: &mut Object<'_>, thoughts: &[&Reasoning], to: &Capabilities) {
    let text: String = thoughts.iter().map(|reasoning| reasoning.text.as_str()).collect();
    match to.reasoning_replay {
        ReasoningReplay::Dropped => {}
        ReasoningReplay::ReasoningContent if !text.is_empty() => object.put("reasoning_content", &text),
        ReasoningReplay::Reasoning if !text.is_empty() => object.put("reasoning", &text),
        ReasoningReplay::ReasoningContent | ReasoningReplay::Reasoning => {}
    }
    let is_ours =
        |reasoning: &&Reasoning| reasoning.seal.as_ref().is_some_and(|seal| seal.origin == SealOrigin::Openrouter);
    if thoughts.iter().any(is_ours) {
        object.array("reasoning_details", |list| {
            for (reasoning, index) in thoughts.iter().filter(|reasoning| is_ours(reasoning)).zip(0..) {
                thoughts::write_details(reasoning, index, list);
            }
        });
    }
}

fn write_annotations(object: &mut Object<'_>, words: &[&Block]) {
    let citations = || words.iter().flat_map(|block| &block.citations);
    let own: Vec<_> = citations().filter(|citation| citation.origin == DialectId::OpenaiChat).collect();
    if !own.is_empty() {
        object.array("annotations", |list| own.iter().for_each(|citation| list.raw(&citation.raw)));
    }
}

fn write_call(
    object: &mut Object<'_>,
    (block, call): (&Block, &ToolCall),
    request: &Request,
    to: &Capabilities,
    lost: &mut Lost<'_>,
) {
    let own = is_own(request);
    let extras = if own { block.extras.as_slice() } else { &[] };
    if !own {
        lost.block_extras(block);
    }
    let custom = call.custom && tools::says_custom(request, to);
    let member = if custom { "custom" } else { "function" };
    object.put("id", &call.id);
    object.put("type", member);
    object.object(member, |inner| {
        inner.put("name", &call.name);
        if custom {
            inner.put("input", &call.arguments);
        } else if call.custom {
            let input = serde_json::json!({ "input": call.arguments });
            inner.put("arguments", &input.to_string());
        } else {
            // Servers parse it; nothing is no JSON.
            let arguments = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
            inner.put("arguments", arguments);
        }
        nested(extras, member).for_each(|(name, raw)| inner.raw(name, raw));
    });
    outer(extras, member).for_each(|(name, raw)| object.raw(name, raw));
    match (&block.cache, to.cache_marks) {
        (Some(mark), true) if !is_openai_own(to) => marks::write(object, mark, to),
        (Some(mark), _) => lost.mark(mark),
        (None, _) => {}
    }
    match &call.seal {
        Some(_) if to.reasoning_replay == ReasoningReplay::Dropped => {}
        Some(seal) if seal.origin == SealOrigin::Gemini => write_signature(object, &seal.data),
        Some(_) => lost.of_block(block, Member::Seal),
        None => {}
    }
}

/// What the maker of a call wants back with it, in the place that Google's Chat Completions and the AI SDK know.
pub(in crate::dialects::openai_chat) fn write_signature(object: &mut Object<'_>, signature: &str) {
    object.object("extra_content", |extra| {
        extra.object("google", |google| google.put("thought_signature", signature));
    });
}
