//! What is known of providers right now: who rests and until when, and whose circuit is open.
//!
//! Only what is out of the ordinary is kept, so that a plan made while all is well looks at one number. It is keyed by
//! names and so outlives the snapshot; time is an argument.

mod circuit;
mod ramp;
mod rest;
mod standing;
mod unwell;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use trunkline_config::{CircuitLimits, Key, Snapshot, Target};

pub use rest::{Cause, Held, Moment, Rest, RestRow, Whose};
pub use standing::Sick;

use unwell::Unwell;

use crate::loads::Loads;
use crate::prefix::Prefixes;
use crate::rates::Rates;

/// What is known right now. Shared by all threads; written to when something fails, or recovers.
#[derive(Debug, Default)]
pub struct Live {
    /// How busy targets are.
    pub loads: Loads,
    /// What keys were used for lately.
    pub rates: Rates,
    /// Who was asked for which beginnings of prompts.
    pub prefixes: Prefixes,
    /// Providers of which something is kept.
    unwell: AtomicUsize,
    providers: RwLock<HashMap<Arc<str>, Unwell>>,
}

/// What a failed try tells of its target's circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// The target failed: it counts.
    Failure,
    /// The target lives, whatever it had to say: a circuit that was being probed closes.
    Life,
    /// Nothing: another try may probe it.
    Nothing,
}

/// What a failed try does to those who took part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Penalty {
    /// Who rests.
    pub whose: Option<Whose>,
    /// For how long; zero: not at all.
    pub rest: Duration,
    /// Why.
    pub cause: Cause,
    /// What follows for the target's circuit.
    pub tells: Tells,
}

/// A try that probes an open circuit: until something comes of it, nobody else may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    provider: Arc<str>,
    model: Arc<str>,
    since: Moment,
}

impl Live {
    /// Whether this key of this target may be used now; else who keeps it from being used. Changes nothing.
    pub fn held(&self, target: &Target, key: Option<&Key>, now: Moment) -> Option<Held> {
        let unwell =
            || if self.is_calm() { None } else { self.read().get(&target.provider.name)?.held(target, key, now) };
        let over_rate = || self.rates.free_at(key.filter(|key| key.is_counted)?, now);
        unwell().or_else(|| over_rate().map(|until| Held::KeyRate { until }))
    }

    /// The part of its usual share of requests that a target is to have: less than 1 while it is not long back.
    pub fn share(&self, target: &Target, now: Moment) -> f64 {
        if self.is_calm() {
            return 1.0;
        }
        self.read().get(&target.provider.name).map_or(1.0, |unwell| unwell.share(&target.model.name, now))
    }

    /// The same for a try that begins: the first behind an open circuit is let in to probe, those after it have to wait
    /// for what comes of it, or until it [gives up](Self::let_go).
    ///
    /// # Errors
    /// Who keeps it from being used.
    pub fn enter(&self, target: &Target, key: Option<&Key>, now: Moment) -> Result<Option<Probe>, Held> {
        if self.is_calm() {
            return self.count(key, now).map(|()| None);
        }
        let (provider, model) = (&target.provider.name, &target.model.name);
        let mut providers = self.write();
        let Some(unwell) = providers.get_mut(provider) else { return self.count(key, now).map(|()| None) };
        if let Some(held) = unwell.held(target, key, now) {
            return Err(held);
        }
        self.count(key, now)?;
        let probe = || Probe { provider: Arc::clone(provider), model: Arc::clone(model), since: now };
        Ok(unwell.enter(model, now).then(probe))
    }

    /// A try that was to probe a circuit ends without anything coming of it: another may. Where something has come of it,
    /// nothing changes.
    pub fn let_go(&self, probe: &Probe, now: Moment) {
        self.amend(&probe.provider, now, |unwell| unwell.let_go_since(&probe.model, probe.since));
    }

    fn count(&self, key: Option<&Key>, now: Moment) -> Result<(), Held> {
        let Some(key) = key.filter(|key| key.is_counted) else { return Ok(()) };
        self.rates.begin(key, now).map_err(|until| Held::KeyRate { until })
    }

    /// A try is answered: nobody who took part rests any longer, and the target's circuit closes. What was counted toward
    /// it stays until the answer has [come to its end](Self::finished).
    pub fn succeeded(&self, target: &Target, key: Option<&Key>, limits: &CircuitLimits, now: Moment) {
        self.amend(&target.provider.name, now, |unwell| unwell.succeeded(target, key, limits, now));
    }

    /// An answer came to its end: what was counted toward its target's circuit is forgotten.
    pub fn finished(&self, provider: &str, model: &str, now: Moment) {
        self.amend(provider, now, |unwell| unwell.finished(model));
    }

    /// An answer that had begun broke off, which counts toward its target's circuit.
    pub fn broke_off(&self, provider: &Arc<str>, model: &Arc<str>, limits: &CircuitLimits, now: Moment) {
        if limits.failures == 0 {
            return;
        }
        let mut providers = self.write();
        let unwell = providers.entry(Arc::clone(provider)).or_default();
        unwell.failed(model, limits, now);
        self.unwell.store(providers.len(), Ordering::Release);
    }

    /// Changes what is known of a provider, where something is.
    fn amend(&self, provider: &str, now: Moment, change: impl FnOnce(&mut Unwell)) {
        if self.is_calm() {
            return;
        }
        let mut providers = self.write();
        let Some(unwell) = providers.get_mut(provider) else { return };
        change(unwell);
        unwell.forget_what_is_over(now);
        if unwell.is_empty() {
            providers.remove(provider);
        }
        self.unwell.store(providers.len(), Ordering::Release);
    }

