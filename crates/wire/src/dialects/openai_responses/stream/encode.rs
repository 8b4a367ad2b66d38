//! Writes a streamed answer: items one after the other, each from `added` to `done`, and the whole answer at the end.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::super::item::OutputItem;
use super::super::request::write_seal;
use super::super::response::{Answers, Frame, Outcome};
use super::piece::{Piece, wants_seals};
use super::teller::Teller;
use super::words::{item_of, names, part_of};
use crate::dialect::{StreamEncoder, StreamHead};
use crate::ir::{self, BlockKind, Event, ServiceTier, StopReason, Usage};
use crate::write::Object;
use crate::{DialectId, Fault, FaultKind, Usd};

/// All text of an answer. Its end repeats all of it, and blocks that wait for their turn are held: this guards memory
/// against an upstream that never ends.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// Blocks of an answer; each costs some memory however short it is.
const BLOCKS_MAX: u32 = 1 << 14;

/// Writes one stream. Blocks that are open at once are written one by one, in the order in which they began.
#[derive(Debug)]
pub(in super::super) struct Encoder {
    frame: Frame,
    request_id: String,
    request: Option<Arc<ir::Request>>,
    seals: bool,
    teller: Teller,
    /// The items that are done.
    output: Vec<Box<RawValue>>,
    /// Items that have begun.
    items: u32,
    message: Option<Message>,
    current: Option<Piece>,
    waiting: VecDeque<Piece>,
    usage: Option<Usage>,
    tier: Option<ServiceTier>,
    taken_bytes: usize,
    blocks: u32,
    refused: bool,
    started: bool,
    over: bool,
    unsaid: ir::Unsaid,
    grammar: ir::Grammar,
}

/// A message item that is open: texts that follow each other are its parts.
#[derive(Debug)]
struct Message {
    id: String,
    index: u32,
    parts: Vec<Box<RawValue>>,
}

impl Encoder {
    pub(in super::super) fn new(head: &StreamHead) -> Self {
        Self {
            frame: Frame::new(head),
            request_id: head.request_id.clone(),
            request: head.request.clone(),
            seals: wants_seals(head.request.as_deref()),
            teller: Teller::default(),
            output: Vec::new(),
            items: 0,
            message: None,
            current: None,
            waiting: VecDeque::new(),
            usage: None,
            tier: None,
            taken_bytes: 0,
            blocks: 0,
            refused: false,
            started: false,
            over: false,
            unsaid: ir::Unsaid::new(&Answers),
            grammar: ir::Grammar::new(),
        }
    }

    /// The same, with seals whether or not the client takes them back.
    pub(in super::super) fn with_seals(mut self) -> Self {
        self.seals = true;
        self
    }

    /// Whether the model said that it will not answer.
    pub(in super::super) fn refused(&self) -> bool {
        self.refused
    }

    /// The items of the answer.
    pub(in super::super) fn into_output(self) -> Vec<Box<RawValue>> {
        self.output
    }

    /// Writes the whole answer as it is now.
    pub(in super::super) fn write_response(&self, body: &mut Object<'_>, outcome: &Outcome<'_>) {
        self.frame.write(body, outcome, &self.output, self.usage, self.tier.as_ref());
    }

    fn tell_response(&mut self, kind: &str, outcome: &Outcome<'_>, out: &mut Vec<u8>) {
        let Self { teller, frame, output, usage, tier, .. } = self;
        teller.event(kind, out, |event| {
            event.object("response", |body| frame.write(body, outcome, output, *usage, tier.as_ref()));
        });
    }

    fn next_item(&mut self, prefix: &str) -> (String, u32) {
        let index = self.items;
        self.items += 1;
        (format!("{prefix}_{}_{index}", self.request_id), index)
    }

    /// The item is done.
    fn finish_item(&mut self, index: u32, item: Box<RawValue>, out: &mut Vec<u8>) {
        self.teller.item("response.output_item.done", index, &item, out);
        self.output.push(item);
    }

    fn open_message(&mut self, out: &mut Vec<u8>) {
        if self.message.is_some() {
            return;
        }
        let (id, index) = self.next_item("msg");
        let item = OutputItem::Message { id: &id, status: "in_progress", role: "assistant", content: &[] }.json();
        self.teller.item("response.output_item.added", index, &item, out);
        self.message = Some(Message { id, index, parts: Vec::new() });
    }

    fn close_message(&mut self, status: &str, out: &mut Vec<u8>) {
        if let Some(Message { id, index, parts }) = self.message.take() {
            let item = OutputItem::Message { id: &id, status, role: "assistant", content: &parts }.json();
            self.finish_item(index, item, out);
        }
    }

