//! What becomes of each key of a `config.yaml`.

use serde_json::Value;

use super::super::draft::{Set, list};
use super::super::rules::{Answer, Key, Rule, approximate, ask, done, exact, make, manual, refuse, unsupported};
use super::super::upstream::{PARAMETERS, write_retries};
use super::cache;
use super::deployment::Deployment;
use super::prefixes::AZURE;
use super::{Desk, expanded};

const NO_LIMITS: &str = "Trunkline does not limit the open requests of one target";
const RETRIES: &str =
    "Trunkline has one `failover.retries` for all, and decides by its own table what is worth another try";
const NO_CALLBACKS: &str = "Trunkline calls nobody; it has a ledger and a request log";
const NO_DATABASE: &str =
    "Trunkline keeps usage in a database of its own; declare LiteLLM's virtual keys as `client_keys`";

/// The first that fits counts.
pub(super) const RULES: &[Rule<Desk>] = &[
    make("model_list.[].model_name", model_name),
    make("model_list.[].litellm_params.model", model),
    make("model_list.[].litellm_params.custom_llm_provider", provider),
    make("model_list.[].litellm_params.api_base", base_url),
    make("model_list.[].litellm_params.base_url", base_url),
    make("model_list.[].litellm_params.api_key", api_key),
    make("model_list.[].litellm_params.api_version", |key, desk| {
        told(key, desk, |it| match it.prefix.name {
            AZURE => approximate("Azure's `/openai/v1` address needs no version"),
            _ => unsupported("this type of provider has no versions"),
        })
    }),
    make("model_list.[].litellm_params.organization", header),
    make("model_list.[].litellm_params.extra_headers.*", header),
    make("model_list.[].litellm_params.timeout", target),
    make("model_list.[].litellm_params.stream_timeout", target),
    make("model_list.[].litellm_params.weight", target),
    make("model_list.[].litellm_params.order", target),
    make("model_list.[].litellm_params.rpm", limit),
    make("model_list.[].litellm_params.tpm", limit),
    refuse("model_list.[].litellm_params.max_parallel_requests", NO_LIMITS),
    ask("model_list.[].litellm_params.max_retries", RETRIES),
    ask("model_list.[].litellm_params.num_retries", RETRIES),
    make("model_list.[].litellm_params.input_cost_per_token", price),
    make("model_list.[].litellm_params.output_cost_per_token", price),
    make("model_list.[].litellm_params.cache_read_input_token_cost", price),
    make("model_list.[].litellm_params.cache_creation_input_token_cost", price),
    make("model_list.[].litellm_params.input_cost_per_audio_token", price),
    make("model_list.[].litellm_params.output_cost_per_audio_token", price),
    make("model_list.[].litellm_params.input_cost_per_request", price),
    make("model_list.[].litellm_params.input_cost_per_image", price),
    ask("model_list.[].litellm_params.*", PARAMETERS),
    make("model_list.[].model_info.input_cost_per_token", price),
    make("model_list.[].model_info.output_cost_per_token", price),
    make("model_list.[].model_info.cache_read_input_token_cost", price),
    make("model_list.[].model_info.cache_creation_input_token_cost", price),
    make("model_list.[].model_info.input_cost_per_audio_token", price),
    make("model_list.[].model_info.output_cost_per_audio_token", price),
    make("model_list.[].model_info.input_cost_per_request", price),
    make("model_list.[].model_info.input_cost_per_image", price),
    make("model_list.[].model_info.max_input_tokens", window),
    make("model_list.[].model_info.max_output_tokens", capability),
    ask(
        "model_list.[].model_info.max_tokens",
        "say which it is: `context_window`, or `capabilities.output_tokens_max`",
    ),
    make("model_list.[].model_info.supports_vision", capability),
    make("model_list.[].model_info.supports_function_calling", capability),
    make("model_list.[].model_info.supports_parallel_function_calling", capability),
    make("model_list.[].model_info.supports_audio_input", capability),
    make("model_list.[].model_info.supports_pdf_input", capability),
    make("model_list.[].model_info.supports_response_schema", capability),
    done("model_list.[].model_info.mode", "Trunkline serves each model on every path its provider has"),
    refuse("model_list.[].model_info.*", "Trunkline keeps no such fact of a model"),
    make("router_settings.routing_strategy", strategy),
    make("router_settings.fallbacks.[].*", fallbacks),
    make("router_settings.context_window_fallbacks.[].*", |key, desk| fallbacks_of(key, desk, "context_fallbacks")),
    make("router_settings.content_policy_fallbacks.[].*", |key, desk| fallbacks_of(key, desk, "content_fallbacks")),
    make("router_settings.default_fallbacks", default_fallbacks),
    make("router_settings.model_group_alias.*", alias),
    make("router_settings.timeout", common_timeout),
    make("router_settings.stream_timeout", common_timeout),
    make("router_settings.cooldown_time", |key, _| {
        key.seconds_or_none()?;
        approximate("`cooldown` of every target, after each failure rather than several in a minute")
    }),
    make("router_settings.disable_cooldowns", |key, _| {
        exact(if key.flag()? { "`cooldown = \"0s\"` of every target" } else { "off" })
    }),
    refuse("router_settings.allowed_fails", "a target rests after each failure"),
    refuse("router_settings.allowed_fails_policy", "a target rests after each failure"),
    make("router_settings.num_retries", retries),
    make("router_settings.retry_after", |key, desk| {
        let (seconds, wait) = (key.number()?, key.seconds_or_none()?);
        if wait == "0s" {
            return exact("what Trunkline does: it waits `failover.backoff`");
        }
        let failover = desk.draft.sections.entry("failover").or_default();
        failover.set("backoff", wait.as_str());
        if seconds > BACKOFF_MAX_S {
            failover.set("backoff_max", wait.as_str());
        }
        approximate("`failover.backoff`, which doubles with each time")
    }),
    ask("router_settings.retry_policy", RETRIES),
    ask("router_settings.default_litellm_params", PARAMETERS),
    make("litellm_settings.fallbacks.[].*", fallbacks),
    make("litellm_settings.context_window_fallbacks.[].*", |key, desk| fallbacks_of(key, desk, "context_fallbacks")),
    make("litellm_settings.content_policy_fallbacks.[].*", |key, desk| fallbacks_of(key, desk, "content_fallbacks")),
    make("litellm_settings.default_fallbacks", default_fallbacks),
    make("litellm_settings.request_timeout", common_timeout),
    make("litellm_settings.num_retries", retries),
    make("litellm_settings.drop_params", |key, desk| {
        desk.rejects_losses = !key.flag()?;
        if desk.rejects_losses {
            return approximate("`on_loss = \"reject\"` of every model");
        }
        exact("what Trunkline does: the answer says what was left out")
    }),
    make("litellm_settings.json_logs", |key, desk| {
        if key.flag()? {
            desk.draft.sections.entry("log").or_default().set("format", "json");
        }
        exact("`log.format`")
    }),
    make("litellm_settings.set_verbose", |key, desk| {
        if key.flag()? {
            desk.draft.sections.entry("log").or_default().set("level", "debug");
        }
        approximate("`log.level`")
    }),
    make("litellm_settings.cache", cache::switched),
    make("litellm_settings.cache_params.*", cache::parameter),
    refuse("litellm_settings.callbacks", NO_CALLBACKS),
    refuse("litellm_settings.success_callback", NO_CALLBACKS),
    refuse("litellm_settings.failure_callback", NO_CALLBACKS),
    refuse("litellm_settings.service_callbacks", NO_CALLBACKS),
    make("general_settings.master_key", master_key),
    ask("general_settings.database_url", NO_DATABASE),
    ask("general_settings.store_model_in_db", "models that only LiteLLM's database holds have to be declared"),
    make("general_settings.global_max_parallel_requests", |key, desk| {
        desk.draft.sections.entry("server").or_default().set("requests_max", key.count()?);
        exact("`server.requests_max`")
    }),
    make("general_settings.max_request_size_mb", |key, desk| {
        desk.draft.sections.entry("server").or_default().set("body_limit", format!("{}MiB", key.count()?));
        exact("`server.body_limit`")
    }),
    make("general_settings.forward_client_headers_to_llm_api", |key, _| {
        if key.flag()? { manual("name the headers in each provider's `forward_headers`") } else { exact("off") }
    }),
    ask("environment_variables", "set it in Trunkline's environment"),
    ask("include", "import each of these files by itself"),
];

