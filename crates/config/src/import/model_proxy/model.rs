//! `models/NAME.json`

use std::time::Duration;

use serde_json::Value;
use toml::Table;

use super::super::draft::{Model, Set, list};
use super::super::report::Report;
use super::super::rules::{Answer, Key, Rule, apply, approximate, exact, make, manual, period, texts};
use super::super::upstream::{KeyHeader, Wire, provider_name};
use super::provider::Upstream;
use super::{Desk, UNKNOWN};
use crate::snapshot::{CHUNK_DELAY_MAX, ENFORCE_RETRIES_MAX};

/// Adds the model of one file.
pub(super) fn import(file: &str, name: &str, tree: &Value, desk: &mut Desk, report: &mut Report) -> Result<(), String> {
    match tree.get("logical_name").and_then(Value::as_str) {
        Some(stated) if stated == name => {}
        Some(stated) => return Err(format!("`logical_name` is {stated:?}; it must be the file's name, {name:?}")),
        None => return Err("`logical_name` is missing".to_owned()),
    }
    if name.trim() != name || name.contains(char::is_control) {
        return Err("a model's name cannot begin or end with a space, or hold control characters".to_owned());
    }
    let routes = tree.get("model_routings").and_then(Value::as_array).filter(|routes| !routes.is_empty());
    let routes = routes.ok_or("`model_routings` is missing or empty")?;
    let routes = routes.iter().enumerate().map(|(index, route)| make_route(index, route, name, tree, desk)).collect();
    let declared = desk.models.clone();
    let mut reading =
        Reading { name: name.to_owned(), declared, stronger_window: None, routes, settings: Table::new() };
    reading.stronger_window = reading.routes.iter().flatten().next().and_then(|route| window_of(desk, &route.target));
    for Route { target, window, .. } in reading.routes.iter_mut().flatten() {
        if let Some(window) = window.filter(|_| window_of(desk, target).is_none()) {
            target.set("context_window", window);
        }
    }
    apply(RULES, UNKNOWN, (file, tree), &mut reading, report);
    let targets = reading.routes.into_iter().filter_map(|route| Some(route.ok()?.target)).collect();
    desk.draft.models.insert(name.to_owned(), Model { targets, settings: reading.settings });
    Ok(())
}

/// A route as Trunkline has it.
struct Route {
    target: Table,
    /// The name of a provider that exists only because the route says more than the provider's file.
    own_provider: Option<String>,
    window: Option<i64>,
}

struct Reading {
    name: String,
    /// All models that have a file.
    declared: Vec<String>,
    /// Where the first route's provider states a window, which then counts.
    stronger_window: Option<String>,
    /// Those that came to nothing say why.
    routes: Vec<Result<Route, String>>,
    settings: Table,
}

impl Reading {
    fn to(&self, setting: &str) -> String {
        format!("`models.{}.{setting}`", self.name)
    }
    /// Writes a setting of the model's enforcement, and says so.
    fn enforces(&mut self, setting: &str, value: impl Into<toml::Value>) -> Answer {
        self.settings.inner("enforce_tool_call").set(setting, value);
        exact(self.to(&format!("enforce_tool_call.{setting}")))
    }
    /// Says where a key of a route went, unless the whole route came to nothing.
    fn told(&self, key: &Key<'_>, say: impl FnOnce(&Route, &str) -> Answer) -> Answer {
        let at = self.to(&format!("targets[{}]", key.index()));
        match self.routes.get(key.index()) {
            Some(Ok(route)) => say(route, at.trim_matches('`')),
            Some(Err(problem)) => manual(format!("the route is left out: {problem}")),
            None => manual("the route is left out"),
        }
    }
}

