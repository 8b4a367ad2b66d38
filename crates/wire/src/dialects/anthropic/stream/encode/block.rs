//! One block of a client's stream, while it is open or waits for its turn.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::frame;
use crate::DialectId;
use crate::dialects::anthropic::citation;
use crate::dialects::anthropic::signature::{self, Fingerprint};
use crate::ir::{BlockKind, Delta, Seal};
use crate::write::{Object, quote_into};

/// One block. What comes for it is held until [`Writing::write`] is called, which is at once for the block that is open.
#[derive(Debug)]
pub(super) struct Writing {
    block: u32,
    shape: Shape,
    held: Vec<Delta>,
    /// Its number for the client; `None` before its start is written, and for good when it has none.
    index: Option<u32>,
    /// What stands before the text of each of its pieces, from its start on.
    lead: Vec<u8>,
    closed: bool,
    done: bool,
}

#[derive(Debug)]
enum Shape {
    Text,
    Thoughts {
        print: Fingerprint,
        seal: Option<Seal>,
    },
    /// Written at its end, when its seal is known.
    Hidden {
        seal: Option<Seal>,
    },
    Call {
        id: String,
        name: String,
        custom: bool,
        argued: bool,
    },
    Own(Box<RawValue>),
    /// In the words of another dialect: Messages has none for it.
    Unsaid,
}

impl Writing {
    pub(super) fn new(block: u32, kind: &BlockKind) -> Self {
        let shape = match kind {
            BlockKind::Text | BlockKind::Refusal => Shape::Text,
            BlockKind::Reasoning { redacted: true, .. } => Shape::Hidden { seal: None },
            BlockKind::Reasoning { redacted: false, .. } => Shape::Thoughts { print: Fingerprint::new(), seal: None },
            BlockKind::ToolCall { id, name, custom } => {
                Shape::Call { id: id.clone(), name: name.clone(), custom: *custom, argued: false }
            }
            BlockKind::Opaque { origin: DialectId::Anthropic, raw, .. } => Shape::Own(raw.clone()),
            BlockKind::Opaque { .. } => Shape::Unsaid,
        };
        Self { block, shape, held: Vec::new(), index: None, lead: Vec::new(), closed: false, done: false }
    }

    pub(super) fn block(&self) -> u32 {
        self.block
    }

    /// Holds a piece; gives its length.
    pub(super) fn push(&mut self, delta: &Delta) -> usize {
        self.held.push(delta.clone());
        delta.bytes()
    }

