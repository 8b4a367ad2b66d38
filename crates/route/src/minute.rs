//! The last minute of something that is counted, in seconds.
//!
//! A second counts until all of it is a minute old: whoever is held to so many a minute never has more within one, with
//! whatever it begins.

use trunkline_config::KeyLimits;

use crate::live::Moment;

/// The minute that limits are of, in seconds.
const MINUTE_S: u64 = 60;
/// Seconds that are kept: a minute, and the one that is not yet all of it in the past. Bounds what is kept.
const SECONDS_KEPT: usize = MINUTE_S as usize + 1;

/// The last minute.
#[derive(Debug)]
pub(crate) struct Minute {
    /// Each at its number modulo their count.
    seconds: [Second; SECONDS_KEPT],
}

#[derive(Clone, Copy, Debug, Default)]
struct Second {
    /// Since the Unix epoch.
    number: u64,
    used: Used,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) requests: u64,
    pub(crate) tokens: u64,
}

impl Default for Minute {
    fn default() -> Self {
        Self { seconds: [Second::default(); SECONDS_KEPT] }
    }
}

impl Minute {
    pub(crate) fn add(&mut self, now: Moment, more: Used) {
        let now_s = second(now);
        let Some(second) = self.seconds.get_mut(place(now_s)) else { return };
        if second.number != now_s {
            *second = Second { number: now_s, used: Used::default() };
        }
        second.used.requests += more.requests;
        second.used.tokens = second.used.tokens.saturating_add(more.tokens);
    }

    /// Takes back what was added then, as far as it still counts.
    pub(crate) fn take_back(&mut self, then: Moment, less: Used) {
        let then_s = second(then);
        if let Some(second) = self.seconds.get_mut(place(then_s)).filter(|second| second.number == then_s) {
            second.used.requests = second.used.requests.saturating_sub(less.requests);
            second.used.tokens = second.used.tokens.saturating_sub(less.tokens);
        }
    }

    /// What counts now, and when nothing of it does any more.
    pub(crate) fn used(&self, now: Moment) -> (Used, Moment) {
        let (mut used, mut last) = (Used::default(), None);
        for second in self.counting(second(now)).filter(|second| second.used != Used::default()) {
            used.requests += second.used.requests;
            used.tokens = used.tokens.saturating_add(second.used.tokens);
            last = last.max(Some(second.number));
        }
        (used, last.map_or(now, over_at))
    }

    /// When so much more keeps within the limits; `None`: it does now. What is more than a limit itself is asked for as if
    /// it were all of it.
    pub(crate) fn free_at(&self, limits: KeyLimits, more: Used, now: Moment) -> Option<Moment> {
        let (mut used, _) = self.used(now);
        if is_free(used, more, limits) {
            return None;
        }
        let mut counting: Vec<&Second> = self.counting(second(now)).collect();
        counting.sort_unstable_by_key(|second| second.number);
        let last = counting.into_iter().find(|second| {
            used.requests -= second.used.requests;
            used.tokens = used.tokens.saturating_sub(second.used.tokens);
            is_free(used, more, limits)
        });
        last.map(|second| over_at(second.number))
    }

    /// Those that count now. After a clock was set back, what lies ahead counts no longer than what lies behind.
    fn counting(&self, now_s: u64) -> impl Iterator<Item = &Second> {
        self.seconds.iter().filter(move |second| second.number.abs_diff(now_s) <= MINUTE_S)
    }
}

fn is_free(used: Used, more: Used, limits: KeyLimits) -> bool {
    let fits = |used: u64, more: u64, most: u64| used.saturating_add(more.min(most)) <= most;
    limits.requests_per_minute.is_none_or(|most| fits(used.requests, more.requests, u64::from(most)))
        && limits.tokens_per_minute.is_none_or(|most| fits(used.tokens, more.tokens, most))
}

fn over_at(number: u64) -> Moment {
    Moment((number + MINUTE_S + 1) * 1_000)
}

fn second(now: Moment) -> u64 {
    now.0 / 1_000
}

fn place(second: u64) -> usize {
    usize::try_from(second % SECONDS_KEPT as u64).unwrap_or_default()
}
