//! What it says of kept answers. One key means something else by another, so they are read before the walk.

use serde_json::Value;

use super::super::rules::{Answer, Key, approximate, exact, flag, manual, period, unsupported};
use super::Desk;

/// How long answers are kept in its memory when nobody says it, as in its `InMemoryCache` (November 2026).
const TTL: &str = "600s";

/// What is kept, and how long.
pub(super) enum Cache {
    /// Nothing.
    Off,
    /// The answers of all models, for this period.
    For(String),
    /// What Trunkline does not do.
    Unlike(&'static str),
}

pub(super) fn read(tree: &Value) -> Cache {
    let said = |place: &str| tree.pointer(&format!("/litellm_settings/{place}")).filter(|said| !said.is_null());
    if !said("cache").and_then(flag).unwrap_or(false) {
        return Cache::Off;
    }
    let word = |place| said(place).and_then(Value::as_str).unwrap_or_default();
    if word("cache_params/type").ends_with("-semantic") {
        return Cache::Unlike("Trunkline gives an answer again only to requests that say the same");
    }
    if word("cache_params/mode") == "default_off" {
        return Cache::Unlike(
            "a model's `cache` is for all requests that do not refuse it; set it where that is wanted",
        );
    }
    let ttl = said("cache_params/ttl").and_then(period).filter(|ttl| ttl != "0s");
    Cache::For(ttl.unwrap_or_else(|| TTL.to_owned()))
}

/// `litellm_settings.cache`.
pub(super) fn switched(key: &Key<'_>, desk: &mut Desk) -> Answer {
    key.flag()?;
    match &desk.cache {
        Cache::Off => exact("off"),
        Cache::For(_) => {
            approximate("`cache` of every model, for each client key apart; say `shared` for all together")
        }
        Cache::Unlike(why) => manual(*why),
    }
}

/// Anything in `litellm_settings.cache_params`.
pub(super) fn parameter(key: &Key<'_>, desk: &mut Desk) -> Answer {
    match (&desk.cache, key.name(0)) {
        (Cache::Off, _) => exact("off"),
        (Cache::Unlike(why), _) => unsupported(*why),
        (Cache::For(_), "ttl") => {
            key.seconds()?;
            exact("`cache.ttl` of every model")
        }
        (Cache::For(_), "type") if key.text()? == "local" => exact("what Trunkline does: answers are kept in memory"),
        (Cache::For(_), "type") => approximate("in memory, for each process apart"),
        (Cache::For(_), "mode") => exact("what Trunkline does"),
        (Cache::For(_), _) => unsupported("Trunkline keeps answers in its own memory"),
    }
}
