//! An answer's events, with what the model got wrong put right.

use trunkline_wire::filter::{Filter, Repairs};
use trunkline_wire::ir::Event;

/// Where events become what the client sees, if anything is done to them. What is not held back leaves with the event that
/// brought it.
pub(crate) struct Repaired {
    filter: Option<Box<Filter>>,
    /// Whether the filter has seen all there is, and events pass as they are.
    settled: bool,
    /// Room for what one event becomes; empty between them.
    room: Vec<Event>,
}

impl Repaired {
    pub(crate) fn new(filter: Option<Filter>) -> Self {
        Self { filter: filter.map(Box::new), settled: false, room: Vec::new() }
    }

    /// Whether the events are looked into at all.
    pub(crate) fn reads(&self) -> bool {
        self.filter.is_some()
    }

    /// The same for whoever tells the events once more that came of it.
    pub(crate) fn settled(self) -> Self {
        Self { settled: true, ..self }
    }

    /// What becomes of an event. Where it is given may be [reused](Self::reuse).
    pub(crate) fn push(&mut self, event: Event) -> Vec<Event> {
        let mut out = std::mem::take(&mut self.room);
        match &mut self.filter {
            Some(filter) if !self.settled => filter.push(event, &mut out),
            Some(_) | None => out.push(event),
        }
        out
    }

    /// Takes room back.
    pub(crate) fn reuse(&mut self, room: Vec<Event>) {
        self.room = room;
        self.room.clear();
    }

    /// What was changed so far.
    pub(crate) fn repairs(&self) -> Option<&Repairs> {
        self.filter.as_deref().map(Filter::repairs).filter(|repairs| !repairs.is_empty())
    }
}
