//! Writes lines for a client.

use std::collections::BTreeMap;

use super::super::answer::{Calling, Form, Saying, write_end};
use super::super::response::Answers;
use super::super::{error, timestamp};
use crate::dialect::{StreamEncoder, StreamHead};
use crate::ir::{self, BlockKind, Delta, Event, ToolCall};
use crate::{Fault, FaultKind};

/// Arguments of all calls that are held. Guards memory: a call goes out whole, after those before it.
pub(super) const HELD_BYTES_MAX: usize = 4 << 20;

/// Writes one stream. Text goes out as it comes, whatever block it is of: there is no word for a block.
#[derive(Debug)]
pub(in super::super) struct Encoder {
    form: Form,
    /// What every line begins with.
    lead: Vec<u8>,
    /// Calls that did not go out yet, by their blocks.
    calls: BTreeMap<u32, Held>,
    calls_told: usize,
    held_bytes: usize,
    /// Open blocks of thoughts; of all others that are open, deltas of text are text.
    thoughts: Vec<u32>,
    usage: Option<ir::Usage>,
    over: bool,
    unsaid: ir::Unsaid,
    grammar: ir::Grammar,
}

/// A call that is held.
#[derive(Debug)]
struct Held {
    call: ToolCall,
    /// Whether all of it is there.
    whole: bool,
}

impl Encoder {
    pub(in super::super) fn new(head: StreamHead, form: Form) -> Self {
        let StreamHead { model, created, .. } = head;
        let mut lead = Vec::new();
        // Each line goes on where this object stops.
        let mut line = crate::write::Object::begin(&mut lead);
        line.text("model", &model);
        line.text("created_at", &timestamp::write(created));
        Self {
            form,
            lead,
            calls: BTreeMap::new(),
            calls_told: 0,
            held_bytes: 0,
            thoughts: Vec::new(),
            usage: None,
            over: false,
            unsaid: ir::Unsaid::new(&Answers),
            grammar: ir::Grammar::new(),
        }
    }

    fn say(&self, saying: &Saying<'_>, stop: Option<&ir::StopReason>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.lead);
        let mut line = crate::write::Object::resume(out);
        self.form.write(&mut line, saying);
        match stop {
            None => line.put("done", &false),
            Some(stop) => write_end(&mut line, stop, self.usage, [None; 4]),
        }
        line.end();
        out.push(b'\n');
    }

    fn open(&mut self, block: u32, kind: &BlockKind) {
        match kind {
            BlockKind::Reasoning { .. } => self.thoughts.push(block),
            BlockKind::ToolCall { id, name, custom } => {
                let (id, name) = (id.clone(), name.clone());
                let call = ToolCall { id, name, custom: *custom, ..ToolCall::default() };
                self.calls.insert(block, Held { call, whole: false });
            }
            // The last one cannot be said.
            BlockKind::Text | BlockKind::Refusal | BlockKind::Opaque { .. } => {}
        }
    }

    fn add(&mut self, block: u32, delta: &Delta, out: &mut Vec<u8>) {
        match delta {
            Delta::Text(text) if self.thoughts.contains(&block) => {
                self.say(&Saying { thinking: text, ..Saying::default() }, None, out);
            }
            Delta::Text(text) => self.say(&Saying { content: text, ..Saying::default() }, None, out),
            Delta::Arguments(more) => {
                self.held_bytes += more.len();
                if self.held_bytes > HELD_BYTES_MAX {
                    let message = "the model's tool calls are longer than 4 MiB";
                    return self.fail(&Fault::new(FaultKind::UpstreamBroken, message), out);
                }
                if let Some(held) = self.calls.get_mut(&block) {
                    held.call.arguments.push_str(more);
                }
            }
            Delta::Logprobs(tokens) => self.say(&Saying { logprobs: tokens, ..Saying::default() }, None, out),
            // Neither can be said.
            Delta::Seal(_) | Delta::Citation(_) => {}
        }
    }

    fn close(&mut self, block: u32, out: &mut Vec<u8>) {
        self.thoughts.retain(|open| *open != block);
        if let Some(held) = self.calls.get_mut(&block) {
            held.whole = true;
        }
        while let Some(first) = self.calls.first_entry().filter(|first| first.get().whole) {
            let call = first.remove().call;
            self.held_bytes = self.held_bytes.saturating_sub(call.arguments.len());
            let calling = Calling { index: self.calls_told, call: &call };
            self.calls_told += 1;
            self.say(&Saying { calls: &[calling], ..Saying::default() }, None, out);
        }
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.over = true;
        out.extend_from_slice(&error::encode_line(fault));
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
            // There is no word for a beginning, nor for how it is served.
            Event::Start { .. } | Event::Served(_) => {}
            Event::Open { block, kind } => self.open(*block, kind),
            Event::Delta { block, delta } => self.add(*block, delta, out),
            Event::Close { block } => self.close(*block, out),
            Event::Usage(usage) => self.usage = Some(self.usage.unwrap_or_default().max(*usage)),
            Event::Ping => self.ping(out),
            Event::Stop(reason) => {
                self.over = true;
                self.say(&Saying::default(), Some(reason), out);
            }
            Event::Fault(fault) => self.fail(fault, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.over {
            let message = "the provider's answer broke off before it was complete; try again";
            self.fail(&Fault::new(FaultKind::UpstreamBroken, message), out);
        }
    }

    fn ping(&mut self, out: &mut Vec<u8>) {
        // Lines have no comments; every client takes one that adds nothing.
        if !self.over {
            self.say(&Saying::default(), None, out);
        }
    }

    fn losses(&self) -> &ir::Losses {
        self.unsaid.losses()
    }
}
