//! How those who are back come to their whole share of the requests again.

use std::time::Duration;

use super::Moment;

/// The share to begin with: whoever is asked for nothing never shows that it can do more.
const SHARE_MIN: f64 = 0.1;

/// The time in which somebody's share grows from almost nothing to all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ramp {
    /// When it is, or will be, back.
    pub(super) from: Moment,
    period: Duration,
}

impl Ramp {
    /// `None` where the whole share comes at once.
    pub(super) fn new(from: Moment, period: Duration) -> Option<Self> {
        (period > Duration::ZERO).then_some(Self { from, period })
    }

    /// Above 0, at most 1.
    pub(super) fn share(self, now: Moment) -> f64 {
        (now.since(self.from).as_secs_f64() / self.period.as_secs_f64()).clamp(SHARE_MIN, 1.0)
    }

    pub(super) fn is_over(self, now: Moment) -> bool {
        self.from + self.period <= now
    }
}
