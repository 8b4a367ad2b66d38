//! `model_list[]`: a deployment becomes a target, and a provider that it may share with others.

use serde_json::{Map, Value};
use toml::Table;
use trunkline_providers::{BaseUrl, Vendor, registry};

use super::super::draft::{Draft, Set};
use super::super::rules::{count, flag, period};
use super::super::upstream::{
    KeyHeader, Wire, base_url, key_problem, provider_name, write_header, write_key_limits, write_keys,
};
use super::expanded;
use super::prefixes::{self, AZURE, Prefix};
use crate::env::Env;

/// A deployment as Trunkline has it.
pub(super) struct Deployment {
    /// The model that it serves; `None` where its provider alone says all, as for `openai/*`.
    pub(super) model: Option<String>,
    pub(super) provider: String,
    /// Its place among the model's targets.
    pub(super) target: usize,
    pub(super) prefix: &'static Prefix,
    /// Why its key is not in the document, if it is not.
    pub(super) key_problem: Option<String>,
    /// Headers that could not be written, each with the reason.
    pub(super) refused_headers: Vec<(String, String)>,
}

/// Reads the list. Those that come to nothing say why.
pub(super) fn read(tree: &Value, env: &Env, draft: &mut Draft) -> Vec<Result<Deployment, String>> {
    let entries = tree.get("model_list").and_then(Value::as_array).into_iter().flatten();
    let deployments = entries.map(|entry| deployment(entry, tree, env, draft)).collect();
    draft.models.values_mut().for_each(|model| order_last(&mut model.targets));
    deployments
}

/// Where some deployments have an order, those without come after them; here they would come first.
fn order_last(targets: &mut [Table]) {
    let last = targets.iter().filter_map(|target| target.get("priority")?.as_integer()).max();
    for target in targets.iter_mut().filter(|target| !target.contains_key("priority")) {
        if let Some(last) = last {
            target.set("priority", last.saturating_add(1));
        }
    }
}

fn deployment(entry: &Value, tree: &Value, env: &Env, draft: &mut Draft) -> Result<Deployment, String> {
    let nothing = Map::new();
    let params = entry.get("litellm_params").and_then(Value::as_object).unwrap_or(&nothing);
    let text = |key: &str| params.get(key).and_then(Value::as_str);
    let name = entry.get("model_name").and_then(Value::as_str).ok_or("it has no `model_name`")?.trim();
    let stated = text("model").ok_or("it has no `litellm_params.model`")?;
    if name.is_empty() || name.contains(char::is_control) {
        return Err("its `model_name` is none that can be used".to_owned());
    }
    let (prefix, wanted) = prefixes::split(stated, text("custom_llm_provider"))
        .map_err(|prefix| format!("Trunkline has no provider of type {prefix:?}"))?;
    let mut upstream = upstream(params, prefix, env)?;
    if wanted == "*" || name.contains('*') {
        let provider = draft.share_provider(&provider_name(prefix.name), upstream.section);
        if (name.strip_suffix("/*"), wanted) != (Some(&provider), "*") {
            return Err(format!("names with `*` are not supported; ask for `{provider}/MODEL`"));
        }
        return Ok(Deployment {
            model: None,
            provider,
            target: 0,
            prefix,
            key_problem: upstream.key_problem,
            refused_headers: upstream.refused_headers,
        });
    }
    let provider = draft.share_provider(&provider_name(prefix.name), std::mem::take(&mut upstream.section));
    let model = draft.models.entry(name.to_owned()).or_default();
    model.targets.push(target(&provider, wanted, params, tree));
    Ok(Deployment {
        model: Some(name.to_owned()),
        provider,
        target: model.targets.len() - 1,
        prefix,
        key_problem: upstream.key_problem,
        refused_headers: upstream.refused_headers,
    })
}

