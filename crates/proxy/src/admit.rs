//! Whether one more request may be open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trunkline_wire::{Fault, FaultKind};

/// More than threads that serve, on most machines; further ones share.
const SLOTS: usize = 64;

/// The requests that are open, counted by each thread for itself: one count for all would pass from core to core twice a
/// request.
#[derive(Debug)]
pub(crate) struct OpenRequests {
    slots: [Slot; SLOTS],
}

/// As large as what processors fetch at once, so that two threads do not share memory.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Slot(AtomicUsize);

impl Default for OpenRequests {
    fn default() -> Self {
        Self { slots: std::array::from_fn(|_| Slot::default()) }
    }
}

impl OpenRequests {
    /// On all threads.
    pub(crate) fn count(&self) -> usize {
        self.slots.iter().map(|Slot(open)| open.load(Ordering::Relaxed)).sum()
    }

    fn slot(&self, thread: usize) -> &AtomicUsize {
        let Slot(open) = self.slots.get(thread % SLOTS).expect("a remainder is below its divisor");
        open
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
    /// Takes a place among the open requests of all threads; [`Gate::release`] gives it back.
    ///
    /// # Errors
    /// `Busy` when `requests_max` are open.
    pub(crate) fn admit(&self, requests_max: usize) -> Result<(), Fault> {
        let here = self.open.slot(self.thread).fetch_add(1, Ordering::Relaxed) + 1;
        // While each thread keeps to its share, all of them together do, and nobody needs to look at the others.
        let share = requests_max / self.threads.clamp(1, SLOTS);
        if here > share && self.open.count() > requests_max {
            self.release();
            let message = format!("{requests_max} requests are open, which is the limit; try again in a moment");
            return Err(Fault::new(FaultKind::Busy, message));
        }
        Ok(())
    }

    /// Gives one place back, on the thread that took it.
    pub(crate) fn release(&self) {
        self.open.slot(self.thread).fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_threads_together_keep_to_the_limit() {
        let open = Arc::new(OpenRequests::default());
        let gates = [0, 1, 2].map(|thread| Gate { open: Arc::clone(&open), thread, threads: 3 });
        let [one, two, three] = &gates;
        (0..4).for_each(|_| one.admit(5).expect("there is room"));
        two.admit(5).expect("there is room for one more");
        for gate in &gates {
            assert_eq!(gate.admit(5).expect_err("it is full").kind, FaultKind::Busy, "thread {}", gate.thread);
        }
        assert_eq!(open.count(), 5, "who was refused took no place");
        one.release();
        three.admit(5).expect("a place was given back");
        assert_eq!(open.count(), 5);
    }
}
