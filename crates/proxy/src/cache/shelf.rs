//! The answers of all models that are kept, in one process's memory.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use trunkline_providers::Usd;
use trunkline_wire::ir;

use super::key::Key;

/// Bytes of one kept answer. Guards the others against it, and memory while it is gathered.
pub(super) const ANSWER_BYTES_MAX: usize = 1 << 20;

/// What an answer takes beside what it says: its key, its place, and what is known of it.
const BESIDE_BYTES: usize = 512;

/// How long answers mostly are; what is counted on in advance.
const USUAL_BYTES: u64 = 4 << 10;

/// Threads that look for answers at once seldom meet. An answer that does not fit into one of the parts is not kept.
const PARTS: usize = 8;

/// A kept answer.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(super) response: ir::Response,
    /// What of the request was not told to whoever gave it.
    pub(super) losses: ir::Losses,
    /// What it cost; `None` when nobody knows.
    pub(super) cost: Option<Usd>,
    since: Instant,
    ttl: Duration,
    bytes: usize,
}

impl Kept {
    /// An answer of this moment, for so long.
    pub(super) fn new(
        response: ir::Response,
        losses: ir::Losses,
        cost: Option<Usd>,
        (since, ttl): (Instant, Duration),
    ) -> Self {
        let bytes = BESIDE_BYTES + response.bytes();
        Self { response, losses, cost, since, ttl, bytes }
    }

    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }
}

/// Kept answers, in a bounded number of bytes.
///
/// `quick_cache` keeps what is asked for again and not what came last: most requests are asked once, and would push out
/// those that are not.
pub(crate) struct Shelf {
    kept: Cache<Key, Arc<Kept>, ByBytes, DefaultHashBuilder, DefaultLifecycle<Key, Arc<Kept>>>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Arc<Kept>> for ByBytes {
    fn weight(&self, _: &Key, kept: &Arc<Kept>) -> u64 {
        kept.bytes as u64
    }
}

impl Shelf {
    /// With room for so many bytes.
    pub(crate) fn new(bytes_max: u64) -> Self {
        let items = usize::try_from(bytes_max / USUAL_BYTES).unwrap_or(usize::MAX).max(PARTS);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(items)
            .weight_capacity(bytes_max)
            .shards(PARTS)
            .build()
            .expect("all that must be stated is");
        Self { kept: Cache::with_options(options, ByBytes, DefaultHashBuilder::default(), DefaultLifecycle::default()) }
    }

    /// From now on it has room for so many bytes.
    pub(crate) fn set_bytes_max(&self, bytes_max: u64) {
        self.kept.set_capacity(bytes_max);
    }

    /// The answer with this key, if it may still be given and is no older than `age_max`, and how old it is.
    pub(super) fn find(&self, key: &Key, now: Instant, age_max: Option<Duration>) -> Option<(Arc<Kept>, Duration)> {
        let kept = self.kept.get(key)?;
        let age = kept.age(now);
        if age >= kept.ttl {
            self.kept.remove_if(key, |kept| kept.age(now) >= kept.ttl);
            return None;
        }
        age_max.is_none_or(|most| age <= most).then_some((kept, age))
    }

    /// Keeps an answer in the place of another with its key.
    pub(super) fn keep(&self, key: Key, kept: Kept) {
        if kept.bytes <= ANSWER_BYTES_MAX && !kept.ttl.is_zero() {
            self.kept.insert(key, Arc::new(kept));
        }
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What people said stays out of logs.
        f.debug_struct("Shelf").field("bytes", &self.kept.weight()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use trunkline_wire::ir::{Block, Response, StopReason};

    use super::*;

    fn answer(bytes: usize, since: Instant, ttl_s: u64) -> Kept {
        let response = Response {
            id: String::new(),
            model: "m".to_owned(),
            created: 0,
            blocks: vec![Block::text("x".repeat(bytes))],
            stop: StopReason::End,
            usage: None,
            tier: None,
            extras: Vec::new(),
        };
        Kept::new(response, ir::Losses::default(), None, (since, Duration::from_secs(ttl_s)))
    }

    fn key(number: usize) -> Key {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&(number as u64).to_le_bytes());
        key
    }

    #[test]
    fn an_answer_is_given_until_its_time_is_over() {
        let (shelf, start) = (Shelf::new(1 << 20), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        shelf.keep(key(1), answer(10, start, 60));
        let age = |now, age_max: Option<u64>| {
            shelf.find(&key(1), now, age_max.map(Duration::from_secs)).map(|(_, age)| age.as_secs())
        };
        assert_eq!(age(after(0), None), Some(0));
        assert_eq!(age(after(59), None), Some(59));
        assert_eq!((age(after(30), Some(30)), age(after(30), Some(29))), (Some(30), None));
        assert_eq!(age(after(60), None), None, "its time is over");
        assert_eq!(shelf.kept.weight(), 0, "and it takes no room any more");
        shelf.keep(key(1), answer(10, after(70), 60));
        assert_eq!(age(after(100), None), Some(30), "a new one took its place");
    }

    #[test]
    fn all_answers_together_stay_within_their_bytes() {
        const BYTES_MAX: u64 = 1 << 20;
        let (shelf, now) = (Shelf::new(BYTES_MAX), Instant::now());
        for number in 0..2_000 {
            shelf.keep(key(number), answer(1 + number % 5_000, now, 60));
            assert!(shelf.kept.weight() <= BYTES_MAX, "{} bytes are held", shelf.kept.weight());
        }
        assert!(shelf.kept.weight() > BYTES_MAX / 2, "hardly anything is kept: {} bytes", shelf.kept.weight());
        shelf.set_bytes_max(BYTES_MAX / 4);
        assert!(shelf.kept.weight() <= BYTES_MAX / 4, "{} bytes are held", shelf.kept.weight());
    }

    #[test]
    fn an_answer_that_is_too_long_pushes_nobody_out() {
        let (shelf, now) = (Shelf::new(64 << 20), Instant::now());
        shelf.keep(key(1), answer(10, now, 60));
        shelf.keep(key(2), answer(ANSWER_BYTES_MAX, now, 60));
        assert!(shelf.find(&key(1), now, None).is_some());
        assert!(shelf.find(&key(2), now, None).is_none());
    }

    #[test]
    fn what_is_asked_for_again_stays_while_others_pass() {
        let (shelf, now) = (Shelf::new(1 << 20), Instant::now());
        shelf.keep(key(0), answer(1_000, now, 60));
        for number in 1..5_000 {
            shelf.keep(key(number), answer(1_000, now, 60));
            assert!(shelf.find(&key(0), now, None).is_some(), "after {number} others");
        }
    }
}
