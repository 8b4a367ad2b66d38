//! What the model said in earlier turns, as items of `input`.

use super::super::form;
use super::items::{is_own_opaque, write_seal};
use super::messages::{Places, begin_message, is_plain, put_part, put_quiet, put_said};
use super::part::Side;
use crate::capabilities::ReasoningReplay;
use crate::fields::parse;
use crate::ir::{Block, Content, Extra, Member, Message, Reasoning, SealOrigin, ToolCall};
use crate::write::{Array, Object};

/// What the model said, thought and called: an item each, texts that stand together as one message.
pub(super) fn put_assistant(items: &mut Array<'_>, message: &Message, places: &mut Places<'_, '_>) {
    if !places.own {
        places.lost.message_extras(message);
    } else if message.blocks.is_empty() {
        put_parts(items, &[], &message.extras, "", places);
    }
    let mut parts: Vec<&Block> = Vec::new();
    for block in &message.blocks {
        let is_part = match &block.content {
            Content::Text(text) => {
                if text.is_empty() && !places.own {
                    continue;
                }
                true
            }
            Content::Refusal(_) => true,
            Content::Opaque { .. } => is_own_opaque(&block.content) && form::has(&block.extras, form::PART),
            Content::Media(_) | Content::Reasoning(_) | Content::ToolCall(_) | Content::ToolResult(_) => false,
        };
        if !is_part || form::has(&block.extras, form::MESSAGE) {
            flush(items, &mut parts, places);
        }
        if is_part {
            parts.push(block);
        } else {
            put_made(items, block, places);
        }
    }
    flush(items, &mut parts, places);
}

fn flush(items: &mut Array<'_>, parts: &mut Vec<&Block>, places: &mut Places<'_, '_>) {
    if let Some(first) = parts.first() {
        let extras: &[Extra] = if places.own { &first.extras } else { &[] };
        put_parts(items, parts, extras, form::OF_MESSAGE, places);
    }
    parts.clear();
}

/// A message of the model; what it carries itself are the `extras` whose names begin with `path`.
fn put_parts(items: &mut Array<'_>, parts: &[&Block], extras: &[Extra], path: &str, places: &mut Places<'_, '_>) {
    let only = match parts {
        [block] if form::has(extras, form::STRING) && !places.listed && is_plain(block) => block.as_text(),
        _ => None,
    };
    items.object(|item| {
        begin_message(item, "assistant", extras, places.listed || !form::has(extras, form::EASY));
        match only {
            Some(text) => item.put("content", text),
            None => item.array("content", |list| {
                parts.iter().for_each(|block| put_part(list, block, Side::Output, places));
            }),
        }
        put_said(item, extras, path);
    });
}

/// An item of the model's that is no message.
fn put_made(items: &mut Array<'_>, block: &Block, places: &mut Places<'_, '_>) {
    match &block.content {
        Content::ToolCall(call) => put_call(items, call, block, places),
        Content::Reasoning(reasoning) => put_reasoning(items, reasoning, block, places),
        Content::Opaque { raw, .. } if is_own_opaque(&block.content) => items.raw(raw),
        Content::Text(_)
        | Content::Refusal(_)
        | Content::Media(_)
        | Content::ToolResult(_)
        | Content::Opaque { .. } => places.lost.block(block),
    }
}

fn put_call(items: &mut Array<'_>, call: &ToolCall, block: &Block, places: &mut Places<'_, '_>) {
    if call.custom {
        places.custom_calls.insert(call.id.clone());
    }
    if let Some(whole) = form::find(&block.extras, form::WHOLE).filter(|_| places.own) {
        items.raw(whole);
        return;
    }
    if call.seal.is_some() {
        places.lost.of_block(block, Member::Seal);
    }
    places.lose_rest(block);
    let extras: &[Extra] = if places.own { &block.extras } else { &[] };
    let namespace: Option<String> = form::find(extras, form::NAMESPACE).and_then(parse);
    let prefix = namespace.as_deref().map(|namespace| format!("{namespace}{}", form::NAMESPACE_END));
    let name = prefix.and_then(|prefix| call.name.strip_prefix(&prefix)).unwrap_or(&call.name);
    items.object(|item| {
        item.put("type", if call.custom { "custom_tool_call" } else { "function_call" });
        put_quiet(item, extras);
        item.put("call_id", &call.id);
        item.put_some("namespace", namespace.as_deref());
        item.put("name", name);
        // Arguments of nothing are an empty object here.
        let nothing = call.arguments.is_empty() && !places.own && !call.custom;
        item.put(if call.custom { "input" } else { "arguments" }, if nothing { "{}" } else { &call.arguments });
        put_said(item, extras, "");
    });
}

fn put_reasoning(items: &mut Array<'_>, thought: &Reasoning, block: &Block, places: &mut Places<'_, '_>) {
    let seal = thought.seal.as_ref().filter(|seal| places.listed || seal.origin == SealOrigin::Openai);
    // With another vendor's seal it is that vendor's thought, whatever dialect the client speaks.
    let own = places.own && (thought.seal.is_none() || seal.is_some());
    let replayed = own || seal.is_some() || places.to.reasoning_replay != ReasoningReplay::Dropped;
    if thought.seal.is_some() && seal.is_none() {
        places.lost.of_block(block, Member::Seal);
    }
    // Without its seal a hidden thought is nothing.
    let nothing = thought.text.is_empty() && thought.seal.is_some() && seal.is_none();
    if !replayed || nothing {
        return;
    }
    places.lose_rest(block);
    let extras: &[Extra] = if places.own { &block.extras } else { &[] };
    if form::has(extras, "encrypted_content") {
        places.lost.of_block(block, Member::Seal);
    }
    items.object(|item| {
        item.put("type", "reasoning");
        // An id of another dialect's is unknown here.
        item.put_some("id", thought.id.as_deref().filter(|id| own || (!places.own && id.starts_with("rs_"))));
        match form::find(extras, form::SUMMARY) {
            Some(whole) => item.raw("summary", whole),
            None => put_thoughts(item, "summary", "summary_text", thought.text.as_str(), thought.summary),
        }
        match form::find(extras, form::CONTENT) {
            Some(whole) => item.raw("content", whole),
            None if thought.summary || thought.text.is_empty() => {}
            None => put_thoughts(item, "content", "reasoning_text", thought.text.as_str(), true),
        }
        item.put_some("encrypted_content", seal.map(|seal| write_seal(seal, thought.redacted)));
        if let Some(raw) = form::find(extras, form::STATUS) {
            item.raw("status", raw);
        }
        let rest = extras.iter().filter(|extra| !extra.is_form() && extra.name != "encrypted_content");
        rest.for_each(|extra| item.raw(&extra.name, &extra.raw));
    });
}

fn put_thoughts(item: &mut Object<'_>, name: &str, kind: &str, text: &str, said: bool) {
    item.array(name, |list| {
        if said && !text.is_empty() {
            list.object(|part| {
                part.put("type", kind);
                part.put("text", text);
            });
        }
    });
}
