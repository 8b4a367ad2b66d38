//! Writes a stream for a client.

mod block;

use std::collections::VecDeque;

use self::block::Writing;
use crate::dialect::{StreamEncoder, StreamHead};
use crate::dialects::anthropic::stop::{self, Held};
use crate::dialects::anthropic::{error, response, tier, usage};
use crate::ir::{BlockKind, Delta, Event, Grammar, Losses, ServiceTier, StopReason, Unsaid, Usage};
use crate::write::Object;
use crate::{Fault, FaultKind};

/// What blocks hold that wait for an earlier one to end: Messages has one open block at a time. Guards memory against an
/// upstream that never ends the first.
const WAITING_BYTES_MAX: usize = 4 << 20;

/// What keeps a silent connection open.
const PING: &[u8] = b"event: ping\ndata: {\"type\":\"ping\"}\n\n";

/// Writes one stream.
#[derive(Debug)]
pub(in crate::dialects::anthropic) struct Encoder {
    head: StreamHead,
    over: bool,
    /// Blocks in the order they were opened; the first one is being written, the others wait.
    blocks: VecDeque<Writing>,
    waiting_bytes: usize,
    /// The next block's number for the client, who must see no gap.
    next_index: u32,
    usage: Usage,
    tier: Option<ServiceTier>,
    held: Held,
    unsaid: Unsaid,
    grammar: Grammar,
}

impl Encoder {
    pub(in crate::dialects::anthropic) fn new(head: StreamHead) -> Self {
        Self {
            head: head.without_request(),
            over: false,
            blocks: VecDeque::new(),
            waiting_bytes: 0,
            next_index: 0,
            usage: Usage::default(),
            tier: None,
            held: Held::default(),
            unsaid: Unsaid::new(&response::Answers),
            grammar: Grammar::new(),
        }
    }

    fn start(&self, id: &str, out: &mut Vec<u8>) {
        frame("message_start", out, |data| {
            data.object("message", |message| {
                message.put("id", &response::client_id(id, &self.head));
                message.put("type", "message");
                message.put("role", "assistant");
                message.put("model", &self.head.model);
                message.array("content", |_| {});
                message.put("stop_reason", &None::<&str>);
                message.put("stop_sequence", &None::<&str>);
                message.object("usage", |counts| usage::encode(self.usage, counts));
            });
        });
    }

    fn open(&mut self, block: u32, kind: &BlockKind, out: &mut Vec<u8>) {
        match kind {
            BlockKind::ToolCall { .. } => self.held.called = true,
            BlockKind::Refusal => self.held.refused = true,
            BlockKind::Text | BlockKind::Reasoning { .. } | BlockKind::Opaque { .. } => {}
        }
        self.blocks.push_back(Writing::new(block, kind));
        self.advance(out);
    }

    /// Ends blocks that are whole and begins the next, until one is open that is not.
    fn advance(&mut self, out: &mut Vec<u8>) {
        while let Some(front) = self.blocks.front_mut() {
            self.waiting_bytes = self.waiting_bytes.saturating_sub(front.write(&mut self.next_index, out));
            if !front.is_done() {
                return;
            }
            self.blocks.pop_front();
        }
    }

    fn delta(&mut self, block: u32, delta: &Delta, out: &mut Vec<u8>) {
        let Some(at) = self.blocks.iter().position(|writing| writing.block() == block) else { return };
        let Some(writing) = self.blocks.get_mut(at) else { return };
        if at == 0 && writing.write_at_once(delta, out) {
            return;
        }
        self.waiting_bytes += writing.push(delta);
        self.advance(out);
        if self.waiting_bytes > WAITING_BYTES_MAX {
            let message = "the provider answers with several blocks at once that are too long to put in order";
            self.fail(&Fault::new(FaultKind::UpstreamBroken, message), out);
        }
    }

    fn stop(&mut self, reason: &StopReason, out: &mut Vec<u8>) {
        self.over = true;
        let (word, sequence) = stop::encode(reason, self.held);
        frame("message_delta", out, |data| {
            data.object("delta", |delta| {
                delta.put("stop_reason", word);
                delta.put("stop_sequence", &sequence);
            });
            data.object("usage", |counts| {
                usage::encode(self.usage, counts);
                counts.put_some("service_tier", self.tier.as_ref().and_then(tier::write_served));
            });
        });
        frame("message_stop", out, |_| {});
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.over = true;
        out.extend_from_slice(&error::encode_frame(fault));
    }
}

/// One event; both of its lines name it, for clients look at either.
fn frame(kind: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    let from = out.len();
    let mut data = Object::begin(out);
    data.text("type", kind);
    write(&mut data);
    data.end();
    // Raw line ends are white space between tokens; an event's data must be one line.
    if out.get(from..).is_some_and(|data| memchr::memchr2(b'\n', b'\r', data).is_some()) {
        let data = out.split_off(from);
        out.extend(data.into_iter().filter(|byte| !matches!(byte, b'\n' | b'\r')));
    }
    out.extend_from_slice(b"\n\n");
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        debug_assert_eq!(self.grammar.step(event), Ok(()), "{event:?} breaks the grammar of streams");
        if self.over {
            return;
        }
        self.unsaid.note(event);
        match event {
            Event::Start { id } => self.start(id, out),
            Event::Open { block, kind } => self.open(*block, kind, out),
            Event::Delta { block, delta } => self.delta(*block, delta, out),
            Event::Close { block } => {
                self.blocks.iter_mut().filter(|writing| writing.block() == *block).for_each(Writing::close);
                self.advance(out);
            }
            Event::Usage(usage) => self.usage = self.usage.max(*usage),
            Event::Served(tier) => self.tier = Some(tier.clone()),
            Event::Ping => out.extend_from_slice(PING),
            Event::Stop(reason) => self.stop(reason, out),
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
        if !self.over {
            out.extend_from_slice(PING);
        }
    }

    fn losses(&self) -> &Losses {
        self.unsaid.losses()
    }
}