    /// A try failed.
    pub fn failed(&self, target: &Target, key: Option<&Key>, penalty: Penalty, limits: &CircuitLimits, now: Moment) {
        let rests = penalty.whose.filter(|_| penalty.rest > Duration::ZERO);
        let counts = penalty.tells == Tells::Failure && limits.failures > 0;
        if rests.is_none() && !counts && self.is_calm() {
            return;
        }
        let mut providers = self.write();
        let unwell = providers.entry(Arc::clone(&target.provider.name)).or_default();
        unwell.forget_what_is_over(now);
        if let Some(whose) = rests {
            let rest = Rest { since: now, until: now + penalty.rest, cause: penalty.cause };
            unwell.lay_to_rest(whose, target, key, rest, limits);
        }
        match penalty.tells {
            Tells::Failure if counts => unwell.failed(&target.model.name, limits, now),
            Tells::Life => unwell.lives(&target.model.name, limits, now),
            Tells::Nothing => unwell.let_go(&target.model.name),
            Tells::Failure => {}
        }
        if unwell.is_empty() {
            providers.remove(&target.provider.name);
        }
        self.unwell.store(providers.len(), Ordering::Release);
    }

    /// Forgets all that was held against a provider: it is another one now, or has other keys.
    pub fn forget(&self, provider: &str) {
        self.rates.forget(provider);
        let mut providers = self.write();
        providers.remove(provider);
        self.unwell.store(providers.len(), Ordering::Release);
    }

    /// Takes up what a configuration says of draining, and forgets who is not well where nobody asks any more.
    pub fn follow(&self, snapshot: &Snapshot) {
        let mut providers = self.write();
        providers
            .values_mut()
            .for_each(|unwell| (unwell.standing.drains, unwell.standing.draining) = Default::default());
        for provider in snapshot.providers.values().filter(|provider| provider.draining) {
            providers.entry(Arc::clone(&provider.name)).or_default().standing.drains = true;
        }
        for target in snapshot.models.values().flat_map(|model| &model.targets).filter(|target| target.draining) {
            let unwell = providers.entry(Arc::clone(&target.provider.name)).or_default();
            unwell.standing.draining.push(Arc::clone(&target.model.name));
        }
        providers.retain(|name, unwell| {
            let asked = snapshot.providers.get(&**name).is_some_and(|provider| provider.health.is_some());
            unwell.standing.sick.take_if(|_| !asked);
            !unwell.is_empty()
        });
        self.unwell.store(providers.len(), Ordering::Release);
    }

    /// A provider was asked whether it is well.
    pub fn checked(&self, provider: &Arc<str>, sick: Option<Sick>) {
        if sick.is_none() && self.is_calm() {
            return;
        }
        let mut providers = self.write();
        let unwell = providers.entry(Arc::clone(provider)).or_default();
        unwell.standing.sick = sick;
        if unwell.is_empty() {
            providers.remove(provider);
        }
        self.unwell.store(providers.len(), Ordering::Release);
    }

    /// The providers that are not well.
    pub fn sick(&self) -> Vec<(Arc<str>, Sick)> {
        let providers = self.read();
        let sick = |(name, unwell): (&Arc<str>, &Unwell)| Some((Arc::clone(name), unwell.standing.sick.clone()?));
        let mut sick: Vec<(Arc<str>, Sick)> = providers.iter().filter_map(sick).collect();
        sick.sort_by(|a, b| a.0.cmp(&b.0));
        sick
    }

    /// Forgets rests that are over and circuits that had nothing to count for long; to be called now and then.
    pub fn sweep(&self, now: Moment) {
        if self.is_calm() {
            return;
        }
        let mut providers = self.write();
        providers.retain(|_, unwell| {
            unwell.forget_what_is_over(now);
            !unwell.is_empty()
        });
        self.unwell.store(providers.len(), Ordering::Release);
    }

    /// Every rest that is not over: for whoever shows them, and for the next start.
    pub fn rests(&self, now: Moment) -> Vec<RestRow> {
        let providers = self.read();
        let mut rows: Vec<RestRow> = providers.iter().flat_map(|(provider, unwell)| unwell.rows(provider)).collect();
        rows.retain(|row| row.rest.until > now);
        rows.sort_by(|a, b| (&a.provider, &a.key, &a.model).cmp(&(&b.provider, &b.key, &b.model)));
        rows
    }

    /// Takes up rests of an earlier start.
    pub fn restore(&self, rows: Vec<RestRow>, now: Moment) {
        let mut providers = self.write();
        for row in rows.into_iter().filter(|row| row.rest.until > now) {
            providers.entry(Arc::clone(&row.provider)).or_default().restore(row);
        }
        self.unwell.store(providers.len(), Ordering::Release);
    }

    /// A rest is over before its time, as another process has found out; one that goes on for longer stays.
    pub fn lift(&self, row: &RestRow, now: Moment) {
        self.amend(&row.provider, now, |unwell| unwell.lift(row));
    }

    /// Whether nothing is out of the ordinary.
    pub fn is_calm(&self) -> bool {
        self.unwell.load(Ordering::Acquire) == 0
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Arc<str>, Unwell>> {
        self.providers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Arc<str>, Unwell>> {
        self.providers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