/// Says where a key of a deployment went, unless the deployment came to nothing.
fn told(key: &Key<'_>, desk: &Desk, say: impl FnOnce(&Deployment) -> Answer) -> Answer {
    match desk.deployments.get(key.index()) {
        Some(Ok(deployment)) => say(deployment),
        Some(Err(problem)) => unsupported(format!("the deployment is left out: {problem}")),
        None => unsupported("the deployment is left out"),
    }
}

fn model_name(key: &Key<'_>, desk: &mut Desk) -> Answer {
    key.text()?;
    told(key, desk, |it| match &it.model {
        Some(model) => exact(format!("`models.{model:?}`")),
        None => exact(format!("`{}/MODEL` needs no declaration", it.provider)),
    })
}

fn model(key: &Key<'_>, desk: &mut Desk) -> Answer {
    key.text()?;
    told(key, desk, |it| match (&it.model, it.prefix.name) {
        (Some(model), "text-completion-openai" | "llamafile" | "ollama") => {
            approximate(format!("`models.{model:?}.targets[{}]`, in the dialect that the client speaks", it.target))
        }
        (Some(model), _) => exact(format!("`models.{model:?}.targets[{}]`", it.target)),
        (None, _) => exact(format!("`providers.{}`", it.provider)),
    })
}

