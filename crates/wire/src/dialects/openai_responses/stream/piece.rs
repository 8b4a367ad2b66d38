//! One block of a stream on its way to the client.

use serde_json::value::RawValue;

use super::super::annotation::annotation;
use super::super::form;
use super::super::machine::Machine;
use super::super::request::Shape;
use crate::fields::parse;
use crate::ir::{self, BlockKind, Citation, Delta, Request, Seal};

/// A block, and what of it has come.
#[derive(Debug)]
pub(super) struct Piece {
    /// Its number in the stream of events.
    pub(super) block: u32,
    /// What it holds.
    pub(super) kind: BlockKind,
    /// How its tool is told to the client; of anything else nothing.
    pub(super) shape: Option<Shape>,
    /// The text, the thoughts or the arguments so far.
    pub(super) text: String,
    /// What the maker wants back.
    pub(super) seal: Option<Seal>,
    /// The sources of its text.
    pub(super) sources: Vec<Citation>,
    /// How likely its tokens were.
    pub(super) logprobs: Vec<Box<RawValue>>,
    /// Whether nothing more comes.
    pub(super) closed: bool,
    /// The id of its item, once that is open.
    pub(super) item: String,
    /// The number of its item.
    pub(super) index: u32,
    /// The number of its part within the item.
    pub(super) part: usize,
    /// What stands before the text of each of its deltas, behind the event's number; empty before the first.
    pub(super) lead: Vec<u8>,
    /// Whether the part is open; of thoughts it is when there are any.
    pub(super) begun: bool,
}

impl Piece {
    /// A block that begins.
    pub(super) fn new(block: u32, kind: BlockKind, request: Option<&Request>) -> Self {
        let shape = match &kind {
            BlockKind::ToolCall { name, custom, .. } => Some(Shape::of(request, name, *custom)),
            BlockKind::Text | BlockKind::Refusal | BlockKind::Reasoning { .. } | BlockKind::Opaque { .. } => None,
        };
        Self {
            block,
            kind,
            shape,
            text: String::new(),
            seal: None,
            sources: Vec::new(),
            logprobs: Vec::new(),
            closed: false,
            item: String::new(),
            index: 0,
            part: 0,
            lead: Vec::new(),
            begun: false,
        }
    }

    /// Takes what is new; gives the text of it.
    pub(super) fn take<'a>(&mut self, delta: &'a Delta) -> &'a str {
        match delta {
            Delta::Text(text) | Delta::Arguments(text) => {
                self.text.push_str(text);
                text
            }
            Delta::Seal(seal) => {
                self.seal = Some(seal.clone());
                ""
            }
            Delta::Citation(citation) => {
                self.sources.push(Citation::clone(citation));
                ""
            }
            Delta::Logprobs(more) => {
                self.logprobs.extend_from_slice(more);
                ""
            }
        }
    }

    /// Whether its text cannot be shown before it is whole: the client wants plain text and the model wrote it as the
    /// one argument of a function.
    pub(super) fn wrapped(&self) -> bool {
        let written_as_json = matches!(&self.kind, BlockKind::ToolCall { custom: false, .. });
        written_as_json && self.shape.as_ref().is_some_and(|shape| shape.custom)
    }

    /// What its call is in the client's own words, where only this dialect has such tools. It is told when it is whole.
    pub(super) fn machine(&self) -> Option<Machine> {
        self.shape.as_ref().and_then(|shape| shape.machine)
    }

    /// The plain text of a custom tool's call that came as a function's.
    pub(super) fn unwrap_input(&mut self) {
        let arguments: Option<Box<RawValue>> = serde_json::from_str(&self.text).ok();
        let fields = arguments.as_deref().and_then(parse::<serde_json::Map<String, serde_json::Value>>);
        // A model that wrote something else meant that.
        if let Some(serde_json::Value::String(input)) = fields.as_ref().and_then(|fields| fields.get("input")) {
            self.text.clone_from(input);
        }
    }

    /// The sources of its text in the words of this dialect; those that it has no word for are left out.
    pub(super) fn annotations(&self) -> Vec<Box<RawValue>> {
        self.sources.iter().filter_map(|source| annotation(source, &self.text)).collect()
    }

    /// Whether its thoughts are a summary.
    pub(super) fn is_summary(&self) -> bool {
        matches!(&self.kind, BlockKind::Reasoning { summary: true, .. })
    }
}

/// Whether the client takes seals back: it asked for them, or it said that nobody else will keep them.
pub(super) fn wants_seals(request: Option<&ir::Request>) -> bool {
    let Some(request) = request else { return false };
    let include: Option<Vec<String>> = form::find(&request.extras, "include").and_then(parse);
    let stored: Option<bool> = form::find(&request.extras, "store").and_then(parse);
    stored == Some(false) || include.is_some_and(|names| names.iter().any(|name| name == "reasoning.encrypted_content"))
}
