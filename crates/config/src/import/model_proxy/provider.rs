//! `providers/NAME.json`

use serde_json::Value;
use toml::Table;
use trunkline_providers::Vendor;

use super::super::draft::Set;
use super::super::report::Report;
use super::super::rules::{
    Answer, Key, Rule, apply, approximate, count, exact, make, manual, refuse, texts, unsupported,
};
use super::super::upstream::{
    KeyHeader, KeysSent, Wire, base_url, provider_name, vendor_of, write_header, write_key_limits, write_keys,
    write_retries,
};
use super::{Desk, UNKNOWN, parameters};
use crate::env::Env;

/// The most keys that a pattern with `{INDEX}` is tried for; numbers may be left out.
const INDEX_MAX: usize = 100;

/// Its own file says where it is and how it is spoken to; a route may say otherwise.
#[derive(Clone)]
pub(super) struct Upstream {
    pub(super) name: String,
    pub(super) enabled: bool,
    /// May hold `${VAR}`.
    pub(super) url: Option<String>,
    /// Where chats go, behind the URL.
    pub(super) path: String,
    pub(super) wire: Wire,
    /// `None`: no key is sent.
    pub(super) key_header: Option<KeyHeader>,
    /// Variables, as `${VAR}`.
    pub(super) keys: Vec<String>,
    /// The provider's names for models, by those that routes use.
    pub(super) mapping: Vec<(String, String)>,
    /// What each key may be used for within a minute, by its names here.
    pub(super) key_limits: Vec<(&'static str, i64)>,
    /// What its targets say where a request does not.
    pub(super) defaults: Table,
    /// Settings beside the above, in Trunkline's words.
    pub(super) settings: Table,
}

/// An upstream as Trunkline has it.
pub(super) struct Written {
    pub(super) section: Table,
    pub(super) sent: KeysSent,
    pub(super) url: Result<String, String>,
}

impl Upstream {
    pub(super) fn vendor(&self) -> &'static Vendor {
        vendor_of(&self.name, self.url.as_deref().unwrap_or_default(), self.wire)
    }

    /// The provider's own name for a model.
    pub(super) fn mapped<'m>(&'m self, model: &'m str) -> &'m str {
        self.mapping.iter().find(|(from, _)| from == model).map_or(model, |(_, to)| to)
    }

    /// A section that passes the check: one that cannot be reached is switched off.
    pub(super) fn write(&self) -> Written {
        let vendor = self.vendor();
        let mut section = Table::new();
        section.set("type", vendor.id);
        let stated = self.url.as_deref().ok_or_else(|| "no `endpoints.base_url` is stated".to_owned());
        let url = stated.and_then(|url| base_url(url, &self.path, self.wire, vendor));
        if !self.enabled || url.is_err() {
            section.set("enabled", false);
        }
        if let Ok(url) = &url {
            section.set("base_url", url.as_str());
        }
        let sent = write_keys(&mut section, vendor, self.key_header.as_ref(), &self.keys);
        write_key_limits(&mut section, &self.key_limits);
        let mut settings = self.settings.clone();
        if let Some(toml::Value::Table(headers)) = settings.remove("headers") {
            for (name, value) in headers {
                // What cannot be added has been said where the header stands in the source.
                let _ = write_header(&mut section, vendor, &name, value.as_str().unwrap_or_default().to_owned());
            }
        }
        section.extend(settings);
        Written { section, sent, url }
    }
}

/// Adds the provider of one file.
pub(super) fn import(file: &str, name: &str, tree: &Value, desk: &mut Desk, report: &mut Report) -> Result<(), String> {
    let mut upstream = facts(name, tree, &desk.env);
    upstream.name = desk.draft.free_name(&provider_name(name));
    let stated = tree.pointer("/error_handling").and_then(Value::as_object).into_iter().flatten();
    let handled = stated.map(|(status, _)| status.clone()).collect();
    let mut reading = Reading { env: desk.env.clone(), file_name: name.to_owned(), upstream, handled, retries: None };
    apply(RULES, UNKNOWN, (file, tree), &mut reading, report);
    if let Some(retries) = reading.retries {
        write_retries(&mut desk.draft, retries);
    }
    let section = reading.upstream.write().section;
    desk.draft.providers.insert(reading.upstream.name.clone(), section);
    desk.upstreams.insert(name.to_owned(), reading.upstream);
    Ok(())
}

