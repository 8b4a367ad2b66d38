//! Providers and models in model-proxy v2's words, as far as these go.

use serde_json::{Map, Value, json};
use trunkline_config::file::PeriodOrZero;

use crate::compat::tree::put;

/// An object of theirs or of ours.
pub(super) type Object = Map<String, Value>;

/// A provider, from what the document says of it, and from where it is when the document does not say so.
pub(super) fn provider(name: &str, section: &Value, place: Option<String>) -> Value {
    let text = |field: &str| section.get(field).and_then(Value::as_str);
    let is_anthropic = text("type").unwrap_or(name) == "anthropic";
    let (path, format) = if is_anthropic { ("/messages", "anthropic") } else { ("/chat/completions", "openai") };
    let keyless = text("auth") == Some("none") || section.get("keys").or_else(|| section.get("key")).is_none();
    let authentication = match (keyless, is_anthropic) {
        (true, _) => "none",
        (false, true) => "x-api-key",
        (false, false) => "bearer",
    };
    let base_url = text("base_url").map(str::to_owned).or(place);
    let mut shown = json!({
        "name": name,
        "enabled": section.get("enabled") != Some(&Value::Bool(false)),
        "api_keys": { "env_var_patterns": variables(section) },
        "endpoints": { "base_url": base_url, "completions": path, "compatible_format": format },
        "authentication": { "type": authentication },
    });
    if let Some(headers) = section.get("headers") {
        put(&mut shown, &["authentication", "additional_headers"], headers.clone());
    }
    if let Some(seconds) = section.get("total_timeout").and_then(seconds) {
        put(&mut shown, &["request_config", "timeout_seconds"], seconds);
    }
    if let Some(limits) = limits(section) {
        put(&mut shown, &["rate_limiting"], limits);
    }
    let windows = section.get("models").and_then(Value::as_object).into_iter().flatten();
    let windows = windows.filter_map(|(id, model)| Some((id, model.get("context_window")?)));
    for (id, window) in windows {
        put(&mut shown, &["models", id, "context_length"], window.clone());
    }
    for (status, action) in section.get("errors").and_then(Value::as_object).into_iter().flatten() {
        put(&mut shown, &["error_handling", status, "action"], action.clone());
    }
    shown
}

/// The variables that its keys are in. A key that is written out has none, and is not shown.
fn variables(section: &Value) -> Vec<String> {
    let one = section.get("key").into_iter();
    let keys = section.get("keys").and_then(Value::as_array).into_iter().flatten().chain(one);
    let texts = keys.filter_map(|key| key.as_str().or_else(|| key.get("key")?.as_str()));
    let variables = texts.filter_map(|key| key.trim().strip_prefix("${")?.strip_suffix('}'));
    variables.map(str::to_owned).collect()
}

fn limits(section: &Value) -> Option<Object> {
    let first = section.pointer("/keys/0");
    let of_key = ["requests_per_minute", "tokens_per_minute"];
    let stated = of_key.into_iter().filter_map(|limit| Some((limit, first?.get(limit)?.clone())));
    let mut limits: Object = stated.map(|(limit, count)| (limit.to_owned(), count)).collect();
    let is_limited = !limits.is_empty();
    if let Some(seconds) = section.get("key_cooldown").and_then(seconds) {
        limits.insert("cooldown_seconds".to_owned(), seconds);
    }
    (!limits.is_empty()).then(|| {
        limits.insert("enabled".to_owned(), Value::Bool(is_limited));
        limits
    })
}

/// What the document calls them in an enforcement that is theirs as well.
const ENFORCEMENT: [&str; 5] = ["enabled", "termination_flag", "max_retries", "guidance", "empty_response_policy"];

