//! Makes answers usable that models got wrong: calls that they wrote into their text, arguments that are broken or do not
//! fit the tool, thoughts among the content. Events in, events out, over the neutral model: for every provider and every
//! client alike.

use std::sync::Arc;

use crate::ir::{BlockKind, Delta, Event, StopReason};
use telling::{Call, Telling};
use text::TextFilter;
use tool_text::Families;

mod arguments;
mod enforce;
mod offered;
mod patterns;
mod reasoning;
mod repair;
mod telling;
mod text;
mod tool_text;
mod trial;

pub use enforce::Demand;
pub use offered::Offered;
pub use patterns::{
    Matched, PATTERNS_MAX, Pattern, PatternError, Patterns, Searched, Tried, defaults as default_patterns,
};
pub use reasoning::Start;
pub use repair::{Mode, Repair, RepairKind, Repairs};
pub use trial::{Made, made};

/// What is done to a model's answers; made once, used for all of them.
#[derive(Clone, Debug)]
pub struct Recipe {
    families: Arc<Families>,
    mode: Mode,
    thoughts: Option<Thoughts>,
    patterns: Arc<Patterns>,
}

/// What becomes of thoughts that stand in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thoughts {
    /// How the text begins.
    pub start: Start,
    /// Whether the client sees any thoughts, wherever they stood.
    pub shown: bool,
}

impl Recipe {
    /// Calls in any known format.
    pub fn new(mode: Mode) -> Self {
        Self::of_families(mode, |_| true)
    }

    /// Calls in the formats of which `wanted` says so, by name; [`family_names`] tells which there are.
    pub fn of_families(mode: Mode, wanted: impl Fn(&str) -> bool) -> Self {
        Self { families: Arc::new(Families::new(wanted)), mode, thoughts: None, patterns: Arc::default() }
    }

    /// The same for calls that are repaired as far as `mode` says.
    pub fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// The same, and thoughts are told from the answer.
    pub fn with_thoughts(self, thoughts: Thoughts) -> Self {
        Self { thoughts: Some(thoughts), ..self }
    }

    /// The same, and an operator's patterns are tried before all families.
    pub fn with_patterns(self, patterns: Arc<Patterns>) -> Self {
        Self { patterns, ..self }
    }

    /// The formats in which calls are looked for, by name.
    pub fn family_names(&self) -> &[&'static str] {
        self.families.names()
    }

    /// An operator's patterns that are tried before those.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }
}

/// The names of all families of formats, in the order in which they are tried.
pub fn family_names() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = tool_text::families::ALL.iter().map(|family| family.name).collect();
    names.dedup();
    names
}

/// The filter of one answer.
#[derive(Debug)]
pub struct Filter {
    telling: Telling,
    /// The text's way: told apart, tried against patterns, searched for calls.
    text: TextFilter,
    /// Open blocks, by the number under which they come.
    blocks: Vec<(u32, Block)>,
    /// Whether a text has ended, and only what comes next says whether that was all.
    resting: bool,
    over: bool,
}

/// What becomes of a block.
#[derive(Debug)]
enum Block {
    /// Its text is searched.
    Text,
    /// Its arguments are mended.
    Call(Box<Call>),
    /// It passes, under this number.
    Same(u32),
    /// Nobody sees it.
    Hidden,
}

impl Filter {
    /// A filter for an answer to which these tools were offered, if any.
    pub fn new(recipe: &Recipe, offered: Option<Arc<Offered>>) -> Self {
        let repairs = recipe.mode != Mode::Off;
        let offered = offered.filter(|_| repairs);
        let text = TextFilter::new(recipe, offered.as_ref());
        let hidden = recipe.thoughts.is_some_and(|thoughts| !thoughts.shown);
        let telling = Telling::new(offered.unwrap_or_default(), recipe.mode, hidden);
        Self { telling, text, blocks: Vec::new(), resting: false, over: false }
    }

    /// Takes one event, and appends to `out` what becomes of it.
    pub fn push(&mut self, event: Event, out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        match event {
            Event::Start { id } => {
                self.telling.salt = salt(&id);
                out.push(Event::Start { id });
            }
            Event::Open { block, kind } => self.open(block, kind),
            Event::Delta { block, delta } => self.delta(block, delta, out),
            Event::Close { block } => self.close(block),
            Event::Usage(_) | Event::Served(_) | Event::Ping => out.push(event),
            Event::Stop(reason) => self.stop(reason),
            Event::Fault(fault) => {
                self.telling.broken_off = true;
                self.rest();
                self.telling.events.push(Event::Fault(fault));
                self.over = true;
            }
        }
        self.tell(out);
    }

