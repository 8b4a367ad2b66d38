//! Reads a provider's lines.

use bytes::Bytes;

use super::super::answer::{Line, News};
use super::super::call::CallIds;
use super::super::error;
use crate::dialect::StreamDecoder;
use crate::frame::ndjson::LineReader;
use crate::ir::{BlockKind, Delta, Event, ToolCall};
use crate::{Fault, FaultKind};

/// Calls of one answer. Guards the list of their ids against a provider that calls without end.
pub(super) const CALLS_MAX: usize = 1024;

/// Reads one stream.
#[derive(Debug, Default)]
pub(in super::super) struct Decoder {
    lines: LineReader,
    ids: CallIds,
    state: State,
    /// Blocks opened so far.
    blocks: u32,
}

/// Where the stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// No line was read.
    #[default]
    Before,
    /// No block is open.
    Between,
    /// The newest block holds thoughts.
    Thinking,
    /// The newest block holds text.
    Speaking,
    /// It ended, well or not.
    Over,
}

impl Decoder {
    fn line(&mut self, bytes: &Bytes, out: &mut Vec<Event>) {
        if self.state == State::Over {
            return;
        }
        let Some(mut line) = Line::read(bytes) else {
            return self.break_off("the provider sent a line that is no answer", out);
        };
        if let Some(told) = line.error {
            return self.fail(error::decode(told), out);
        }
        if !line.is_answer() {
            return self.break_off("the provider sent a line that is no answer", out);
        }
        if self.state == State::Before {
            self.state = State::Between;
            out.push(Event::Start { id: String::new() });
        }
        let Some(news) = line.news(&mut self.ids, bytes) else {
            return self.break_off("the provider called a tool without a name", out);
        };
        if self.ids.len() > CALLS_MAX {
            return self.break_off("the provider called more than 1024 tools in one answer", out);
        }
        self.tell(news, out);
        if line.done {
            self.close(out);
            out.extend(line.usage().map(Event::Usage));
            out.push(Event::Stop(line.stop(self.ids.len() > 0)));
            self.state = State::Over;
        }
    }

    fn tell(&mut self, news: News, out: &mut Vec<Event>) {
        let pieces = [(State::Thinking, news.thinking), (State::Speaking, news.content)];
        for (state, text) in pieces.into_iter().filter(|(_, text)| !text.is_empty()) {
            if self.state != state {
                self.close(out);
                let thoughts = BlockKind::Reasoning { summary: false, redacted: false, id: None };
                self.open(if state == State::Thinking { thoughts } else { BlockKind::Text }, out);
                self.state = state;
            }
            self.add(Delta::Text(text), out);
        }
        // Those of thoughts have no place.
        if self.state == State::Speaking && !news.logprobs.is_empty() {
            self.add(Delta::Logprobs(news.logprobs), out);
        }
        for call in news.calls {
            self.close(out);
            let ToolCall { id, name, arguments, custom, seal: _ } = call;
            self.open(BlockKind::ToolCall { id, name, custom }, out);
            self.add(Delta::Arguments(arguments), out);
            out.push(Event::Close { block: self.newest() });
        }
    }

    fn open(&mut self, kind: BlockKind, out: &mut Vec<Event>) {
        self.blocks = self.blocks.saturating_add(1);
        out.push(Event::Open { block: self.newest(), kind });
    }

    fn add(&self, delta: Delta, out: &mut Vec<Event>) {
        out.push(Event::Delta { block: self.newest(), delta });
    }

    /// Closes the block of text or thoughts, if one is open.
    fn close(&mut self, out: &mut Vec<Event>) {
        if matches!(self.state, State::Thinking | State::Speaking) {
            self.state = State::Between;
            out.push(Event::Close { block: self.newest() });
        }
    }

    fn newest(&self) -> u32 {
        self.blocks.saturating_sub(1)
    }

    fn break_off(&mut self, message: &str, out: &mut Vec<Event>) {
        self.fail(Fault::new(FaultKind::UpstreamBroken, message), out);
    }

    fn fail(&mut self, fault: Fault, out: &mut Vec<Event>) {
        if self.state != State::Over {
            self.state = State::Over;
            out.push(Event::Fault(Box::new(fault)));
        }
    }
}

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        if self.state == State::Over {
            return;
        }
        let mut lines = Vec::new();
        let pushed = self.lines.push(bytes, &mut lines);
        lines.iter().for_each(|line| self.line(line, out));
        if let Err(error) = pushed {
            self.break_off(&format!("the provider's answer cannot be read: {error}"), out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        if let Some(line) = self.lines.finish() {
            self.line(&line, out);
        }
        self.break_off("the provider's answer broke off before it was complete; try again", out);
    }
}