    /// A block's turn has come.
    fn begin(&mut self, piece: &mut Piece, out: &mut Vec<u8>) {
        match &piece.kind {
            BlockKind::Text | BlockKind::Refusal => {
                self.refused |= matches!(piece.kind, BlockKind::Refusal);
                self.open_message(out);
                if let Some(message) = &self.message {
                    piece.item.clone_from(&message.id);
                    (piece.index, piece.part) = (message.index, message.parts.len());
                }
                let part = part_of(piece, "");
                self.teller.part("response.content_part.added", piece, &part, out);
                return;
            }
            BlockKind::Reasoning { id, .. } => {
                let own = id.clone().filter(|id| id.starts_with("rs_"));
                self.close_message("completed", out);
                (piece.item, piece.index) = self.next_item("rs");
                if let Some(own) = own {
                    piece.item = own;
                }
            }
            BlockKind::ToolCall { .. } => {
                self.close_message("completed", out);
                if let Some(machine) = piece.machine() {
                    (piece.item, piece.index) = self.next_item(machine.prefix());
                    return;
                }
                let custom = piece.shape.as_ref().is_some_and(|shape| shape.custom);
                (piece.item, piece.index) = self.next_item(if custom { "ctc" } else { "fc" });
            }
            BlockKind::Opaque { origin: DialectId::OpenaiResponses, raw, .. } => {
                let raw = raw.clone();
                self.close_message("completed", out);
                piece.index = self.items;
                self.items += 1;
                self.teller.item("response.output_item.added", piece.index, &raw, out);
                return;
            }
            // What another dialect has no word for has none here either.
            BlockKind::Opaque { .. } => return,
        }
        let item = item_of(piece, "", None, "in_progress");
        self.teller.item("response.output_item.added", piece.index, &item, out);
    }

    /// More of the block whose turn it is.
    fn tell_delta(&mut self, piece: &mut Piece, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() || piece.wrapped() || piece.machine().is_some() {
            return;
        }
        if matches!(piece.kind, BlockKind::Reasoning { .. }) && !piece.begun {
            piece.begun = true;
            let (name, part) = (names(piece).part_added, part_of(piece, ""));
            self.teller.part(name, piece, &part, out);
        }
        self.teller.delta(piece, text, out);
    }

    /// The block whose turn it is has ended.
    fn end(&mut self, piece: &mut Piece, out: &mut Vec<u8>) {
        match &piece.kind {
            BlockKind::Text | BlockKind::Refusal => {
                self.teller.sources(piece, out);
                let part = self.end_part(piece, out);
                if let Some(message) = &mut self.message {
                    message.parts.push(part);
                }
            }
            BlockKind::Reasoning { redacted, .. } => {
                let seal = piece.seal.as_ref().filter(|_| self.seals).map(|seal| write_seal(seal, *redacted));
                if piece.begun {
                    self.end_part(piece, out);
                }
                let item = item_of(piece, &piece.text, seal.as_deref(), "completed");
                self.finish_item(piece.index, item, out);
            }
            BlockKind::ToolCall { .. } => {
                if piece.machine().is_some() && self.tell_machine(piece, out) {
                    return;
                }
                if piece.wrapped() {
                    piece.unwrap_input();
                    // What is unwrapped is a custom tool's own.
                    if let BlockKind::ToolCall { custom, .. } = &mut piece.kind {
                        *custom = true;
                    }
                    let text = piece.text.clone();
                    self.tell_delta(piece, &text, out);
                } else if piece.text.is_empty() && matches!(piece.kind, BlockKind::ToolCall { custom: false, .. }) {
                    // Clients read arguments as JSON, even of a tool that takes none.
                    "{}".clone_into(&mut piece.text);
                    self.tell_delta(piece, "{}", out);
                }
                self.teller.done(piece, out);
                let item = item_of(piece, &piece.text, None, "completed");
                self.finish_item(piece.index, item, out);
            }
            BlockKind::Opaque { origin: DialectId::OpenaiResponses, raw, .. } => {
                let raw = raw.clone();
                self.finish_item(piece.index, raw, out);
            }
            BlockKind::Opaque { .. } => {}
        }
    }

    /// A call of a tool that only this dialect has. False when its arguments do not say what they must: then it is begun
    /// as that of a plain function, for the client to refuse in its own words.
    fn tell_machine(&mut self, piece: &mut Piece, out: &mut Vec<u8>) -> bool {
        let Some(shape) = &mut piece.shape else { return false };
        let (machine, BlockKind::ToolCall { id: call_id, .. }) = (shape.machine.take(), &piece.kind) else {
            return false;
        };
        let item = |status| machine.and_then(|machine| machine.item(&piece.item, status, call_id, &piece.text));
        if let (Some(begun), Some(done)) = (item("in_progress"), item("completed")) {
            self.teller.item("response.output_item.added", piece.index, &begun, out);
            self.finish_item(piece.index, done, out);
            return true;
        }
        piece.item = format!("fc_{}_{}", self.request_id, piece.index);
        let begun = item_of(piece, "", None, "in_progress");
        self.teller.item("response.output_item.added", piece.index, &begun, out);
        let text = piece.text.clone();
        self.tell_delta(piece, &text, out);
        false
    }