    /// What was changed so far.
    pub fn repairs(&self) -> &Repairs {
        &self.telling.repairs
    }

    /// How many bytes of text were looked at so far, each as often as it was: the measure of what a text costs.
    pub fn work(&self) -> u64 {
        self.text.work()
    }

    fn tell(&mut self, out: &mut Vec<Event>) {
        if self.telling.failed {
            let fault = self.telling.events.iter().position(|event| matches!(event, Event::Fault(_)));
            self.telling.events.truncate(fault.map_or(0, |fault| fault + 1));
            self.over = true;
        }
        out.append(&mut self.telling.events);
    }

    fn open(&mut self, number: u32, kind: BlockKind) {
        if self.resting {
            self.rest();
        }
        let block = match kind {
            BlockKind::Text => Block::Text,
            BlockKind::ToolCall { id, name, custom } => self.call(id, name, custom),
            BlockKind::Reasoning { .. } if self.telling.hides_thoughts() => Block::Hidden,
            BlockKind::Refusal | BlockKind::Reasoning { .. } | BlockKind::Opaque { .. } => {
                Block::Same(self.telling.open(kind))
            }
        };
        self.blocks.push((number, block));
    }

    /// A call of which the provider knows.
    fn call(&mut self, id: String, name: String, custom: bool) -> Block {
        let place = self.telling.offered.find(&name).filter(|_| !custom);
        let offered = Arc::clone(&self.telling.offered);
        match place.and_then(|place| offered.get(place).map(|tool| (place, tool))) {
            Some((place, tool)) if !tool.custom => {
                if tool.name != name {
                    self.telling.repairs.add(RepairKind::Name, &tool.name);
                }
                let kind = BlockKind::ToolCall { id, name: tool.name.clone(), custom };
                Block::Call(Box::new(self.telling.begin_call(place, kind)))
            }
            Some(_) | None => Block::Same(self.telling.open(BlockKind::ToolCall { id, name, custom })),
        }
    }

    fn delta(&mut self, number: u32, delta: Delta, out: &mut Vec<Event>) {
        let Some((_, block)) = self.blocks.iter_mut().rev().find(|(known, _)| *known == number) else { return };
        match (block, delta) {
            (Block::Text, Delta::Text(text)) => self.text(text, out),
            (Block::Text, delta) => {
                // Sources and odds belong to the text that went before; without any there is nothing to say of.
                if let Some(block) = self.telling.text_block() {
                    self.telling.delta(block, delta);
                }
            }
            (Block::Call(call), Delta::Arguments(text)) => self.telling.add(call, &text),
            (Block::Call(call), delta) => self.telling.add_to(call, delta),
            (Block::Same(block), delta) => out.push(Event::Delta { block: *block, delta }),
            (Block::Hidden, _) => {}
        }
    }

    #[inline]
    fn text(&mut self, text: String, out: &mut Vec<Event>) {
        let Some(voice) = self.text.passes(&text) else { return self.text.push(&text, &mut self.telling) };
        self.telling.voice = voice;
        match self.telling.text_block() {
            Some(block) => out.push(Event::Delta { block, delta: Delta::Text(text) }),
            None => self.telling.say(text),
        }
    }

    fn close(&mut self, number: u32) {
        let Some(place) = self.blocks.iter().rposition(|(known, _)| *known == number) else { return };
        match self.blocks.swap_remove(place).1 {
            Block::Text => self.resting = true,
            Block::Call(call) => self.telling.settle(*call),
            Block::Same(block) => self.telling.close(block),
            Block::Hidden => {}
        }
    }

    /// A text has ended: what was held of it is told, and the next one is another.
    fn rest(&mut self) {
        self.resting = false;
        self.text.finish(&mut self.telling);
        self.telling.close_text();
    }

    fn stop(&mut self, reason: StopReason) {
        self.rest();
        let said_all = matches!(reason, StopReason::End | StopReason::StopText(_) | StopReason::Other(_));
        let reason = if said_all && self.telling.made > 0 { StopReason::ToolCalls } else { reason };
        self.telling.events.push(Event::Stop(reason));
        self.over = true;
    }
}

/// A number that an answer's id stands for: the ids of calls that it got from us begin with it.
fn salt(id: &str) -> u64 {
    crate::fingerprint::of(0, id.as_bytes())
}

#[cfg(test)]
mod tests;
