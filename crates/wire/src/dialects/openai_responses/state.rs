//! What is kept of an answer so that a later request can go on from it, and the bodies that show it.
//!
//! Kept are items in their full form, as clients list them. Instructions, tools and all else belong to one request
//! alone.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::form;
use super::request::{self, Conversation};
use super::response;
use crate::dialect::StreamHead;
use crate::fields::{Fields, parse};
use crate::ir::{Content, Message, Request, Response};
use crate::write::{Object, object};
use crate::{DialectId, WireError};

/// All items of one conversation. Guards memory and the store against a chain that grows for ever.
pub const ITEMS_MAX: usize = 10_000;

/// The member that names the answer to go on from.
const PREVIOUS: &str = "previous_response_id";

/// The items that a request put in, what came before them included once [`resume`] has put it there: each with an id,
/// made from `request_id` where the client gave none.
pub fn input_items(request: &Request, request_id: &str) -> Vec<Box<RawValue>> {
    let (_, messages) = request::split_instructions(request);
    let items = request::items_of(request, messages);
    items.into_iter().enumerate().map(|(index, item)| with_id(item, request_id, index)).collect()
}

/// The items of an answer, with all seals, under the ids that the client saw.
pub fn output_items(response: &Response, head: &StreamHead) -> Vec<Box<RawValue>> {
    response::output_items(response, head)
}

/// The answer that a request goes on from; `None` when it begins anew, or was resumed already.
pub fn previous_response_id(request: &Request) -> Option<String> {
    own(request).then(|| form::find(&request.extras, PREVIOUS).and_then(parse))?
}

/// Whether the answer is to be kept: unless the client says no.
pub fn is_stored(request: &Request) -> bool {
    let said = form::find(&request.extras, "store").and_then(parse);
    own(request) && said.unwrap_or(true)
}

/// Puts the items that a request goes on from in front of its own: those the earlier request put in, then those of its
/// answer. The provider is not told of the earlier answer any more; the client is.
///
/// # Errors
/// When there are more than [`ITEMS_MAX`], one cannot be read, or a result answers no call now that all are there.
pub fn resume(request: &mut Request, previous: &[&RawValue]) -> Result<(), WireError> {
    if previous.len() > ITEMS_MAX {
        let expected = "an answer after fewer than 10,000 items";
        return Err(WireError::Wrong { path: PREVIOUS.to_owned(), expected });
    }
    let mut before = Conversation::default();
    for (index, raw) in previous.iter().enumerate() {
        before.push(request::decode_item(raw, format!("{PREVIOUS}.items[{index}]"))?);
    }
    let own_from = request.messages.len() - request::split_instructions(request).1.len();
    let own = request.messages.split_off(own_from);
    for message in before.messages.into_iter().chain(own) {
        append(&mut request.messages, message);
    }
    for extra in request.extras.iter_mut().filter(|extra| extra.name == PREVIOUS) {
        form::RESUMED.clone_into(&mut extra.name);
    }
    request::check_results(&request.messages)
}

/// The model's turns become one where they meet.
fn append(messages: &mut Vec<Message>, message: Message) {
    let meets = |last: &&mut Message| last.role == message.role && last.role == crate::ir::Role::Assistant;
    match messages.last_mut().filter(meets).filter(|last| last.extras.is_empty() && message.extras.is_empty()) {
        Some(last) => last.blocks.extend(message.blocks),
        None => messages.push(message),
    }
}

/// The ids of items that a request only refers to.
pub fn references(request: &Request) -> Vec<String> {
    let blocks = request.messages.iter().flat_map(|message| &message.blocks);
    blocks.filter_map(|block| reference(&block.content)).collect()
}

/// Puts the items themselves where a request only refers to them.
///
/// # Errors
/// When `find` does not know one.
pub fn replace_references(
    request: &mut Request,
    find: impl Fn(&str) -> Option<Box<RawValue>>,
) -> Result<(), WireError> {
    let mut messages = Vec::with_capacity(request.messages.len());
    for message in std::mem::take(&mut request.messages) {
        let referring = message.blocks.iter().any(|block| reference(&block.content).is_some());
        if !referring {
            append(&mut messages, message);
            continue;
        }
        for block in message.blocks {
            let Some(id) = reference(&block.content) else {
                append(&mut messages, Message::new(message.role.clone(), vec![block]));
                continue;
            };
            let path = || "input".to_owned();
            let item = find(&id).ok_or(WireError::Wrong { path: path(), expected: "items that are still known" })?;
            let mut found = Conversation::default();
            found.push(request::decode_item(&item, block.at.as_str().to_owned())?);
            found.messages.into_iter().for_each(|message| append(&mut messages, message));
        }
    }
    request.messages = messages;
    Ok(())
}

fn reference(content: &Content) -> Option<String> {
    match content {
        Content::Opaque { origin: DialectId::OpenaiResponses, kind, raw } if kind == "item_reference" => {
            Fields::of_value(raw, String::new()).ok()?.look("id").and_then(parse)
        }
        Content::Text(_)
        | Content::Refusal(_)
        | Content::Media(_)
        | Content::Reasoning(_)
        | Content::ToolCall(_)
        | Content::ToolResult(_)
        | Content::Opaque { .. } => None,
    }
}

fn own(request: &Request) -> bool {
    request.origin == DialectId::OpenaiResponses
}

/// The item with an id: its own, or one made of what it is and where it stands.
fn with_id(item: Box<RawValue>, request_id: &str, index: usize) -> Box<RawValue> {
    let Ok(fields) = Fields::of_value(&item, String::new()) else { return item };
    if fields.look("id").is_some() {
        return item;
    }
    let kind: String = fields.look("type").and_then(parse).unwrap_or_default();
    let prefix = match kind.as_str() {
        "message" => "msg",
        "function_call" => "fc",
        "function_call_output" => "fco",
        "custom_tool_call" => "ctc",
        "custom_tool_call_output" => "ctco",
        "reasoning" => "rs",
        _ => "item",
    };
    let bytes = object(|item| {
        item.put("id", &format!("{prefix}_{request_id}_in{index}"));
        item.extras(&fields.rest());
    });
    serde_json::from_slice(&bytes).unwrap_or(item)
}

/// The body that lists items: of `/input_items`.
pub fn list_body(items: &[&RawValue], has_more: bool) -> Bytes {
    let id = |item: Option<&&RawValue>| item.and_then(|raw| item_id(raw));
    body(|list| {
        list.put("object", "list");
        list.put("data", items);
        list.put("first_id", &id(items.first()));
        list.put("last_id", &id(items.last()));
        list.put("has_more", &has_more);
    })
}

/// The id of an item.
pub fn item_id(item: &RawValue) -> Option<String> {
    Fields::of_value(item, String::new()).ok()?.look("id").and_then(parse)
}

/// The body that says that an answer is forgotten.
pub fn deleted_body(id: &str) -> Bytes {
    body(|deleted| {
        deleted.put("id", id);
        deleted.put("object", "response");
        deleted.put("deleted", &true);
    })
}

/// The body that says how many tokens a request would put in.
pub fn input_tokens_body(tokens: u64) -> Bytes {
    body(|count| {
        count.put("object", "response.input_tokens");
        count.put("input_tokens", &tokens);
    })
}

fn body(write: impl FnOnce(&mut Object<'_>)) -> Bytes {
    Bytes::from(object(write))
}

#[cfg(test)]
mod tests;
