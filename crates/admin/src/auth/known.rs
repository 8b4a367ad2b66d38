//! Callers who were looked up a moment ago, so that a page that asks ten things at once makes one question.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{By, Caller};

/// How long a caller is known: a session that was ended elsewhere goes on for so long at most.
pub(super) const LIFE: Duration = Duration::from_millis(500);
/// Callers who are known at once. Guards memory; when there are more, all are looked up again.
const CALLERS_MAX: usize = 1000;

/// Callers, by what they presented.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<String, (Caller, Instant)>>);

impl Known {
    pub(super) fn get(&self, key: &str) -> Option<Caller> {
        let found = self.lock().get(key).cloned();
        found.filter(|(_, since)| since.elapsed() < LIFE).map(|(caller, _)| caller)
    }

    pub(super) fn put(&self, key: String, caller: Caller) {
        let mut callers = self.lock();
        if callers.len() >= CALLERS_MAX {
            callers.clear();
        }
        callers.insert(key, (caller, Instant::now()));
    }

    /// Forgets whoever came by this session.
    pub(super) fn forget(&self, session: &str) {
        self.lock().retain(|_, (caller, _)| !matches!(&caller.by, By::Session(known) if known.id == session));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Caller, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
