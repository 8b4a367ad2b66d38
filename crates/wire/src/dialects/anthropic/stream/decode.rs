//! Reads a provider's stream.

mod block;

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use self::block::{Reading, Told};
use crate::dialect::StreamDecoder;
use crate::dialects::anthropic::{error, stop, tier, usage};
use crate::fields::{Fields, parse};
use crate::frame::likeness::Likeness;
use crate::frame::sse::{SseFrame, SseReader, SseSink};
use crate::ir::{BlockKind, Delta, Event, StopReason, Usage};
use crate::{Fault, FaultKind};

/// Blocks open at once. Guards memory against an upstream that begins blocks and never ends them; Anthropic's are one
/// after another.
const OPEN_BLOCKS_MAX: usize = 1024;

/// Reads one stream. Events of unknown types are left out, as Anthropic asks of clients; unknown blocks are not.
#[derive(Debug, Default)]
pub(in crate::dialects::anthropic) struct Decoder {
    frames: SseReader,
    likeness: Likeness<(u64, Told)>,
    message: Message,
}

/// The message as far as it has come.
#[derive(Debug, Default)]
struct Message {
    /// The message's id; `None` before the start.
    id: Option<String>,
    over: bool,
    /// Blocks begun so far.
    begun: u32,
    /// Open blocks by the provider's number.
    open: BTreeMap<u64, Reading>,
    usage: Usage,
    called: bool,
    reason: Option<String>,
    sequence: Option<String>,
    explanation: Option<String>,
}

impl Decoder {
    pub(in crate::dialects::anthropic) fn new() -> Self {
        Self::default()
    }
}

/// Takes events into the message.
struct Taker<'a> {
    likeness: &'a mut Likeness<(u64, Told)>,
    message: &'a mut Message,
    out: &'a mut Vec<Event>,
}

impl SseSink for Taker<'_> {
    #[inline]
    fn recognise(&mut self, bytes: &[u8]) -> Option<usize> {
        let alike = self.likeness.recognise(bytes)?;
        let (index, told) = alike.told;
        let reading = self.message.open.get_mut(&index).filter(|_| !self.message.over)?;
        reading.push_alike(told, alike.text, self.out).then_some(alike.len)
    }

    fn take(&mut self, frame: &SseFrame<'_>) {
        let before = self.out.len();
        self.message.frame(frame, self.out);
        if let Some([Event::Delta { .. }]) = self.out.get(before..) {
            self.likeness.learn(frame.whole, || block::sketch(&frame.data));
        }
    }
}

impl Message {
    fn fail(&mut self, fault: Fault, out: &mut Vec<Event>) {
        self.over = true;
        out.push(Event::Fault(Box::new(fault)));
    }

    fn fail_broken(&mut self, message: &str, out: &mut Vec<Event>) {
        self.fail(Fault::new(FaultKind::UpstreamBroken, message), out);
    }

    fn frame(&mut self, frame: &SseFrame<'_>, out: &mut Vec<Event>) {
        // Some servers end as OpenAI does.
        if self.over || frame.data.as_ref() == b"[DONE]" {
            return;
        }
        let Ok(mut fields) = Fields::of_body(&frame.data) else {
            return self.fail_broken("the provider's stream holds an event that is no JSON object; try again", out);
        };
        let named = || std::str::from_utf8(frame.event).ok().map(str::to_owned);
        let kind = fields.take("type").and_then(parse::<String>).or_else(named).unwrap_or_default();
        match kind.as_str() {
            "message_start" => self.start(&mut fields, out),
            "content_block_start" => self.open(&mut fields, out),
            "content_block_delta" => self.delta(&mut fields, out),
            "content_block_stop" => {
                if let Some(index) = index(&mut fields) {
                    self.close(index, out);
                }
            }
            "message_delta" => self.message_delta(&mut fields, out),
            "message_stop" => self.stop(out),
            "ping" if self.id.is_some() => out.push(Event::Ping),
            _ => {
                if let Some(error) = fields.take("error") {
                    self.fail(error::decode(error), out);
                }
            }
        }
    }

