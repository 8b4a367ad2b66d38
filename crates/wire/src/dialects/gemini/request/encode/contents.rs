//! `systemInstruction` and `contents`.

mod blocks;

use std::collections::HashMap;

use crate::ir::{Extra, Lost, Request, Role, ToolCall};
use crate::write::Object;
use crate::{Capabilities, DialectId, WireError};

use crate::dialects::gemini::part::{Part, write_all};
use blocks::Writer;

/// The conversation as Gemini takes it: the operator first and in one piece, then turns that begin with the person's and
/// take each other's place. What came from a client of Gemini's own keeps its turns, save
/// that the decoder has joined the steps of one answer.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    system: Option<Turn<'a>>,
    turns: Vec<Turn<'a>>,
}

/// One element of `contents`.
#[derive(Debug)]
struct Turn<'a> {
    /// `user`, `model`, or `function` for results of a client that says so; empty for the operator.
    role: &'static str,
    /// Results of tools: they come first.
    results: Vec<Part<'a>>,
    parts: Vec<Part<'a>>,
    extras: &'a [Extra],
}

/// Stands where the person must speak and did not: an empty text is refused.
const SILENCE: &str = " ";

impl<'a> Contents<'a> {
    pub(super) fn plan(request: &'a Request, to: &Capabilities, lost: &mut Lost<'_>) -> Result<Self, WireError> {
        let own = request.origin == DialectId::Gemini;
        let mut contents = Self { system: None, turns: Vec::new() };
        let mut writer = Writer::new(request.origin, to, lost);
        for message in &request.messages {
            let extras = writer.extras(message);
            let role = match &message.role {
                Role::System | Role::Developer => "",
                Role::Tool if own => "function",
                Role::User | Role::Tool => "user",
                Role::Assistant => "model",
                Role::Other(_) => {
                    writer.lost.role(message);
                    "user"
                }
            };
            if role.is_empty() && !contents.turns.is_empty() {
                writer.lost.role(message);
            }
            let mut turn = Turn { role, results: Vec::new(), parts: Vec::new(), extras };
            writer.begin_message();
            for block in &message.blocks {
                let results = if own { None } else { Some(&mut turn.results) };
                writer.block(block, &mut turn.parts, results)?;
            }
            contents.add(turn, own);
        }
        if !own && contents.turns.first().is_none_or(|turn| turn.role != "user") {
            contents.turns.insert(0, Turn { parts: vec![text(SILENCE)], ..Turn::of("user") });
        }
        Ok(contents)
    }

    fn add(&mut self, turn: Turn<'a>, own: bool) {
        if turn.role.is_empty() {
            match &mut self.system {
                Some(system) => system.parts.extend(turn.parts),
                None => self.system = Some(turn).filter(|turn| own || !turn.parts.is_empty()),
            }
        } else if own {
            self.turns.push(turn);
        } else if let Some(last) = self.turns.last_mut().filter(|last| last.role == turn.role) {
            last.results.extend(turn.results);
            last.parts.extend(turn.parts);
        } else if !(turn.parts.is_empty() && turn.results.is_empty()) {
            self.turns.push(turn);
        }
    }

    /// Writes both members.
    pub(super) fn write(&self, body: &mut Object<'_>) {
        if let Some(system) = &self.system {
            body.object("systemInstruction", |content| system.write(content));
        }
        body.array("contents", |list| {
            self.turns.iter().for_each(|turn| list.object(|content| turn.write(content)));
        });
    }
}

fn text(text: &str) -> Part<'_> {
    Part::Text { text, extras: &[] }
}

impl Turn<'_> {
    fn of(role: &'static str) -> Self {
        Self { role, results: Vec::new(), parts: Vec::new(), extras: &[] }
    }

    fn write(&self, content: &mut Object<'_>) {
        if !self.role.is_empty() {
            content.put("role", self.role);
        }
        content.array("parts", |list| {
            write_all(&self.results, list);
            write_all(&self.parts, list);
        });
        content.extras(self.extras);
    }
}

/// The calls of the conversation so far, by their ids: each with its position, and how many there were.
#[derive(Debug, Default)]
struct Calls<'a> {
    by_id: HashMap<&'a str, (usize, &'a ToolCall)>,
    count: usize,
}

impl<'a> Calls<'a> {
    /// Takes note of a call; gives its position.
    fn make(&mut self, call: &'a ToolCall) -> usize {
        let position = self.count;
        self.by_id.insert(&call.id, (position, call));
        self.count += 1;
        position
    }

    /// The last call of this id, and its position.
    fn find(&self, id: &str) -> Option<(usize, &'a ToolCall)> {
        self.by_id.get(id).copied()
    }
}
