//! Writes the events of a stream, numbered in the order in which they are told.

use serde_json::value::RawValue;

use super::piece::Piece;
use super::words::{Names, names};
use crate::ir::BlockKind;
use crate::write::Object;

/// Counts the events of one stream.
#[derive(Debug, Default)]
pub(super) struct Teller {
    sequence: u64,
}

impl Teller {
    /// One event.
    pub(super) fn event(&mut self, kind: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        let mut event = Object::begin(out);
        event.text("type", kind);
        event.put("sequence_number", &self.sequence);
        write(&mut event);
        event.end();
        out.extend_from_slice(b"\n\n");
        self.sequence += 1;
    }

    /// More of a block. Its number and its text alone are new each time.
    pub(super) fn delta(&mut self, piece: &mut Piece, text: &str, out: &mut Vec<u8>) {
        let Names { delta, position, .. } = names(piece);
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(delta.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        let mut event = Object::begin(out);
        event.text("type", delta);
        event.put("sequence_number", &self.sequence);
        self.sequence += 1;
        if piece.lead.is_empty() {
            let mut lead = Object::resume(&mut piece.lead);
            lead.text("item_id", &piece.item);
            lead.put("output_index", &piece.index);
            if let Some(position) = position {
                lead.put(position, &piece.part);
            }
        }
        out.extend_from_slice(&piece.lead);
        let mut event = Object::resume(out);
        event.text("delta", text);
        if matches!(piece.kind, BlockKind::Text) {
            event.array("logprobs", |_| {});
        }
        event.end();
        out.extend_from_slice(b"\n\n");
    }

    /// An item begins or is done.
    pub(super) fn item(&mut self, kind: &str, index: u32, item: &RawValue, out: &mut Vec<u8>) {
        self.event(kind, out, |event| {
            event.put("output_index", &index);
            event.raw("item", item);
        });
    }

    /// A part begins or is done.
    pub(super) fn part(&mut self, kind: &str, piece: &Piece, part: &RawValue, out: &mut Vec<u8>) {
        let position = if piece.is_summary() { "summary_index" } else { "content_index" };
        self.event(kind, out, |event| {
            event.put("item_id", &piece.item);
            event.put("output_index", &piece.index);
            event.put(position, &piece.part);
            event.raw("part", part);
        });
    }

    /// All of a block's text.
    pub(super) fn done(&mut self, piece: &Piece, out: &mut Vec<u8>) {
        let Names { done, position, whole, .. } = names(piece);
        self.event(done, out, |event| {
            event.put("item_id", &piece.item);
            event.put("output_index", &piece.index);
            if let Some(position) = position {
                event.put(position, &piece.part);
            }
            event.put(whole, &piece.text);
            match &piece.kind {
                BlockKind::Text => event.put("logprobs", &piece.logprobs),
                BlockKind::ToolCall { name, .. } => {
                    event.put("name", piece.shape.as_ref().map_or(name, |shape| &shape.name));
                }
                BlockKind::Refusal | BlockKind::Reasoning { .. } | BlockKind::Opaque { .. } => {}
            }
        });
    }

    /// The sources of a text.
    pub(super) fn sources(&mut self, piece: &Piece, out: &mut Vec<u8>) {
        for (number, source) in piece.annotations().iter().enumerate() {
            self.event("response.output_text.annotation.added", out, |event| {
                event.put("item_id", &piece.item);
                event.put("output_index", &piece.index);
                event.put("content_index", &piece.part);
                event.put("annotation_index", &number);
                event.raw("annotation", source);
            });
        }
    }
}
