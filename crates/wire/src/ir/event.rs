//! A streamed answer, step by step: `Start (Open Delta* Close | Usage | Ping)* (Stop | Fault)`.

use super::{StopReason, Usage};
use crate::Fault;

/// One step of a stream.
#[derive(Clone, Debug)]
pub enum Event {
    /// The answer begins.
    Start {
        /// The provider's id for it.
        id: String,
    },
    /// A block begins.
    Open {
        /// Its number, unique in the stream.
        block: u32,
        /// What it will hold.
        kind: BlockKind,
    },
    /// More of an open block.
    Delta {
        /// Which block.
        block: u32,
        /// What is added.
        delta: Delta,
    },
    /// A block ends.
    Close {
        /// Which block.
        block: u32,
    },
    /// Tokens so far; the field-wise maximum counts.
    Usage(Usage),
    /// Nothing new, but alive.
    Ping,
    /// The answer is complete.
    Stop(StopReason),
    /// The answer broke off.
    Fault(Fault),
}

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// Text for the person.
    Text,
}

/// A piece of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta {
    /// More text.
    Text(String),
}
