//! Reads a stream of `data:` lines.

use serde_json::value::RawValue;

use crate::dialect::StreamDecoder;
use crate::dialects::gemini::chunk::{self, CallBody, Candidate, Chunk, Ending, Known};
use crate::dialects::gemini::{error, signature};
use crate::fields::starts_with;
use crate::frame::sse::{SseEvent, SseReader};
use crate::ir::{BlockKind, Citation, Delta, Event, Seal, StopReason};
use crate::write::object;
use crate::{DialectId, Fault, FaultKind};

/// Reads one stream. What was said last may be followed by counts, so the end of the answer is told at the end of the
/// stream.
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    frames: SseReader,
    reader: Reader,
}

impl Decoder {
    pub(in super::super) fn new() -> Self {
        Self::default()
    }

    fn read(&mut self, event: &SseEvent, out: &mut Vec<Event>) {
        // Gateways of the OpenAI family end every stream like this.
        if event.data.as_ref() != b"[DONE]" {
            self.reader.read(&event.data, out);
        }
    }
}

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        if self.reader.over {
            return;
        }
        let mut events = Vec::new();
        let read = self.frames.push(bytes, &mut events);
        events.iter().for_each(|event| self.read(event, out));
        if let Err(too_long) = read {
            self.reader.fail(Fault::new(FaultKind::UpstreamBroken, format!("the provider sent {too_long}")), out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        if let Some(event) = self.frames.finish() {
            self.read(&event, out);
        }
        self.reader.finish(out);
    }
}

/// Turns chunks into events.
#[derive(Debug, Default)]
pub(in super::super) struct Reader {
    started: bool,
    over: bool,
    /// The answer's id, from the first chunk: the ids of calls are made from it.
    id: String,
    /// The number of the next block.
    next: u32,
    /// The block that text may be added to.
    open: Option<(u32, Open)>,
    /// The ids of the calls so far.
    calls: Vec<String>,
    stop: Option<StopReason>,
    /// The model's exact name, when one was said.
    pub(in super::super) model_version: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Text,
    Thoughts,
}

