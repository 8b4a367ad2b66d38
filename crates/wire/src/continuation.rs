//! An answer that broke off and is gone on with by another: one answer to whoever reads it.

use std::collections::VecDeque;

use crate::ir::{BlockKind, Delta, Event, Usage};

/// Longest text that is gone on from. Guards memory; an answer that is longer ends where it broke.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Follows an answer, and makes what goes on from it a part of it.
#[derive(Debug, Default)]
pub struct Joiner {
    /// All its text so far.
    text: String,
    /// Whether it holds what cannot be gone on from, such as half a tool call.
    closed_book: bool,
    /// Whether this is a continuation, and which.
    part: u32,
    /// The text block that is open, as the reader knows it.
    open_text: Option<u32>,
    /// Whether the continuation's text has begun.
    joined: bool,
    /// The reader's numbers of the open blocks, by the part's own.
    blocks: Vec<(u32, u32)>,
    /// The reader's next number.
    next_block: u32,
    /// White space that the reader has and the continuation was not told of.
    space: String,
    /// What the parts before this one took.
    before: Usage,
    /// What this one took so far.
    usage: Usage,
    /// Pieces of content in this part: what it took at least, where nobody counts.
    pieces: u64,
}

impl Joiner {
    /// Takes in one event and gives what the reader sees of it.
    pub fn push(&mut self, event: Event, out: &mut VecDeque<Event>) {
        match event {
            Event::Start { .. } if self.part > 0 => {}
            Event::Open { block, kind } => self.open(block, kind, out),
            Event::Delta { block, delta } => self.delta(block, delta, out),
            Event::Close { block } => {
                let Some(index) = self.blocks.iter().position(|(own, _)| *own == block) else { return };
                let (_, block) = self.blocks.swap_remove(index);
                if self.open_text == Some(block) {
                    self.open_text = None;
                }
                out.push_back(Event::Close { block });
            }
            Event::Usage(usage) => {
                self.usage = self.usage.max(usage);
                out.push_back(Event::Usage(self.before.plus(self.usage)));
            }
            Event::Stop(_) => {
                // The continuation had nothing to add to it.
                out.extend(self.open_text.take().filter(|_| self.part > 0).map(|block| Event::Close { block }));
                out.push_back(event);
            }
            Event::Start { .. } | Event::Served(_) | Event::Ping | Event::Fault(_) => out.push_back(event),
        }
    }

    /// The text to go on from; `None` where an answer of this kind cannot be gone on with.
    pub fn text(&self) -> Option<&str> {
        let text = self.text.trim_end();
        (!self.closed_book && !text.is_empty()).then_some(text)
    }

    /// How many continuations there were.
    pub fn continuations(&self) -> u32 {
        self.part
    }

    /// What follows is a continuation of [`Self::text`].
    pub fn go_on(&mut self) {
        let told = self.text.trim_end().len();
        self.space = self.text.split_off(told);
        self.text.push_str(&self.space);
        self.part += 1;
        self.joined = false;
        self.blocks.clear();
        let pieces = Usage { output: self.pieces, ..Usage::default() };
        self.before = self.before.plus(self.usage.max(pieces));
        (self.usage, self.pieces) = (Usage::default(), 0);
    }

    fn open(&mut self, block: u32, kind: BlockKind, out: &mut VecDeque<Event>) {
        let goes_on = self.part > 0 && !self.joined;
        match (&kind, self.open_text) {
            (BlockKind::Text, Some(open)) if goes_on => {
                self.joined = true;
                self.blocks.push((block, open));
                return;
            }
            // It has thought before it spoke; what it thinks of its own words is no part of the answer.
            (BlockKind::Reasoning { .. }, _) if goes_on => return,
            (_, Some(open)) if goes_on => {
                self.open_text = None;
                out.push_back(Event::Close { block: open });
            }
            _ => {}
        }
        self.joined = true;
        let number = self.next_block;
        self.next_block += 1;
        self.blocks.push((block, number));
        match kind {
            BlockKind::Text => self.open_text = Some(number),
            BlockKind::Reasoning { .. } => {}
            BlockKind::Refusal | BlockKind::ToolCall { .. } | BlockKind::Opaque { .. } => self.closed_book = true,
        }
        out.push_back(Event::Open { block: number, kind });
    }

    fn delta(&mut self, block: u32, delta: Delta, out: &mut VecDeque<Event>) {
        let Some((_, block)) = self.blocks.iter().find(|(own, _)| *own == block).copied() else { return };
        self.pieces += 1;
        let delta = match delta {
            Delta::Text(ref text) if self.open_text == Some(block) => {
                let text = self.unspaced(text);
                if text.is_empty() {
                    return;
                }
                if self.text.len() + text.len() > TEXT_BYTES_MAX {
                    self.closed_book = true;
                } else {
                    self.text.push_str(&text);
                }
                Delta::Text(text)
            }
            Delta::Text(_) | Delta::Arguments(_) | Delta::Seal(_) | Delta::Citation(_) | Delta::Logprobs(_) => delta,
        };
        out.push_back(Event::Delta { block, delta });
    }

    /// The text without the white space that the reader has already.
    fn unspaced(&mut self, text: &str) -> String {
        if self.space.is_empty() {
            return text.to_owned();
        }
        let same =
            self.space.chars().zip(text.chars()).take_while(|(one, other)| one == other).map(|(c, _)| c.len_utf8());
        let same: usize = same.sum();
        self.space.drain(..same);
        let rest = text.get(same..).unwrap_or_default().to_owned();
        if !rest.is_empty() {
            self.space.clear();
        }
        rest
    }
}

#[cfg(test)]
mod tests;
