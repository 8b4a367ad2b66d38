//! What is known of providers right now: who rests and until when, and whose circuit is open.
//!
//! Only what is out of the ordinary is kept, so that a plan made while all is well looks at one number. It is keyed by
//! names and so outlives the snapshot; time is an argument.

mod circuit;
mod rest;
mod standing;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use trunkline_config::{CircuitLimits, Key, Snapshot, Target};

pub use rest::{Cause, Held, Moment, Rest, RestRow, Whose};
pub use standing::Sick;

use circuit::{Circuit, State};
use standing::Standing;

use crate::loads::Loads;

/// Things of one provider of which something is kept. Guards memory against clients that ask for ever new names; what
/// rests for the shortest time goes first.
const KEPT_PER_PROVIDER_MAX: usize = 1024;

/// What is known right now. Shared by all threads; written to when something fails, or recovers.
#[derive(Debug, Default)]
pub struct Live {
    /// How busy targets are.
    pub loads: Loads,
    /// Providers of which something is kept.
    unwell: AtomicUsize,
    providers: RwLock<HashMap<Arc<str>, Unwell>>,
}

/// What is out of the ordinary with one provider.
#[derive(Debug, Default)]
struct Unwell {
    standing: Standing,
    rest: Option<Rest>,
    keys: Vec<KeyRest>,
    targets: Vec<TargetState>,
}

#[derive(Debug)]
struct KeyRest {
    label: Arc<str>,
    /// The only model it rests for; `None`: all.
    model: Option<Arc<str>>,
    rest: Rest,
}

#[derive(Debug)]
struct TargetState {
    model: Arc<str>,
    rest: Option<Rest>,
    circuit: Circuit,
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
    /// Whether it counts toward the target's circuit.
    pub counts: bool,
}

impl Live {
    /// Whether this key of this target may be used now; else who keeps it from being used. Changes nothing.
    pub fn held(&self, target: &Target, key: Option<&Key>, now: Moment) -> Option<Held> {
        if self.is_calm() {
            return None;
        }
        self.read().get(&target.provider.name)?.held(target, key, now)
    }

    /// The same for a try that begins: the first behind an open circuit is let in to probe, those after it have to wait
    /// for what comes of it.
    ///
    /// # Errors
    /// Who keeps it from being used.
    pub fn enter(&self, target: &Target, key: Option<&Key>, now: Moment) -> Result<(), Held> {
        if self.is_calm() {
            return Ok(());
        }
        let mut providers = self.write();
        let Some(unwell) = providers.get_mut(&target.provider.name) else { return Ok(()) };
        if let Some(held) = unwell.held(target, key, now) {
            return Err(held);
        }
        if let Some(state) = unwell.target(&target.model.name) {
            state.circuit.enter(now);
        }
        Ok(())
    }

    /// A try was answered: whatever was held against those who took part is forgotten.
    pub fn succeeded(&self, target: &Target, key: Option<&Key>) {
        if self.is_calm() {
            return;
        }
        let mut providers = self.write();
        let Some(unwell) = providers.get_mut(&target.provider.name) else { return };
        let model = &target.model.name;
        unwell.rest = None;
        unwell.targets.retain(|state| state.model != *model);
        unwell.keys.retain(|kept| {
            let same_key = key.is_some_and(|key| key.label == kept.label);
            !same_key || kept.model.as_ref().is_some_and(|other| other != model)
        });
        if unwell.is_empty() {
            providers.remove(&target.provider.name);
        }
        self.unwell.store(providers.len(), Ordering::Release);
    }

    /// A try failed.
    pub fn failed(&self, target: &Target, key: Option<&Key>, penalty: Penalty, limits: &CircuitLimits, now: Moment) {
        let rests = penalty.whose.filter(|_| penalty.rest > Duration::ZERO);
        let counts = penalty.counts && limits.failures > 0;
        if rests.is_none() && !counts {
            return;
        }
        let mut providers = self.write();
        let unwell = providers.entry(Arc::clone(&target.provider.name)).or_default();
        unwell.forget_what_is_over(now);
        if let Some(whose) = rests {
            let rest = Rest { since: now, until: now + penalty.rest, cause: penalty.cause };
            unwell.lay_to_rest(whose, target, key, rest);
        }
        if counts {
            unwell.change(&target.model.name, |state| state.circuit.failed(limits, now));
        }
        if unwell.is_empty() {
            providers.remove(&target.provider.name);
        }
        self.unwell.store(providers.len(), Ordering::Release);
    }

