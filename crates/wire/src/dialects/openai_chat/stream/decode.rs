//! Reads a provider's stream: server-sent events whose data are chunks, then `[DONE]`.

use serde_json::value::RawValue;

use super::{Answer, Chunk};
use crate::dialect::StreamDecoder;
use crate::dialects::openai_chat::upstream_error;
use crate::frame::sse::{SseEvent, SseReader};
use crate::ir::Event;
use crate::{Fault, FaultKind};

/// Reads one stream of Chat Completions or of the legacy Completions.
#[derive(Debug, Default)]
pub(in crate::dialects) struct Decoder {
    reader: SseReader,
    frames: Vec<SseEvent>,
    answer: Answer,
}

impl Decoder {
    fn frame(&mut self, frame: &SseEvent, out: &mut Vec<Event>) {
        let data = frame.data.trim_ascii();
        if data == b"[DONE]" {
            return self.answer.done(out);
        }
        if data.is_empty() || self.answer.is_over() {
            return;
        }
        match serde_json::from_slice::<Chunk<'_>>(data) {
            Ok(chunk) if chunk.is_bare_error() => {
                let fault = error_in(data).unwrap_or_else(not_understood);
                self.answer.fail(fault, out);
            }
            Ok(chunk) => self.answer.push(chunk, out),
            Err(_) => self.answer.fail(not_understood(), out),
        }
    }
}

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        if self.answer.is_over() {
            return;
        }
        let mut frames = std::mem::take(&mut self.frames);
        let read = self.reader.push(bytes, &mut frames);
        for frame in frames.drain(..) {
            self.frame(&frame, out);
        }
        self.frames = frames;
        if let Err(too_long) = read {
            let message = format!("the provider's answer cannot be read: {too_long}");
            self.answer.fail(Fault::new(FaultKind::UpstreamBroken, message), out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        if let Some(frame) = self.reader.finish() {
            self.frame(&frame, out);
        }
        self.answer.end(out);
    }
}

/// The error that a body tells of although its status is 200, or a chunk in place of an answer; `None` when it is an
/// answer, or no JSON.
pub(in crate::dialects::openai_chat) fn error_in(body: &[u8]) -> Option<Fault> {
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
