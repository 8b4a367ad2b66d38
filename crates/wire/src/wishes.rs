//! Whom a client wants to be asked: members of a body that are meant for a gateway, not for the model's provider.

mod cache;

use serde_json::Value;

use crate::ir::Losses;
use crate::scan::Members;
use crate::{DialectId, WireError};

pub use cache::CacheWishes;

/// Models that one request can name beside its own. Bounds what one request can ask for; the rest is told as lost.
pub const MODELS_MAX: usize = 5;

/// Providers in one list. Guards planning against a list without end.
const PROVIDERS_MAX: usize = 64;

/// What a client wants, as far as it says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Models to ask when the one it asks for fails, in order: `models` of OpenRouter, `fallbacks` of LiteLLM.
    pub models: Vec<String>,
    /// Whether no other model may be asked: `disable_fallbacks` of LiteLLM.
    pub fallbacks_off: bool,
    /// What it wants of providers: `provider` of OpenRouter.
    pub providers: ProviderWishes,
    /// Whether it wants to know what the answer cost: `usage.include` of OpenRouter.
    pub cost: bool,
    /// What it wants of answers that are kept: `cache` of LiteLLM.
    pub cache: CacheWishes,
    /// What it says beyond that, which has no meaning here.
    pub unmet: Losses,
    /// The members of the body that said all this.
    pub members: Vec<&'static str>,
}

/// What a client wants of providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderWishes {
    /// Those to ask before all others, in order.
    pub order: Vec<String>,
    /// The only ones to ask; empty: any.
    pub only: Vec<String>,
    /// Those not to ask.
    pub ignore: Vec<String>,
    /// Whether others may be asked than those of `order`, or than the first.
    pub allow_fallbacks: bool,
    /// Whether only those are to be asked who can be told the whole request.
    pub require_parameters: bool,
}

impl Default for ProviderWishes {
    fn default() -> Self {
        Self {
            order: Vec::new(),
            only: Vec::new(),
            ignore: Vec::new(),
            allow_fallbacks: true,
            require_parameters: false,
        }
    }
}

/// Reads them out of a body. A member of another shape than a wish has is none: it is the provider's to judge. `None` when
/// there are no wishes.
///
/// # Errors
/// When a member has the shape of a wish, and something in it has not.
pub fn read(dialect: DialectId, body: &[u8]) -> Result<Option<Wishes>, WireError> {
    let Some(mut members) = Members::open(body) else { return Ok(None) };
    let mut wishes = Wishes::default();
    // `peek` has walked over it, so it is not broken.
    while let Ok(Some(member)) = members.next() {
        let (name, models) = match member.name().as_ref() {
            b"models" => ("models", true),
            // Anthropic has a field of this name itself, for its own models.
            b"fallbacks" if dialect != DialectId::Anthropic => ("fallbacks", true),
            b"provider" => ("provider", false),
            b"disable_fallbacks" => ("disable_fallbacks", false),
            b"usage" => ("usage", false),
            b"cache" => ("cache", false),
            _ => continue,
        };
        match serde_json::from_slice(member.value) {
            Ok(Value::Array(stated)) if models => wishes.read_models(name, stated)?,
            Ok(Value::Object(stated)) if name == "provider" => {
                wishes.providers = ProviderWishes::default();
                for (member, value) in stated.into_iter().filter(|(_, value)| !value.is_null()) {
                    wishes.read_provider(&member, &value)?;
                }
            }
            Ok(Value::Object(stated)) if name == "usage" => match stated.get("include") {
                Some(Value::Bool(include)) => wishes.cost = *include,
                Some(_) | None => continue,
            },
            Ok(Value::Object(stated)) if name == "cache" => {
                wishes.cache = CacheWishes::read(stated, &mut wishes.unmet)?;
            }
            Ok(Value::Bool(off)) if name == "disable_fallbacks" => wishes.fallbacks_off = off,
            Ok(_) | Err(_) => continue,
        }
        if !wishes.members.contains(&name) {
            wishes.members.push(name);
        }
    }
    Ok((!wishes.members.is_empty()).then_some(wishes))
}

impl Wishes {
    /// Whether this is a field that said some of it.
    pub fn is_said_in(&self, field: &str) -> bool {
        self.members.contains(&field.split(['.', '[']).next().unwrap_or_default())
    }

