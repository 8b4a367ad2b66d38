//! Writes a stream, as `data:` lines or as one array.

use std::collections::VecDeque;

use crate::dialect::{StreamEncoder, StreamHead};
use crate::dialects::gemini::error;
use crate::dialects::gemini::part::Part;
use crate::dialects::gemini::response::{self, Answer, Sources};
use crate::ir::{self, BlockKind, Content, Delta, Event, StopReason};
use crate::write::object;
use crate::{Fault, FaultKind};

/// What blocks behind the first open one may hold, and calls until they are complete. Guards memory against a provider
/// that never closes a block.
const HELD_BYTES_MAX: usize = 4 << 20;

/// Writes `data:` lines, as clients ask for with `alt=sse`.
#[derive(Debug)]
pub(in super::super) struct SseEncoder(Writer);

/// Writes one JSON array, which clients get that do not ask for `alt=sse`.
#[derive(Debug)]
pub struct ArrayEncoder(Writer);

impl SseEncoder {
    pub(in super::super) fn new(head: StreamHead) -> Self {
        Self(Writer::new(head, Framing::Sse))
    }
}

impl ArrayEncoder {
    /// An encoder at the beginning of an answer.
    pub fn new(head: StreamHead) -> Self {
        Self(Writer::new(head, Framing::Array { begun: false }))
    }
}

impl StreamEncoder for SseEncoder {
    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        self.0.push(event, out);
    }
    fn finish(&mut self, out: &mut Vec<u8>) {
        self.0.finish(out);
    }
    fn ping(&mut self, out: &mut Vec<u8>) {
        self.0.ping(out);
    }
    fn losses(&self) -> &ir::Losses {
        self.0.unsaid.losses()
    }
}

impl StreamEncoder for ArrayEncoder {
    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        self.0.push(event, out);
    }
    fn finish(&mut self, out: &mut Vec<u8>) {
        self.0.finish(out);
    }
    fn ping(&mut self, out: &mut Vec<u8>) {
        self.0.ping(out);
    }
    fn losses(&self) -> &ir::Losses {
        self.0.unsaid.losses()
    }
}

/// How steps are told apart.
#[derive(Debug)]
enum Framing {
    Sse,
    Array { begun: bool },
}

impl Framing {
    fn write(&mut self, value: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Sse => {
                out.extend_from_slice(b"data: ");
                // Raw line ends are white space between tokens of arguments; an event's data must be one line.
                out.extend(value.iter().filter(|byte| !matches!(byte, b'\n' | b'\r')));
                out.extend_from_slice(b"\n\n");
            }
            Self::Array { begun } => {
                out.extend_from_slice(if std::mem::replace(begun, true) { b",\n" } else { b"[" });
                out.extend_from_slice(value);
            }
        }
    }

    fn end(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sse => {}
            Self::Array { .. } => out.extend_from_slice(b"]\n"),
        }
    }
}

/// Writes one stream. Gemini has no word for where a block begins: only the first open block is written as it comes, and
/// a call when it is complete.
#[derive(Debug)]
struct Writer {
    head: StreamHead,
    framing: Framing,
    id: String,
    usage: Option<ir::Usage>,
    /// Blocks that are not yet written as a whole, in the order in which they were opened.
    queue: VecDeque<Held>,
    held_bytes: usize,
    sources: Sources,
    over: bool,
    unsaid: ir::Unsaid,
    grammar: ir::Grammar,
}

/// A block that is not yet written as a whole; its content is what is still to be written.
#[derive(Debug)]
struct Held {
    number: u32,
    content: Content,
    closed: bool,
}

