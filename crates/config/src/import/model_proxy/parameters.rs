//! What a provider's file adds to requests that do not say it themselves.

use serde_json::Value;
use toml::Table;

use super::super::draft::literal;
use super::super::rules::{Answer, Key, exact, unsupported};
use crate::resolve::NOT_A_TARGETS;

/// What targets of this provider say by default.
pub(super) fn defaults(tree: &Value) -> Table {
    let stated = tree.pointer("/request_config/default_parameters").and_then(Value::as_object);
    stated.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), sayable(name, value).ok()?))).collect()
}

/// What becomes of one of them.
pub(super) fn default(key: &Key<'_>) -> Answer {
    match sayable(key.name(0), key.value) {
        Ok(_) => exact("`default` of the targets that name this provider"),
        Err(reason) => unsupported(reason),
    }
}

fn sayable(name: &str, value: &Value) -> Result<toml::Value, &'static str> {
    if NOT_A_TARGETS.contains(&name) {
        return Err("a target cannot change this");
    }
    in_toml(value).ok_or("TOML cannot say `null`, or a number of this size")
}

fn in_toml(value: &Value) -> Option<toml::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => toml::Value::Boolean(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => toml::Value::Integer(whole),
            None => toml::Value::Float(number.as_f64().filter(|_| !number.is_u64())?),
        },
        Value::String(text) => toml::Value::String(literal(text)),
        Value::Array(items) => toml::Value::Array(items.iter().map(in_toml).collect::<Option<_>>()?),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(name, value)| Some((name.clone(), in_toml(value)?)));
            toml::Value::Table(entries.collect::<Option<_>>()?)
        }
    })
}
