//! What a client wants of the answers that a gateway keeps: `cache` of LiteLLM.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::WireError;
use crate::ir::Losses;

/// The longest time that can be asked for; more is taken for this. Keeps "now plus a period" far from where clocks
/// overflow.
const SECONDS_MAX: u64 = 366 * 24 * 3600;

/// What a client wants of kept answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheWishes {
    /// It wants no kept answer; what it gets may be kept.
    pub no_cache: bool,
    /// Nothing of this is to be kept.
    pub no_store: bool,
    /// How long its answer may be kept, where that is less than usual.
    pub ttl: Option<Duration>,
    /// How old a kept answer may be.
    pub age_max: Option<Duration>,
    /// Answers of other namespaces are not for it.
    pub namespace: Option<String>,
}

impl CacheWishes {
    /// Reads the member `cache`. What it says beyond these is added to `unmet`.
    pub(super) fn read(stated: Map<String, Value>, unmet: &mut Losses) -> Result<Self, WireError> {
        let mut wishes = Self::default();
        for (member, value) in stated.into_iter().filter(|(_, value)| !value.is_null()) {
            let wrong = |expected| WireError::Wrong { path: format!("cache.{member}"), expected };
            let flag = || value.as_bool().ok_or_else(|| wrong("a boolean"));
            let period = || seconds(&value).ok_or_else(|| wrong("a number of seconds, not negative"));
            match member.as_str() {
                "no-cache" => wishes.no_cache = flag()?,
                "no-store" => wishes.no_store = flag()?,
                "ttl" => wishes.ttl = Some(period()?),
                "s-maxage" | "s-max-age" => wishes.age_max = Some(period()?),
                "namespace" => {
                    wishes.namespace = Some(value.as_str().ok_or_else(|| wrong("a text"))?.to_owned());
                }
                _ => unmet.add(format!("cache.{member}")),
            }
        }
        Ok(wishes)
    }
}

fn seconds(value: &Value) -> Option<Duration> {
    let whole = || value.as_u64().map(|seconds| Duration::from_secs(seconds.min(SECONDS_MAX)));
    let part = || value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds.min(SECONDS_MAX as f64)).ok());
    whole().or_else(part)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(stated: Value) -> Result<(CacheWishes, String), String> {
        let Value::Object(stated) = stated else { unreachable!("a table") };
        let mut unmet = Losses::default();
        let wishes = CacheWishes::read(stated, &mut unmet).map_err(|error| error.to_string())?;
        Ok((wishes, unmet.joined(", ")))
    }

    #[test]
    fn every_wish_is_read_and_others_are_named() {
        let said = json!({"no-cache": true, "no-store": false, "ttl": 60, "s-maxage": 1.5, "namespace": "a", "x": 1});
        let expected = CacheWishes {
            no_cache: true,
            no_store: false,
            ttl: Some(Duration::from_secs(60)),
            age_max: Some(Duration::from_millis(1500)),
            namespace: Some("a".to_owned()),
        };
        assert_eq!(read(said), Ok((expected, "cache.x".to_owned())));
        assert_eq!(read(json!({"ttl": null})), Ok((CacheWishes::default(), String::new())));
        let longest = CacheWishes { ttl: Some(Duration::from_secs(SECONDS_MAX)), ..CacheWishes::default() };
        for ttl in [json!(u64::MAX), json!(1e300)] {
            assert_eq!(read(json!({ "ttl": ttl })), Ok((longest.clone(), String::new())));
        }
    }

    #[test]
    fn a_wish_that_cannot_be_read_is_refused_by_its_path() {
        for (said, path) in [
            (json!({"ttl": -1}), "cache.ttl"),
            (json!({"ttl": "1h"}), "cache.ttl"),
            (json!({"no-store": "yes"}), "cache.no-store"),
            (json!({"namespace": 7}), "cache.namespace"),
        ] {
            let error = read(said).unwrap_err();
            assert!(error.contains(path), "{error}");
        }
    }
}
