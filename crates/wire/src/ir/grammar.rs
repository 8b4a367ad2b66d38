//! The order in which events may come: `Start (Open Delta* Close | Usage | Served | Ping)* (Stop | Fault)`.

use std::collections::BTreeMap;

use thiserror::Error;

use super::Event;

/// Checks a stream of events as it goes by. Blocks may interleave; a fault may come at any point, even first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grammar {
    phase: Phase,
    /// Every block there was, and whether it is still open.
    blocks: BTreeMap<u32, bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Before,
    Going,
    Over,
}

/// An event that may not come where it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Breach {
    /// Something came before `Start`.
    #[error("an event before the stream's start")]
    NotStarted,
    /// `Start` came twice.
    #[error("a second start")]
    StartedTwice,
    /// Something came after `Stop` or `Fault`.
    #[error("an event after the stream's end")]
    Over,
    /// A block's number was used before.
    #[error("block {0} was opened before")]
    OpenedTwice(u32),
    /// A delta or a close for a block that is not open.
    #[error("block {0} is not open")]
    NotOpen(u32),
    /// `Stop` came while a block was open.
    #[error("block {0} is still open at the end")]
    LeftOpen(u32),
}

impl Grammar {
    /// A checker at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one event.
    ///
    /// # Errors
    /// When it may not come here. The checker stays as it was.
    pub fn step(&mut self, event: &Event) -> Result<(), Breach> {
        match (self.phase, event) {
            (Phase::Over, _) => return Err(Breach::Over),
            (Phase::Before | Phase::Going, Event::Fault(_)) => self.phase = Phase::Over,
            (Phase::Before, Event::Start { .. }) => self.phase = Phase::Going,
            (Phase::Before, _) => return Err(Breach::NotStarted),
            (Phase::Going, Event::Start { .. }) => return Err(Breach::StartedTwice),
            (Phase::Going, Event::Open { block, .. }) => {
                if self.blocks.contains_key(block) {
                    return Err(Breach::OpenedTwice(*block));
                }
                self.blocks.insert(*block, true);
            }
            (Phase::Going, Event::Delta { block, .. }) => {
                self.open_block(*block)?;
            }
            (Phase::Going, Event::Close { block }) => *self.open_block(*block)? = false,
            (Phase::Going, Event::Usage(_) | Event::Served(_) | Event::Ping) => {}
            (Phase::Going, Event::Stop(_)) => {
                if let Some((block, _)) = self.blocks.iter().find(|(_, open)| **open) {
                    return Err(Breach::LeftOpen(*block));
                }
                self.phase = Phase::Over;
            }
        }
        Ok(())
    }

    /// Whether `Stop` or `Fault` has come.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    fn open_block(&mut self, block: u32) -> Result<&mut bool, Breach> {
        self.blocks.get_mut(&block).filter(|open| **open).ok_or(Breach::NotOpen(block))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{BlockKind, Delta, StopReason, Usage};
    use crate::{Fault, FaultKind};

    fn start() -> Event {
        Event::Start { id: "a".into() }
    }
    fn open(block: u32) -> Event {
        Event::Open { block, kind: BlockKind::Text }
    }
    fn delta(block: u32) -> Event {
        Event::Delta { block, delta: Delta::Text("x".into()) }
    }
    fn close(block: u32) -> Event {
        Event::Close { block }
    }
    fn fault() -> Event {
        Event::Fault(Box::new(Fault::new(FaultKind::UpstreamBroken, "broke")))
    }
    const STOP: Event = Event::Stop(StopReason::End);

    #[track_caller]
    fn check(events: &[Event], expected: Result<bool, Breach>) {
        let mut grammar = Grammar::new();
        let all = events.iter().try_for_each(|event| grammar.step(event));
        assert_eq!(all.map(|()| grammar.is_over()), expected);
    }

    #[test]
    fn takes_what_the_grammar_says() {
        check(&[start(), STOP], Ok(true));
        check(&[start(), open(0), delta(0), open(7), delta(7), delta(0), close(0), close(7), STOP], Ok(true));
        check(&[start(), Event::Ping, Event::Usage(Usage::default()), open(0)], Ok(false));
        check(&[start(), open(0), fault()], Ok(true));
        check(&[fault()], Ok(true));
    }

    #[test]
    fn refuses_anything_else() {
        check(&[STOP], Err(Breach::NotStarted));
        check(&[start(), start()], Err(Breach::StartedTwice));
        check(&[start(), STOP, Event::Ping], Err(Breach::Over));
        check(&[fault(), fault()], Err(Breach::Over));
        check(&[start(), delta(3)], Err(Breach::NotOpen(3)));
        check(&[start(), open(3), close(3), close(3)], Err(Breach::NotOpen(3)));
        check(&[start(), open(3), close(3), open(3)], Err(Breach::OpenedTwice(3)));
        check(&[start(), open(3), STOP], Err(Breach::LeftOpen(3)));
    }
}
