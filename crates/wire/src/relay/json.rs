//! The relay of a JSON answer.

mod counting;
mod strides;

use std::ops::Range;

use bytes::Bytes;

use super::answer::Answer;
use super::name::Name;
use super::pass::Pass;
use super::usage::usage_ahead;
use super::{Changes, Facts};
use crate::scan::{KEY_BYTES_MAX, key_name, string_stop};
use crate::tokens::Produced;
use counting::{Counted, Counting, USAGE_BYTES_MAX};
use strides::{behind_strings, from_list_stop, is_space, member_ahead, text_end};

/// A model's name on its way in; a longer one passes as it is. Guards what is held back.
const MODEL_BYTES_MAX: usize = 4 << 10;

/// A JSON answer passing through, of any size and in any cutting. It replaces top-level `model` (Gemini's
/// `modelVersion`) strings and reads top-level usage; what turns out not to be a JSON object passes as it is.
#[derive(Debug)]
pub struct JsonRelay {
    /// The name to show, as a JSON string.
    name: Option<Bytes>,
    facts: Facts,
    at: At,
    key: Vec<u8>,
    /// The beginning of a model's name, not sent yet.
    held: Vec<u8>,
    /// Where in the current buffer the model's name begins that is being read.
    model_start: Option<usize>,
    counting: Counting,
}

/// Where in the object the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Before,
    Members,
    Key {
        escaped: bool,
    },
    Colon,
    Value,
    /// In a string; `depth` lists around it are open inside the member's value.
    Text {
        depth: usize,
        escaped: bool,
    },
    /// In a list inside the member's value.
    List {
        depth: usize,
    },
    /// In a number or a word.
    Scalar,
    /// Behind the object, or in what is none.
    Unread,
}

impl JsonRelay {
    /// A relay for one answer.
    pub fn new(changes: Changes) -> Self {
        Self {
            name: changes.model,
            facts: Facts::default(),
            at: At::Before,
            key: Vec::new(),
            held: Vec::new(),
            model_start: None,
            counting: Counting::default(),
        }
    }

    /// The same for an answer that is in hand as a whole. What is not one valid JSON object passes as it is.
    pub fn whole(changes: &Changes, body: Bytes) -> (Bytes, Facts) {
        let mut facts = Facts::default();
        let Some(answer) = Answer::whole(&body) else { return (body, facts) };
        answer.sum_up(&mut facts);
        let mut pass = Pass::default();
        if let Some(name) = &changes.model {
            for model in answer.models {
                rename(&body, model, name, &mut pass);
            }
        }
        (pass.finish(body, usize::MAX), facts)
    }

