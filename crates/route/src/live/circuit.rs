//! A target's circuit: opened by failures, closed by a try that probes it.

use std::time::Duration;

use trunkline_config::CircuitLimits;

use super::Moment;

/// Longest time between two probes, whatever was doubled. Bounds how long a recovered target is left alone.
const OPEN_MAX: Duration = Duration::from_secs(300);
/// How long a probe may take before another is let in: its request may be a long one.
const PROBE_MAX: Duration = Duration::from_secs(60);

/// Failures counted, and what follows from them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circuit {
    failures: u32,
    /// When the first of them was counted.
    from: Moment,
    window: Duration,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    until: Moment,
    /// How long it was opened for.
    period: Duration,
    probe: Option<Moment>,
}

/// How a circuit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// As if nothing had happened.
    Closed,
    /// One try may probe it.
    HalfOpen,
    /// Nobody may, until then.
    Open { until: Moment },
}

impl Circuit {
    pub(super) fn state(&self, now: Moment) -> State {
        let Some(open) = self.open else { return State::Closed };
        let until = open.probe.map_or(open.until, |since| since + PROBE_MAX);
        if until > now { State::Open { until } } else { State::HalfOpen }
    }

    /// A try begins that was let in. Says whether it probes.
    pub(super) fn enter(&mut self, now: Moment) -> bool {
        let Some(open) = &mut self.open else { return false };
        open.probe = Some(now);
        true
    }

    /// A try was answered, or told that its target lives: an open circuit closes. Says whether it was open.
    pub(super) fn close(&mut self) -> bool {
        let was_open = self.open.is_some();
        if was_open {
            *self = Self::default();
        }
        was_open
    }

    /// A try that told nothing of its target is over: another may probe it.
    pub(super) fn let_go(&mut self) {
        if let Some(open) = &mut self.open {
            open.probe = None;
        }
    }

    /// Whether a try is probing it.
    pub(super) fn is_probed(&self) -> bool {
        self.open.is_some_and(|open| open.probe.is_some())
    }

    /// Whether a try is probing it that began then.
    pub(super) fn is_probed_since(&self, since: Moment) -> bool {
        self.open.is_some_and(|open| open.probe == Some(since))
    }

    /// An answer came to its end: the failures before it count no more.
    pub(super) fn finished(&mut self) {
        if self.open.is_none() {
            *self = Self::default();
        }
    }

    pub(super) fn failed(&mut self, limits: &CircuitLimits, now: Moment) {
        if let Some(open) = &mut self.open {
            // Tries that were under way when it opened say nothing new.
            if open.until <= now {
                let period = (open.period * 2).min(OPEN_MAX);
                *open = Open { until: now + period, period, probe: None };
            }
            return;
        }
        if now.since(self.from) > limits.window {
            (self.failures, self.from) = (0, now);
        }
        self.window = limits.window;
        self.failures += 1;
        if self.failures >= limits.failures {
            self.open = Some(Open { until: now + limits.open, period: limits.open, probe: None });
        }
    }

    /// Whether there is nothing left to know.
    pub(super) fn is_forgotten(&self, now: Moment) -> bool {
        match self.open {
            // Long after the last chance to probe it nobody asks for the target any more.
            Some(open) => now.since(open.until) > OPEN_MAX,
            None => now.since(self.from) > self.window,
        }
    }
}
