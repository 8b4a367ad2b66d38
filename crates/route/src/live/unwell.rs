//! What is out of the ordinary with one provider: its rests, those of its keys and targets, their circuits and ramps.

use std::sync::Arc;

use trunkline_config::{CircuitLimits, Key, Target};

use super::circuit::{Circuit, State};
use super::ramp::Ramp;
use super::rest::{Held, Moment, Rest, RestRow, Whose};
use super::standing::Standing;

/// Things of one provider of which something is kept. Guards memory against clients that ask for ever new names; what
/// rests for the shortest time goes first.
pub(super) const KEPT_PER_PROVIDER_MAX: usize = 1024;

/// What is out of the ordinary with one provider.
#[derive(Debug, Default)]
pub(super) struct Unwell {
    pub(super) standing: Standing,
    rest: Option<Rest>,
    ramp: Option<Ramp>,
    /// Whether some target may have a ramp of its own: to look is to look at all of them.
    is_easing: bool,
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
    ramp: Option<Ramp>,
}

impl TargetState {
    /// The target lives: its circuit closes, and it comes to its share little by little when that was open.
    fn close(&mut self, limits: &CircuitLimits, now: Moment) {
        if self.circuit.close() {
            self.ramp = Ramp::new(now, limits.slow_start);
        }
    }
}

impl Unwell {
    pub(super) fn succeeded(&mut self, target: &Target, key: Option<&Key>, limits: &CircuitLimits, now: Moment) {
        let model = &target.model.name;
        if self.rest.take().is_some_and(|rest| rest.until > now) {
            self.ramp = Ramp::new(now, limits.slow_start);
        }
        if let Some(state) = self.target(model) {
            state.rest = None;
            state.close(limits, now);
            self.is_easing = true;
        }
        self.keys.retain(|kept| {
            let same_key = key.is_some_and(|key| key.label == kept.label);
            !same_key || kept.model.as_ref().is_some_and(|other| other != model)
        });
    }

    /// A try that was let in begins. Says whether it probes the circuit.
    pub(super) fn enter(&mut self, model: &str, now: Moment) -> bool {
        self.target(model).is_some_and(|state| state.circuit.enter(now))
    }

    /// A failure counts toward the circuit.
    pub(super) fn failed(&mut self, model: &Arc<str>, limits: &CircuitLimits, now: Moment) {
        self.change(model, |state| state.circuit.failed(limits, now));
    }

    /// A probe was answered, if not as one would wish.
    pub(super) fn lives(&mut self, model: &str, limits: &CircuitLimits, now: Moment) {
        if let Some(state) = self.target(model).filter(|state| state.circuit.is_probed()) {
            state.close(limits, now);
            self.is_easing = true;
        }
    }

    /// A try told nothing of its target.
    pub(super) fn let_go(&mut self, model: &str) {
        if let Some(state) = self.target(model) {
            state.circuit.let_go();
        }
    }

    /// The try that has probed it since then ends without having told anything.
    pub(super) fn let_go_since(&mut self, model: &str, since: Moment) {
        if let Some(state) = self.target(model).filter(|state| state.circuit.is_probed_since(since)) {
            state.circuit.let_go();
        }
    }

    /// An answer came to its end.
    pub(super) fn finished(&mut self, model: &str) {
        if let Some(state) = self.target(model) {
            state.circuit.finished();
        }
    }

    pub(super) fn share(&self, model: &str, now: Moment) -> f64 {
        let own = || self.targets.iter().find(|state| *state.model == *model)?.ramp;
        let ramps = self.ramp.into_iter().chain(self.is_easing.then(own).flatten());
        ramps.map(|ramp| ramp.share(now)).fold(1.0, f64::min)
    }

    pub(super) fn held(&self, target: &Target, key: Option<&Key>, now: Moment) -> Option<Held> {
        let model = &target.model.name;
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
        self.standing
            .held(model, now)
            .or_else(|| resting(Whose::Provider, self.rest))
            .or_else(|| resting(Whose::Target, state?.rest))
            .or_else(keys)
            .or_else(circuit)
    }

    pub(super) fn lay_to_rest(
        &mut self,
        whose: Whose,
        target: &Target,
        key: Option<&Key>,
        rest: Rest,
        limits: &CircuitLimits,
    ) {
        let model = &target.model.name;
        match (whose, key) {
            (Whose::Provider, _) => {
                extend(&mut self.rest, rest);
                self.ramp = self.rest.and_then(|rest| Ramp::new(rest.until, limits.slow_start));
            }
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
            None => TargetState { model: Arc::clone(model), rest: None, circuit: Circuit::default(), ramp: None },
        };
        change(&mut state);
        if self.targets.len() == KEPT_PER_PROVIDER_MAX {
            self.targets.remove(0);
        }
        self.targets.push(state);
    }

    pub(super) fn forget_what_is_over(&mut self, now: Moment) {
        self.rest = self.rest.filter(|rest| rest.until > now);
        self.ramp = self.ramp.filter(|ramp| !ramp.is_over(now));
        self.is_easing = false;
        self.keys.retain(|kept| kept.rest.until > now);
        self.targets.retain_mut(|state| {
            state.rest = state.rest.filter(|rest| rest.until > now);
            state.ramp = state.ramp.filter(|ramp| !ramp.is_over(now));
            self.is_easing |= state.ramp.is_some();
            state.rest.is_some() || state.ramp.is_some() || !state.circuit.is_forgotten(now)
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.standing.is_empty()
            && self.rest.is_none()
            && self.ramp.is_none()
            && self.keys.is_empty()
            && self.targets.is_empty()
    }

    pub(super) fn rows(&self, provider: &Arc<str>) -> Vec<RestRow> {
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

    pub(super) fn lift(&mut self, RestRow { key, model, rest: over, .. }: &RestRow) {
        let is_over = |rest: &mut Rest| rest.until <= over.until;
        match (key, model) {
            (Some(label), model) => {
                self.keys.retain_mut(|kept| kept.label != *label || kept.model != *model || !is_over(&mut kept.rest));
            }
            (None, Some(model)) => {
                if let Some(state) = self.target(model) {
                    state.rest.take_if(is_over);
                }
            }
            (None, None) => drop(self.rest.take_if(is_over)),
        }
    }

    pub(super) fn restore(&mut self, RestRow { key, model, rest, .. }: RestRow) {
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