impl Writer {
    fn new(head: StreamHead, framing: Framing) -> Self {
        Self {
            id: head.request_id.clone(),
            head: head.without_request(),
            framing,
            usage: None,
            queue: VecDeque::new(),
            held_bytes: 0,
            sources: Sources::default(),
            over: false,
            unsaid: ir::Unsaid::new(&response::Answers),
            grammar: ir::Grammar::new(),
        }
    }

    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        debug_assert_eq!(self.grammar.step(event), Ok(()), "{event:?} breaks the grammar of streams");
        if self.over {
            return;
        }
        self.unsaid.note(event);
        match event {
            Event::Start { id } if id.is_empty() => {}
            Event::Start { id } => self.id.clone_from(id),
            Event::Open { block, kind } => {
                self.queue.push_back(Held { number: *block, content: opened(kind), closed: false });
                self.hold(size(kind), out);
            }
            Event::Delta { block, delta } => self.delta(*block, delta, out),
            Event::Close { block } => {
                if let Some(held) = self.queue.iter_mut().find(|held| held.number == *block) {
                    held.closed = true;
                }
                self.write_ready(out);
            }
            Event::Usage(usage) => self.usage = Some(self.usage.unwrap_or_default().max(*usage)),
            // It has no place in an answer.
            Event::Served(_) => {}
            Event::Ping => self.ping(out),
            Event::Stop(reason) => self.stop(reason, out),
            Event::Fault(fault) => self.fail(fault, out),
        }
    }

    fn delta(&mut self, block: u32, delta: &Delta, out: &mut Vec<u8>) {
        let first = self.queue.front().is_some_and(|held| held.number == block);
        let Some(held) = self.queue.iter_mut().find(|held| held.number == block) else { return };
        let part = match (&mut held.content, delta) {
            (Content::Text(_) | Content::Refusal(_), Delta::Text(text)) if first => Part::Text { text, extras: &[] },
            (Content::Reasoning(_), Delta::Text(text)) if first => Part::Thought { text, signature: None, extras: &[] },
            (content, Delta::Text(more)) => {
                add_text(content, more);
                return self.hold(more.len(), out);
            }
            (Content::ToolCall(call), Delta::Arguments(more)) => {
                call.arguments.push_str(more);
                return self.hold(more.len(), out);
            }
            (Content::Reasoning(ir::Reasoning { seal: held, .. }), Delta::Seal(seal))
            | (Content::ToolCall(ir::ToolCall { seal: held, .. }), Delta::Seal(seal)) => {
                *held = Some(seal.clone());
                return self.hold(seal.data.len(), out);
            }
            (_, Delta::Citation(citation)) => {
                self.sources.add(citation.origin, &citation.raw);
                return self.hold(citation.raw.get().len(), out);
            }
            // What there is no word for, and a piece that its block cannot hold.
            (_, Delta::Logprobs(_) | Delta::Arguments(_) | Delta::Seal(_)) => return,
        };
        self.write(&[part], None, out);
    }

    /// Counts what is held; too much of it ends the stream.
    fn hold(&mut self, bytes: usize, out: &mut Vec<u8>) {
        self.held_bytes += bytes;
        if self.held_bytes > HELD_BYTES_MAX {
            let message = format!("the answer holds more than {HELD_BYTES_MAX} bytes in blocks that are not complete");
            self.fail(&Fault::new(FaultKind::UpstreamBroken, message), out);
        }
    }

    /// Writes the blocks that are complete, up to the first that is not, and what that one holds by now.
    fn write_ready(&mut self, out: &mut Vec<u8>) {
        while let Some(mut held) = self.queue.pop_front() {
            if held.closed {
                let parts = response::parts(&held.content, &mut self.sources);
                if !parts.is_empty() {
                    self.write(&parts, None, out);
                }
                continue;
            }
            let text = match &mut held.content {
                Content::Text(text) | Content::Refusal(text) => std::mem::take(text),
                Content::Reasoning(reasoning) => std::mem::take(&mut reasoning.text),
                Content::ToolCall(_) | Content::Opaque { .. } | Content::Media(_) | Content::ToolResult(_) => {
                    String::new()
                }
            };
            let extras = &[];
            if !text.is_empty() {
                let part = match &held.content {
                    Content::Reasoning(_) => Part::Thought { text: &text, signature: None, extras },
                    Content::Text(_)
                    | Content::Refusal(_)
                    | Content::ToolCall(_)
                    | Content::Opaque { .. }
                    | Content::Media(_)
                    | Content::ToolResult(_) => Part::Text { text: &text, extras },
                };
                self.write(&[part], None, out);
            }
            self.queue.push_front(held);
            return;
        }
        // The sources stay for the last step, but they are few.
        self.held_bytes = 0;
    }

    fn write(&mut self, parts: &[Part<'_>], stop: Option<&StopReason>, out: &mut Vec<u8>) {
        let sources = Sources::default();
        let answer = Answer {
            id: &self.id,
            model: &self.head.model,
            parts,
            stop,
            sources: if stop.is_some() { &self.sources } else { &sources },
            usage: self.usage.filter(|_| stop.is_some()),
            extras: &[],
        };
        let step = object(|step| answer.write(step));
        self.framing.write(&step, out);
    }

    fn stop(&mut self, reason: &StopReason, out: &mut Vec<u8>) {
        self.over = true;
        // Official clients do not take a step without parts.
        self.write(&[Part::Text { text: "", extras: &[] }], Some(reason), out);
        self.framing.end(out);
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.over = true;
        self.framing.write(&error::body(fault), out);
        self.framing.end(out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.over {
            let message = "the provider's answer broke off before it was complete; try again";
            self.fail(&Fault::new(FaultKind::UpstreamBroken, message), out);
        }
    }

    /// White space: the Python client takes a comment for the beginning of an error, the older JavaScript client finds no
    /// event behind one. Nothing else is safe before the end.
    fn ping(&self, out: &mut Vec<u8>) {
        if !self.over {
            out.push(b'\n');
        }
    }
}

fn opened(kind: &BlockKind) -> Content {
    match kind.clone() {
        BlockKind::Text => Content::Text(String::new()),
        BlockKind::Refusal => Content::Refusal(String::new()),
        BlockKind::Reasoning { summary, redacted, id } => {
            Content::Reasoning(ir::Reasoning { summary, redacted, id, ..ir::Reasoning::default() })
        }
        BlockKind::ToolCall { id, name, custom } => {
            Content::ToolCall(ir::ToolCall { id, name, custom, ..ir::ToolCall::default() })
        }
        BlockKind::Opaque { origin, kind, raw } => Content::Opaque { origin, kind, raw },
    }
}

fn size(kind: &BlockKind) -> usize {
    match kind {
        BlockKind::Text | BlockKind::Refusal | BlockKind::Reasoning { .. } => 0,
        BlockKind::ToolCall { id, name, .. } => id.len() + name.len(),
        BlockKind::Opaque { raw, .. } => raw.get().len(),
    }
}

fn add_text(content: &mut Content, more: &str) {
    match content {
        Content::Text(text) | Content::Refusal(text) => text.push_str(more),
        Content::Reasoning(reasoning) => reasoning.text.push_str(more),
        Content::ToolCall(_) | Content::Opaque { .. } | Content::Media(_) | Content::ToolResult(_) => {}
    }
}

#[cfg(test)]
mod tests;