fn make_route(index: usize, route: &Value, model: &str, tree: &Value, desk: &mut Desk) -> Result<Route, String> {
    let text = |key: &str| route.get(key).and_then(Value::as_str);
    let provider = text("provider").ok_or("it names no provider")?;
    let wanted = text("model").ok_or("it names no model")?;
    let (upstream, own_provider) = provider_of(route, provider, model, desk)?;
    let name = own_provider.as_deref().unwrap_or(&upstream.name);
    let mut target = Table::new();
    target.set("provider", name);
    target.set("model", upstream.mapped(wanted));
    if index > 0 {
        // Routes are tried in order, however targets of one priority are balanced.
        target.set("priority", i64::try_from(index).unwrap_or(i64::MAX));
    }
    let stated = |own: &str, common: &str| route.get(own).or_else(|| tree.get(common)).and_then(period);
    if let Some(timeout) = stated("timeout_seconds", "timeout_seconds").filter(|period| period != "0s") {
        target.set("timeout", timeout);
    }
    if let Some(cooldown) = stated("cooldown_seconds", "default_cooldown_seconds") {
        target.set("cooldown", cooldown);
    }
    if !upstream.defaults.is_empty() {
        target.set("default", upstream.defaults);
    }
    Ok(Route { target, own_provider, window: route.get("context_window").and_then(super::super::rules::count) })
}

/// The provider that a route names; one of its own when the route says otherwise than the provider's file.
fn provider_of(
    route: &Value,
    provider: &str,
    model: &str,
    desk: &mut Desk,
) -> Result<(Upstream, Option<String>), String> {
    let text = |key: &str| route.get(key).and_then(Value::as_str);
    let known = desk.upstreams.get(provider);
    let stated = [text("base_url").is_some(), text("wire_protocol").is_some(), route.get("api_key_env").is_some()];
    let mut upstream = match known {
        Some(upstream) if stated == [false; 3] => return Ok((upstream.clone(), None)),
        Some(upstream) => upstream.clone(),
        None if stated[0] => nameless(provider),
        None => return Err(format!("there is no provider {provider:?}")),
    };
    if let Some(url) = text("base_url") {
        upstream.url = Some(url.to_owned());
    }
    let wire = text("wire_protocol").map(|word| if word == "anthropic" { Wire::Anthropic } else { Wire::OpenAi });
    if let Some(wire) = wire.filter(|wire| *wire != upstream.wire) {
        upstream.path = wire.chat_path().to_owned();
        upstream.wire = wire;
        upstream.key_header = Some(match wire {
            Wire::OpenAi => KeyHeader::bearer(),
            Wire::Anthropic => KeyHeader::plain("x-api-key"),
        });
    }
    if let Some(names) = route.get("api_key_env").and_then(texts) {
        let set = names.iter().filter(|name| desk.env.get(name).is_some()).count();
        let named = names.iter().filter(|name| set == 0 || desk.env.get(name).is_some());
        upstream.keys = named.map(|name| format!("${{{name}}}")).collect();
    }
    let written = upstream.write();
    written.url.as_ref().map_err(Clone::clone)?;
    let name = provider_name(&format!("{provider}-{model}"));
    let name = desk.draft.share_provider(&name, written.section);
    Ok((upstream, Some(name)))
}

/// An upstream of which only a route speaks.
fn nameless(name: &str) -> Upstream {
    Upstream {
        name: provider_name(name),
        enabled: true,
        url: None,
        path: Wire::OpenAi.chat_path().to_owned(),
        wire: Wire::OpenAi,
        key_header: Some(KeyHeader::bearer()),
        keys: Vec::new(),
        mapping: Vec::new(),
        key_limits: Vec::new(),
        defaults: Table::new(),
        settings: Table::new(),
    }
}

/// The setting that states the window of a target at its provider, if there is one.
fn window_of(desk: &Desk, target: &Table) -> Option<String> {
    let text = |key: &str| target.get(key).and_then(toml::Value::as_str).unwrap_or_default();
    let (provider, model) = (text("provider"), text("model"));
    desk.draft.providers.get(provider)?.get("models")?.get(model)?.get("context_window")?;
    Some(format!("`providers.{provider}.models.{model:?}.context_window`"))
}