    /// What to send on now that `chunk` has come; may be empty. A chunk in which nothing changes is given back without a
    /// copy.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        let behind = self.held.len();
        let buffer = if behind == 0 {
            chunk
        } else {
            self.held.extend_from_slice(&chunk);
            Bytes::from(std::mem::take(&mut self.held))
        };
        let mut pass = Pass::default();
        self.walk(&buffer, behind, &mut pass);
        self.counting.keep(&buffer);
        let end = match self.model_start {
            Some(start) if buffer.len() - start < MODEL_BYTES_MAX => start,
            Some(_) | None => buffer.len(),
        };
        self.held.extend_from_slice(buffer.get(end..).unwrap_or_default());
        self.model_start = (end < buffer.len()).then_some(0);
        self.counting.go_on();
        pass.finish(buffer, end)
    }

    /// What it has produced, by whoever has read it.
    pub fn set_produced(&mut self, produced: Produced) {
        self.facts.produced = produced;
    }

    /// Reads what passes elsewhere; for relays that change nothing.
    pub(super) fn read_along(&mut self, bytes: &[u8]) {
        debug_assert!(self.name.is_none(), "a name would have to be replaced");
        self.walk(bytes, 0, &mut Pass::default());
        self.counting.keep(bytes);
        self.counting.go_on();
    }

    /// What is left at the end; a second call gives nothing.
    pub fn finish(&mut self) -> Bytes {
        self.model_start = None;
        self.at = At::Unread;
        Bytes::from(std::mem::take(&mut self.held))
    }

    /// What was learnt so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    fn walk(&mut self, buffer: &[u8], mut index: usize, pass: &mut Pass) {
        while let Some(&byte) = buffer.get(index) {
            index = match self.at {
                At::Unread => return,
                At::Members if byte == b'"' => self.step_member(buffer, index),
                At::Before | At::Members | At::Colon => {
                    self.step_between(byte);
                    index + 1
                }
                At::Key { escaped } => self.step_key(buffer, index, escaped),
                At::Value if is_space(byte) => index + 1,
                At::Value => {
                    let key = std::mem::take(&mut self.key);
                    self.begin_value(&key_name(&key), byte, index);
                    self.key = key;
                    index + 1
                }
                At::Text { depth, escaped } => self.step_text(depth, buffer, index + usize::from(escaped), pass),
                At::List { depth } => self.step_list(depth, buffer, index, pass),
                At::Scalar => self.step_scalar(buffer, index, pass),
            };
        }
    }

    /// Takes a key and what leads to its value at one go when all of it is there, else its opening quote.
    #[inline]
    fn step_member(&mut self, buffer: &[u8], quote: usize) -> usize {
        if let Some((key, value)) = member_ahead(buffer, quote + 1)
            && let Some(&byte) = buffer.get(value)
        {
            if key == b"usage"
                && let Some((usage, len)) = usage_ahead(buffer.get(value..).unwrap_or_default())
            {
                // All of it is there: no need to find its end first.
                self.facts.add_usage(usage.filter(|_| len <= USAGE_BYTES_MAX));
                return value + len;
            }
            self.begin_value(key, byte, value);
            return value + 1;
        }
        self.step_between(b'"');
        quote + 1
    }

    /// Takes a byte that stands between keys and values.
    fn step_between(&mut self, byte: u8) {
        self.at = match (self.at, byte) {
            (at, b' ' | b'\n' | b'\t' | b'\r') => at,
            (At::Before, b'{') | (At::Members, b',') => At::Members,
            (At::Members, b'"') => {
                self.key.clear();
                At::Key { escaped: false }
            }
            (At::Members, b'}') => {
                self.facts.finished = true;
                self.facts.add_usage(self.counting.evaluated());
                At::Unread
            }
            (At::Colon, b':') => At::Value,
            (_, _) => At::Unread,
        };
    }

    fn step_key(&mut self, buffer: &[u8], index: usize, escaped: bool) -> usize {
        let stop = if escaped { index } else { string_stop(buffer, index) };
        let (taken, at) = match buffer.get(stop) {
            Some(b'"') if !escaped => (index..stop, At::Colon),
            Some(byte) => (index..stop + 1, At::Key { escaped: !escaped && *byte == b'\\' }),
            None => (index..stop, At::Key { escaped: false }),
        };
        // One byte too many is enough to know that the key is none of ours.
        let room = KEY_BYTES_MAX + 1 - self.key.len();
        let text = buffer.get(taken).unwrap_or_default();
        self.key.extend_from_slice(text.get(..text.len().min(room)).unwrap_or_default());
        self.at = at;
        stop + 1
    }

    #[inline(always)]
    fn begin_value(&mut self, key: &[u8], byte: u8, index: usize) {
        self.at = match byte {
            b'"' => At::Text { depth: 0, escaped: false },
            b'{' | b'[' => At::List { depth: 1 },
            _ => At::Scalar,
        };
        match Name::of(key) {
            Name::Model if byte == b'"' && self.name.is_some() => self.model_start = Some(index),
            Name::Usage if byte == b'{' => self.counting.begin(Counted::Usage, index),
            Name::UsageMetadata if byte == b'{' => self.counting.begin(Counted::Metadata, index),
            Name::PromptEvalCount if is_number(byte) => self.counting.begin(Counted::PromptCount, index),
            Name::EvalCount if is_number(byte) => self.counting.begin(Counted::OutputCount, index),
            Name::Error => self.facts.error = byte != b'n',
            Name::Model
            | Name::Usage
            | Name::UsageMetadata
            | Name::PromptEvalCount
            | Name::EvalCount
            | Name::XGroq
            | Name::Choices
            | Name::Candidates
            | Name::PromptFeedback
            | Name::Type
            | Name::Delta
            | Name::Wrapped
            | Name::Done
            | Name::Other => {}
        }
    }

    #[inline]
    fn step_scalar(&mut self, buffer: &[u8], index: usize, pass: &mut Pass) -> usize {
        let rest = buffer.get(index..).unwrap_or_default();
        match rest.iter().position(|&byte| is_space(byte) || matches!(byte, b',' | b'}' | b']')) {
            Some(len) => {
                self.leave(buffer, index + len, pass);
                index + len
            }
            None => buffer.len(),
        }
    }

    #[inline]
    fn step_text(&mut self, depth: usize, buffer: &[u8], index: usize, pass: &mut Pass) -> usize {
        match text_end(buffer, index) {
            Ok(end) if depth == 0 => {
                self.leave(buffer, end, pass);
                end
            }
            Ok(end) => {
                self.at = At::List { depth };
                end
            }
            Err(escaped) => {
                self.at = At::Text { depth, escaped };
                buffer.len()
            }
        }
    }

    /// Walks through a value's lists, `depth` of them open, to the end of them all or of the buffer.
    fn step_list(&mut self, mut depth: usize, buffer: &[u8], index: usize, pass: &mut Pass) -> usize {
        let mut rest = buffer.get(index..).unwrap_or_default();
        loop {
            rest = from_list_stop(rest);
            let Some((byte, behind)) = rest.split_first() else {
                self.at = At::List { depth };
                return buffer.len();
            };
            rest = behind;
            match byte {
                b'{' | b'[' => depth = depth.saturating_add(1),
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        let end = buffer.len() - rest.len();
                        self.leave(buffer, end, pass);
                        return end;
                    }
                }
                _ => match behind_strings(rest) {
                    Ok(behind) => rest = behind,
                    Err(escaped) => {
                        self.at = At::Text { depth, escaped };
                        return buffer.len();
                    }
                },
            }
        }
    }

    /// A member's value has ended just before `end`.
    #[inline]
    fn leave(&mut self, buffer: &[u8], end: usize, pass: &mut Pass) {
        self.at = At::Members;
        if self.model_start.is_some() || self.counting.is_on() {
            self.leave_ours(buffer, end, pass);
        }
    }

    #[inline(never)]
    fn leave_ours(&mut self, buffer: &[u8], end: usize, pass: &mut Pass) {
        if let (Some(start), Some(name)) = (self.model_start.take(), &self.name) {
            rename(buffer, start..end, name, pass);
        }
        self.counting.end(buffer.get(..end).unwrap_or_default(), &mut self.facts);
    }
}

/// Whether a number may begin with this byte.
fn is_number(byte: u8) -> bool {
    byte == b'-' || byte.is_ascii_digit()
}

fn rename(buffer: &[u8], model: Range<usize>, name: &[u8], pass: &mut Pass) {
    if model.len() <= MODEL_BYTES_MAX && buffer.get(model.clone()) != Some(name) {
        pass.replace(buffer, model, name);
    }
}

#[cfg(test)]
mod tests;