/// What several keys say together, read ahead of the rules.
fn facts(name: &str, tree: &Value, env: &Env) -> Upstream {
    let text = |pointer: &str| tree.pointer(pointer).and_then(Value::as_str);
    let format = text("/endpoints/compatible_format").unwrap_or("openai");
    let wire = if format == "anthropic" { Wire::Anthropic } else { Wire::OpenAi };
    let proxied = tree.pointer("/proxy_support/enabled") == Some(&Value::Bool(true));
    let through = text("/proxy_support/base_url_override").filter(|_| proxied);
    let keys = tree.pointer("/api_keys/env_var_patterns").and_then(texts).unwrap_or_default();
    let mapping = tree.pointer("/model_mapping").and_then(Value::as_object).into_iter().flatten();
    Upstream {
        name: name.to_owned(),
        enabled: tree.pointer("/enabled") != Some(&Value::Bool(false)),
        url: through.or_else(|| text("/endpoints/base_url")).map(str::to_owned),
        path: text("/endpoints/completions").unwrap_or_else(|| wire.chat_path()).to_owned(),
        wire,
        key_header: key_header(tree, format),
        keys: variables(&keys, name, env),
        mapping: mapping.filter_map(|(from, to)| Some((from.clone(), to.as_str()?.to_owned()))).collect(),
        key_limits: key_limits(tree),
        defaults: parameters::defaults(tree),
        settings: Table::new(),
    }
}

/// Limits, with their names here.
const LIMITS: [&str; 2] = ["requests_per_minute", "tokens_per_minute"];

fn key_limits(tree: &Value) -> Vec<(&'static str, i64)> {
    let limiting = tree.get("rate_limiting");
    let is_off = limiting.and_then(|limiting| limiting.get("enabled")) == Some(&Value::Bool(false));
    let stated = |name: &'static str| Some((name, limiting?.get(name).and_then(count)?));
    LIMITS.into_iter().filter(|_| !is_off).filter_map(stated).collect()
}

fn key_header(tree: &Value, format: &str) -> Option<KeyHeader> {
    let text = |pointer: &str| tree.pointer(pointer).and_then(Value::as_str);
    let usual = match (text("/authentication/type"), format) {
        (Some("none"), _) => return None,
        (Some("x-api-key"), _) | (None, "anthropic") => KeyHeader::plain("x-api-key"),
        (Some("api-key-header"), _) | (None, "azure") => KeyHeader::plain("api-key"),
        (Some(_) | None, _) => KeyHeader::bearer(),
    };
    let name = text("/authentication/header_name").map_or(usual.name, str::to_ascii_lowercase);
    Some(KeyHeader { name, format: text("/authentication/header_format").map_or(usual.format, str::to_owned) })
}

/// The variables that hold keys: those that are set, else the first that could be.
fn variables(patterns: &[&str], provider: &str, env: &Env) -> Vec<String> {
    let upper = |text: &str| text.to_ascii_uppercase().replace(['-', '.', ' '], "_");
    let named: Vec<String> = patterns.iter().map(|pattern| pattern.replace("{PROVIDER}", &upper(provider))).collect();
    let possible = named.iter().flat_map(|name| {
        let indexes = if name.contains("{INDEX}") { 1..=INDEX_MAX } else { 1..=1 };
        indexes.map(move |index| name.replace("{INDEX}", &index.to_string()))
    });
    let mut set: Vec<String> = Vec::new();
    for name in possible.clone().filter(|name| env.get(name).is_some()) {
        if !set.contains(&name) {
            set.push(name);
        }
    }
    let found = if set.is_empty() { possible.take(1).collect() } else { set };
    found.into_iter().map(|name| format!("${{{name}}}")).collect()
}

struct Reading {
    env: Env,
    file_name: String,
    upstream: Upstream,
    /// The statuses of which `error_handling` speaks.
    handled: Vec<String>,
    retries: Option<i64>,
}

impl Reading {
    fn to(&self, setting: &str) -> String {
        format!("`providers.{}.{setting}`", self.upstream.name)
    }
}