/// What becomes of each key.
const RULES: &[Rule<Reading>] = &[
    make("logical_name", |_, reading| exact(format!("`models.{}`", reading.name))),
    make("timeout_seconds", |key, reading| {
        key.seconds()?;
        exact(reading.to("targets[].timeout"))
    }),
    make("default_cooldown_seconds", |key, reading| {
        key.seconds_or_none()?;
        exact(reading.to("targets[].cooldown"))
    }),
    make("context_window", |key, reading| {
        let tokens = key.count()?;
        if let Some(stronger) = &reading.stronger_window {
            return exact(format!("not used: {stronger} is stronger, here as there"));
        }
        reading.settings.set("context_window", tokens);
        exact(reading.to("context_window"))
    }),
    make("enforce_tool_call.enabled", |key, reading| reading.enforces("enabled", key.flag()?)),
    make("enforce_tool_call.termination_flag", |key, reading| reading.enforces("termination_flag", key.text()?)),
    make("enforce_tool_call.max_retries", |key, reading| {
        let retries = key.count_or_none()?;
        match retries.min(ENFORCE_RETRIES_MAX.into()) {
            fewer if fewer < retries => {
                reading.enforces("max_retries", fewer)?;
                approximate(format!("{}: at most {fewer}", reading.to("enforce_tool_call.max_retries")))
            }
            same => reading.enforces("max_retries", same),
        }
    }),
    make("enforce_tool_call.guidance", |key, reading| reading.enforces("guidance", key.text()?)),
    make("enforce_tool_call.stream_chunk_delay_ms", |key, reading| {
        let delay = Duration::from_millis(key.count_or_none()?.unsigned_abs()).min(CHUNK_DELAY_MAX);
        reading.enforces("stream_chunk_delay", format!("{}ms", delay.as_millis()))
    }),
    make("enforce_tool_call.empty_response_policy", |key, reading| match key.text()? {
        policy @ ("strict" | "lenient") => reading.enforces("empty_response_policy", policy),
        other => manual(format!("there is no policy {other:?}")),
    }),
    make("fallback_model_routings", fallbacks),
    make("model_routings.[].provider", |key, reading| reading.told(key, |_, at| exact(format!("`{at}.provider`")))),
    make("model_routings.[].model", |key, reading| reading.told(key, |_, at| exact(format!("`{at}.model`")))),
    make("model_routings.[].wire_protocol", own_provider),
    make("model_routings.[].base_url", own_provider),
    make("model_routings.[].api_key_env", own_provider),
    make("model_routings.[].timeout_seconds", |key, reading| {
        key.seconds()?;
        reading.told(key, |_, at| exact(format!("`{at}.timeout`")))
    }),
    make("model_routings.[].cooldown_seconds", |key, reading| {
        key.seconds_or_none()?;
        reading.told(key, |_, at| exact(format!("`{at}.cooldown`")))
    }),
    make("model_routings.[].context_window", |key, reading| {
        key.count()?;
        reading.told(key, |route, at| match route.target.contains_key("context_window") {
            true => exact(format!("`{at}.context_window`")),
            false => exact("not used: what the provider's file says is stronger, here as there"),
        })
    }),
];

fn own_provider(key: &Key<'_>, reading: &mut Reading) -> Answer {
    reading.told(key, |route, _| match &route.own_provider {
        Some(name) => approximate(format!("a provider of its own, `providers.{name}`")),
        None => exact("as the provider's file says"),
    })
}

fn fallbacks(key: &Key<'_>, reading: &mut Reading) -> Answer {
    let (known, unknown): (Vec<&str>, Vec<&str>) = key
        .texts()?
        .into_iter()
        .partition(|name| reading.declared.iter().any(|it| it == name) && *name != reading.name);
    if !known.is_empty() {
        reading.settings.set("fallbacks", list(known));
    }
    match unknown.as_slice() {
        [] => exact(reading.to("fallbacks")),
        [..] => {
            approximate(format!("{}, without those that have no file: {}", reading.to("fallbacks"), unknown.join(", ")))
        }
    }
}
