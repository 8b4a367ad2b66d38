//! An item of `providers.NAME.keys`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use crate::Secret;

/// One key of a provider: its text alone, or a table that says more of it.
#[derive(Clone, Debug)]
pub struct KeySection {
    /// The key.
    pub key: Secret,
    /// Its share, for `key_strategy = "weighted"`.
    pub weight: u32,
    /// Requests within a minute after which it is left alone.
    pub requests_per_minute: Option<u32>,
    /// Tokens within a minute after which it is left alone.
    pub tokens_per_minute: Option<u64>,
}

/// A key written as a table.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KeyTable {
    /// The key, where more is said of it than its text.
    key: Secret,
    /// Its share, for `key_strategy = "weighted"`.
    #[serde(default = "default_weight")]
    #[schemars(range(min = 1))]
    weight: u32,
    /// Requests within a minute after which it is left alone until one of them is a minute old. Not stated: no limit.
    #[serde(default)]
    #[schemars(range(min = 1), extend("x-unit" = "requests"))]
    requests_per_minute: Option<u32>,
    /// Tokens, in and out, within a minute after which it is left alone. They are counted when an answer has ended, so
    /// that answers under way may exceed it. Not stated: no limit.
    #[serde(default)]
    #[schemars(range(min = 1), extend("x-unit" = "tokens"))]
    tokens_per_minute: Option<u64>,
}

impl From<Secret> for KeySection {
    fn from(key: Secret) -> Self {
        Self { key, weight: default_weight(), requests_per_minute: None, tokens_per_minute: None }
    }
}

impl<'de> Deserialize<'de> for KeySection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(Secret),
            Table(KeyTable),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Text(key) => key.into(),
            Written::Table(KeyTable { key, weight, requests_per_minute, tokens_per_minute }) => {
                Self { key, weight, requests_per_minute, tokens_per_minute }
            }
        })
    }
}

/// The table's, which may also be a text.
impl JsonSchema for KeySection {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "KeySection".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = KeyTable::json_schema(generator);
        schema.insert("type".to_owned(), vec!["string", "object"].into());
        schema.insert("writeOnly".to_owned(), true.into());
        schema.insert("description".to_owned(), "A key: its text, or a table that says more of it.".into());
        schema
    }
}

fn default_weight() -> u32 {
    1
}