    fn end_part(&mut self, piece: &Piece, out: &mut Vec<u8>) -> Box<RawValue> {
        self.teller.done(piece, out);
        let part = part_of(piece, &piece.text);
        self.teller.part(names(piece).part_done, piece, &part, out);
        part
    }

    /// The blocks that waited, up to the first one that is still open.
    fn advance(&mut self, out: &mut Vec<u8>) {
        while self.current.is_none() {
            let Some(mut piece) = self.waiting.pop_front() else { return };
            self.begin(&mut piece, out);
            let text = piece.text.clone();
            self.tell_delta(&mut piece, &text, out);
            if piece.closed {
                self.end(&mut piece, out);
            } else {
                self.current = Some(piece);
            }
        }
    }

    fn take(&mut self, block: u32, delta: &ir::Delta, out: &mut Vec<u8>) {
        if let Some(mut piece) = self.current.take_if(|piece| piece.block == block) {
            let text = piece.take(delta);
            self.taken_bytes += delta.bytes();
            self.tell_delta(&mut piece, text, out);
            self.current = Some(piece);
        } else if let Some(piece) = self.waiting.iter_mut().find(|piece| piece.block == block) {
            piece.take(delta);
            self.taken_bytes += delta.bytes();
        }
    }

    fn close(&mut self, block: u32, out: &mut Vec<u8>) {
        if let Some(mut piece) = self.current.take_if(|piece| piece.block == block) {
            self.end(&mut piece, out);
            self.advance(out);
        } else if let Some(piece) = self.waiting.iter_mut().find(|piece| piece.block == block) {
            piece.closed = true;
        }
    }

    fn stop(&mut self, reason: &StopReason, out: &mut Vec<u8>) {
        let outcome = Outcome::of(reason, self.refused);
        // What was cut off is the last thing said.
        self.close_message(outcome.status(), out);
        self.over = true;
        let kind = match outcome {
            Outcome::Incomplete(_) => "response.incomplete",
            Outcome::Completed | Outcome::InProgress | Outcome::Failed(_) => "response.completed",
        };
        self.tell_response(kind, &outcome, out);
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.start(out);
        self.over = true;
        self.tell_response("response.failed", &Outcome::Failed(fault), out);
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.started, true) {
            self.tell_response("response.created", &Outcome::InProgress, out);
            self.tell_response("response.in_progress", &Outcome::InProgress, out);
        }
    }

    fn check_size(&mut self, out: &mut Vec<u8>) {
        if !self.over && (self.taken_bytes > ANSWER_BYTES_MAX || self.blocks > BLOCKS_MAX) {
            let message =
                format!("the provider's answer is longer than {ANSWER_BYTES_MAX} bytes or {BLOCKS_MAX} blocks");
            self.fail(&Fault::new(FaultKind::UpstreamBroken, message), out);
        }
    }
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        debug_assert_eq!(self.grammar.step(event), Ok(()), "{event:?} breaks the grammar of streams");
        if self.over {
            return;
        }
        self.unsaid.note(event);
        match event {
            Event::Start { .. } => self.start(out),
            Event::Open { block, kind } => {
                self.blocks = self.blocks.saturating_add(1);
                self.waiting.push_back(Piece::new(*block, kind.clone(), self.request.as_deref()));
                self.advance(out);
            }
            Event::Delta { block, delta } => self.take(*block, delta, out),
            Event::Close { block } => self.close(*block, out),
            Event::Usage(usage) => self.usage = Some(self.usage.unwrap_or_default().max(*usage)),
            Event::Served(tier) => self.tier = Some(tier.clone()),
            Event::Ping => self.ping(out),
            Event::Stop(reason) => self.stop(reason, out),
            Event::Fault(fault) => self.fail(fault, out),
        }
        self.check_size(out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.over {
            let message = "the provider's answer broke off before it was complete; try again";
            self.fail(&Fault::new(FaultKind::UpstreamBroken, message), out);
        }
    }

    fn ping(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b": ping\n\n");
    }

    fn tell_cost(&mut self, cost: Usd) {
        self.frame.cost = Some(cost);
    }

    fn losses(&self) -> &ir::Losses {
        self.unsaid.losses()
    }
}
