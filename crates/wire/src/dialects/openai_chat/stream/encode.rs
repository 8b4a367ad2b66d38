//! Writes a stream for a client.

use serde_json::value::RawValue;

use super::super::response::{Answers, write_annotation, write_logprobs};
use super::super::usage::UsageBody;
use super::super::{error, request, thoughts};
use crate::dialect::{StreamEncoder, StreamHead};
use crate::ir::{self, BlockKind, Citation, Delta, Event, Reasoning, Seal, SealOrigin, ServiceTier, StopReason};
use crate::write::Object;
use crate::{DialectId, Fault, FaultKind, Usd};

/// What is said of an answer that has no end.
pub(in crate::dialects) const BROKE_OFF: &str = "the provider's answer broke off before it was complete; try again";

/// Sources kept until their text ends. Guards memory; more are told at once, for the text as far as it is.
const SOURCES_MAX: usize = 1024;

/// Thoughts kept to be repeated beside their seal. Guards memory; longer ones are told without a seal.
const THOUGHT_BYTES_MAX: usize = 4 << 20;

/// Writes one stream. A client that asked for usage gets it as OpenAI sends it, in a chunk of its own; another one gets
/// it on the chunk that says why the answer ended.
#[derive(Debug)]
pub(in crate::dialects::openai_chat) struct Encoder {
    head: StreamHead,
    frame: Frame,
    usage: Option<ir::Usage>,
    tier: Option<ServiceTier>,
    over: bool,
    /// The open blocks with their numbers; mostly one.
    blocks: Vec<(u32, Block)>,
    /// How many calls there were.
    calls: u64,
    /// How many thoughts there were.
    thoughts: u64,
    /// Characters of text told so far: what a source's place is counted by.
    characters: usize,
    unsaid: ir::Unsaid,
    grammar: ir::Grammar,
}

/// What is around the delta of every chunk; the same bytes each time.
#[derive(Debug, Default)]
struct Frame {
    before: Vec<u8>,
    after: Vec<u8>,
}

/// An open block, as far as this dialect cares.
#[derive(Debug)]
enum Block {
    Text(Text),
    Refusal,
    Thought(Thought),
    Call(Call),
    /// Known to another dialect only.
    Silent,
}

/// A text whose sources may yet come.
#[derive(Debug)]
struct Text {
    /// Where it begins, in characters.
    from: usize,
    /// Sources of all of it, told when its end is known.
    sources: Vec<Citation>,
}

/// Thoughts that may yet get a seal.
#[derive(Debug)]
struct Thought {
    place: u64,
    reasoning: Reasoning,
}

#[derive(Debug)]
struct Call {
    place: u64,
    id: String,
    name: String,
    custom: bool,
    /// Whether the client knows of it: the AI SDK reads a signature from a call's first piece only.
    told: bool,
    argued: bool,
}

impl Encoder {
    pub(in crate::dialects::openai_chat) fn new(head: StreamHead) -> Self {
        Self {
            head: head.without_request(),
            frame: Frame::default(),
            usage: None,
            tier: None,
            over: false,
            blocks: Vec::new(),
            calls: 0,
            thoughts: 0,
            characters: 0,
            unsaid: ir::Unsaid::new(&Answers),
            grammar: ir::Grammar::new(),
        }
    }

    fn start(&mut self, id: &str, out: &mut Vec<u8>) {
        let mut before = b"data: ".to_vec();
        // Each chunk goes on where this object stops.
        let mut object = Object::begin(&mut before);
        if id.is_empty() {
            object.put("id", &format!("chatcmpl-{}", self.head.request_id));
        } else {
            object.put("id", id);
        }
        object.put("object", "chat.completion.chunk");
        object.put("created", &self.head.created);
        object.put("model", &self.head.model);
        before.extend_from_slice(b",\"choices\":[");
        let usage: &[u8] = if self.head.include_usage { b",\"usage\":null" } else { b"" };
        let after = [b",\"logprobs\":null,\"finish_reason\":null}]", usage, b"}\n\n"].concat();
        self.frame = Frame { before, after };
        self.chunk(out, |delta| {
            delta.put("role", "assistant");
            delta.put("content", "");
        });
    }

    /// A chunk with this delta.
    fn chunk(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
        out.extend_from_slice(&self.frame.before);
        out.extend_from_slice(b"{\"index\":0,\"delta\":");
        let mut delta = Object::begin(out);
        write(&mut delta);
        delta.end();
        out.extend_from_slice(&self.frame.after);
    }

