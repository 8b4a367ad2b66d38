//! Messages as items of `input`.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::super::form;
use super::items::is_own_opaque;
use super::made::put_assistant;
use super::part::{self, Keep, Side};
use crate::ir::{Block, Content, Extra, Lost, MediaKind, Member, Message, Request, Role, ToolResult};
use crate::write::{Array, Object};
use crate::{Capabilities, DialectId};

/// What writing messages needs to know, and where it notes what it could not say.
#[derive(Debug)]
pub(in super::super) struct Places<'a, 'r> {
    pub(super) to: &'a Capabilities,
    /// Whether the request is in the words of this dialect.
    pub(super) own: bool,
    /// Whether the items are for a list of them: each in its full form, and seals whoever's they are.
    pub(super) listed: bool,
    pub(super) lost: &'a mut Lost<'r>,
    /// The ids of custom tools' calls: their results are of another type, which not every dialect says.
    pub(super) custom_calls: HashSet<String>,
}

impl<'a, 'r> Places<'a, 'r> {
    /// For the provider.
    pub(in super::super) fn new(request: &Request, to: &'a Capabilities, lost: &'a mut Lost<'r>) -> Self {
        let own = request.origin == DialectId::OpenaiResponses;
        Self { to, own, listed: false, lost, custom_calls: HashSet::new() }
    }

    /// Notes what a block carries that has no place here.
    pub(super) fn lose_rest(&mut self, block: &Block) {
        if !self.own {
            self.lost.block_extras(block);
        }
        if !block.citations.iter().all(|citation| citation.is_sayable(DialectId::OpenaiResponses)) {
            self.lost.of_block(block, Member::Citations);
        }
        if let Some(mark) = block.cache.as_ref().filter(|_| !self.keeps_marks()) {
            self.lost.mark(mark);
        }
    }

    fn keeps_marks(&self) -> bool {
        self.own || self.to.cache_marks
    }

    fn takes(&self, kind: MediaKind) -> bool {
        match kind {
            MediaKind::Image => self.to.images,
            MediaKind::Document => self.to.documents,
            MediaKind::Audio => self.to.audio,
            MediaKind::Video => false,
        }
    }
}

/// The message that is said in `instructions`, and all the others. Of a request of this dialect it is the one that
/// stood there; of another's, the operator's first.
pub(in super::super) fn split_instructions(request: &Request) -> (Option<&Message>, &[Message]) {
    let own = request.origin == DialectId::OpenaiResponses;
    match request.messages.split_first() {
        Some((first, rest)) if first.role == Role::System && (!own || form::has(&first.extras, form::INSTRUCTIONS)) => {
            (Some(first), rest)
        }
        Some(_) | None => (None, &request.messages),
    }
}

/// The text of `instructions`; `None` when there is none.
pub(in super::super) fn instructions(message: &Message, request: &Request, lost: &mut Lost<'_>) -> Option<String> {
    let own = request.origin == DialectId::OpenaiResponses;
    let mut said: Option<String> = None;
    for block in &message.blocks {
        let Some(text) = block.as_text() else {
            lost.block(block);
            continue;
        };
        if let Some(mark) = &block.cache {
            lost.mark(mark);
        }
        if !block.citations.is_empty() {
            lost.of_block(block, Member::Citations);
        }
        if !own {
            lost.block_extras(block);
        }
        match &mut said {
            None => said = Some(text.to_owned()),
            Some(said) => {
                said.push_str("\n\n");
                said.push_str(text);
            }
        }
    }
    lost.message_extras(message);
    said
}

/// The messages as single items, as a list of them shows them: in full form, nothing left out.
pub(in super::super) fn items_of(request: &Request, messages: &[Message]) -> Vec<Box<RawValue>> {
    let to = Capabilities { tool_images: true, ..Capabilities::default() };
    let mut lost = Lost::of(request);
    let mut places = Places { listed: true, ..Places::new(request, &to, &mut lost) };
    let mut bytes = Vec::new();
    let mut array = Array::begin(&mut bytes);
    put_messages(&mut array, messages, &mut places);
    array.end();
    serde_json::from_slice(&bytes).expect("what was just written is a list")
}

/// Writes the items of `input`, the tools that stood among them first.
pub(super) fn put_items(items: &mut Array<'_>, request: &Request, messages: &[Message], places: &mut Places<'_, '_>) {
    if places.own && places.to.tools {
        let additional = request.extras.iter().filter(|extra| extra.name == form::ADDITIONAL);
        additional.for_each(|extra| items.raw(&extra.raw));
    }
    put_messages(items, messages, places);
}

fn put_messages(items: &mut Array<'_>, messages: &[Message], places: &mut Places<'_, '_>) {
    let mut turned = false;
    for message in messages {
        match message.role {
            Role::Assistant => put_assistant(items, message, places),
            Role::System | Role::Developer | Role::User | Role::Tool | Role::Other(_) => {
                put_spoken(items, message, turned, places);
            }
        }
        turned |= matches!(message.role, Role::User | Role::Assistant | Role::Tool);
    }
}

/// The role under which a message may be said at all.
fn role(message: &Message, turned: bool, places: &mut Places<'_, '_>) -> &'static str {
    let wanted = match &message.role {
        Role::System => "system",
        Role::Developer if places.to.developer_role => "developer",
        Role::Developer => "system",
        Role::User | Role::Tool | Role::Assistant => return "user",
        Role::Other(_) => {
            places.lost.role(message);
            return "user";
        }
    };
    if turned && !places.to.system_in_middle {
        places.lost.role(message);
        return "user";
    }
    wanted
}