    /// Writes a piece of the block that is open. False when it must be held first: then nothing is written.
    pub(super) fn write_at_once(&mut self, delta: &Delta, out: &mut Vec<u8>) -> bool {
        let open = self.index.is_some() && self.held.is_empty();
        if open {
            self.delta(delta, out);
        }
        open
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Whether all of it is written.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Writes all that is held; gives its length. `next_index` is the number that the block takes if it needs one.
    pub(super) fn write(&mut self, next_index: &mut u32, out: &mut Vec<u8>) -> usize {
        let at_once = match &self.shape {
            Shape::Text | Shape::Thoughts { .. } | Shape::Call { .. } | Shape::Own(_) => true,
            Shape::Hidden { .. } | Shape::Unsaid => false,
        };
        if at_once && self.index.is_none() {
            self.start(next_index, out);
        }
        let mut written = 0;
        for delta in std::mem::take(&mut self.held) {
            written += delta.bytes();
            self.delta(&delta, out);
        }
        if self.closed && !self.done {
            if matches!(self.shape, Shape::Hidden { seal: Some(_) }) {
                self.start(next_index, out);
            }
            self.end(out);
        }
        written
    }

    fn start(&mut self, next_index: &mut u32, out: &mut Vec<u8>) {
        let index = *next_index;
        *next_index += 1;
        self.index = Some(index);
        self.lead = match &self.shape {
            Shape::Text => lead(index, "text_delta", "text"),
            Shape::Thoughts { .. } => lead(index, "thinking_delta", "thinking"),
            Shape::Call { .. } => lead(index, "input_json_delta", "partial_json"),
            Shape::Hidden { .. } | Shape::Own(_) | Shape::Unsaid => Vec::new(),
        };
        frame("content_block_start", out, |data| {
            data.put("index", &index);
            match &self.shape {
                Shape::Own(raw) => data.raw("content_block", raw),
                shape @ (Shape::Text
                | Shape::Thoughts { .. }
                | Shape::Hidden { .. }
                | Shape::Call { .. }
                | Shape::Unsaid) => data.object("content_block", |block| put_start(shape, block)),
            }
        });
    }

    fn delta(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        match (&mut self.shape, delta) {
            (Shape::Text, Delta::Text(text)) => self.text(text, out),
            (Shape::Text, Delta::Citation(source)) if source.is_sayable(DialectId::Anthropic) => {
                self.piece("citations_delta", out, |delta| match source.page_for(DialectId::Anthropic) {
                    Some(page) => delta.object("citation", |location| citation::put_page(page, location)),
                    None => delta.raw("citation", &source.raw),
                });
            }
            (Shape::Thoughts { print, .. }, Delta::Text(text)) => {
                print.push(text);
                self.text(text, out);
            }
            (Shape::Thoughts { seal, .. } | Shape::Hidden { seal }, Delta::Seal(new)) => *seal = Some(new.clone()),
            (Shape::Call { custom, argued, .. }, Delta::Arguments(more)) => {
                let json = if *custom { wrapped(more, !*argued) } else { Cow::Borrowed(more.as_str()) };
                *argued = true;
                self.text(&json, out);
            }
            // What Messages has no word for: sources of other kinds, seals of calls, how likely tokens were.
            (_, Delta::Citation(_) | Delta::Seal(_) | Delta::Logprobs(_)) => {}
            (_, Delta::Text(_) | Delta::Arguments(_)) => {}
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.done = true;
        match &self.shape {
            Shape::Thoughts { print, seal } => {
                let signature = signature::write(seal.as_ref(), *print);
                self.piece("signature_delta", out, |delta| delta.put("signature", &signature));
            }
            Shape::Call { custom, argued, .. } => {
                let rest = match (custom, argued) {
                    (true, true) => Some("\"}"),
                    (true, false) => Some("{\"input\":\"\"}"),
                    (false, true) => None,
                    // Clients take nothing for no input at all; some do not.
                    (false, false) => Some("{}"),
                };
                if let Some(rest) = rest {
                    self.text(rest, out);
                }
            }
            Shape::Text | Shape::Hidden { .. } | Shape::Own(_) | Shape::Unsaid => {}
        }
        if let Some(index) = self.index {
            frame("content_block_stop", out, |data| data.put("index", &index));
        }
    }

    /// A piece that is text of the block's own kind.
    fn text(&self, text: &str, out: &mut Vec<u8>) {
        if self.index.is_some() {
            out.extend_from_slice(&self.lead);
            quote_into(text, out);
            out.extend_from_slice(b"}}\n\n");
        }
    }

    fn piece(&self, kind: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
        let Some(index) = self.index else { return };
        frame("content_block_delta", out, |data| {
            data.put("index", &index);
            data.object("delta", |delta| {
                delta.put("type", kind);
                write(delta);
            });
        });
    }
}

/// What a block begins with.
fn put_start(shape: &Shape, block: &mut Object<'_>) {
    match shape {
        Shape::Text => {
            block.put("type", "text");
            block.put("text", "");
        }
        Shape::Thoughts { .. } => {
            block.put("type", "thinking");
            block.put("thinking", "");
            block.put("signature", "");
        }
        Shape::Hidden { seal } => {
            block.put("type", "redacted_thinking");
            block.put("data", &signature::write(seal.as_ref(), Fingerprint::new()));
        }
        Shape::Call { id, name, .. } => {
            block.put("type", "tool_use");
            block.put("id", id);
            block.put("name", name);
            block.object("input", |_| {});
        }
        Shape::Own(_) | Shape::Unsaid => {}
    }
}

/// An event that adds a text, up to that text.
fn lead(index: u32, kind: &str, name: &str) -> Vec<u8> {
    let event = "content_block_delta";
    let delta = format!("{{\"type\":\"{kind}\",\"{name}\":");
    format!("event: {event}\ndata: {{\"type\":\"{event}\",\"index\":{index},\"delta\":{delta}").into_bytes()
}

/// A piece of a custom tool's text, as a piece of the JSON in which it is the only argument.
fn wrapped(text: &str, first: bool) -> Cow<'static, str> {
    let quoted = serde_json::to_string(text).expect("text always serialises");
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    Cow::Owned(format!("{}{inner}", if first { "{\"input\":\"" } else { "" }))
}
