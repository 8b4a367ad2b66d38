//! How providers and targets stand right now, in words that people and programs read.

use schemars::JsonSchema;
use serde::Serialize;
use trunkline_config::{Key, Provider, Target};
use trunkline_route::{Catalog, Held, Live, Moment, RestRow};
use trunkline_wire::timestamp;

/// Whether requests are sent to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum HealthState {
    Up,
    Down,
    Unknown,
    Draining,
    Cooling,
}

/// How a provider is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ProviderHealth {
    pub(crate) state: HealthState,
    /// Since when, where that is known.
    #[schemars(extend("format" = "date-time"))]
    pub(crate) since: Option<String>,
    /// Why, where all is not well.
    pub(crate) reason: Option<String>,
    /// How long half of the last day's requests waited at most for the first byte of an answer.
    pub(crate) latency_ms: Option<f64>,
}

/// One key of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ProviderKey {
    /// What reports call it, such as `groq#2`.
    pub(crate) label: String,
    /// Until when it rests; `null`: it does not.
    #[schemars(extend("format" = "date-time"))]
    pub(crate) cooling_until: Option<String>,
    /// Why it rests.
    pub(crate) reason: Option<String>,
    /// Requests of the last minute; `null` where its use is not counted, since nothing depends on it.
    pub(crate) requests: Option<u64>,
}

/// What is known at this moment.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) live: &'a Live,
    pub(crate) now: Moment,
}

/// How a target stands: the word, and the sentence.
pub(crate) type Stand = (&'static str, Option<String>);

impl Sight<'_> {
    /// How a provider is, as far as it was asked or used.
    pub(crate) fn health(&self, provider: &Provider) -> ProviderHealth {
        let health = |state, since: Option<Moment>, reason| ProviderHealth {
            state,
            since: since.map(at),
            reason,
            latency_ms: None,
        };
        if provider.draining {
            return health(HealthState::Draining, None, Some("it takes no new requests".to_owned()));
        }
        if let Some((_, sick)) = self.live.sick().into_iter().find(|(name, _)| *name == provider.name) {
            return health(HealthState::Down, Some(sick.since), Some(sick.why.to_string()));
        }
        if let Some((since, reason)) = self.rest(provider) {
            return health(HealthState::Cooling, Some(since), Some(reason));
        }
        match (self.catalog.listing(&provider.name), provider.vendor.adapter) {
            (_, Some(_)) => health(HealthState::Up, None, None),
            (None, None) => health(HealthState::Unknown, None, Some("it has not been asked yet".to_owned())),
            (Some(listing), None) => match &listing.problem {
                None => health(HealthState::Up, None, None),
                // A provider without a list of models may serve all the same.
                Some(why) => {
                    let state = if listing.is_unreachable { HealthState::Down } else { HealthState::Unknown };
                    health(state, None, Some(format!("its models cannot be listed: {why}")))
                }
            },
        }
    }

    /// Since when a provider, or some of its keys, rest, and why.
    fn rest(&self, provider: &Provider) -> Option<(Moment, String)> {
        let mine = |row: &RestRow| row.provider == provider.name && row.model.is_none();
        let rests: Vec<RestRow> = self.live.rests(self.now).into_iter().filter(mine).collect();
        let first = rests.first()?;
        let after = why(first);
        let reason = match (&first.key, provider.keys.len()) {
            (None, _) | (Some(_), 0 | 1) => format!("it rests after {after}"),
            (Some(_), keys) => format!("{} of {keys} keys rest after {after}", rests.len()),
        };
        Some((rests.iter().map(|row| row.rest.since).min()?, reason))
    }

    /// The keys of a provider.
    pub(crate) fn keys(&self, provider: &Provider) -> Vec<ProviderKey> {
        let rests = self.live.rests(self.now);
        let key = |key: &Key| {
            let mine = |row: &&RestRow| row.key.as_ref() == Some(&key.label) && row.model.is_none();
            let rest = rests.iter().find(mine);
            let spent = self.live.rates.free_at(key, self.now).filter(|_| key.is_counted && rest.is_none());
            ProviderKey {
                label: key.label.to_string(),
                cooling_until: rest.map(|row| row.rest.until).or(spent).map(at),
                reason: rest.map(why).or_else(|| spent.map(|_| "it has used up its minute".to_owned())),
                requests: key.is_counted.then(|| self.live.rates.requests(key, self.now)),
            }
        };
        provider.keys.iter().map(|own| key(own)).collect()
    }

    /// How a target stands: it is as well as the best of its keys.
    pub(crate) fn stand(&self, target: &Target) -> Stand {
        let held = |key: Option<&Key>| self.live.held(target, key, self.now);
        let keys = &target.provider.keys;
        let of_all: Vec<Option<Held>> =
            if keys.is_empty() { vec![held(None)] } else { keys.iter().map(|key| held(Some(key))).collect() };
        match of_all.into_iter().min_by_key(Option::is_some).flatten() {
            None => ("ready", None),
            Some(held) => {
                let word = match held {
                    Held::Resting { .. } | Held::KeyRate { .. } => "cooling",
                    Held::Open { .. } => "open",
                    Held::Unhealthy { .. } => "down",
                    Held::Draining => "draining",
                    Held::TooLong { .. } | Held::Unwanted => "unknown",
                };
                let until = held.until().map(|until| format!(", until {}", at(until))).unwrap_or_default();
                (word, Some(format!("{}{until}", held.why())))
            }
        }
    }
}

fn why(row: &RestRow) -> String {
    let cause = row.rest.cause;
    let status = cause.status.map(|status| format!(" ({status})")).unwrap_or_default();
    format!("{}{status}", cause.kind.as_str())
}

/// A moment in RFC 3339.
pub(crate) fn at(moment: Moment) -> String {
    timestamp::write(moment.0 / 1000)
}