impl Reader {
    /// Reads one chunk.
    pub(in super::super) fn read(&mut self, data: &[u8], out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        let chunk: Chunk<'_> = match serde_json::from_slice(data) {
            Ok(Chunk { error: None, .. }) if data.trim_ascii_start().first() != Some(&b'{') => {
                return self.garbled(out);
            }
            Ok(chunk @ Chunk { error: None, .. }) => chunk,
            Ok(_) | Err(_) => {
                return match error::read_fault(data) {
                    Some(fault) => self.fail(fault, out),
                    None => self.garbled(out),
                };
            }
        };
        if !self.started {
            self.started = true;
            self.id = chunk.response_id.unwrap_or_default();
            out.push(Event::Start { id: self.id.clone() });
        }
        self.model_version = chunk.model_version.or(self.model_version.take());
        let candidates = chunk.candidates.unwrap_or_default();
        let blocked = chunk.prompt_feedback.and_then(|feedback| feedback.block_reason);
        if candidates.is_empty() && blocked.is_some_and(|reason| reason != "BLOCKED_REASON_UNSPECIFIED") {
            self.stop = Some(StopReason::Filtered);
        }
        // Other alternatives have no place in one answer.
        if let Some(candidate) = candidates.into_iter().find(|candidate| candidate.index.unwrap_or(0) == 0) {
            self.candidate(candidate, out);
        }
        if !self.over {
            out.extend(chunk.usage_metadata.and_then(chunk::read_usage).map(Event::Usage));
        }
    }

    fn candidate(&mut self, candidate: Candidate<'_>, out: &mut Vec<Event>) {
        for raw in candidate.content.and_then(|content| content.parts).unwrap_or_default() {
            self.part(raw, out);
            if self.over {
                return;
            }
        }
        for (name, raw) in [
            ("citationMetadata", candidate.citation_metadata),
            ("groundingMetadata", candidate.grounding_metadata),
            ("urlContextMetadata", candidate.url_context_metadata),
        ] {
            if let Some(raw) = raw.filter(|raw| !matches!(raw.get(), "{}" | "null")) {
                self.source(name, raw, out);
            }
        }
        let Some(reason) = candidate.finish_reason else { return };
        match chunk::ending(&reason) {
            Ending::NotYet => {}
            Ending::Stop(stop) => self.stop = Some(stop),
            // What was said stays said; nothing said can be tried again.
            Ending::Broken if self.next > 0 => self.stop = Some(StopReason::End),
            Ending::Broken => {
                let message = candidate.finish_message.map_or_else(String::new, |message| format!(": {message}"));
                let message = format!("the provider could not use what the model wrote ({reason}){message}");
                self.fail(Fault::new(FaultKind::UpstreamBroken, message), out);
            }
        }
    }

    fn part(&mut self, raw: &RawValue, out: &mut Vec<Event>) {
        match chunk::know(raw) {
            Known::Text { text, thought: true, signature } => {
                let seal = seal(signature);
                if text.is_empty() && seal.is_none() {
                    return;
                }
                let block = self.enter(Open::Thoughts, out);
                if !text.is_empty() {
                    out.push(Event::Delta { block, delta: Delta::Text(text) });
                }
                if let Some(seal) = seal {
                    out.push(Event::Delta { block, delta: Delta::Seal(seal) });
                    self.close(out);
                }
            }
            Known::Text { text, thought: false, signature } => {
                if !text.is_empty() {
                    let block = self.enter(Open::Text, out);
                    out.push(Event::Delta { block, delta: Delta::Text(text) });
                }
                // A text cannot hold a seal: it travels as hidden thoughts behind it.
                if let Some(seal) = seal(signature) {
                    let kind = BlockKind::Reasoning { summary: false, redacted: true, id: None };
                    self.whole(kind, [Delta::Seal(seal)], out);
                }
            }
            Known::Call { call, signature } => self.call(call, signature, out),
            Known::Other(kind) => {
                let kind = BlockKind::Opaque { origin: DialectId::Gemini, kind, raw: raw.to_owned() };
                self.whole(kind, [], out);
            }
        }
    }

    fn call(&mut self, call: CallBody<'_>, signature: Option<String>, out: &mut Vec<Event>) {
        if call.partial_args.is_some_and(|pieces| pieces.get() != "null") {
            let message = "the provider streams the arguments of a call in pieces, which was not asked for";
            return self.fail(Fault::new(FaultKind::UpstreamBroken, message), out);
        }
        let id = self.call_id(call.id);
        let arguments = call.args.map(|args| match starts_with(args, '"') {
            // Some servers write the object as text.
            true => crate::fields::parse(args).unwrap_or_else(|| args.get().to_owned()),
            false => args.get().to_owned(),
        });
        let arguments = arguments.filter(|text| !text.is_empty() && text != "null").map(Delta::Arguments);
        let kind = BlockKind::ToolCall { id, name: call.name, custom: false };
        self.whole(kind, arguments.into_iter().chain(seal(signature).map(Delta::Seal)), out);
    }

    /// The id that came, else one made of the answer's id and the call's position: ids must differ between the answers of
    /// one conversation as well.
    fn call_id(&mut self, given: Option<String>) -> String {
        let position = self.calls.len();
        let fit = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        let answer: String = self.id.chars().filter(fit).take(ANSWER_ID_LETTERS).collect();
        let made = if answer.is_empty() { format!("call_{position}") } else { format!("call_{answer}_{position}") };
        let id = given.filter(|id| !id.is_empty() && !self.calls.contains(id)).unwrap_or(made);
        self.calls.push(id.clone());
        id
    }

    /// Where the answer was taken from: with the text that is being written, else on its own.
    fn source(&mut self, name: &str, raw: &RawValue, out: &mut Vec<Event>) {
        let text = String::from_utf8(object(|object| object.raw(name, raw))).unwrap_or_default();
        let Ok(raw) = RawValue::from_string(text) else { return };
        let origin = DialectId::Gemini;
        match self.open {
            Some((block, Open::Text)) => {
                let citation = Citation::own(origin, raw);
                out.push(Event::Delta { block, delta: Delta::Citation(Box::new(citation)) });
            }
            Some((_, Open::Thoughts)) | None => {
                self.whole(BlockKind::Opaque { origin, kind: name.to_owned(), raw }, [], out);
            }
        }
    }

    /// A block that is there at once.
    fn whole(&mut self, kind: BlockKind, deltas: impl IntoIterator<Item = Delta>, out: &mut Vec<Event>) {
        self.close(out);
        let block = self.begin(kind, out);
        out.extend(deltas.into_iter().map(|delta| Event::Delta { block, delta }));
        out.push(Event::Close { block });
    }

    fn enter(&mut self, open: Open, out: &mut Vec<Event>) -> u32 {
        if let Some((block, now)) = self.open
            && now == open
        {
            return block;
        }
        self.close(out);
        let kind = match open {
            Open::Text => BlockKind::Text,
            // What Gemini shows of its thoughts is a summary.
            Open::Thoughts => BlockKind::Reasoning { summary: true, redacted: false, id: None },
        };
        let block = self.begin(kind, out);
        self.open = Some((block, open));
        block
    }

    fn begin(&mut self, kind: BlockKind, out: &mut Vec<Event>) -> u32 {
        let block = self.next;
        self.next += 1;
        out.push(Event::Open { block, kind });
        block
    }

    fn close(&mut self, out: &mut Vec<Event>) {
        out.extend(self.open.take().map(|(block, _)| Event::Close { block }));
    }

    fn garbled(&mut self, out: &mut Vec<Event>) {
        self.fail(Fault::new(FaultKind::UpstreamBroken, "the provider sent a step that cannot be read"), out);
    }

    fn fail(&mut self, fault: Fault, out: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.over, true) {
            out.push(Event::Fault(Box::new(fault)));
        }
    }

    /// Ends the answer.
    pub(in super::super) fn finish(&mut self, out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        let Some(stop) = self.stop.take() else {
            let message = "the provider's answer broke off before it was complete; try again";
            return self.fail(Fault::new(FaultKind::UpstreamBroken, message), out);
        };
        self.over = true;
        self.close(out);
        let calls = stop == StopReason::End && !self.calls.is_empty();
        out.push(Event::Stop(if calls { StopReason::ToolCalls } else { stop }));
    }
}

/// Letters of the answer's id in the id of a call: enough to tell answers apart, and within the 40 that the shortest
/// limit of all dialects leaves.
const ANSWER_ID_LETTERS: usize = 24;

fn seal(signature: Option<String>) -> Option<Seal> {
    signature::read(&signature.filter(|text| !text.is_empty())?)
}

#[cfg(test)]
mod tests;
