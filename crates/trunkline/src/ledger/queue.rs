//! Where reports wait: any thread pushes, one takes.
//!
//! Threads push into different shards, so that two that serve requests do not wait for each other. The bound is one for
//! all: a shard claims room for a few reports at a time and asks for more when it is used up. So the number that wait is
//! never over the bound, and room for at most [`SHARDS`] times [`ROOM_CLAIMED`] of them may lie idle when the first is
//! dropped.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use trunkline_route::Report;

/// Reports not yet in the store, about 16 MB of them. Guards memory while the store cannot be written.
pub(super) const REPORTS_QUEUED_MAX: usize = 65_536;

/// As many are written before their time. Keeps what a fast gateway holds between two writes within half a megabyte.
pub(super) const REPORTS_GATHERED_MAX: usize = 2_048;

/// Room for reports that is kept between batches; what a burst needed beyond that is given back.
pub(super) const REPORTS_KEPT: usize = 2_048;

/// More than threads that push at once, on most machines.
const SHARDS: usize = 8;

/// Room that a shard claims at a time.
pub(super) const ROOM_CLAIMED: usize = 64;

/// What a push came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// There is more of what was there.
    More,
    /// The one who takes may be waiting for this: the first report of a shard, or the one that makes a batch.
    Awaited,
    /// There was no room, or the queue is closed.
    Dropped,
}

struct Claim {
    room: usize,
    /// It was the one by which what is in use became a batch.
    makes_batch: bool,
}

#[derive(Default)]
struct Heap {
    reports: Vec<Report>,
    /// Claimed and not yet used.
    room: usize,
    closed: bool,
}

/// As large as what processors fetch at once, so that threads on two shards do not share memory.
#[derive(Default)]
#[repr(align(128))]
struct Shard {
    heap: Mutex<Heap>,
}

impl Shard {
    fn lock(&self) -> MutexGuard<'_, Heap> {
        // Nothing that runs under this lock can leave the heap half changed.
        self.heap.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports that wait, those in hand included until [`Queue::give_back`].
pub(super) struct Queue {
    shards: [Shard; SHARDS],
    /// Room that no shard has claimed.
    room: AtomicUsize,
}

impl Default for Queue {
    fn default() -> Self {
        Self { shards: Default::default(), room: AtomicUsize::new(REPORTS_QUEUED_MAX) }
    }
}

impl Queue {
    pub(super) fn push(&self, report: Report) -> Pushed {
        let mut heap = self.own_shard().lock();
        if heap.closed {
            return Pushed::Dropped;
        }
        let mut pushed = if heap.reports.is_empty() { Pushed::Awaited } else { Pushed::More };
        if heap.room == 0 {
            let Some(claim) = self.claim() else { return Pushed::Dropped };
            heap.room = claim.room;
            if claim.makes_batch {
                pushed = Pushed::Awaited;
            }
        }
        heap.room -= 1;
        heap.reports.push(report);
        pushed
    }

    /// Takes room for some reports, if there is any.
    fn claim(&self) -> Option<Claim> {
        let some = |room: usize| room.min(ROOM_CLAIMED);
        let take = |room: usize| (room > 0).then(|| room - some(room));
        let before = self.room.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).ok()?;
        let room = some(before);
        Some(Claim { room, makes_batch: !is_batch(before) && is_batch(before - room) })
    }

    #[expect(clippy::indexing_slicing, reason = "the index is taken modulo the length")]
    fn own_shard(&self) -> &Shard {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        // A thread that is ending has no number any more; any shard will do.
        &self.shards[THREAD.try_with(|number| *number).unwrap_or(0) % SHARDS]
    }

    /// Moves all that was pushed to `hand`. `spare` is memory for the swap, so that no thread waits while reports are
    /// copied.
    pub(super) fn take_all(&self, hand: &mut Vec<Report>, spare: &mut Vec<Report>) {
        for shard in &self.shards {
            spare.clear();
            mem::swap(&mut shard.lock().reports, spare);
            hand.append(spare);
            spare.shrink_to(REPORTS_KEPT);
        }
    }

