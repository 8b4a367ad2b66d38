//! Reads a provider's stream.

mod beside;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::super::item::UsageBody;
use super::super::{answer, error, response};
use super::frames::{self, Frame, Whole};
use super::parts::{Entry, Part, Parts};
use crate::dialect::StreamDecoder;
use crate::fields::parse;
use crate::frame::likeness::Likeness;
use crate::frame::sse::{SseFrame, SseReader, SseSink};
use crate::ir::{Block, BlockKind, Content, Delta, Event, Reasoning, ServiceTier, ToolCall, Usage};
use crate::{Fault, FaultKind};

/// Items of one answer. What is known of each is kept until the end: this guards memory against an upstream that never
/// ends.
const ITEMS_MAX: usize = 1 << 14;

/// Reads one stream. What a server leaves out is taken from where it stands again: deltas from the item that is done,
/// items from the answer that is complete.
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    reader: SseReader,
    likeness: Likeness<(u32, Part)>,
    answer: Answer,
}

/// The answer as far as it has come.
#[derive(Debug, Default)]
struct Answer {
    items: BTreeMap<u32, Parts>,
    next_block: u32,
    called: bool,
    started: bool,
    over: bool,
}

impl Decoder {
    pub(in super::super) fn new() -> Self {
        Self::default()
    }
}

/// Takes events into the answer.
struct Taker<'a> {
    likeness: &'a mut Likeness<(u32, Part)>,
    answer: &'a mut Answer,
    out: &'a mut Vec<Event>,
}

impl SseSink for Taker<'_> {
    #[inline]
    fn recognise(&mut self, bytes: &[u8]) -> Option<usize> {
        let alike = self.likeness.recognise(bytes)?;
        let (index, part) = alike.told;
        self.answer.push_alike(index, part, alike.text, self.out).then_some(alike.len)
    }

    fn take(&mut self, frame: &SseFrame<'_>) {
        let before = self.out.len();
        self.answer.take(frame, self.out);
        if let Some([Event::Delta { .. }]) = self.out.get(before..) {
            self.likeness.learn(frame.whole, || frames::sketch(&frame.data));
        }
    }
}

impl Answer {
    /// Takes the text of an event that adds this text and does nothing else. False when it would do more now: then
    /// nothing was taken.
    #[inline]
    fn push_alike(&mut self, index: u32, part: Part, text: Cow<'_, str>, out: &mut Vec<Event>) -> bool {
        let entry = self.items.get_mut(&index).and_then(|parts| parts.find_mut(part));
        let Some(entry) = entry.filter(|entry| entry.open && !self.over) else { return false };
        if !text.is_empty() {
            entry.bytes = entry.bytes.saturating_add(text.len());
            let text = text.into_owned();
            let delta = if part == Part::Call { Delta::Arguments(text) } else { Delta::Text(text) };
            out.push(Event::Delta { block: entry.block, delta });
        }
        true
    }

