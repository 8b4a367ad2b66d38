//! Items of a provider's answer as blocks. Servers are not held to what clients are: a call without an id gets one, and
//! arguments may be an object.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::form;
use super::request::{self, Item};
use crate::fields::parse;
use crate::ir::{Block, Content, ToolCall};
use crate::{DialectId, WireError};

/// What a call says; of any other item, what it is.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CallItem {
    /// What it is.
    #[serde(rename = "type")]
    kind: String,
    /// Its own id.
    pub(super) id: Option<String>,
    /// What the result names.
    call_id: Option<String>,
    /// The tool.
    name: Option<String>,
    /// Where the tool was declared.
    namespace: Option<String>,
    /// Of a function's.
    arguments: Option<Box<RawValue>>,
    /// Of a custom tool's.
    input: Option<Box<RawValue>>,
}

/// The item's head; nothing of an item that is none.
pub(super) fn head(raw: &RawValue) -> CallItem {
    parse(raw).unwrap_or_default()
}

impl CallItem {
    /// The call, with as much of its arguments as are there; `None` for an item that is none, or that does not say yet
    /// which tool it calls. `index` is its place in the answer.
    pub(super) fn call(&self, index: u32) -> Option<ToolCall> {
        let (custom, written) = match self.kind.as_str() {
            "function_call" => (false, &self.arguments),
            "custom_tool_call" => (true, &self.input),
            _ => return None,
        };
        let name = self.name.as_ref().filter(|name| !name.is_empty())?;
        let name = match &self.namespace {
            Some(namespace) => format!("{namespace}{}{name}", form::NAMESPACE_END),
            None => name.clone(),
        };
        let id = self.call_id.clone().filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{index}"));
        let arguments = written.as_deref().and_then(as_text).unwrap_or_default();
        Some(ToolCall { id, name, arguments, custom, seal: None })
    }
}

/// A text; what is none as it stands.
pub(super) fn as_text(raw: &RawValue) -> Option<String> {
    if raw.get() == "null" { None } else { Some(parse(raw).unwrap_or_else(|| raw.get().to_owned())) }
}

/// The blocks of the item at `index`.
///
/// # Errors
/// When it is not what its type says.
pub(super) fn blocks(raw: &RawValue, index: u32) -> Result<Vec<Block>, WireError> {
    if let Some(call) = head(raw).call(index) {
        return Ok(vec![Content::ToolCall(call).into()]);
    }
    let blocks = match request::decode_item(raw, format!("output[{index}]"))? {
        Item::Said(blocks, _) => blocks,
        Item::Message(message) => message.blocks,
        Item::Tools(..) => Vec::new(),
    };
    Ok(blocks.into_iter().map(without_forms).collect())
}

/// The forms of items are for requests that are written again; an answer is not. A call that only this dialect has
/// stays what it is: only a client that speaks it can have asked for one.
fn without_forms(mut block: Block) -> Block {
    if let (Content::ToolCall(call), Some(whole)) = (&block.content, form::find(&block.extras, form::WHOLE)) {
        let (origin, kind) = (DialectId::OpenaiResponses, format!("{}_call", call.name));
        return Content::Opaque { origin, kind, raw: whole.to_owned() }.into();
    }
    let likely = block.extras.extract_if(.., |extra| extra.name == "logprobs").next();
    block.logprobs = likely.and_then(|extra| parse(&extra.raw)).unwrap_or_default();
    block.extras.retain(|extra| !extra.is_form());
    block
}