    /// Makes the room of taken reports free again.
    pub(super) fn give_back(&self, reports: usize) {
        self.room.fetch_add(reports, Ordering::AcqRel);
    }

    /// Whether a batch is there, claims counted as reports.
    pub(super) fn has_batch(&self) -> bool {
        is_batch(self.room.load(Ordering::Acquire))
    }

    /// Whether nothing is left to take.
    pub(super) fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| shard.lock().reports.is_empty())
    }

    /// Reports that were pushed and whose room was not given back.
    pub(super) fn waiting(&self) -> usize {
        let heaps = self.lock_all();
        let unused: usize = heaps.iter().map(|heap| heap.room).sum();
        REPORTS_QUEUED_MAX.saturating_sub(self.room.load(Ordering::Acquire)).saturating_sub(unused)
    }

    /// From now on all is dropped.
    pub(super) fn close(&self) {
        self.lock_all().iter_mut().for_each(|heap| heap.closed = true);
    }

    /// The same when nothing is left to take; whether that was so.
    pub(super) fn close_if_empty(&self) -> bool {
        let mut heaps = self.lock_all();
        let empty = heaps.iter().all(|heap| heap.reports.is_empty());
        heaps.iter_mut().for_each(|heap| heap.closed = heap.closed || empty);
        empty
    }

    fn lock_all(&self) -> [MutexGuard<'_, Heap>; SHARDS] {
        self.shards.each_ref().map(Shard::lock)
    }
}

/// Whether as much is in use as makes a batch when this much room is left.
fn is_batch(room: usize) -> bool {
    REPORTS_QUEUED_MAX.saturating_sub(room) >= REPORTS_GATHERED_MAX
}

#[cfg(test)]
mod tests {
    use trunkline_wire::Operation;

    use super::*;

    fn report() -> Report {
        Report::begin(0, 0, Operation::Chat)
    }

    fn fill(queue: &Queue, reports: usize) -> Vec<usize> {
        let awaited = |n: &usize| queue.push(report()) == Pushed::Awaited && *n > 0;
        (0..reports).filter(awaited).collect()
    }

    #[test]
    fn the_first_report_and_the_one_that_makes_a_batch_are_awaited_whatever_was_given_back() {
        let queue = Queue::default();
        for _ in 0..70 {
            assert_eq!(queue.push(report()), Pushed::Awaited);
            let late = fill(&queue, REPORTS_GATHERED_MAX);
            assert!(matches!(late[..], [n] if n + ROOM_CLAIMED + 1 >= REPORTS_GATHERED_MAX), "{late:?}");
            assert!(queue.has_batch());
            let (mut hand, mut spare) = (Vec::new(), Vec::new());
            queue.take_all(&mut hand, &mut spare);
            assert!(queue.is_empty());
            assert_eq!((hand.len(), queue.waiting()), (REPORTS_GATHERED_MAX + 1, REPORTS_GATHERED_MAX + 1));
            queue.give_back(hand.len());
            assert_eq!(queue.waiting(), 0);
        }
    }

    #[test]
    fn threads_together_stay_within_the_bound_and_leave_little_of_it_idle() {
        let queue = Queue::default();
        let each = REPORTS_QUEUED_MAX / 2;
        let full = || (0..each).filter(|_| queue.push(report()) != Pushed::Dropped).count();
        let kept: usize = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(full));
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(queue.waiting(), kept);
        assert!((REPORTS_QUEUED_MAX - SHARDS * ROOM_CLAIMED..=REPORTS_QUEUED_MAX).contains(&kept), "{kept}");
    }

    #[test]
    fn a_queue_closes_for_good_once_it_is_empty() {
        let queue = Queue::default();
        assert_eq!(queue.push(report()), Pushed::Awaited);
        assert!(!queue.close_if_empty());
        assert_eq!(queue.push(report()), Pushed::More);
        queue.take_all(&mut Vec::new(), &mut Vec::new());
        assert!(queue.close_if_empty());
        assert_eq!(queue.push(report()), Pushed::Dropped);
    }
}