/// What becomes of each key.
const RULES: &[Rule<Reading>] = &[
    make("name", name),
    refuse("display_name", "a provider is shown by its name"),
    make("enabled", enabled),
    make("api_keys.env_var_patterns", keys),
    make("endpoints.base_url", url),
    make("endpoints.completions", url),
    make("endpoints.streaming", streaming),
    refuse("endpoints.audio_transcriptions", super::audio::UNSERVED),
    refuse("endpoints.audio_translations", super::audio::UNSERVED),
    make("endpoints.compatible_format", format),
    make("authentication.type", authentication),
    make("authentication.header_name", authentication),
    make("authentication.header_format", authentication),
    make("authentication.additional_headers.*", header),
    make("request_config.timeout_seconds", timeout),
    make("request_config.max_retries", |key, reading| {
        reading.retries = Some(key.count_or_none()?);
        approximate(
            "`failover.retries`: all keys and targets of a request once more, for all providers; the most counts",
        )
    }),
    make("request_config.retry_on_status", retry_on),
    make("request_config.default_parameters.*", |key, _| parameters::default(key)),
    refuse("request_config.required_parameters", "Trunkline refuses no request for what it does not say"),
    make("rate_limiting.enabled", |key, reading| if key.flag()? { exact(reading.to("keys")) } else { exact("off") }),
    make("rate_limiting.requests_per_minute", limit),
    make("rate_limiting.tokens_per_minute", limit),
    make("rate_limiting.cooldown_seconds", |key, reading| {
        reading.upstream.settings.set("key_cooldown", key.seconds_or_none()?);
        exact(reading.to("key_cooldown"))
    }),
    make("models.*.context_length", context_length),
    make("model_mapping.*", mapping),
    make("proxy_support.enabled", proxied),
    make("proxy_support.base_url_override", proxied),
    make("error_handling.*.action", action),
];

fn name(key: &Key<'_>, reading: &mut Reading) -> Answer {
    let (stated, name) = (key.text()?, &reading.upstream.name);
    if stated == reading.file_name && stated == name {
        return exact(format!("`providers.{name}`"));
    }
    approximate(format!("`providers.{name}`: routes refer to the file's name"))
}

fn enabled(key: &Key<'_>, reading: &mut Reading) -> Answer {
    key.flag()?;
    exact(reading.to("enabled"))
}

fn keys(key: &Key<'_>, reading: &mut Reading) -> Answer {
    key.texts()?;
    let upstream = &reading.upstream;
    if upstream.key_header.is_none() {
        return exact("`authentication.type` says that no key is sent");
    }
    let names = upstream.keys.join(", ");
    let any = upstream.keys.iter().any(|name| reading.env.get(name.trim_matches(['$', '{', '}'])).is_some());
    match upstream.write().sent {
        KeysSent::All if any => approximate(format!("{}: those that are set now: {names}", reading.to("keys"))),
        KeysSent::All => manual(format!("{}: none is set; set {names}", reading.to("keys"))),
        KeysSent::FirstOnly => {
            approximate(format!("{}: only {}", reading.to("headers"), upstream.keys.first().map_or("", String::as_str)))
        }
    }
}

fn url(key: &Key<'_>, reading: &mut Reading) -> Answer {
    key.text()?;
    match reading.upstream.write().url {
        Ok(_) => exact(reading.to("base_url")),
        Err(problem) => manual(format!("{problem}; the provider is switched off: set {}", reading.to("base_url"))),
    }
}

fn streaming(key: &Key<'_>, reading: &mut Reading) -> Answer {
    if key.text()? == reading.upstream.path {
        return exact(reading.to("base_url"));
    }
    unsupported("streams go to the same path as other requests")
}

fn format(key: &Key<'_>, reading: &mut Reading) -> Answer {
    match key.text()? {
        "openai" | "anthropic" => exact(reading.to("type")),
        "azure" => approximate(format!("{}: needs Azure's `/openai/v1` address", reading.to("type"))),
        _ => manual(format!("no such format; {} is taken for OpenAI's", reading.to("type"))),
    }
}

fn authentication(key: &Key<'_>, reading: &mut Reading) -> Answer {
    key.text()?;
    let written = reading.upstream.write();
    match (&reading.upstream.key_header, written.sent) {
        (None, _) => exact(reading.to("auth")),
        (Some(_), _) if reading.upstream.keys.is_empty() => manual("no `api_keys.env_var_patterns`, so no key is sent"),
        (Some(_), KeysSent::FirstOnly) => {
            approximate(format!("{}: only the first key, others cannot travel in this header", reading.to("headers")))
        }
        (Some(_), KeysSent::All) if written.section.contains_key("keys") => exact(reading.to("keys")),
        (Some(header), KeysSent::All) => exact(reading.to(&format!("headers.{}", header.name))),
    }
}

