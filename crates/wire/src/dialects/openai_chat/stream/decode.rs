//! Reads a provider's stream: server-sent events whose data are chunks, then `[DONE]`.

use serde_json::value::RawValue;

use super::sketch::{self, Told};
use super::{Answer, Chunk};
use crate::dialect::StreamDecoder;
use crate::dialects::openai_chat::upstream_error;
use crate::frame::likeness::Likeness;
use crate::frame::sse::{SseFrame, SseReader, SseSink};
use crate::ir::Event;
use crate::{Fault, FaultKind};

/// Reads one stream of Chat Completions or of the legacy Completions.
#[derive(Debug, Default)]
pub(in crate::dialects) struct Decoder {
    reader: SseReader,
    likeness: Likeness<Told>,
    answer: Answer,
}

/// Takes events into the answer.
struct Taker<'a> {
    likeness: &'a mut Likeness<Told>,
    answer: &'a mut Answer,
    out: &'a mut Vec<Event>,
}

impl SseSink for Taker<'_> {
    #[inline]
    fn recognise(&mut self, bytes: &[u8]) -> Option<usize> {
        let alike = self.likeness.recognise(bytes)?;
        self.answer.push_alike(alike.told, alike.text, self.out).then_some(alike.len)
    }

    fn take(&mut self, frame: &SseFrame<'_>) {
        let data = frame.data.trim_ascii();
        if data == b"[DONE]" {
            return self.answer.done(self.out);
        }
        if data.is_empty() || self.answer.is_over() {
            return;
        }
        let before = self.out.len();
        match serde_json::from_slice::<Chunk<'_>>(data) {
            Ok(chunk) if chunk.is_bare_error() => {
                let fault = error_in(data).unwrap_or_else(not_understood);
                self.answer.fail(fault, self.out);
            }
            Ok(chunk) => self.answer.push(chunk, self.out),
            Err(_) => self.answer.fail(not_understood(), self.out),
        }
        if let Some([Event::Delta { .. }]) = self.out.get(before..) {
            self.likeness.learn(frame.whole, || sketch::of(data));
        }
    }
}

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        if self.answer.is_over() {
            return;
        }
        let mut taker = Taker { likeness: &mut self.likeness, answer: &mut self.answer, out };
        if let Err(too_long) = self.reader.read(bytes, &mut taker) {
            let message = format!("the provider's answer cannot be read: {too_long}");
            self.answer.fail(Fault::new(FaultKind::UpstreamBroken, message), out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        self.reader.read_rest(&mut Taker { likeness: &mut self.likeness, answer: &mut self.answer, out });
        self.answer.end(out);
    }
}

/// The error that a body tells of although its status is 200, or a chunk in place of an answer; `None` when it is an
/// answer, or no JSON.
pub(in crate::dialects) fn error_in(body: &[u8]) -> Option<Fault> {
    let chunk: Chunk<'_> = serde_json::from_slice(body).ok()?;
    let whole = || serde_json::from_slice::<&RawValue>(body).ok();
    let error = if chunk.is_bare_error() { whole() } else { chunk.error() };
    error.map(upstream_error::fault)
}

fn not_understood() -> Fault {
    Fault::new(FaultKind::UpstreamBroken, "the provider sent a chunk that is not valid; try again")
}

#[cfg(test)]
mod tests;
