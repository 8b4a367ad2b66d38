//! Where requests wait, resolved.

use std::time::Duration;

pub use crate::file::Priority;

/// How requests wait for a target that has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Requests that may wait at one place.
    pub waiting_max: u32,
    /// The longest time that one request waits in all.
    pub wait_max: Duration,
    /// How long it waits at a target before it also waits at the next one.
    pub spill_after: Duration,
    /// How long a client that asked for a stream waits in silence; zero: to the end.
    pub keepalive_after: Duration,
}

/// How many requests may be open at a target, and with whom it shares that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Requests open at once; at least 1.
    pub requests_max: u32,
    /// Among whom.
    pub among: RoomAmong,
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomAmong {
    /// Those of one target.
    Target,
    /// Those of all targets of the provider that have no room of their own.
    Provider,
}