/// A message of anybody but the model: results first, then the rest as one message.
fn put_spoken(items: &mut Array<'_>, message: &Message, turned: bool, places: &mut Places<'_, '_>) {
    // Images that a result may not hold follow in the person's own words.
    let mut moved: Vec<&Block> = Vec::new();
    let mut said: Vec<&Block> = Vec::new();
    for block in &message.blocks {
        match &block.content {
            Content::ToolResult(result) => put_result(items, result, block, &mut moved, places),
            Content::Text(_) | Content::Media(_) | Content::Refusal(_) => said.push(block),
            Content::Opaque { .. } if is_own_opaque(&block.content) => said.push(block),
            Content::Opaque { .. } | Content::Reasoning(_) | Content::ToolCall(_) => places.lost.block(block),
        }
    }
    moved.extend(said);
    let empty = places.own && message.blocks.is_empty();
    if !places.own {
        places.lost.message_extras(message);
    }
    if moved.is_empty() && !empty {
        return;
    }
    let role = role(message, turned, places);
    let extras: &[Extra] = if places.own { &message.extras } else { &[] };
    let only = match moved.as_slice() {
        [block] => block.as_text().filter(|_| !places.listed && is_plain(block)),
        _ => None,
    };
    let as_string = form::has(extras, form::STRING) || form::has(extras, form::INPUT);
    items.object(|item| {
        begin_message(item, role, extras, places.listed || !form::has(extras, form::EASY));
        match only.filter(|_| as_string) {
            Some(text) => item.put("content", text),
            None => item.array("content", |parts| {
                moved.iter().for_each(|block| put_part(parts, block, Side::Input, places));
            }),
        }
        put_said(item, extras, "");
    });
}

pub(super) fn is_plain(block: &Block) -> bool {
    block.cache.is_none() && block.citations.is_empty()
}

pub(super) fn begin_message(item: &mut Object<'_>, role: &str, extras: &[Extra], full: bool) {
    if full {
        item.put("type", "message");
    }
    put_quiet(item, extras);
    item.put("role", role);
}

/// The item's own id and status.
pub(super) fn put_quiet(item: &mut Object<'_>, extras: &[Extra]) {
    for (name, mark) in [("id", form::ID), ("status", form::STATUS)] {
        if let Some(raw) = form::find(extras, mark) {
            item.raw(name, raw);
        }
    }
}

/// The extras that say something, and whose names begin with `path`.
pub(super) fn put_said(item: &mut Object<'_>, extras: &[Extra], path: &str) {
    for extra in extras.iter().filter(|extra| !extra.is_form()) {
        if let Some(name) = extra.name.strip_prefix(path) {
            item.raw(name, &extra.raw);
        }
    }
}

pub(super) fn put_part(parts: &mut Array<'_>, block: &Block, side: Side, places: &mut Places<'_, '_>) {
    places.lose_rest(block);
    let keep = Keep { own: places.own, marks: places.keeps_marks() };
    match &block.content {
        Content::Text(text) => part::put_text(parts, text, side, block, keep),
        Content::Refusal(text) if side == Side::Output => part::put_refusal(parts, text, block, keep),
        Content::Refusal(text) => part::put_text(parts, text, side, block, keep),
        Content::Media(media) => {
            if !places.takes(media.kind) || !part::put_media(parts, media, block, keep) {
                places.lost.block(block);
            } else if media.name.is_some() && media.kind != MediaKind::Document {
                places.lost.of_block(block, Member::MediaName);
            }
        }
        Content::Opaque { raw, .. } if is_own_opaque(&block.content) => parts.raw(raw),
        Content::Opaque { .. } | Content::Reasoning(_) | Content::ToolCall(_) | Content::ToolResult(_) => {
            places.lost.block(block);
        }
    }
}

fn put_result<'a>(
    items: &mut Array<'_>,
    result: &'a ToolResult,
    block: &Block,
    moved: &mut Vec<&'a Block>,
    places: &mut Places<'_, '_>,
) {
    if let Some(whole) = form::find(&block.extras, form::WHOLE).filter(|_| places.own) {
        items.raw(whole);
        return;
    }
    if result.is_error == Some(true) {
        places.lost.of_block(block, Member::IsError);
    }
    places.lose_rest(block);
    let extras: &[Extra] = if places.own { &block.extras } else { &[] };
    let (kept, images): (Vec<&Block>, Vec<&Block>) =
        result.blocks.iter().partition(|inner| places.to.tool_images || !matches!(inner.content, Content::Media(_)));
    moved.extend(images);
    let string = match kept.as_slice() {
        [] => Some(""),
        [only] if is_plain(only) => only.as_text(),
        _ => None,
    };
    let custom = result.custom || places.custom_calls.contains(&result.call_id);
    items.object(|item| {
        item.put("type", if custom { "custom_tool_call_output" } else { "function_call_output" });
        put_quiet(item, extras);
        item.put("call_id", &result.call_id);
        item.put_some("name", result.name.as_deref().filter(|_| places.own));
        match string.filter(|_| !form::has(extras, form::PARTS)) {
            Some(text) => item.put("output", text),
            None => item.array("output", |list| {
                kept.iter().for_each(|inner| put_part(list, inner, Side::Input, places));
            }),
        }
        put_said(item, extras, "");
    });
}