    fn start(&mut self, fields: &mut Fields<'_>, out: &mut Vec<Event>) {
        if self.id.is_some() {
            return;
        }
        let mut message = fields.object("message").ok().flatten();
        let id = message.as_mut().and_then(|message| message.take("id")).and_then(parse::<String>);
        self.begin(id.unwrap_or_default(), out);
        if let Some(mut message) = message {
            self.count(&mut message, out);
        }
    }

    fn begin(&mut self, id: String, out: &mut Vec<Event>) {
        if self.id.is_none() {
            self.id = Some(id.clone());
            out.push(Event::Start { id });
        }
    }

    /// Both places where usage stands tell it all; what the later one leaves out is as the earlier one said.
    fn count(&mut self, fields: &mut Fields<'_>, out: &mut Vec<Event>) {
        if let Some(mut counts) = fields.object("usage").ok().flatten() {
            self.usage = self.usage.max(usage::decode(&mut counts));
            out.push(Event::Usage(self.usage));
            let served: Option<String> = counts.take("service_tier").and_then(parse);
            out.extend(served.as_deref().map(tier::read_served).map(Event::Served));
        }
    }

    fn open(&mut self, fields: &mut Fields<'_>, out: &mut Vec<Event>) {
        let (Some(index), Some(raw)) = (index(fields), fields.take("content_block")) else { return };
        self.begin(String::new(), out);
        // Servers that forget where a block ends begin the next one under the same number.
        self.close(index, out);
        if self.open.len() == OPEN_BLOCKS_MAX {
            return self.fail_broken("the provider's stream opens too many blocks at once; try again", out);
        }
        let block = self.begun;
        self.begun = self.begun.saturating_add(1);
        let message = self.id.as_deref().unwrap_or_default();
        let reading = Reading::begin(raw, block, message, out);
        self.called |= reading.is_call();
        self.open.insert(index, reading);
    }

    fn delta(&mut self, fields: &mut Fields<'_>, out: &mut Vec<Event>) {
        let (Some(index), Some(raw)) = (index(fields), fields.take("delta")) else { return };
        let Some(reading) = self.open.get_mut(&index) else { return };
        if reading.push(raw, out).is_err() {
            self.fail_broken("the provider's stream holds a block that is too long; try again", out);
        }
    }

    fn close(&mut self, index: u64, out: &mut Vec<Event>) {
        if let Some(reading) = self.open.remove(&index) {
            reading.end(out);
        }
    }

    fn message_delta(&mut self, fields: &mut Fields<'_>, out: &mut Vec<Event>) {
        self.begin(String::new(), out);
        if let Some(mut delta) = fields.object("delta").ok().flatten() {
            let text = |raw: Option<&RawValue>| raw.and_then(parse::<String>);
            self.reason = text(delta.take("stop_reason")).or(self.reason.take());
            self.sequence = text(delta.take("stop_sequence")).or(self.sequence.take());
            self.explanation = delta.take("stop_details").and_then(stop::explanation).or(self.explanation.take());
        }
        self.count(fields, out);
    }

    fn stop(&mut self, out: &mut Vec<Event>) {
        self.begin(String::new(), out);
        std::mem::take(&mut self.open).into_values().for_each(|reading| reading.end(out));
        let stop = stop::decode(self.reason.take(), self.sequence.take(), self.called);
        if let (StopReason::Filtered, 0, Some(why)) = (&stop, self.begun, self.explanation.take()) {
            out.push(Event::Open { block: 0, kind: BlockKind::Refusal });
            out.push(Event::Delta { block: 0, delta: Delta::Text(why) });
            out.push(Event::Close { block: 0 });
        }
        self.over = true;
        out.push(Event::Stop(stop));
    }
}

fn index(fields: &mut Fields<'_>) -> Option<u64> {
    fields.take("index").and_then(parse)
}

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        if self.message.over {
            return;
        }
        let mut taker = Taker { likeness: &mut self.likeness, message: &mut self.message, out };
        if self.frames.read(bytes, &mut taker).is_err() && !self.message.over {
            self.message.fail_broken("the provider's stream holds an event that is too long; try again", out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        self.frames.read_rest(&mut Taker { likeness: &mut self.likeness, message: &mut self.message, out });
        if !self.message.over {
            self.message.fail_broken("the provider's answer broke off before it was complete; try again", out);
        }
    }
}