    fn read_models(&mut self, member: &str, stated: Vec<Value>) -> Result<(), WireError> {
        for (index, entry) in stated.into_iter().enumerate() {
            let at = format!("{member}[{index}]");
            let name = match entry {
                Value::String(name) => name,
                Value::Object(mut entry) => {
                    let Some(Value::String(name)) = entry.remove("model") else {
                        return Err(WireError::Wrong { path: format!("{at}.model"), expected: "a model's name" });
                    };
                    // One prompt and one set of parameters is asked of all.
                    entry.keys().for_each(|name| self.unmet.add(format!("{at}.{name}")));
                    name
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                    return Err(WireError::Wrong { path: at, expected: "a model's name" });
                }
            };
            if self.models.contains(&name) {
                continue;
            }
            if self.models.len() < MODELS_MAX { self.models.push(name) } else { self.unmet.add(at) }
        }
        Ok(())
    }

    fn read_provider(&mut self, member: &str, value: &Value) -> Result<(), WireError> {
        let path = || format!("provider.{member}");
        let flag = || value.as_bool().ok_or_else(|| WireError::Wrong { path: path(), expected: "a boolean" });
        let wanted = &mut self.providers;
        match member {
            "order" => wanted.order = names(value, &path())?,
            "only" => wanted.only = names(value, &path())?,
            "ignore" => wanted.ignore = names(value, &path())?,
            "allow_fallbacks" => wanted.allow_fallbacks = flag()?,
            "require_parameters" => wanted.require_parameters = flag()?,
            _ => self.unmet.add(path()),
        }
        Ok(())
    }
}

fn names(value: &Value, path: &str) -> Result<Vec<String>, WireError> {
    let wrong = || WireError::Wrong { path: path.to_owned(), expected: "a list of at most 64 providers" };
    let stated = value.as_array().filter(|stated| stated.len() <= PROVIDERS_MAX).ok_or_else(wrong)?;
    stated.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(body: &str) -> Result<Option<Wishes>, String> {
        read(DialectId::OpenaiChat, body.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn models_come_from_both_fields_each_once() {
        let body = r#"{"models":["a","b"],"model":"m","fallbacks":[{"model":"c","temperature":0},"a"]}"#;
        let mut unmet = Losses::default();
        unmet.add("fallbacks[0].temperature");
        let expected = Wishes {
            models: ["a", "b", "c"].map(str::to_owned).to_vec(),
            unmet,
            members: vec!["models", "fallbacks"],
            ..Wishes::default()
        };
        assert_eq!(wishes(body), Ok(Some(expected)));
    }

    #[test]
    fn what_goes_beyond_is_named() {
        let body = r#"{"models":["1","2","3","4","5","6"],"provider":{"only":["x"],"sort":"price","zdr":null}}"#;
        let found = wishes(body).unwrap().unwrap();
        assert_eq!(found.unmet.joined(", "), "models[5], provider.sort");
        assert_eq!((found.models.len(), found.providers.only), (5, vec!["x".to_owned()]));
    }

    #[test]
    fn every_wish_about_providers_is_read() {
        let body = r#"{"disable_fallbacks":true,"provider":{"order":["a"],"ignore":["b"],"allow_fallbacks":false,"require_parameters":true}}"#;
        let providers = ProviderWishes {
            order: vec!["a".to_owned()],
            only: Vec::new(),
            ignore: vec!["b".to_owned()],
            allow_fallbacks: false,
            require_parameters: true,
        };
        let members = vec!["disable_fallbacks", "provider"];
        assert_eq!(wishes(body), Ok(Some(Wishes { fallbacks_off: true, providers, members, ..Wishes::default() })));
    }

    #[test]
    fn another_shape_is_the_providers_to_judge() {
        for body in [r#"{"provider":"x","models":null,"fallbacks":{},"disable_fallbacks":1}"#, "[]", "{}"] {
            assert_eq!(wishes(body), Ok(None), "{body}");
        }
        let anthropic = read(DialectId::Anthropic, br#"{"fallbacks":[{"model":"claude"}]}"#);
        assert_eq!(anthropic.ok(), Some(None));
    }

    #[test]
    fn a_wish_that_cannot_be_read_is_refused_by_its_path() {
        for (body, path) in [
            (r#"{"models":["a",7]}"#, "models[1]"),
            (r#"{"fallbacks":[{}]}"#, "fallbacks[0].model"),
            (r#"{"provider":{"order":"a"}}"#, "provider.order"),
            (r#"{"provider":{"allow_fallbacks":"no"}}"#, "provider.allow_fallbacks"),
        ] {
            let error = wishes(body).unwrap_err();
            assert!(error.contains(path), "{error}");
        }
    }
}
