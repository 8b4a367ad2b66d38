//! Whether one more request may be open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trunkline_wire::{Fault, FaultKind};

/// More than threads that serve, on most machines; further ones share.
const SLOTS: usize = 64;

/// Places that a thread claims at once. More mean less traffic between threads, and more places that lie idle with one
/// thread while another refuses.
const CLAIM_MAX: usize = 32;

/// Claims that fit a thread's even share of all places: what may lie idle is the eighth part.
const CLAIMS_PER_SHARE: usize = 8;

/// The requests that are open, counted by each thread for itself: one count for all would pass from core to core twice a
/// request. Threads claim places from the common count in batches.
#[derive(Debug)]
pub(crate) struct OpenRequests {
    /// Places that threads have claimed.
    claimed: Slot,
    slots: [Places; SLOTS],
}

/// As large as what processors fetch at once, so that two threads do not share memory.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Slot(AtomicUsize);

/// One thread's places.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Places {
    open: AtomicUsize,
    claimed: AtomicUsize,
}

impl Default for OpenRequests {
    fn default() -> Self {
        Self { claimed: Slot::default(), slots: std::array::from_fn(|_| Places::default()) }
    }
}

impl OpenRequests {
    /// On all threads.
    pub(crate) fn count(&self) -> usize {
        self.slots.iter().map(|places| places.open.load(Ordering::Relaxed)).sum()
    }

    fn places(&self, thread: usize) -> &Places {
        self.slots.get(thread % SLOTS).expect("a remainder is below its divisor")
    }

    /// Claims up to `wanted` places while at most `places_max` are claimed in all; gives how many.
    fn claim(&self, wanted: usize, places_max: usize) -> usize {
        let Slot(claimed) = &self.claimed;
        let taken = |held: usize| Some(held + wanted.min(places_max.saturating_sub(held)));
        let before = claimed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).unwrap_or_default();
        wanted.min(places_max.saturating_sub(before))
    }

    fn give_back(&self, places: usize) {
        let Slot(claimed) = &self.claimed;
        claimed.fetch_sub(places, Ordering::Relaxed);
    }
}

/// One thread's way to admit requests.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) open: Arc<OpenRequests>,
    /// This thread's number.
    pub(crate) thread: usize,
    /// How many threads there are.
    pub(crate) threads: usize,
}

impl Gate {
    /// Takes a place among the open requests of all threads, at most `requests_max`; [`Gate::release`] gives it back.
    ///
    /// # Errors
    /// `Busy` when they are taken.
    pub(crate) fn admit(&self, requests_max: usize) -> Result<(), Fault> {
        let places = self.open.places(self.thread);
        let open = places.open.fetch_add(1, Ordering::Relaxed) + 1;
        if open <= places.claimed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let more = self.open.claim(self.batch(requests_max), requests_max);
        if more > 0 {
            places.claimed.fetch_add(more, Ordering::Relaxed);
            return Ok(());
        }
        places.open.fetch_sub(1, Ordering::Relaxed);
        let message = format!("{requests_max} requests are open, which is the limit; try again in a moment");
        Err(Fault::new(FaultKind::Busy, message))
    }

    /// Gives one place back, on the thread that took it. `requests_max` is that of [`Gate::admit`].
    pub(crate) fn release(&self, requests_max: usize) {
        let places = self.open.places(self.thread);
        let open = places.open.fetch_sub(1, Ordering::Relaxed) - 1;
        let batch = self.batch(requests_max);
        // One batch is kept, so that a thread at its edge does not claim and give back in turn.
        let idle = |claimed: usize| claimed.saturating_sub(open) >= 2 * batch - 1;
        if !idle(places.claimed.load(Ordering::Relaxed)) {
            return;
        }
        // Asked anew as it is taken: beyond [`SLOTS`] threads another may give the same batch back.
        let less = |claimed: usize| idle(claimed).then(|| claimed - batch);
        if places.claimed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
            self.open.give_back(batch);
        }
    }

    fn batch(&self, requests_max: usize) -> usize {
        (requests_max / (self.threads.max(1) * CLAIMS_PER_SHARE)).clamp(1, CLAIM_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gates(threads: usize) -> (Arc<OpenRequests>, Vec<Gate>) {
        let open = Arc::new(OpenRequests::default());
        let gates = (0..threads).map(|thread| Gate { open: Arc::clone(&open), thread, threads }).collect();
        (open, gates)
    }

    #[test]
    fn all_threads_together_keep_to_the_limit() {
        let (open, gates) = gates(3);
        (0..4).for_each(|_| gates[0].admit(5).expect("there is room"));
        gates[1].admit(5).expect("there is room for one more");
        for gate in &gates {
            assert_eq!(gate.admit(5).expect_err("it is full").kind, FaultKind::Busy, "thread {}", gate.thread);
        }
        assert_eq!(open.count(), 5, "who was refused took no place");
        gates[0].release(5);
        gates[2].admit(5).expect("a place was given back");
        assert_eq!(open.count(), 5);
    }

    #[test]
    fn threads_that_share_a_slot_lose_no_place() {
        const MAX: usize = 256;
        let open = Arc::new(OpenRequests::default());
        let gate = Gate { open: Arc::clone(&open), thread: 0, threads: 1 };
        std::thread::scope(|scope| {
            for sharing in 0..4 {
                let gate = Gate { thread: sharing * SLOTS, ..gate.clone() };
                scope.spawn(move || {
                    for turn in 0..2_000 {
                        let held = (0..turn % 97).take_while(|_| gate.admit(MAX).is_ok()).count();
                        (0..held).for_each(|_| gate.release(MAX));
                    }
                });
            }
        });
        assert_eq!(open.count(), 0);
        let Slot(claimed) = &open.claimed;
        assert_eq!(claimed.load(Ordering::Relaxed), open.places(0).claimed.load(Ordering::Relaxed));
        let held = (0..).take_while(|_| gate.admit(MAX).is_ok()).count();
        assert!(held <= MAX && held + CLAIM_MAX >= MAX, "{held} were held");
    }

    #[test]
    fn places_go_back_and_are_never_more_than_there_are() {
        const MAX: usize = 1000;
        let (open, gates) = gates(2);
        for round in 0..3 {
            let held = (0..).take_while(|_| gates[round % 2].admit(MAX).is_ok()).count();
            let idle = 2 * CLAIM_MAX;
            assert!(held <= MAX && held + idle >= MAX, "{held} were held in round {round}");
            (0..held).for_each(|_| gates[round % 2].release(MAX));
            assert_eq!(open.count(), 0);
        }
    }
}
