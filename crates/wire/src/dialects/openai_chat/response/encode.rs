//! Writes a whole answer for a client.

use bytes::Bytes;

use super::super::stream::finish_reason;
use super::super::usage::UsageBody;
use super::super::{request, thoughts};
use super::annotations::write_annotation;
use super::logprobs::write_logprobs;
use crate::DialectId;
use crate::dialect::{Encoded, StreamHead};
use crate::ir::{
    BlockKind, Citation, Content, Reasoning, Response, Said, SealOrigin, Sealed, ServiceTier, Speech, ToolCall, Unsaid,
};
use crate::write::{self, Array, Object};

/// What OpenAI itself says beside the answer; goes back as it came.
const EXTRAS: [&str; 1] = ["system_fingerprint"];

/// Writes an answer of one choice.
pub(in crate::dialects::openai_chat) fn encode(response: &Response, head: &StreamHead) -> Encoded {
    let mut losses = Unsaid::of(response, &Answers);
    let minted = format!("chatcmpl-{}", head.request_id);
    let created = if response.created == 0 { head.created } else { response.created };
    let bytes = write::object(|object| {
        object.put("id", if response.id.is_empty() { &minted } else { &response.id });
        object.put("object", "chat.completion");
        object.put("created", &created);
        object.put("model", &head.model);
        object.array("choices", |choices| {
            choices.object(|choice| {
                choice.put("index", &0);
                choice.object("message", |message| write_message(message, response));
                write_logprobs(choice, response.blocks.iter().flat_map(|block| &block.logprobs));
                choice.put("finish_reason", finish_reason(&response.stop));
            });
        });
        object.put_some("usage", response.usage.map(|usage| UsageBody::from(usage).with_cost(head.cost)));
        object.put_some("service_tier", response.tier.as_ref().map(ServiceTier::as_str));
        for extra in &response.extras {
            if EXTRAS.contains(&extra.name.as_str()) {
                object.raw(&extra.name, &extra.raw);
            } else {
                losses.add(extra.name.as_str());
            }
        }
    });
    Encoded { bytes: Bytes::from(bytes), losses }
}

/// What answers of Chat Completions can say.
#[derive(Debug)]
pub(in crate::dialects::openai_chat) struct Answers;

impl Speech for Answers {
    fn block(&self, kind: &BlockKind) -> Said {
        match kind {
            BlockKind::Opaque { origin: DialectId::OpenaiChat, kind, .. } if kind == "audio" => Said::All,
            BlockKind::Opaque { .. } => Said::Nothing,
            BlockKind::Text | BlockKind::Refusal | BlockKind::Reasoning { .. } | BlockKind::ToolCall { .. } => {
                Said::All
            }
        }
    }

    fn seal(&self, on: Sealed) -> bool {
        match on {
            Sealed::Thoughts | Sealed::Call => true,
        }
    }

    fn citation(&self, citation: &Citation) -> bool {
        citation.is_sayable(DialectId::OpenaiChat)
    }

    fn logprobs(&self) -> bool {
        true
    }

    fn tier(&self, _tier: &ServiceTier) -> bool {
        true
    }
}

fn write_message(message: &mut Object<'_>, response: &Response) {
    let (mut text, mut refusal) = (String::new(), None::<String>);
    let (mut thoughts, mut calls) = (Vec::new(), Vec::new());
    let mut audio = None;
    let mut citations = Vec::new();
    let mut characters = 0;
    for block in &response.blocks {
        let from = characters;
        match &block.content {
            Content::Text(more) => {
                text.push_str(more);
                characters += more.chars().count();
            }
            Content::Refusal(more) => refusal.get_or_insert_default().push_str(more),
            Content::Reasoning(reasoning) => thoughts.push(reasoning),
            Content::ToolCall(call) => calls.push(call),
            Content::Opaque { origin: DialectId::OpenaiChat, kind, raw } if kind == "audio" => audio = Some(raw),
            Content::Opaque { .. } | Content::Media(_) | Content::ToolResult(_) => {}
        }
        for citation in &block.citations {
            if citation.is_sayable(DialectId::OpenaiChat) {
                citations.push((citation, from..characters));
            }
        }
    }
    message.put("role", "assistant");
    let unsaid = text.is_empty() && (refusal.is_some() || !calls.is_empty());
    message.put("content", &(!unsaid).then_some(&text));
    message.put("refusal", &refusal);
    write_thoughts(message, &thoughts);
    if !citations.is_empty() {
        message.array("annotations", |list| {
            for (citation, place) in citations {
                write_annotation(citation, place, list);
            }
        });
    }
    if let Some(audio) = audio {
        message.raw("audio", audio);
    }
    if !calls.is_empty() {
        message.array("tool_calls", |list| calls.iter().for_each(|call| write_call(call, list)));
    }
}

/// Text for all; what a maker wants back only where there is such a thing.
fn write_thoughts(message: &mut Object<'_>, thoughts: &[&Reasoning]) {
    let text: String = thoughts.iter().map(|reasoning| reasoning.text.as_str()).collect();
    if !text.is_empty() {
        message.put("reasoning_content", &text);
    }
    if thoughts.iter().any(|reasoning| reasoning.seal.is_some()) {
        message.array("reasoning_details", |list| {
            for (reasoning, index) in thoughts.iter().zip(0..) {
                thoughts::write_details(reasoning, index, list);
            }
        });
    }
}

fn write_call(call: &ToolCall, list: &mut Array<'_>) {
    let (member, text) = if call.custom { ("custom", "input") } else { ("function", "arguments") };
    // Clients parse arguments; nothing is no JSON.
    let empty = call.arguments.is_empty() && !call.custom;
    list.object(|object| {
        object.put("id", &call.id);
        object.put("type", member);
        object.object(member, |inner| {
            inner.put("name", &call.name);
            inner.put(text, if empty { "{}" } else { &call.arguments });
        });
        if let Some(seal) = &call.seal {
            request::write_signature(object, &seal.write(SealOrigin::Gemini));
        }
    });
}

#[cfg(test)]
mod tests;
