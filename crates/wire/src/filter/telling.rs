//! What a filter tells: blocks under numbers of its own, and calls whose arguments fit their tools.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::arguments::{ARGUMENT_BYTES_MAX, ArgumentStream, Given, lenient, mend};
use super::offered::{Offered, Tool};
use super::repair::{Mode, RepairKind, Repairs};
use super::tool_text::{Found, Sink};
use crate::ir::{BlockKind, Delta, Event};
use crate::{Fault, FaultKind};

/// Calls that are made of one answer's text. Guards the client against a model that does nothing else.
const CALLS_MAX: u32 = 256;

/// Makes events of what was found.
#[derive(Debug)]
pub(super) struct Telling {
    pub(super) events: Vec<Event>,
    pub(super) offered: Arc<Offered>,
    pub(super) mode: Mode,
    pub(super) repairs: Repairs,
    /// What tells the ids of this answer's calls from those of others.
    pub(super) salt: u64,
    next: u32,
    /// The block that text goes to, and whether it holds thoughts.
    open: Option<(u32, Voice)>,
    /// What text is told as, from now on.
    pub(super) voice: Voice,
    /// Whether thoughts are left out.
    hidden: bool,
    /// Calls that were made of text.
    pub(super) made: u32,
    /// The call whose arguments are on their way.
    call: Option<Call>,
    /// Whether the answer broke off: what is half a call then is none, whatever could be made of it.
    pub(super) broken_off: bool,
    /// Whether the answer cannot go on: then a fault is among the events, and what follows it does not count.
    pub(super) failed: bool,
}

/// What text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// For the person.
    Answer,
    /// Thoughts.
    Thoughts,
}

/// A call that is being told.
#[derive(Debug)]
pub(super) struct Call {
    place: Place,
    tool: usize,
    stream: ArgumentStream,
    /// All that was written for a tool that takes plain text.
    plain: String,
}

/// Where a call is told.
#[derive(Debug)]
enum Place {
    /// Nowhere: it is left out.
    Nowhere,
    /// In this block, as it comes.
    Block(u32),
    /// In a block of this kind, once it is known to be good: until then what is to be told of it waits.
    Later(BlockKind, Vec<Delta>),
}

impl Call {
    fn new(tool: usize, place: Place) -> Self {
        Self { place, tool, stream: ArgumentStream::default(), plain: String::new() }
    }
}

impl Telling {
    pub(super) fn new(offered: Arc<Offered>, mode: Mode, hidden: bool) -> Self {
        Self {
            events: Vec::new(),
            offered,
            mode,
            repairs: Repairs::default(),
            salt: 0,
            next: 0,
            open: None,
            voice: Voice::Answer,
            hidden,
            made: 0,
            call: None,
            broken_off: false,
            failed: false,
        }
    }

    /// Whether thoughts are left out.
    pub(super) fn hides_thoughts(&self) -> bool {
        self.hidden
    }

    /// Opens a block.
    pub(super) fn open(&mut self, kind: BlockKind) -> u32 {
        let block = self.next;
        self.next += 1;
        self.events.push(Event::Open { block, kind });
        block
    }

    pub(super) fn delta(&mut self, block: u32, delta: Delta) {
        self.events.push(Event::Delta { block, delta });
    }

    pub(super) fn close(&mut self, block: u32) {
        self.events.push(Event::Close { block });
    }

    /// The block that text goes to, when one is open for it.
    pub(super) fn text_block(&self) -> Option<u32> {
        self.open.filter(|(_, voice)| *voice == self.voice).map(|(block, _)| block)
    }

    /// Closes the block that text went to.
    pub(super) fn close_text(&mut self) {
        if let Some((block, _)) = self.open.take() {
            self.close(block);
        }
    }

    /// Text, whole as it came.
    pub(super) fn say(&mut self, text: String) {
        if text.is_empty() || (self.hidden && self.voice == Voice::Thoughts) {
            return;
        }
        if self.text_block().is_none() {
            self.close_text();
            let kind = match self.voice {
                Voice::Answer => BlockKind::Text,
                Voice::Thoughts => BlockKind::Reasoning { summary: false, redacted: false, id: None },
            };
            let block = self.open(kind);
            self.open = Some((block, self.voice));
        }
        if let Some(block) = self.text_block() {
            self.delta(block, Delta::Text(text));
        }
    }

    /// Makes a call of text: the block that it is; `None` when no more calls may be made.
    fn make(&mut self, tool: usize) -> Option<BlockKind> {
        let offered = Arc::clone(&self.offered);
        let tool = offered.get(tool).filter(|_| !self.failed)?;
        let may = self.made < if offered.parallel { CALLS_MAX } else { 1 };
        self.repairs.add(if may { RepairKind::Found } else { RepairKind::Dropped }, &tool.name);
        if !may {
            return None;
        }
        self.close_text();
        let id = format!("call_{:016x}_{}", self.salt, self.made);
        self.made += 1;
        Some(BlockKind::ToolCall { id, name: tool.name.clone(), custom: tool.custom })
    }

    /// Begins a call that is told as this block.
    pub(super) fn begin_call(&mut self, tool: usize, kind: BlockKind) -> Call {
        let place = match self.mode {
            Mode::Strict => Place::Later(kind, Vec::new()),
            Mode::Off | Mode::Mend => Place::Block(self.open(kind)),
        };
        Call::new(tool, place)
    }