/// A model, from what the document says of it.
pub(super) fn model(name: &str, section: &Value) -> Value {
    let mut shown = json!({ "logical_name": name });
    let mut routes: Vec<Value> =
        section.get("targets").and_then(Value::as_array).into_iter().flatten().map(route).collect();
    for (of_route, of_model) in
        [("timeout_seconds", "timeout_seconds"), ("cooldown_seconds", "default_cooldown_seconds")]
    {
        if let Some(seconds) = common(&routes, of_route) {
            put(&mut shown, &[of_model], seconds);
            routes.iter_mut().filter_map(Value::as_object_mut).for_each(|route| {
                route.remove(of_route);
            });
        }
    }
    if let Some(window) = section.get("context_window") {
        put(&mut shown, &["context_window"], window.clone());
    }
    let enforcement = section.get("enforce_tool_call").and_then(Value::as_object);
    if let Some(stated) = enforcement {
        let same = ENFORCEMENT.iter().filter_map(|field| Some(((*field).to_owned(), stated.get(*field)?.clone())));
        let mut told: Object = same.collect();
        if let Some(delay) = stated.get("stream_chunk_delay").and_then(period) {
            told.insert("stream_chunk_delay_ms".to_owned(), Value::from(delay.as_millis() as u64));
        }
        put(&mut shown, &["enforce_tool_call"], told);
    }
    put(&mut shown, &["model_routings"], routes);
    put(&mut shown, &["fallback_model_routings"], section.get("fallbacks").cloned().unwrap_or_else(|| json!([])));
    shown
}

fn route(target: &Value) -> Value {
    let mut route = json!({ "provider": target.get("provider"), "model": target.get("model") });
    for (ours, theirs) in [("timeout", "timeout_seconds"), ("cooldown", "cooldown_seconds")] {
        if let Some(seconds) = target.get(ours).and_then(seconds) {
            put(&mut route, &[theirs], seconds);
        }
    }
    if let Some(window) = target.get("context_window") {
        put(&mut route, &["context_window"], window.clone());
    }
    route
}

/// What all routes say, if they say the same.
fn common(routes: &[Value], field: &str) -> Option<Value> {
    let first = routes.first()?.get(field)?;
    routes.iter().all(|route| route.get(field) == Some(first)).then(|| first.clone())
}

fn period(value: &Value) -> Option<std::time::Duration> {
    PeriodOrZero::parse(value.as_str()?).ok().map(PeriodOrZero::duration)
}

/// A period in seconds, as a whole number where it is one.
fn seconds(value: &Value) -> Option<Value> {
    let period = period(value)?;
    let whole = period.subsec_nanos() == 0;
    Some(if whole { Value::from(period.as_secs()) } else { Value::from(period.as_secs_f64()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_routes_say_is_said_of_the_model() {
        let target =
            |name: &str, timeout: &str| json!({"provider": name, "model": "m", "timeout": timeout, "cooldown": "10s"});
        let section = json!({
            "targets": [target("a", "20s"), target("b", "1500ms")], "fallbacks": ["slow"], "context_window": 7,
            "enforce_tool_call": {"enabled": true, "stream_chunk_delay": "5ms"},
        });
        let expected = json!({
            "logical_name": "turbo",
            "default_cooldown_seconds": 10,
            "context_window": 7,
            "enforce_tool_call": {"enabled": true, "stream_chunk_delay_ms": 5},
            "model_routings": [
                {"provider": "a", "model": "m", "timeout_seconds": 20},
                {"provider": "b", "model": "m", "timeout_seconds": 1.5},
            ],
            "fallback_model_routings": ["slow"],
        });
        assert_eq!(model("turbo", &section), expected);
    }

    #[test]
    fn keys_are_shown_as_variables_or_not_at_all() {
        let section = json!({
            "type": "groq", "base_url": "https://h/v1", "total_timeout": "1m", "key_cooldown": "0s",
            "keys": [{"key": "${GROQ_1}", "requests_per_minute": 5}, "canary", "${GROQ_2}"],
            "models": {"m": {"context_window": 5}}, "errors": {"429": "retry"},
        });
        let expected = json!({
            "name": "groq",
            "enabled": true,
            "api_keys": {"env_var_patterns": ["GROQ_1", "GROQ_2"]},
            "endpoints": {"base_url": "https://h/v1", "completions": "/chat/completions", "compatible_format": "openai"},
            "authentication": {"type": "bearer"},
            "request_config": {"timeout_seconds": 60},
            "rate_limiting": {"enabled": true, "requests_per_minute": 5, "cooldown_seconds": 0},
            "models": {"m": {"context_length": 5}},
            "error_handling": {"429": {"action": "retry"}},
        });
        assert_eq!(provider("groq", &section, None), expected);
    }
}