fn provider(key: &Key<'_>, desk: &mut Desk) -> Answer {
    key.text()?;
    told(key, desk, |it| exact(format!("`providers.{}.type`", it.provider)))
}

fn base_url(key: &Key<'_>, desk: &mut Desk) -> Answer {
    key.text()?;
    told(key, desk, |it| {
        let note = format!("`providers.{}.base_url`", it.provider);
        if it.prefix.name == AZURE { approximate(format!("{note}: Azure's `/openai/v1` address")) } else { exact(note) }
    })
}

fn api_key(key: &Key<'_>, desk: &mut Desk) -> Answer {
    let is_variable = key.text()?.starts_with("os.environ/");
    told(key, desk, |it| {
        let setting = if it.prefix.name == AZURE { "headers" } else { "keys" };
        let at = format!("`providers.{}.{setting}`", it.provider);
        match &it.key_problem {
            Some(problem) => manual(format!("{problem}; set {at}")),
            None if is_variable => exact(at),
            None => exact(format!("{at}, as it is; better `${{VAR}}`")),
        }
    })
}

fn header(key: &Key<'_>, desk: &mut Desk) -> Answer {
    key.text()?;
    let name = if key.name(0) == "organization" { "openai-organization" } else { key.name(0) };
    told(key, desk, |it| match it.refused_headers.iter().find(|(refused, _)| refused == name) {
        Some((_, problem)) => unsupported(problem.clone()),
        None => exact(format!("`providers.{}.headers`", it.provider)),
    })
}

/// Settings of a target, with their names here.
const OF_TARGET: [(&str, &str); 4] =
    [("timeout", "timeout"), ("stream_timeout", "first_byte_timeout"), ("weight", "weight"), ("order", "priority")];

