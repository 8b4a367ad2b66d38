//! Two guards of one request whose tries race: one of them reports.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::worker::Worker;

/// What the guards of one request share.
pub(crate) struct Twins {
    worker: Arc<Worker>,
    /// The limit under which the request has its place, if it has one.
    admitted: Option<NonZeroUsize>,
    /// Tries that were begun beside another.
    begun: AtomicU32,
    /// Whether the request goes on with the twin.
    passed_on: AtomicBool,
}

impl Twins {
    pub(crate) fn new(worker: Arc<Worker>, admitted: Option<NonZeroUsize>) -> Arc<Self> {
        Arc::new(Self { worker, admitted, begun: AtomicU32::new(0), passed_on: AtomicBool::new(false) })
    }

    /// A try begins beside another.
    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// From now on the twin is the request's guard.
    pub(crate) fn pass_on(&self) {
        self.passed_on.store(true, Ordering::Relaxed);
    }
}

impl Drop for Twins {
    fn drop(&mut self) {
        if let Some(requests_max) = self.admitted {
            self.worker.gate.release(requests_max.get());
        }
    }
}

/// A guard's part in it.
pub(crate) struct Twin {
    pub(crate) twins: Arc<Twins>,
    /// Whether it is the one that was made beside the request's own.
    pub(crate) is_spare: bool,
}

impl Twin {
    /// The tries to add to those that a report counts; `None`: it is the other's to report.
    pub(crate) fn reports(&self) -> Option<u32> {
        let is_guard = self.twins.passed_on.load(Ordering::Relaxed) == self.is_spare;
        is_guard.then(|| self.twins.begun.load(Ordering::Relaxed))
    }
}
