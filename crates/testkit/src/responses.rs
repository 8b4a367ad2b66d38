//! Kept answers in memory, under a clock that a test may put forward, and a store that is down when a test says so.

use std::collections::HashMap;
use std::future::{pending, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use trunkline_proxy::stored::{Asked, KeptResponse, ResponseStore};

/// How long an answer is kept.
const TTL: Duration = Duration::from_secs(60);

/// Kept answers. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Responses(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    kept: HashMap<(String, String), (Instant, KeptResponse)>,
    now: Instant,
    silent: bool,
}

impl Default for Responses {
    fn default() -> Self {
        let state = State { kept: HashMap::new(), now: Instant::now(), silent: false };
        Self(Arc::new(Mutex::new(state)))
    }
}

impl Responses {
    /// All answers are past their time.
    pub(crate) fn expire(&self) {
        self.lock().now += TTL;
    }

    /// From now on no question is answered.
    pub(crate) fn fall_silent(&self) {
        self.lock().silent = true;
    }

    /// How many were kept.
    pub(crate) fn count(&self) -> usize {
        self.lock().kept.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResponseStore for Responses {
    fn keeps(&self) -> bool {
        true
    }

    fn keep(&self, answer: KeptResponse) {
        let mut state = self.lock();
        let expires = state.now + TTL;
        state.kept.insert((answer.owner.clone(), answer.id.clone()), (expires, answer));
    }

    fn find(&self, owner: &str, id: &str) -> Asked<Option<KeptResponse>> {
        let state = self.lock();
        if state.silent {
            return Box::pin(pending());
        }
        let found = state.kept.get(&(owner.to_owned(), id.to_owned()));
        let found = found.filter(|(expires, _)| *expires > state.now).map(|(_, answer)| answer.clone());
        Box::pin(ready(Ok(found)))
    }

    fn forget(&self, owner: &str, id: &str) -> Asked<bool> {
        let mut state = self.lock();
        if state.silent {
            return Box::pin(pending());
        }
        let gone = state.kept.remove(&(owner.to_owned(), id.to_owned()));
        let there = gone.is_some_and(|(expires, _)| expires > state.now);
        Box::pin(ready(Ok(there)))
    }
}