fn target(key: &Key<'_>, desk: &mut Desk) -> Answer {
    let setting = OF_TARGET.iter().find(|(theirs, _)| *theirs == key.name(0)).map_or("", |(_, ours)| ours);
    told(key, desk, |it| {
        let model = it.model.as_ref().and_then(|name| Some((name, desk.draft.models.get(name)?)));
        let written =
            model.filter(|(_, model)| model.targets.get(it.target).is_some_and(|it| it.contains_key(setting)));
        match written {
            Some((name, _)) if setting == "first_byte_timeout" => {
                approximate(format!("`models.{name:?}.targets[{}].{setting}`, for all requests", it.target))
            }
            Some((name, _)) => exact(format!("`models.{name:?}.targets[{}].{setting}`", it.target)),
            None => manual(format!("not a value that `{setting}` of a target takes")),
        }
    })
}

/// What `failover.backoff_max` is when nobody says it, in seconds.
const BACKOFF_MAX_S: f64 = 5.0;

fn retries(key: &Key<'_>, desk: &mut Desk) -> Answer {
    approximate(write_retries(&mut desk.draft, key.count_or_none()?))
}

fn limit(key: &Key<'_>, desk: &mut Desk) -> Answer {
    let count = key.count()?;
    told(key, desk, |it| {
        let section = desk.draft.providers.get(&it.provider);
        let keys = section.and_then(|section| section.get("keys")?.as_array());
        let setting = if key.name(0) == "rpm" { "requests_per_minute" } else { "tokens_per_minute" };
        let is_written =
            keys.into_iter().flatten().any(|key| key.get(setting).and_then(toml::Value::as_integer) == Some(count));
        if !is_written {
            return unsupported("only keys in `keys` have limits");
        }
        approximate(format!(
            "`providers.{}.keys[].{setting}`: of the key, which is left alone until there is room",
            it.provider
        ))
    })
}

/// Prices, with their names here.
const PRICES: [(&str, &str); 8] = [
    ("input_cost_per_token", "input"),
    ("output_cost_per_token", "output"),
    ("cache_read_input_token_cost", "cached_input"),
    ("cache_creation_input_token_cost", "cache_write"),
    ("input_cost_per_audio_token", "audio_input"),
    ("output_cost_per_audio_token", "audio_output"),
    ("input_cost_per_request", "request"),
    ("input_cost_per_image", "image"),
];

fn price(key: &Key<'_>, desk: &mut Desk) -> Answer {
    // In whole pico-USD, the finest that a price can be: 0.0000006 becomes 0.6 and not 0.6000000000000001.
    let pico = (key.number()? * 1e12).round();
    let name = PRICES.iter().find(|(theirs, _)| *theirs == key.name(0)).map_or("", |(_, ours)| ours);
    of_model(key, desk, |settings| {
        let price = settings.inner("price");
        for needed in ["input", "output"] {
            price.entry(needed.to_owned()).or_insert(toml::Value::Float(0.0));
        }
        price.set(name, pico / if ["request", "image"].contains(&name) { 1e12 } else { 1e6 });
        format!("price.{name}")
    })
}

fn window(key: &Key<'_>, desk: &mut Desk) -> Answer {
    let tokens = key.count()?;
    let answer = of_model(key, desk, |settings| {
        settings.set("context_window", tokens);
        "context_window".to_owned()
    })?;
    Ok(answer.less_than("what it gives counts, too"))
}

/// What a model takes, with its names here.
const CAPABILITIES: [(&str, &str); 7] = [
    ("max_output_tokens", "output_tokens_max"),
    ("supports_vision", "images"),
    ("supports_function_calling", "tools"),
    ("supports_parallel_function_calling", "parallel_tools"),
    ("supports_audio_input", "audio"),
    ("supports_pdf_input", "documents"),
    ("supports_response_schema", "json_schema"),
];

fn capability(key: &Key<'_>, desk: &mut Desk) -> Answer {
    let name = CAPABILITIES.iter().find(|(theirs, _)| *theirs == key.name(0)).map_or("", |(_, ours)| ours);
    let value: toml::Value = match key.value {
        Value::Bool(flag) => (*flag).into(),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => key.count()?.into(),
    };
    of_model(key, desk, |settings| {
        settings.inner("capabilities").set(name, value);
        format!("capabilities.{name}")
    })
}

