//! What a block is called on the wire: its events, its part, its item.

use serde_json::value::RawValue;

use super::super::item::{OutputItem, Part};
use super::piece::Piece;
use crate::ir::BlockKind;

/// What the events of a block are called.
pub(super) struct Names {
    /// Its part begins.
    pub(super) part_added: &'static str,
    /// More of it.
    pub(super) delta: &'static str,
    /// All of it.
    pub(super) done: &'static str,
    /// Its part is done.
    pub(super) part_done: &'static str,
    /// Where the part's number stands; calls have no parts.
    pub(super) position: Option<&'static str>,
    /// Where `done` has all of it.
    pub(super) whole: &'static str,
}

/// What the events of this block are called.
pub(super) fn names(piece: &Piece) -> Names {
    let part = Names {
        part_added: "response.content_part.added",
        delta: "response.output_text.delta",
        done: "response.output_text.done",
        part_done: "response.content_part.done",
        position: Some("content_index"),
        whole: "text",
    };
    match &piece.kind {
        BlockKind::Text | BlockKind::Opaque { .. } => part,
        BlockKind::Refusal => {
            Names { delta: "response.refusal.delta", done: "response.refusal.done", whole: "refusal", ..part }
        }
        BlockKind::Reasoning { summary: true, .. } => Names {
            part_added: "response.reasoning_summary_part.added",
            delta: "response.reasoning_summary_text.delta",
            done: "response.reasoning_summary_text.done",
            part_done: "response.reasoning_summary_part.done",
            position: Some("summary_index"),
            whole: "text",
        },
        BlockKind::Reasoning { summary: false, .. } => {
            Names { delta: "response.reasoning_text.delta", done: "response.reasoning_text.done", ..part }
        }
        BlockKind::ToolCall { .. } if piece.shape.as_ref().is_some_and(|shape| shape.custom) => Names {
            delta: "response.custom_tool_call_input.delta",
            done: "response.custom_tool_call_input.done",
            position: None,
            whole: "input",
            ..part
        },
        BlockKind::ToolCall { .. } => Names {
            delta: "response.function_call_arguments.delta",
            done: "response.function_call_arguments.done",
            position: None,
            whole: "arguments",
            ..part
        },
    }
}

/// The block as a part of its item, with this much of its text.
pub(super) fn part_of(piece: &Piece, text: &str) -> Box<RawValue> {
    match &piece.kind {
        BlockKind::Refusal => Part::Refusal { refusal: text }.json(),
        BlockKind::Reasoning { summary: true, .. } => Part::SummaryText { text }.json(),
        BlockKind::Reasoning { summary: false, .. } => Part::ReasoningText { text }.json(),
        BlockKind::Text | BlockKind::ToolCall { .. } | BlockKind::Opaque { .. } => {
            let whole = !text.is_empty();
            let annotations = if whole { piece.annotations() } else { Vec::new() };
            let logprobs = if whole { piece.logprobs.as_slice() } else { &[] };
            Part::OutputText { text, annotations: &annotations, logprobs }.json()
        }
    }
}

/// The block as an item of its own, with this much of its text.
pub(super) fn item_of(piece: &Piece, text: &str, seal: Option<&str>, status: &str) -> Box<RawValue> {
    let id = piece.item.as_str();
    match &piece.kind {
        BlockKind::ToolCall { id: call_id, name, .. } => {
            let shape = piece.shape.as_ref();
            let namespace = shape.and_then(|shape| shape.namespace.as_deref());
            let name = shape.map_or(name.as_str(), |shape| &shape.name);
            if shape.is_some_and(|shape| shape.custom) {
                OutputItem::CustomToolCall { id, status, call_id, namespace, name, input: text }.json()
            } else {
                OutputItem::FunctionCall { id, status, call_id, namespace, name, arguments: text }.json()
            }
        }
        BlockKind::Text | BlockKind::Refusal | BlockKind::Reasoning { .. } | BlockKind::Opaque { .. } => {
            let summary = [Part::SummaryText { text }];
            let content = [Part::ReasoningText { text }];
            let summary = if piece.is_summary() && !text.is_empty() { summary.as_slice() } else { &[] };
            let content = (!piece.is_summary() && !text.is_empty()).then_some(content.as_slice());
            OutputItem::Reasoning { id, summary, content, encrypted_content: seal }.json()
        }
    }
}