fn header(key: &Key<'_>, reading: &mut Reading) -> Answer {
    let (name, value) = (key.name(0), key.text()?);
    let mut written = reading.upstream.write().section;
    match write_header(&mut written, reading.upstream.vendor(), name, value.to_owned()) {
        Ok(()) => {
            reading.upstream.settings.inner("headers").set(&name.to_ascii_lowercase(), value);
            exact(reading.to("headers"))
        }
        Err(problem) => unsupported(problem),
    }
}

fn timeout(key: &Key<'_>, reading: &mut Reading) -> Answer {
    reading.upstream.settings.set("total_timeout", key.seconds()?);
    exact(reading.to("total_timeout"))
}

fn limit(key: &Key<'_>, reading: &mut Reading) -> Answer {
    let name = key.name(0);
    key.count()?;
    if reading.upstream.key_limits.iter().all(|(limit, _)| *limit != name) {
        return exact("not used, since `rate_limiting.enabled` is off");
    }
    if !reading.upstream.write().section.contains_key("keys") {
        return unsupported("only keys in `keys` have limits");
    }
    approximate(format!("{}, of each of them", reading.to(&format!("keys[].{name}"))))
}

/// Statuses that are tried again. Trunkline tries again what may pass; of the others the operator can say so.
fn retry_on(key: &Key<'_>, reading: &mut Reading) -> Answer {
    let statuses: Option<Vec<i64>> = key.value.as_array().and_then(|them| them.iter().map(count).collect());
    let Some(statuses) = statuses else { return manual("not a list of statuses") };
    let mut written = false;
    for status in statuses.into_iter().filter(|status| (400..500).contains(status) && *status != 429) {
        let status = status.to_string();
        if !reading.handled.contains(&status) {
            reading.upstream.settings.inner("errors").set(&status, "retry");
            written = true;
        }
    }
    let errors = if written { format!("{}; ", reading.to("errors")) } else { String::new() };
    approximate(format!("{errors}429 is tried with the next key, 5xx with the next target, and then again"))
}

fn context_length(key: &Key<'_>, reading: &mut Reading) -> Answer {
    // Targets name the provider's own name for the model.
    let (model, tokens) = (reading.upstream.mapped(key.name(1)).to_owned(), key.count()?);
    reading.upstream.settings.inner("models").inner(&model).set("context_window", tokens);
    exact(reading.to(&format!("models.{model:?}.context_window")))
}

fn mapping(key: &Key<'_>, _: &mut Reading) -> Answer {
    key.text()?;
    exact("written into the targets that name this provider and model")
}

fn proxied(key: &Key<'_>, reading: &mut Reading) -> Answer {
    let is_used = reading.upstream.url.as_deref() == key.value.as_str();
    match key.value {
        Value::Bool(false) => exact("off"),
        Value::Bool(true) => url_of_proxy(reading),
        Value::String(_) if is_used => url_of_proxy(reading),
        Value::String(_) => exact("not used, since `proxy_support.enabled` is off"),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => manual("expected a flag or a URL"),
    }
}

fn url_of_proxy(reading: &Reading) -> Answer {
    match reading.upstream.write().url {
        Ok(_) => exact(reading.to("base_url")),
        Err(problem) => manual(problem),
    }
}

/// The actions that Trunkline has under the same name, and the older names of two of them.
const ACTIONS: [(&str, &str); 10] = [
    ("global_key_failure", "global_key_failure"),
    ("model_key_failure", "model_key_failure"),
    ("provider_cooldown", "provider_cooldown"),
    ("route_failure", "route_failure"),
    ("fallback_no_cooldown", "fallback_no_cooldown"),
    ("auto_fix_tool_responses", "auto_fix_tool_responses"),
    ("retry", "retry"),
    ("pass_through", "pass_through"),
    ("ignore", "pass_through"),
    ("cooldown", "provider_cooldown"),
];

fn action(key: &Key<'_>, reading: &mut Reading) -> Answer {
    let (status, action) = (key.name(1), key.text()?);
    if !status.parse().is_ok_and(|status: u16| (400..=599).contains(&status)) || status.len() != 3 {
        return manual("not the status of an error");
    }
    let Some((_, ours)) = ACTIONS.iter().find(|(theirs, _)| *theirs == action) else {
        return unsupported("Trunkline has no such action");
    };
    reading.upstream.settings.inner("errors").set(status, *ours);
    exact(reading.to(&format!("errors.{status}")))
}
