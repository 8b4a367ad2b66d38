//! What one serving thread answers requests with. What is touched by every request is the thread's own: memory that two
//! cores write to costs more than the work done with it.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use trunkline_config::Snapshot;
use trunkline_route::Lot;

use crate::admit::Gate;
use crate::shared::{Shared, now_ms};
use crate::under_way::UnderWay;
use crate::upstream::Client;

/// One serving thread.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) client: Client,
    pub(crate) gate: Gate,
    pub(crate) under_way: Arc<UnderWay>,
    ids: RequestIds,
    turn: AtomicUsize,
    own: Mutex<Own>,
}

/// The snapshot in force and this thread's copy of it.
#[derive(Debug)]
struct Own {
    of: Arc<Snapshot>,
    copy: Arc<Snapshot>,
}

impl Worker {
    /// The thread with this number among so many.
    pub(crate) fn new(shared: Arc<Shared>, process: ProcessId, thread: usize, threads: usize) -> Self {
        let of = shared.snapshot();
        let own = Mutex::new(Own { copy: Arc::new(of.detached()), of });
        let gate = Gate { open: Arc::clone(&shared.open), thread, threads };
        let ids = RequestIds { process, thread: thread as u64, count: AtomicU64::new(0) };
        let under_way = shared.under_way.one_more();
        Self { shared, client: Client::new(), gate, under_way, ids, turn: AtomicUsize::new(thread), own }
    }

    /// The snapshot in force, as this thread has it.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.shared.is_in_force(&own.of) {
            let of = self.shared.snapshot();
            *own = Own { copy: Arc::new(of.detached()), of };
        }
        Arc::clone(&own.copy)
    }

    /// What orders a request among others.
    pub(crate) fn draw(&self) -> Lot {
        self.lot(self.turn.fetch_add(1, Ordering::Relaxed))
    }

    /// What the next request will draw. Draws nothing.
    pub(crate) fn next_lot(&self) -> Lot {
        self.lot(self.turn.load(Ordering::Relaxed))
    }

    fn lot(&self, turn: usize) -> Lot {
        let ProcessId(process) = self.ids.process;
        Lot { turn, chance: process ^ turn as u64 }
    }

    /// An id for a request that began at `at_ms`.
    pub(crate) fn next_id(&self, at_ms: u64) -> u128 {
        self.ids.next(at_ms)
    }
}

/// What the ids of one process have in common, and those of others have not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessId(u64);

impl ProcessId {
    /// A new one each time.
    pub(crate) fn random() -> Self {
        Self(RandomState::new().hash_one(now_ms()) >> 24)
    }
}

/// Ids that sort by time and do not repeat, also across restarts: 48 bits of milliseconds, 40 of the process, 40 counted.
#[derive(Debug)]
struct RequestIds {
    process: ProcessId,
    thread: u64,
    count: AtomicU64,
}

/// Low bits of a count that say which thread counted; further threads share, and the store tells their ids apart.
const THREAD_BITS: u32 = 6;

impl RequestIds {
    fn next(&self, at_ms: u64) -> u128 {
        let thread = self.thread & ((1 << THREAD_BITS) - 1);
        let count = self.count.fetch_add(1, Ordering::Relaxed) << THREAD_BITS | thread;
        let ProcessId(process) = self.process;
        u128::from(at_ms) << 80 | u128::from(process) << 40 | u128::from(count & ((1 << 40) - 1))
    }
}
