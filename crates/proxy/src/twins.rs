//! Two guards of one request whose tries race: one of them reports.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::owed::Spent;
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
    /// What those took whose tries the request did not go on with.
    left: Mutex<Option<Spent>>,
}

impl Twins {
    pub(crate) fn new(worker: Arc<Worker>, admitted: Option<NonZeroUsize>) -> Arc<Self> {
        Arc::new(Self {
            worker,
            admitted,
            begun: AtomicU32::new(0),
            passed_on: AtomicBool::new(false),
            left: Mutex::default(),
        })
    }

    /// A try begins beside another.
    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// From now on the twin is the request's guard.
    pub(crate) fn pass_on(&self) {
        self.passed_on.store(true, Ordering::Relaxed);
    }

    /// The tries to add to those that the report of a guard counts, which is the spare one or not; `None`: it is the
    /// other's to report.
    pub(crate) fn reports(&self, is_spare: bool) -> Option<u32> {
        (self.passed_on.load(Ordering::Relaxed) == is_spare).then(|| self.begun.load(Ordering::Relaxed))
    }

    /// Leaves to the one who reports what another took.
    pub(crate) fn leave(&self, spent: Option<Spent>) {
        let Some(spent) = spent else { return };
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = Some(left.map_or(spent, |left| left.plus(spent)));
    }

    /// Takes what was left.
    pub(crate) fn left(&self) -> Option<Spent> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).take()
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