    /// More that is to be told of a call.
    pub(super) fn add_to(&mut self, call: &mut Call, delta: Delta) {
        match (&mut call.place, delta) {
            (Place::Nowhere, _) => {}
            (Place::Block(block), delta) => self.delta(*block, delta),
            (Place::Later(_, held), Delta::Arguments(more)) => match held.last_mut() {
                Some(Delta::Arguments(text)) => text.push_str(&more),
                Some(_) | None => held.push(Delta::Arguments(more)),
            },
            (Place::Later(_, held), delta) => held.push(delta),
        }
    }

    /// More arguments of a call.
    pub(super) fn add(&mut self, call: &mut Call, text: &str) {
        let offered = Arc::clone(&self.offered);
        let Some(tool) = offered.get(call.tool).filter(|_| !matches!(call.place, Place::Nowhere)) else { return };
        if tool.custom {
            // Only the whole shows which text the JSON holds.
            call.plain.push_str(text);
            if call.plain.len() > ARGUMENT_BYTES_MAX {
                self.fail(tool);
            }
            return;
        }
        let mut out = String::new();
        call.stream.push(text, tool, &mut out);
        if call.stream.is_too_long() && self.mode == Mode::Strict {
            return self.fail(tool);
        }
        if !out.is_empty() {
            self.add_to(call, Delta::Arguments(out));
        }
    }

    /// A call has ended.
    pub(super) fn settle(&mut self, mut call: Call) {
        if self.failed {
            return;
        }
        let offered = Arc::clone(&self.offered);
        let Some(tool) = offered.get(call.tool).filter(|_| !matches!(call.place, Place::Nowhere)) else { return };
        let mut out = String::new();
        let complete = if tool.custom {
            out = plain(&Given::Json(std::mem::take(&mut call.plain)));
            true
        } else {
            call.stream.finish(tool, &mut self.repairs, &mut out)
        };
        if !complete && self.mode == Mode::Strict {
            return self.fail(tool);
        }
        if !out.is_empty() {
            self.add_to(&mut call, Delta::Arguments(out));
        }
        match call.place {
            Place::Nowhere => {}
            Place::Block(block) => self.close(block),
            Place::Later(kind, held) => {
                let block = self.open(kind);
                held.into_iter().for_each(|delta| self.delta(block, delta));
                self.close(block);
            }
        }
    }

    fn fail(&mut self, tool: &Tool) {
        let words = format!("the model's call of tool `{}` is broken and cannot be mended", tool.name);
        self.events.push(Event::Fault(Box::new(Fault::new(FaultKind::UpstreamBroken, words))));
        self.failed = true;
    }

    /// A call's arguments as text, and whether the tool can do with them.
    fn mended(&self, found: &Found, repairs: &mut Repairs) -> Option<(String, bool)> {
        let tool = self.offered.get(found.tool)?;
        if found.raw.name != tool.name {
            repairs.add(RepairKind::Name, &tool.name);
        }
        if tool.custom {
            return Some((plain(&found.raw.given), true));
        }
        let mended = mend(&found.raw.given, tool, repairs)?;
        Some((Value::Object(mended.object).to_string(), mended.complete))
    }
}

/// What a tool is given that takes plain text.
fn plain(given: &Given) -> String {
    match given {
        Given::Json(text) if text.trim_start().starts_with('{') => match lenient::read(text).map(|read| read.value) {
            Some(Value::Object(object)) => only(&object),
            Some(_) | None => text.clone(),
        },
        Given::Json(text) | Given::Word(text) => text.clone(),
        Given::Typed(object) | Given::Texts(object) => only(object),
    }
}

/// The only text of an object, or all of it.
fn only(object: &Map<String, Value>) -> String {
    let mut values = object.values().filter_map(Value::as_str);
    match (values.next(), values.next()) {
        (Some(only), None) => only.to_owned(),
        (_, _) => Value::Object(object.clone()).to_string(),
    }
}

impl Sink for Telling {
    fn text(&mut self, text: &str) {
        self.say(text.to_owned());
    }

    fn calls(&mut self, found: &[Found], cut: bool) -> bool {
        if self.failed {
            return true;
        }
        if cut && self.broken_off {
            return false;
        }
        let mut repairs = Repairs::default();
        let mended: Vec<_> = found.iter().map(|found| self.mended(found, &mut repairs)).collect();
        let whole = cut || self.mode == Mode::Strict;
        let good = mended.iter().all(|mended| mended.as_ref().is_some_and(|(_, complete)| *complete || !whole));
        if !good {
            let broken = found.iter().zip(&mended).find(|(_, mended)| !mended.as_ref().is_some_and(|(_, fits)| *fits));
            let offered = Arc::clone(&self.offered);
            if let Some(tool) = broken.and_then(|(found, _)| offered.get(found.tool)) {
                self.repairs.add(RepairKind::Unmended, &tool.name);
                if self.mode == Mode::Strict {
                    self.fail(tool);
                }
            }
            return false;
        }
        for (found, (arguments, _)) in found.iter().zip(mended.into_iter().flatten()) {
            if let Some(kind) = self.make(found.tool) {
                let block = self.open(kind);
                self.delta(block, Delta::Arguments(arguments));
                self.close(block);
            }
        }
        repairs.iter().for_each(|repair| self.repairs.add(repair.kind, &repair.path));
        true
    }

    fn begin(&mut self, tool: usize) {
        let call = match self.make(tool) {
            Some(kind) => self.begin_call(tool, kind),
            None => Call::new(tool, Place::Nowhere),
        };
        self.call = Some(call);
    }

    fn arguments(&mut self, text: &str) {
        if let Some(mut call) = self.call.take() {
            self.add(&mut call, text);
            self.call = Some(call);
        }
    }

    fn end(&mut self, cut: bool) {
        let half = cut && self.broken_off;
        if let Some(call) = self.call.take().filter(|_| !half) {
            self.settle(call);
        }
    }
}
