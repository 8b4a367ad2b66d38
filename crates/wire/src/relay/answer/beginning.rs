//! What can be told from the beginning of an event that is too long to hold.

use super::Kind;
use crate::frame::sse::{field, lines};
use crate::scan::{Members, without_space};

/// What the beginning of an event says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::relay) struct Beginning {
    /// What it is.
    pub(in crate::relay) kind: Kind,
    /// Where the object begins that is the answer: the event's own, or the one that it wraps.
    pub(in crate::relay) answer_at: usize,
    /// Whether it is no JSON object.
    pub(in crate::relay) garbled: bool,
}

impl Beginning {
    /// Of a server-sent event: its `event` line or a `type` near the front of its data say what it is.
    pub(in crate::relay) fn of_event(event: &[u8]) -> Self {
        let mut name = None;
        for (start, line) in lines(event) {
            if let Some(json) = field(line, b"data") {
                let data = Self::of_json(json);
                let answer_at = start + line.len() - json.len() + data.answer_at;
                return Self { kind: name.map_or(data.kind, Kind::named), answer_at, garbled: data.garbled };
            }
            name = field(line, b"event").or(name);
        }
        Self { garbled: true, ..Self::default() }
    }

    /// Of a line.
    pub(in crate::relay) fn of_json(json: &[u8]) -> Self {
        let mut found = Self::default();
        let Some(mut members) = Members::open(json) else { return Self { garbled: true, ..found } };
        let mut behind = members.inside();
        while let Ok(Some(member)) = members.next() {
            match member.name().as_ref() {
                b"type" => found.kind = Kind::of(member.value),
                b"done" if member.value == b"true" => found.kind = Kind::Completed,
                _ => {}
            }
            behind = member.place().end;
        }
        found.answer_at = wrapped_at(json, behind).unwrap_or(0);
        found
    }
}

/// Where the wrapped answer begins, when it is the member behind `at`.
fn wrapped_at(json: &[u8], at: usize) -> Option<usize> {
    let rest = without_space(json.get(at..)?);
    let key = without_space(rest.strip_prefix(b",").unwrap_or(rest));
    let rest = key.strip_prefix(b"\"response\"").or_else(|| key.strip_prefix(b"\"message\""))?;
    let value = without_space(without_space(rest).strip_prefix(b":")?);
    value.starts_with(b"{").then_some(json.len() - value.len())
}
