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
    /// What counts of them all, in the second in which somebody asked last.
    sum: Option<Sum>,
}

/// What counts in one second.
#[derive(Clone, Copy, Debug)]
struct Sum {
    now_s: u64,
    used: Used,
    /// The last second of which something counts.
    last: Option<u64>,
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

impl Used {
    fn plus(self, more: Self) -> Self {
        Self { requests: self.requests + more.requests, tokens: self.tokens.saturating_add(more.tokens) }
    }

    fn minus(self, less: Self) -> Self {
        let (requests, tokens) = (self.requests.saturating_sub(less.requests), self.tokens.saturating_sub(less.tokens));
        Self { requests, tokens }
    }
}

impl Default for Minute {
    fn default() -> Self {
        Self { seconds: [Second::default(); SECONDS_KEPT], sum: None }
    }
}

impl Minute {
    pub(crate) fn add(&mut self, now: Moment, more: Used) {
        let now_s = second(now);
        self.sum = self.sum.filter(|sum| sum.now_s == now_s);
        let Some(second) = self.seconds.get_mut(place(now_s)) else { return };
        if second.number != now_s {
            *second = Second { number: now_s, used: Used::default() };
        }
        second.used = second.used.plus(more);
        if let Some(sum) = &mut self.sum {
            sum.used = sum.used.plus(more);
            sum.last = sum.last.max((more != Used::default()).then_some(now_s));
        }
    }

    /// Takes back what was added then, as far as it still counts.
    pub(crate) fn take_back(&mut self, then: Moment, less: Used) {
        let then_s = second(then);
        let Some(second) = self.seconds.get_mut(place(then_s)).filter(|second| second.number == then_s) else { return };
        let left = second.used.minus(less);
        let taken = second.used.minus(left);
        second.used = left;
        // With nothing left of a second, another may be the last one.
        self.sum = self.sum.filter(|_| left != Used::default());
        if let Some(sum) = self.sum.as_mut().filter(|sum| counts(then_s, sum.now_s)) {
            sum.used = sum.used.minus(taken);
        }
    }

    /// What counts now, and when nothing of it does any more.
    pub(crate) fn used(&mut self, now: Moment) -> (Used, Moment) {
        let now_s = second(now);
        let known = self.sum.filter(|sum| sum.now_s == now_s);
        let Sum { used, last, .. } = *self.sum.insert(known.unwrap_or_else(|| self.add_up(now_s)));
        (used, last.map_or(now, over_at))
    }

    fn add_up(&self, now_s: u64) -> Sum {
        let counting = self.counting(now_s).filter(|second| second.used != Used::default());
        counting.fold(Sum { now_s, used: Used::default(), last: None }, |sum, second| Sum {
            used: sum.used.plus(second.used),
            last: sum.last.max(Some(second.number)),
            ..sum
        })
    }

    /// When so much more keeps within the limits; `None`: it does now. What is more than a limit itself is asked for as if
    /// it were all of it.
    pub(crate) fn free_at(&mut self, limits: KeyLimits, more: Used, now: Moment) -> Option<Moment> {
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
        self.seconds.iter().filter(move |second| counts(second.number, now_s))
    }
}

fn counts(second: u64, now_s: u64) -> bool {
    second.abs_diff(now_s) <= MINUTE_S
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Add(u64, Used),
        TakeBack(u64, Used),
        Ask,
    }

    fn any_used() -> impl Strategy<Value = Used> {
        (0..3_u64, 0..100_u64).prop_map(|(requests, tokens)| Used { requests, tokens })
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let later = 0..200_000_u64;
        prop_oneof![
            (later.clone(), any_used()).prop_map(|(later, more)| Step::Add(later, more)),
            (later, any_used()).prop_map(|(earlier, less)| Step::TakeBack(earlier, less)),
            Just(Step::Ask),
        ]
    }

    proptest! {
        /// What is remembered of the sum is what adding up would say, whichever way the clock goes.
        #[test]
        fn the_sum_is_that_of_the_seconds(steps in prop::collection::vec((0..1_000_000_u64, any_step()), 1..60)) {
            let mut minute = Minute::default();
            let mut now = 10_000_000;
            for (moved, step) in steps {
                match step {
                    Step::Add(later, more) => {
                        now += later / 20;
                        minute.add(Moment(now), more);
                    }
                    Step::TakeBack(earlier, less) => minute.take_back(Moment(now - earlier), less),
                    // A clock may be set back.
                    Step::Ask if moved < 50_000 => now -= moved,
                    Step::Ask => {}
                }
                let Sum { used, last, .. } = minute.add_up(second(Moment(now)));
                prop_assert_eq!(minute.used(Moment(now)), (used, last.map_or(Moment(now), over_at)));
            }
        }
    }
}