    /// A source of a text; what this dialect cannot say is left out.
    fn cite(&self, text: &mut Text, citation: &Citation, out: &mut Vec<u8>) {
        if !citation.is_sayable(DialectId::OpenaiChat) {
            return;
        }
        let of_all = citation.page_for(DialectId::OpenaiChat).is_some_and(|page| page.place.is_none());
        if of_all && text.sources.len() < SOURCES_MAX {
            text.sources.push(citation.clone());
        } else {
            self.annotate(citation, text.from, out);
        }
    }

    fn annotate(&self, citation: &Citation, from: usize, out: &mut Vec<u8>) {
        self.chunk(out, |delta| {
            delta.array("annotations", |list| write_annotation(citation, from..self.characters, list));
        });
    }

    /// A chunk that only says how likely tokens were.
    fn likely(&self, tokens: &[Box<RawValue>], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.frame.before);
        let mut choice = Object::begin(out);
        choice.put("index", &0);
        choice.object("delta", |_| {});
        write_logprobs(&mut choice, tokens);
        choice.put("finish_reason", &None::<&str>);
        choice.end();
        out.push(b']');
        out.extend_from_slice(if self.head.include_usage { b",\"usage\":null}\n\n" } else { b"}\n\n" });
    }

    /// A piece of a call.
    fn call_chunk(&self, place: u64, out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
        self.chunk(out, |delta| {
            delta.array("tool_calls", |list| {
                list.object(|piece| {
                    piece.put("index", &place);
                    write(piece);
                });
            });
        });
    }

    fn open(&mut self, number: u32, kind: &BlockKind) {
        let block = match kind {
            BlockKind::Text => Block::Text(Text { from: self.characters, sources: Vec::new() }),
            BlockKind::Refusal => Block::Refusal,
            BlockKind::Reasoning { summary, redacted, id } => {
                let place = self.thoughts;
                self.thoughts += 1;
                let reasoning =
                    Reasoning { summary: *summary, redacted: *redacted, id: id.clone(), ..Reasoning::default() };
                Block::Thought(Thought { place, reasoning })
            }
            BlockKind::ToolCall { id, name, custom } => {
                let place = self.calls;
                self.calls += 1;
                let (id, name) = (id.clone(), name.clone());
                Block::Call(Call { place, id, name, custom: *custom, told: false, argued: false })
            }
            BlockKind::Opaque { .. } => Block::Silent,
        };
        self.blocks.push((number, block));
    }

    fn delta(&mut self, number: u32, delta: &Delta, out: &mut Vec<u8>) {
        let Some(place) = self.blocks.iter().rposition(|(open, _)| *open == number) else { return };
        let Some((_, open)) = self.blocks.get_mut(place) else { return };
        if let (Block::Text(_), Delta::Text(text)) = (&*open, delta) {
            self.characters += text.chars().count();
            return self.chunk(out, |delta| delta.text("content", text));
        }
        // Out of its place, so that writing may borrow the rest.
        let mut block = std::mem::replace(open, Block::Silent);
        match (&mut block, delta) {
            (Block::Text(text), Delta::Citation(citation)) => self.cite(text, citation, out),
            (Block::Text(_), Delta::Logprobs(tokens)) => self.likely(tokens, out),
            (Block::Refusal, Delta::Text(text)) => self.chunk(out, |delta| delta.text("refusal", text)),
            (Block::Thought(thought), Delta::Text(text)) => {
                thought.add(text);
                self.chunk(out, |delta| delta.text("reasoning_content", text));
            }
            (Block::Thought(thought), Delta::Seal(seal)) => thought.reasoning.seal = Some(seal.clone()),
            (Block::Call(call), Delta::Arguments(text)) => {
                self.tell(call, None, out);
                call.argued |= !text.is_empty();
                self.arguments(call, text, out);
            }
            (Block::Call(call), Delta::Seal(seal)) => self.tell(call, Some(seal), out),
            // What no block of this kind holds, and what the client would not understand.
            (Block::Text(_) | Block::Refusal | Block::Thought(_) | Block::Call(_) | Block::Silent, _) => {}
        }
        if let Some((_, open)) = self.blocks.get_mut(place) {
            *open = block;
        }
    }

    /// Tells the client of a call, once, or of the seal that came after that.
    fn tell(&self, call: &mut Call, seal: Option<&Seal>, out: &mut Vec<u8>) {
        if call.told && seal.is_none() {
            return;
        }
        let told = std::mem::replace(&mut call.told, true);
        self.call_chunk(call.place, out, |piece| {
            if !told {
                let (member, text) = if call.custom { ("custom", "input") } else { ("function", "arguments") };
                piece.put("id", &call.id);
                piece.put("type", member);
                piece.object(member, |inner| {
                    inner.put("name", &call.name);
                    inner.put(text, "");
                });
            }
            if told {
                // OpenAI's clients take no piece without one.
                let (member, text) = if call.custom { ("custom", "input") } else { ("function", "arguments") };
                piece.object(member, |inner| inner.put(text, ""));
            }
            if let Some(seal) = seal {
                request::write_signature(piece, &seal.write(SealOrigin::Gemini));
            }
        });
    }

    fn arguments(&self, call: &Call, text: &str, out: &mut Vec<u8>) {
        let (member, name) = if call.custom { ("custom", "input") } else { ("function", "arguments") };
        self.call_chunk(call.place, out, |piece| piece.object(member, |inner| inner.text(name, text)));
    }

    fn close(&mut self, number: u32, out: &mut Vec<u8>) {
        let place = self.blocks.iter().rposition(|(open, _)| *open == number);
        match place.map(|place| self.blocks.remove(place).1) {
            Some(Block::Call(mut call)) => {
                self.tell(&mut call, None, out);
                if !call.argued && !call.custom {
                    // Clients parse it; nothing is no JSON.
                    self.arguments(&call, "{}", out);
                }
            }
            Some(Block::Thought(Thought { place, reasoning }))
                if reasoning.seal.is_some() && reasoning.text.len() <= THOUGHT_BYTES_MAX =>
            {
                self.chunk(out, |delta| {
                    delta.array("reasoning_details", |list| thoughts::write_details(&reasoning, place, list));
                });
            }
            Some(Block::Text(Text { from, sources })) => {
                sources.iter().for_each(|source| self.annotate(source, from, out));
            }
            Some(Block::Refusal | Block::Thought(_) | Block::Silent) | None => {}
        }
    }

    /// The chunk that says why the answer ended, and the end.
    fn stop(&mut self, reason: &StopReason, out: &mut Vec<u8>) {
        self.over = true;
        let usage = self.usage.map(|usage| UsageBody::from(usage).with_cost(self.head.cost));
        out.extend_from_slice(&self.frame.before);
        let mut choice = Object::begin(out);
        choice.put("index", &0);
        choice.object("delta", |_| {});
        choice.put("logprobs", &None::<&str>);
        choice.put("finish_reason", finish_reason(reason));
        choice.end();
        out.push(b']');
        if let Some(tier) = &self.tier {
            Object::resume(out).text("service_tier", tier.as_str());
        }
        match usage {
            Some(usage) if self.head.include_usage => {
                out.extend_from_slice(b",\"usage\":null}\n\n");
                out.extend_from_slice(&self.frame.before);
                self.last(&usage, b"]", out);
            }
            Some(usage) => self.last(&usage, b"", out),
            None if self.head.include_usage => out.extend_from_slice(b",\"usage\":null}\n\n"),
            None => out.extend_from_slice(b"}\n\n"),
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn last(&self, usage: &UsageBody, before: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(before);
        out.extend_from_slice(b",\"usage\":");
        serde_json::to_writer(&mut *out, usage).expect("numbers always serialise into memory");
        out.extend_from_slice(b"}\n\n");
    }

    fn fail(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.over = true;
        out.extend_from_slice(&error::encode_frame(fault));
    }
}

impl Thought {
    /// Keeps more of the text, one byte more than the limit at the least when it is over it.
    fn add(&mut self, text: &str) {
        if self.reasoning.text.len() <= THOUGHT_BYTES_MAX {
            self.reasoning.text.push_str(text);
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
            Event::Start { id } => self.start(id, out),
            Event::Open { block, kind } => self.open(*block, kind),
            Event::Delta { block, delta } => self.delta(*block, delta, out),
            Event::Close { block } => self.close(*block, out),
            Event::Usage(usage) => self.usage = Some(self.usage.unwrap_or_default().max(*usage)),
            Event::Served(tier) => self.tier = Some(tier.clone()),
            Event::Ping => self.ping(out),
            Event::Stop(reason) => self.stop(reason, out),
            Event::Fault(fault) => self.fail(fault, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.over {
            self.fail(&Fault::new(FaultKind::UpstreamBroken, BROKE_OFF), out);
        }
    }

    fn ping(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b": ping\n\n");
    }

    fn tell_cost(&mut self, cost: Usd) {
        self.head.cost = Some(cost);
    }

    fn losses(&self) -> &ir::Losses {
        self.unsaid.losses()
    }
}

/// The family's word for why an answer ended.
pub(in crate::dialects) fn finish_reason(stop: &StopReason) -> &str {
    match stop {
        StopReason::End | StopReason::StopText(_) | StopReason::Paused => "stop",
        StopReason::Length | StopReason::ContextFull => "length",
        StopReason::ToolCalls => "tool_calls",
        StopReason::Filtered => "content_filter",
        StopReason::Other(word) => word,
    }
}

#[cfg(test)]
mod tests;
