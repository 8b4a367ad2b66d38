//! Puts calls together, whatever a server leaves out, repeats or mixes up.

use serde::de::IgnoredAny;

use super::chunk::{CallPiece, FunctionPiece};
use crate::dialects::openai_chat::ids;
use crate::fields::parse;
use crate::ir::{BlockKind, Delta, Event, Seal, SealOrigin};

/// Arguments held back until the call has a name. Guards memory against a server that never names one.
const HELD_BYTES_MAX: usize = 1 << 20;

/// The calls of one answer.
#[derive(Debug, Default)]
pub(super) struct Calls {
    slots: Vec<Slot>,
    /// How many there were, closed ones included.
    made: usize,
}

#[derive(Debug, Default)]
struct Slot {
    index: Option<u64>,
    /// The server's id, empty until it gives one.
    id: String,
    name: String,
    custom: bool,
    /// The number of its block, once that is open.
    block: Option<u32>,
    /// Its place among all calls.
    place: usize,
    /// Arguments before the name.
    held: String,
    /// Whether it has arguments.
    argued: bool,
    /// Whether its first piece was the whole of it.
    whole: bool,
    seal: Option<Seal>,
}

impl Calls {
    /// Whether there was any call.
    pub(super) fn any(&self) -> bool {
        self.made > 0
    }

    /// The block of the call with this index, when more arguments for it would do nothing but add to that.
    pub(super) fn block_of(&self, index: u64) -> Option<u32> {
        let place = self.slots.iter().rposition(|slot| slot.index == Some(index))?;
        let (before, rest) = self.slots.split_at_checked(place)?;
        let slot = rest.first().filter(|slot| slot.argued && !slot.name.is_empty())?;
        // A named one that is not open yet would be opened first.
        if before.iter().any(|slot| slot.block.is_none() && !slot.name.is_empty()) {
            return None;
        }
        slot.block
    }

    /// Takes a piece of a call. `answer_id` is what ids are made from where the server gives none.
    pub(super) fn add(&mut self, piece: CallPiece<'_>, answer_id: &str, next: &mut u32, out: &mut Vec<Event>) {
        let custom = piece.custom.is_some();
        let FunctionPiece { name, arguments, input } = piece.custom.or(piece.function).unwrap_or_default();
        let id = piece.id.unwrap_or_default();
        let name = name.unwrap_or_default();
        let arguments = arguments.or(input).map(|raw| match parse::<String>(raw) {
            Some(text) => text,
            None => raw.get().to_owned(),
        });
        let place = self.find(piece.index, &id, &name);
        let Some(slot) = self.slots.get_mut(place) else { return };
        slot.custom |= custom;
        if slot.id.is_empty() {
            slot.id = id;
        }
        if slot.block.is_none() && slot.name != name && (slot.name.is_empty() || !slot.argued) {
            slot.name.push_str(&name);
        }
        let signature = piece.extra_content.and_then(|extra| extra.google?.thought_signature);
        let seal = signature.and_then(|signature| Seal::read(&signature, SealOrigin::Gemini));
        slot.seal = seal.or(slot.seal.take());
        let Some(arguments) = arguments.filter(|arguments| !arguments.is_empty()) else { return };
        if !slot.argued {
            slot.argued = true;
            slot.whole = is_object(&arguments);
        }
        if slot.name.is_empty() && slot.held.len() + arguments.len() <= HELD_BYTES_MAX {
            return slot.held.push_str(&arguments);
        }
        self.open(answer_id, place, next, out);
        if let Some(block) = self.slots.get(place).and_then(|slot| slot.block) {
            out.push(Event::Delta { block, delta: Delta::Arguments(arguments) });
        }
    }

    /// The slot that a piece belongs to, a new one if need be.
    fn find(&mut self, index: Option<u64>, id: &str, name: &str) -> usize {
        let given = match index {
            Some(_) => self.slots.iter().rposition(|slot| slot.index == index),
            None if !id.is_empty() => self.slots.iter().rposition(|slot| slot.id == id),
            None => self.slots.len().checked_sub(1),
        };
        let old = given.filter(|place| self.slots.get(*place).is_some_and(|slot| !slot.is_over(index, id, name)));
        if let Some(place) = old {
            return place;
        }
        self.slots.push(Slot { index, place: self.made, ..Slot::default() });
        self.made += 1;
        self.slots.len() - 1
    }

    /// Opens the blocks of all named calls up to this one, and of this one.
    fn open(&mut self, answer_id: &str, last: usize, next: &mut u32, out: &mut Vec<Event>) {
        for (place, slot) in self.slots.iter_mut().enumerate().take(last + 1) {
            if slot.block.is_none() && (place == last || !slot.name.is_empty()) {
                slot.open(answer_id, next, out);
            }
        }
    }

    /// Opens all named calls: what comes next stands behind them.
    pub(super) fn open_named(&mut self, answer_id: &str, next: &mut u32, out: &mut Vec<Event>) {
        for slot in &mut self.slots {
            if slot.block.is_none() && !slot.name.is_empty() {
                slot.open(answer_id, next, out);
            }
        }
    }

    /// Ends all of them.
    pub(super) fn close(&mut self, answer_id: &str, next: &mut u32, out: &mut Vec<Event>) {
        if let Some(last) = self.slots.len().checked_sub(1) {
            self.open(answer_id, last, next, out);
        }
        for mut slot in std::mem::take(&mut self.slots) {
            if slot.block.is_none() {
                slot.open(answer_id, next, out);
            }
            let Some(block) = slot.block else { continue };
            out.extend(slot.seal.map(|seal| Event::Delta { block, delta: Delta::Seal(seal) }));
            out.push(Event::Close { block });
        }
    }
}

impl Slot {
    /// Whether a piece with this index, id and name begins another call.
    fn is_over(&self, index: Option<u64>, id: &str, name: &str) -> bool {
        if name.is_empty() {
            return false;
        }
        if !id.is_empty() {
            return !self.id.is_empty() && id != self.id;
        }
        // A name that comes in pieces comes with the call's index, before its arguments.
        let other_name = !self.name.is_empty() && name != self.name;
        self.whole || (other_name && (self.argued || index.is_none()))
    }

    fn open(&mut self, answer_id: &str, next: &mut u32, out: &mut Vec<Event>) {
        let block = *next;
        *next += 1;
        self.block = Some(block);
        if self.id.is_empty() {
            let place = self.place.to_string();
            self.id = format!("call_{:016x}", ids::hash([answer_id, place.as_str(), self.name.as_str()]));
        }
        let kind = BlockKind::ToolCall { id: self.id.clone(), name: self.name.clone(), custom: self.custom };
        out.push(Event::Open { block, kind });
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            out.push(Event::Delta { block, delta: Delta::Arguments(held) });
        }
    }
}

fn is_object(text: &str) -> bool {
    text.ends_with('}') && text.starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}
