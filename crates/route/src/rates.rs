//! What keys were used for in the last minute: of those that have limits, or are chosen by their use.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use foldhash::HashMap;
use trunkline_config::Key;

use crate::live::Moment;
use crate::minute::{Minute, Used};

/// What a request asks of a key's limits: tokens are counted once they are known.
const ONE: Used = Used { requests: 1, tokens: 1 };

/// The use of all keys that are counted, by label. Only configured keys are, so there are no more than the
/// configurations of this process's life had.
#[derive(Debug, Default)]
pub struct Rates {
    keys: RwLock<HashMap<Arc<str>, Arc<Mutex<Minute>>>>,
}

impl Rates {
    /// When a key is below its limits again; `None`: it is now.
    pub fn free_at(&self, key: &Key, now: Moment) -> Option<Moment> {
        let minute = self.known(&key.label)?;
        lock(&minute).free_at(key.limits, ONE, now)
    }

    /// Counts a request, if the key may be used for it.
    ///
    /// # Errors
    /// When it may be used again.
    pub fn begin(&self, key: &Key, now: Moment) -> Result<(), Moment> {
        let minute = self.of(&key.label);
        let mut minute = lock(&minute);
        if let Some(free) = minute.free_at(key.limits, ONE, now) {
            return Err(free);
        }
        minute.add(now, Used { requests: 1, tokens: 0 });
        Ok(())
    }

    /// Counts a request that is made whatever the limits say.
    pub fn begin_regardless(&self, key: &Key, now: Moment) {
        lock(&self.of(&key.label)).add(now, Used { requests: 1, tokens: 0 });
    }

    /// Counts the tokens that a request took, once that is known.
    pub fn spend(&self, label: &Arc<str>, tokens: u64, now: Moment) {
        lock(&self.of(label)).add(now, Used { requests: 0, tokens });
    }

    /// The requests of the last minute.
    pub fn requests(&self, key: &Key, now: Moment) -> u64 {
        self.known(&key.label).map_or(0, |minute| lock(&minute).used(now).0.requests)
    }

    /// Forgets the keys of a provider: they may be others now.
    pub(crate) fn forget(&self, provider: &str) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|label, _| label.rsplit_once('#').is_none_or(|(of, _)| of != provider));
    }

    fn known(&self, label: &str) -> Option<Arc<Mutex<Minute>>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(label).cloned()
    }

    fn of(&self, label: &Arc<str>) -> Arc<Mutex<Minute>> {
        if let Some(minute) = self.known(label) {
            return minute;
        }
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(keys.entry(Arc::clone(label)).or_default())
    }
}

fn lock(minute: &Mutex<Minute>) -> MutexGuard<'_, Minute> {
    // Nothing that runs under this lock can leave it half changed.
    minute.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use trunkline_config::{Env, Overrides, load};

    use super::*;

    fn key(limits: &str) -> Arc<Key> {
        let document = format!("[providers.groq]\nkeys = [{{ key = \"k\", {limits} }}]\n");
        let loaded = load(Some(("t.toml", &document)), &Env::default(), &Overrides::default(), &[]);
        loaded.expect("a right document").snapshot.providers["groq"].keys[0].clone()
    }

    fn at(milliseconds: u64) -> Moment {
        Moment(1_000_000_000 + milliseconds)
    }

    #[test]
    fn requests_count_for_a_minute_and_the_rest_of_their_second() {
        let (rates, key) = (Rates::default(), key("requests_per_minute = 2"));
        assert_eq!(rates.begin(&key, at(900)), Ok(()));
        assert_eq!(rates.begin(&key, at(30_000)), Ok(()));
        assert_eq!(rates.begin(&key, at(30_000)), Err(at(61_000)));
        assert_eq!(rates.free_at(&key, at(60_999)), Some(at(61_000)));
        assert_eq!(rates.begin(&key, at(61_000)), Ok(()));
        assert_eq!((rates.free_at(&key, at(61_000)), rates.requests(&key, at(61_000))), (Some(at(91_000)), 2));
    }

    #[test]
    fn tokens_count_once_they_are_known() {
        let (rates, key) = (Rates::default(), key("tokens_per_minute = 100"));
        rates.spend(&key.label, 60, at(0));
        assert_eq!(rates.begin(&key, at(1_000)), Ok(()));
        rates.spend(&key.label, 60, at(5_000));
        rates.spend(&key.label, 60, at(6_000));
        assert_eq!(rates.begin(&key, at(7_000)), Err(at(66_000)), "the first two have to be over");
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nobody_for_longer_than_a_minute() {
        let (rates, key) = (Rates::default(), key("requests_per_minute = 1"));
        assert_eq!(rates.begin(&key, at(3_600_000)), Ok(()));
        assert_eq!(rates.begin(&key, at(0)), Ok(()));
    }

    #[test]
    fn a_provider_that_is_another_one_begins_afresh() {
        let (rates, key) = (Rates::default(), key("requests_per_minute = 1"));
        assert_eq!(rates.begin(&key, at(0)), Ok(()));
        rates.forget("gro");
        assert!(rates.free_at(&key, at(0)).is_some());
        rates.forget("groq");
        assert_eq!(rates.free_at(&key, at(0)), None);
    }
}