    fn start(&mut self, id: Option<String>, out: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.started, true) {
            out.push(Event::Start { id: id.unwrap_or_default() });
        }
    }

    fn fail(&mut self, fault: Fault, out: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.over, true) {
            out.push(Event::Fault(Box::new(fault)));
        }
    }

    fn take(&mut self, event: &SseFrame<'_>, out: &mut Vec<Event>) {
        if self.over || event.data.trim_ascii() == b"[DONE]" {
            return;
        }
        let Ok(mut frame) = serde_json::from_slice::<Frame<'_>>(&event.data) else {
            let message = "the provider sent an event that is not a JSON object of this dialect";
            return self.fail(Fault::new(FaultKind::UpstreamBroken, message), out);
        };
        if frame.kind.is_empty() {
            frame.kind = std::str::from_utf8(event.event).unwrap_or_default().into();
        }
        self.step(&frame, &event.data, out);
    }

    fn step(&mut self, frame: &Frame<'_>, data: &[u8], out: &mut Vec<Event>) {
        match frame.kind.as_ref() {
            "response.created" | "response.in_progress" | "response.queued" => {
                let id = whole(frame).and_then(|whole| whole.id);
                self.start(id, out);
            }
            "response.output_item.added" => self.item_added(frame, out),
            "response.output_item.done" => self.item_done(frame.output_index, frame.item, out),
            "response.output_text.delta" => {
                self.delta(frame, Part::Text(frame.content_index), out);
                self.likely(frame, out);
            }
            "response.output_text.done" => self.done(frame, Part::Text(frame.content_index), frame.text, out),
            "response.output_text.annotation.added" => self.source(frame, out),
            "response.refusal.delta" => self.delta(frame, Part::Refusal(frame.content_index), out),
            "response.refusal.done" => self.done(frame, Part::Refusal(frame.content_index), frame.refusal, out),
            "response.reasoning_summary_part.added" => self.summary_part(frame, out),
            "response.reasoning_summary_text.delta" => self.delta(frame, Part::Summary, out),
            "response.reasoning_text.delta" => self.delta(frame, Part::Thoughts, out),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.delta(frame, Part::Call, out);
            }
            "response.function_call_arguments.done" => self.done(frame, Part::Call, frame.arguments, out),
            "response.custom_tool_call_input.done" => self.done(frame, Part::Call, frame.input, out),
            "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
                self.end(frame, out);
            }
            "error" => self.fail(told(frame, data), out),
            // A proxy in between that speaks another dialect, or none.
            "" if frame.error.is_some() => self.fail(told(frame, data), out),
            // Events of hosted tools, and those that are not invented yet: the items that are done say it all.
            _ => {}
        }
    }

    /// The item with this number; `None` when there are too many.
    fn item(&mut self, index: u32, out: &mut Vec<Event>) -> Option<&mut Parts> {
        self.start(None, out);
        if self.items.len() >= ITEMS_MAX && !self.items.contains_key(&index) {
            let message = format!("the provider's answer has more than {ITEMS_MAX} items");
            self.fail(Fault::new(FaultKind::UpstreamBroken, message), out);
            return None;
        }
        Some(self.items.entry(index).or_default())
    }

    fn item_added(&mut self, frame: &Frame<'_>, out: &mut Vec<Event>) {
        let Some(head) = frame.item.map(answer::head) else { return };
        let index = frame.output_index;
        let Some(parts) = self.item(index, out) else { return };
        parts.id = head.id.clone();
        // A call whose name is not known yet begins when it is.
        if let Some(call) = head.call(index) {
            self.open(index, Part::Call, kind_of(call), out);
        }
    }

    fn open(&mut self, index: u32, part: Part, kind: BlockKind, out: &mut Vec<Event>) {
        let block = self.next_block;
        let Some(parts) = self.item(index, out) else { return };
        if parts.find(part).is_some() {
            return;
        }
        // Of one item's parts each ends before the next begins.
        close_all(&mut parts.entries, out);
        parts.entries.push(Entry { part, block, bytes: 0, open: true });
        self.next_block = self.next_block.saturating_add(1);
        self.called |= part == Part::Call;
        out.push(Event::Open { block, kind });
    }

    /// The open block of a part, which it begins where it can.
    fn block(&mut self, index: u32, part: Part, out: &mut Vec<Event>) -> Option<u32> {
        let id = self.item(index, out)?.id.clone();
        let kind = match part {
            Part::Text(_) => Some(BlockKind::Text),
            Part::Refusal(_) => Some(BlockKind::Refusal),
            Part::Summary => Some(BlockKind::Reasoning { summary: true, redacted: false, id }),
            Part::Thoughts => Some(BlockKind::Reasoning { summary: false, redacted: false, id }),
            Part::Sealed => Some(BlockKind::Reasoning { summary: true, redacted: true, id }),
            // What they are comes with the item alone.
            Part::Call | Part::Opaque(_) => None,
        };
        if let Some(kind) = kind {
            self.open(index, part, kind, out);
        }
        let entry = self.items.get(&index)?.find(part).filter(|entry| entry.open)?;
        Some(entry.block)
    }

    fn delta(&mut self, frame: &Frame<'_>, part: Part, out: &mut Vec<Event>) {
        if let Some(text) = frame.delta.and_then(parse::<String>) {
            self.add(frame.output_index, part, text, out);
        }
    }

    fn add(&mut self, index: u32, part: Part, text: String, out: &mut Vec<Event>) {
        if text.is_empty() {
            return;
        }
        let Some(block) = self.block(index, part, out) else { return };
        if let Some(entry) = self.items.get_mut(&index).and_then(|parts| parts.find_mut(part)) {
            entry.bytes = entry.bytes.saturating_add(text.len());
        }
        let delta = if part == Part::Call { Delta::Arguments(text) } else { Delta::Text(text) };
        out.push(Event::Delta { block, delta });
    }

    /// All of a text: the same again, or all there is from a server that sends no deltas.
    fn done(&mut self, frame: &Frame<'_>, part: Part, whole: Option<&RawValue>, out: &mut Vec<Event>) {
        if let Some(text) = whole.and_then(answer::as_text) {
            self.add_whole(frame.output_index, part, text, out);
        }
    }

    fn add_whole(&mut self, index: u32, part: Part, text: String, out: &mut Vec<Event>) {
        let known = self.items.get(&index).and_then(|parts| parts.find(part));
        if known.is_none_or(|entry| entry.open && entry.bytes == 0) {
            self.add(index, part, text, out);
        }
    }

    /// A new part of a summary stands apart from the one before.
    fn summary_part(&mut self, frame: &Frame<'_>, out: &mut Vec<Event>) {
        let begun = self.items.get(&frame.output_index).and_then(|parts| parts.find(Part::Summary));
        if begun.is_some_and(|entry| entry.open && entry.bytes > 0) {
            self.add(frame.output_index, Part::Summary, "\n\n".to_owned(), out);
        }
    }

    /// An item is whole: what of it was not told yet, and its end.
    fn item_done(&mut self, index: u32, item: Option<&RawValue>, out: &mut Vec<Event>) {
        let Some(raw) = item else { return };
        let head = answer::head(raw);
        let Some(parts) = self.item(index, out) else { return };
        if std::mem::replace(&mut parts.done, true) {
            return;
        }
        parts.id = parts.id.take().or_else(|| head.id.clone());
        if let Some(call) = head.call(index) {
            self.open(index, Part::Call, kind_of(call), out);
        }
        // Items that cannot be read have said what they could in their deltas.
        for (number, block) in (0..).zip(answer::blocks(raw, index).unwrap_or_default()) {
            self.block_done(index, number, block, out);
        }
        let open = self.items.get_mut(&index).map(|parts| parts.entries.as_mut_slice()).unwrap_or_default();
        close_all(open, out);
    }

    fn block_done(&mut self, index: u32, number: u32, block: Block, out: &mut Vec<Event>) {
        match block.content {
            Content::Text(text) => {
                let part = Part::Text(number);
                self.add_whole(index, part, text, out);
                self.logprobs_done(index, part, block.logprobs, out);
                self.sources_done(index, part, block.citations, out);
            }
            Content::Refusal(text) => self.add_whole(index, Part::Refusal(number), text, out),
            Content::ToolCall(call) => self.add_whole(index, Part::Call, call.arguments, out),
            Content::Reasoning(thought) => self.thought_done(index, thought, out),
            Content::Opaque { origin, kind, raw } => {
                self.open(index, Part::Opaque(number), BlockKind::Opaque { origin, kind, raw }, out);
            }
            // No item of an answer is one of these.
            Content::Media(_) | Content::ToolResult(_) => {}
        }
    }

    fn thought_done(&mut self, index: u32, thought: Reasoning, out: &mut Vec<Event>) {
        let part = if thought.summary { Part::Summary } else { Part::Thoughts };
        self.add_whole(index, part, thought.text, out);
        let Some(seal) = thought.seal else { return };
        let last = |answer: &Self| answer.items.get(&index).and_then(Parts::last_open);
        if last(self).is_none() {
            // Nothing was shown: the seal is all there is.
            self.block(index, if thought.redacted { Part::Sealed } else { part }, out);
        }
        if let Some(block) = last(self) {
            out.push(Event::Delta { block, delta: Delta::Seal(seal) });
        }
    }

    /// The answer's last event.
    fn end(&mut self, frame: &Frame<'_>, out: &mut Vec<Event>) {
        let whole = whole(frame).unwrap_or_default();
        self.start(whole.id, out);
        let name = frame.kind.strip_prefix("response.").unwrap_or_default();
        let status = whole.status.as_deref().unwrap_or(name);
        for (raw, index) in whole.output.unwrap_or_default().into_iter().zip(0..) {
            self.item_done(index, Some(raw), out);
        }
        if let Some(tier) = whole.service_tier {
            out.push(Event::Served(ServiceTier::from_name(&tier)));
        }
        if let Some(usage) = whole.usage.and_then(parse::<UsageBody>) {
            out.push(Event::Usage(Usage::from(usage)));
        }
        let failed = whole.error.filter(|raw| raw.get() != "null");
        if name == "failed" || name == "cancelled" || failed.is_some() {
            let unsaid = || Fault::new(FaultKind::UpstreamBroken, format!("the provider's answer ended as {status:?}"));
            return self.fail(failed.map_or_else(unsaid, error::decode), out);
        }
        if self.over {
            return;
        }
        self.items.values_mut().for_each(|parts| close_all(&mut parts.entries, out));
        let reason = whole.incomplete_details.and_then(|details| details.reason);
        out.push(Event::Stop(response::stop(name, reason.as_deref(), self.called)));
        self.over = true;
    }
}

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        if self.answer.over {
            return;
        }
        let mut taker = Taker { likeness: &mut self.likeness, answer: &mut self.answer, out };
        if let Err(too_long) = self.reader.read(bytes, &mut taker) {
            self.answer.fail(Fault::new(FaultKind::UpstreamBroken, too_long.to_string()), out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        self.reader.read_rest(&mut Taker { likeness: &mut self.likeness, answer: &mut self.answer, out });
        let message = "the provider's answer broke off before it was complete; try again";
        self.answer.fail(Fault::new(FaultKind::UpstreamBroken, message), out);
    }
}

fn close_all(entries: &mut [Entry], out: &mut Vec<Event>) {
    for entry in entries.iter_mut().filter(|entry| entry.open) {
        entry.open = false;
        out.push(Event::Close { block: entry.block });
    }
}

fn whole<'a>(frame: &Frame<'a>) -> Option<Whole<'a>> {
    serde_json::from_str(frame.response?.get()).ok()
}

/// What opens for a call.
fn kind_of(call: ToolCall) -> BlockKind {
    BlockKind::ToolCall { id: call.id, name: call.name, custom: call.custom }
}

/// An error event: flat as the API has it, or nested as its proxies do.
fn told(frame: &Frame<'_>, data: &[u8]) -> Fault {
    if let Some(raw) = frame.error.filter(|raw| raw.get() != "null") {
        return error::decode(raw);
    }
    let flat: Option<Box<RawValue>> = serde_json::from_slice(data).ok();
    let unsaid = || Fault::new(FaultKind::UpstreamBroken, "the provider failed without saying why");
    flat.map_or_else(unsaid, |raw| error::decode(&raw))
}