    /// Forgets all that was held against a provider: it is another one now, or has other keys.
    pub fn forget(&self, provider: &str) {
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

impl Unwell {
    fn held(&self, target: &Target, key: Option<&Key>, now: Moment) -> Option<Held> {
        let model = &target.model.name;
        let standing = self.standing.held(model, now);
        let resting =
            |whose, rest: Option<Rest>| rest.filter(|rest| rest.until > now).map(|rest| Held::Resting { whose, rest });
        let state = self.targets.iter().find(|state| state.model == *model);
        let keys = || {
            let own = self.keys.iter().filter(|kept| key.is_some_and(|key| key.label == kept.label));
            own.filter(|kept| kept.model.as_ref().is_none_or(|only| only == model)).find_map(|kept| {
                let whose = if kept.model.is_some() { Whose::KeyForModel } else { Whose::Key };
                resting(whose, Some(kept.rest))
            })
        };
        let circuit = || match state?.circuit.state(now) {
            State::Closed | State::HalfOpen => None,
            State::Open { until } => Some(Held::Open { until }),
        };
        standing
            .or_else(|| resting(Whose::Provider, self.rest))
            .or_else(|| resting(Whose::Target, state?.rest))
            .or_else(keys)
            .or_else(circuit)
    }

    fn lay_to_rest(&mut self, whose: Whose, target: &Target, key: Option<&Key>, rest: Rest) {
        let model = &target.model.name;
        match (whose, key) {
            (Whose::Provider, _) => extend(&mut self.rest, rest),
            (Whose::Key, Some(key)) => self.rest_key(&key.label, None, rest),
            (Whose::KeyForModel, Some(key)) => self.rest_key(&key.label, Some(model), rest),
            // Without a key of its own, what a key would have to answer for is the target's.
            (Whose::Target | Whose::Key | Whose::KeyForModel, _) => {
                self.change(model, |state| extend(&mut state.rest, rest));
            }
        }
    }

    fn rest_key(&mut self, label: &Arc<str>, model: Option<&Arc<str>>, rest: Rest) {
        let known = self.keys.iter_mut().find(|kept| kept.label == *label && kept.model.as_ref() == model);
        if let Some(kept) = known {
            kept.rest.extend(rest);
            return;
        }
        if self.keys.len() == KEPT_PER_PROVIDER_MAX {
            let soonest = self.keys.iter().enumerate().min_by_key(|(_, kept)| kept.rest.until);
            soonest.map(|(index, _)| index).map(|index| self.keys.swap_remove(index));
        }
        self.keys.push(KeyRest { label: Arc::clone(label), model: model.cloned(), rest });
    }

    fn target(&mut self, model: &str) -> Option<&mut TargetState> {
        self.targets.iter_mut().find(|state| *state.model == *model)
    }

    /// Changes what is kept of a target. It goes to the end of the list: what is asked for often is not what goes when
    /// there is no more room.
    fn change(&mut self, model: &Arc<str>, change: impl FnOnce(&mut TargetState)) {
        let known = self.targets.iter().position(|state| state.model == *model);
        let mut state = match known {
            Some(index) => self.targets.remove(index),
            None => TargetState { model: Arc::clone(model), rest: None, circuit: Circuit::default() },
        };
        change(&mut state);
        if self.targets.len() == KEPT_PER_PROVIDER_MAX {
            self.targets.remove(0);
        }
        self.targets.push(state);
    }

    fn forget_what_is_over(&mut self, now: Moment) {
        self.rest = self.rest.filter(|rest| rest.until > now);
        self.keys.retain(|kept| kept.rest.until > now);
        self.targets.retain_mut(|state| {
            state.rest = state.rest.filter(|rest| rest.until > now);
            state.rest.is_some() || !state.circuit.is_forgotten(now)
        });
    }

    fn is_empty(&self) -> bool {
        self.standing.is_empty() && self.rest.is_none() && self.keys.is_empty() && self.targets.is_empty()
    }

    fn rows(&self, provider: &Arc<str>) -> Vec<RestRow> {
        let row = |key: Option<&Arc<str>>, model: Option<&Arc<str>>, rest| RestRow {
            provider: Arc::clone(provider),
            key: key.cloned(),
            model: model.cloned(),
            rest,
        };
        let keys = self.keys.iter().map(|kept| row(Some(&kept.label), kept.model.as_ref(), kept.rest));
        let targets = self.targets.iter().filter_map(|state| Some(row(None, Some(&state.model), state.rest?)));
        self.rest.iter().map(|rest| row(None, None, *rest)).chain(keys).chain(targets).collect()
    }

    fn restore(&mut self, RestRow { key, model, rest, .. }: RestRow) {
        match (key, model) {
            (Some(label), model) => self.rest_key(&label, model.as_ref(), rest),
            (None, Some(model)) => self.change(&model, |state| extend(&mut state.rest, rest)),
            (None, None) => extend(&mut self.rest, rest),
        }
    }
}

fn extend(rest: &mut Option<Rest>, by: Rest) {
    match rest {
        Some(rest) => rest.extend(by),
        None => *rest = Some(by),
    }
}

#[cfg(test)]
mod tests;