fn target(provider: &str, wanted: &str, params: &Map<String, Value>, tree: &Value) -> Table {
    let mut target = Table::new();
    target.set("provider", provider);
    target.set("model", wanted);
    let router = |key: &str| tree.get("router_settings").and_then(|settings| settings.get(key));
    let general = || tree.pointer("/litellm_settings/request_timeout");
    let timeout = params.get("timeout").or_else(|| router("timeout")).or_else(general).and_then(period);
    if let Some(timeout) = timeout.filter(|period| period != "0s") {
        target.set("timeout", timeout);
    }
    let stream_timeout = params.get("stream_timeout").or_else(|| router("stream_timeout")).and_then(period);
    if let Some(timeout) = stream_timeout.filter(|period| period != "0s") {
        target.set("first_byte_timeout", timeout);
    }
    let never = router("disable_cooldowns").and_then(flag) == Some(true);
    let cooldown = router("cooldown_time").and_then(period);
    if let Some(cooldown) = if never { Some("0s".to_owned()) } else { cooldown } {
        target.set("cooldown", cooldown);
    }
    if let Some(order) = params.get("order").and_then(count) {
        target.set("priority", order);
    }
    if let Some(weight) = params.get("weight").and_then(count) {
        target.set("weight", weight);
    }
    target
}

struct Upstream {
    section: Table,
    key_problem: Option<String>,
    refused_headers: Vec<(String, String)>,
}

fn upstream(params: &Map<String, Value>, prefix: &Prefix, env: &Env) -> Result<Upstream, String> {
    let text = |key: &str| params.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let vendor = registry::find(prefix.vendor).expect("the table names types that exist");
    let stated = text("api_base").or_else(|| text("base_url")).map(expanded);
    let mut section = Table::new();
    section.set("type", vendor.id);
    if let Some(url) = stated.as_deref().or(prefix.base_url) {
        section.set("base_url", place(url, prefix, vendor)?);
    } else if prefix.name == AZURE {
        return Err("it has no `api_base`".to_owned());
    }
    let stated_key = text("api_key").map(expanded);
    let variable = prefix.key_variable.or(vendor.key_variable);
    // A server of one's own may well need no key; a vendor does.
    let by_custom = || variable.filter(|variable| stated.is_none() || env.get(variable).is_some());
    let key = stated_key.or_else(|| by_custom().map(|variable| format!("${{{variable}}}")));
    let key_problem = key.as_deref().and_then(|key| key_problem(vendor, key));
    let keys: Vec<String> = key.into_iter().filter(|_| key_problem.is_none()).collect();
    let header = if prefix.name == AZURE { Some(KeyHeader::plain("api-key")) } else { KeyHeader::of(vendor) };
    write_keys(&mut section, vendor, header.as_ref(), &keys);
    let limits = [("requests_per_minute", "rpm"), ("tokens_per_minute", "tpm")];
    let limits = limits.into_iter().filter_map(|(ours, theirs)| Some((ours, params.get(theirs).and_then(count)?)));
    write_key_limits(&mut section, &limits.collect::<Vec<_>>());
    let organization = text("organization").map(|value| ("openai-organization", value));
    let extra = params.get("extra_headers").and_then(Value::as_object).into_iter().flatten();
    let extra = extra.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let mut refused_headers = Vec::new();
    for (name, value) in organization.into_iter().chain(extra) {
        if let Err(problem) = write_header(&mut section, vendor, name, expanded(value)) {
            refused_headers.push((name.to_owned(), problem));
        }
    }
    Ok(Upstream { section, key_problem, refused_headers })
}

/// What to write as `base_url`. LiteLLM appends the API's path to OpenAI's look-alikes and nothing else.
fn place(url: &str, prefix: &Prefix, vendor: &'static Vendor) -> Result<String, String> {
    if prefix.name == AZURE {
        let url = url.trim_end_matches('/');
        let begun = url.split_once("/openai").map_or(url, |(begun, _)| begun);
        return Ok(format!("{begun}/openai/v1"));
    }
    let is_look_alike = matches!(vendor.id, "openai" | "vllm" | "llama_cpp" | "lm_studio");
    if is_look_alike {
        return base_url(url, Wire::OpenAi.chat_path(), Wire::OpenAi, vendor);
    }
    let sound = url.contains("${") || BaseUrl::parse(url, vendor).is_ok();
    if sound { Ok(url.to_owned()) } else { Err("its `api_base` is not a URL that can be used".to_owned()) }
}