/// Writes a setting of the model that a deployment serves.
fn of_model(key: &Key<'_>, desk: &mut Desk, write: impl FnOnce(&mut toml::Table) -> String) -> Answer {
    let name = match desk.deployments.get(key.index()) {
        Some(Ok(Deployment { model: Some(name), .. })) => name.clone(),
        Some(Ok(_)) => return unsupported("models that are not declared have no settings"),
        Some(Err(_)) | None => return told(key, desk, |_| unsupported("")),
    };
    let targets = desk.draft.models.get(&name).map_or(0, |model| model.targets.len());
    let Some(settings) = desk.model(&name) else { return unsupported("the deployment is left out") };
    let note = format!("`models.{name:?}.{}`", write(settings));
    if targets > 1 { approximate(format!("{note}, for all of its targets")) } else { exact(note) }
}

fn fallbacks(key: &Key<'_>, desk: &mut Desk) -> Answer {
    let (model, names) = (key.name(0), key.texts()?);
    if model == "*" {
        desk.default_fallbacks = names.into_iter().map(str::to_owned).collect();
        return exact("`fallbacks` of each model that names none");
    }
    fallbacks_of(key, desk, "fallbacks")
}

fn fallbacks_of(key: &Key<'_>, desk: &mut Desk, setting: &str) -> Answer {
    let (model, names) = (key.name(0), key.texts()?);
    let known: Vec<&str> = names.iter().copied().filter(|name| desk.draft.models.contains_key(*name)).collect();
    let missing = names.len() - known.len();
    let Some(settings) = desk.model(model) else { return manual("it is of a model that is not in the document") };
    settings.set(setting, list(known));
    let note = format!("`models.{model:?}.{setting}`");
    if missing == 0 { exact(note) } else { approximate(format!("{note}, without those that are not in the document")) }
}

fn default_fallbacks(key: &Key<'_>, desk: &mut Desk) -> Answer {
    desk.default_fallbacks = key.texts()?.into_iter().map(str::to_owned).collect();
    exact("`fallbacks` of each model that names none")
}

fn alias(key: &Key<'_>, desk: &mut Desk) -> Answer {
    let model = key.value.get("model").unwrap_or(key.value).as_str().unwrap_or_default();
    if !desk.draft.models.contains_key(model) {
        return manual("it leads to a model that is not in the document");
    }
    desk.aliases.insert(key.name(0).to_owned(), model.to_owned());
    let note = format!("`models.{:?}`, with the targets of {model:?}", key.name(0));
    if key.value.get("hidden").is_some() { approximate(format!("{note}; it is listed")) } else { exact(note) }
}

fn strategy(key: &Key<'_>, desk: &mut Desk) -> Answer {
    match key.text()? {
        "simple-shuffle" => exact("what Trunkline does: `strategy = \"weighted\"`"),
        "least-busy" => {
            desk.strategy = Some("least_busy");
            exact("`strategy` of every model")
        }
        "latency-based-routing" => {
            desk.strategy = Some("two_choices");
            approximate("`strategy = \"two_choices\"` of every model: the faster of two, by chance")
        }
        _ => manual("Trunkline has no such strategy; set `strategy` of the models"),
    }
}

fn common_timeout(key: &Key<'_>, _: &mut Desk) -> Answer {
    key.seconds()?;
    let setting = if key.name(0) == "stream_timeout" { "first_byte_timeout" } else { "timeout" };
    exact(format!("`{setting}` of each target that states none"))
}

/// A key that cannot be written leaves the gateway shut, not open.
fn master_key(key: &Key<'_>, desk: &mut Desk) -> Answer {
    let text = key.text()?;
    let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.starts_with("sha256:");
    if !sound {
        desk.draft.sections.entry("server").or_default().set("auth", "keys");
        return manual("not a key that a header can carry; add another to `client_keys`");
    }
    let mut section = toml::Table::new();
    section.set("name", "master");
    section.set("key", expanded(text));
    desk.draft.client_keys.push(section);
    approximate("`client_keys[0]`: a caller like any other; it rules nothing")
}
