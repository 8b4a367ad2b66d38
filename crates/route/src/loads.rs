//! How busy targets are, and how soon they answer: for the strategies that ask.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use trunkline_config::Target;

/// The share of the newest answer in the average of a target's answers: after a dozen the first is all but forgotten.
const NEWEST_SHARE: u64 = 5;

/// Those of all targets that were asked for, by provider and model. Only declared models have such strategies, so there
/// are no more than the configurations of this process's life had.
#[derive(Debug, Default)]
pub struct Loads {
    targets: RwLock<ByName<ByName<Arc<Load>>>>,
}

type ByName<T> = HashMap<Arc<str>, T>;

/// One target's.
#[derive(Debug, Default)]
pub struct Load {
    open: AtomicU32,
    /// The average time to the first byte, in microseconds; zero when nothing is known.
    first_byte_us: AtomicU64,
}

/// A request that a target has open; no more, once dropped.
#[derive(Debug)]
pub struct Open(Arc<Load>);

impl Loads {
    /// This target's.
    pub fn of(&self, target: &Target) -> Arc<Load> {
        let (provider, model) = (&target.provider.name, &target.model.name);
        let known = self.targets.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(load) = known.get(provider).and_then(|models| models.get(model)) {
            return Arc::clone(load);
        }
        drop(known);
        let mut known = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(Arc::clone(provider)).or_default().entry(Arc::clone(model)).or_default())
    }
}

impl Load {
    /// Requests that are open.
    pub fn open(&self) -> u32 {
        self.open.load(Ordering::Relaxed)
    }

    /// The average time to the first byte, when one is known.
    pub fn first_byte(&self) -> Option<Duration> {
        let us = self.first_byte_us.load(Ordering::Relaxed);
        (us > 0).then(|| Duration::from_micros(us))
    }

    /// Counts a request in.
    pub fn begin(self: &Arc<Self>) -> Open {
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(self))
    }
}

impl Open {
    /// The first byte has come, so long after the request was sent.
    pub fn answered(&self, after: Duration) {
        let us = u64::try_from(after.as_micros()).unwrap_or(u64::MAX).max(1);
        let average = &self.0.first_byte_us;
        let known = average.load(Ordering::Relaxed);
        let next = if known == 0 { us } else { (known * (NEWEST_SHARE - 1) + us) / NEWEST_SHARE };
        // Two at a time may cost one of them its say: it is an average.
        average.store(next.max(1), Ordering::Relaxed);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
