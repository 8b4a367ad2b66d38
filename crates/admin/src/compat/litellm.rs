//! LiteLLM's key management, spend logs and model list, as programs written for its proxy ask for them. Its teams, users and
//! budgets as things of their own are not here.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Extension;
use axum::routing::{get, post};
use http::Uri;
use serde_json::{Map, Value, json};
use trunkline_config::file::PeriodOrZero;
use trunkline_config::snapshot::key_hash;
use trunkline_wire::timestamp;

use crate::auth::Asks;
use crate::clock::now;
use crate::endpoint::Endpoint;
use crate::keys::{KeyFields, KeyProblem, KeyRow};
use crate::plane::Misasked;
use crate::problem::Problem;
use crate::read::Json;
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("POST", "/key/generate", Asks::Admin, || post(generate)),
    Endpoint::new("POST", "/key/update", Asks::Admin, || post(update)),
    Endpoint::new("POST", "/key/delete", Asks::Admin, || post(delete)),
    Endpoint::new("GET", "/key/info", Asks::Viewer, || get(info)),
    Endpoint::new("GET", "/spend/logs", Asks::Viewer, || get(spend_logs)),
    Endpoint::new("GET", "/model/info", Asks::Viewer, || get(model_info)),
    Endpoint::new("GET", "/v1/model/info", Asks::Viewer, || get(model_info)),
];

/// Requests that one page of spend logs holds at most.
const LOGS_MAX: u32 = 1_000;

/// What the query says by this name.
fn said(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.find(|(said, _)| said == name).map(|(_, value)| value.into_owned())
}

/// `POST /key/generate`.
pub(crate) async fn generate(
    Extension(Running(plane)): Extension<Running>,
    Json(asked): Json<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let mut fields = ours(&asked)?;
    if !fields.contains_key("name") {
        // LiteLLM's keys need no name.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        fields.insert("name".to_owned(), Value::from(format!("key-{}", now.as_nanos())));
    }
    let made = plane.keys().create(KeyFields::read(fields)?).await?;
    let mut shown = theirs(&made.row);
    shown.insert("key".to_owned(), Value::from(made.key.as_str()));
    shown.insert("token".to_owned(), Value::from(hex(&key_hash(made.key.as_bytes()))));
    Ok(Json(Value::Object(shown)))
}

/// `POST /key/update`.
pub(crate) async fn update(
    Extension(Running(plane)): Extension<Running>,
    Json(asked): Json<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let key = text(&asked, "key")?.ok_or_else(|| missing("key"))?;
    let row = plane.keys().change(key, ours(&asked)?).await?;
    Ok(Json(Value::Object(theirs(&row))))
}

/// `POST /key/delete`.
pub(crate) async fn delete(
    Extension(Running(plane)): Extension<Running>,
    Json(asked): Json<Map<String, Value>>,
) -> Result<Json<Value>, Problem> {
    let listed = |name: &str| asked.get(name).and_then(Value::as_array).into_iter().flatten();
    let keys: Vec<String> =
        listed("keys").chain(listed("key_aliases")).filter_map(Value::as_str).map(str::to_owned).collect();
    if keys.is_empty() {
        return Err(missing("keys").into());
    }
    for key in &keys {
        plane.keys().revoke(key.clone()).await?;
    }
    Ok(Json(json!({ "deleted_keys": keys })))
}

/// `GET /key/info?key=`.
pub(crate) async fn info(Extension(Running(plane)): Extension<Running>, uri: Uri) -> Result<Json<Value>, Problem> {
    let key = said(&uri, "key").ok_or_else(|| missing("key"))?;
    // An empty change finds the key, however it is named.
    let row = plane.keys().change(key.clone(), Map::new()).await?;
    Ok(Json(json!({ "key": shown(&key), "info": theirs(&row) })))
}

/// `GET /spend/logs`.
pub(crate) async fn spend_logs(
    Extension(Running(plane)): Extension<Running>,
    uri: Uri,
) -> Result<Json<Value>, Problem> {
    let only = match said(&uri, "api_key") {
        Some(key) => Some(plane.keys().change(key, Map::new()).await?.name),
        None => None,
    };
    let limit = said(&uri, "limit").and_then(|limit| limit.parse().ok()).unwrap_or(LOGS_MAX);
    let logs = plane.keys().spending(limit.min(LOGS_MAX)).await?;
    let logs = logs.into_iter().filter(|log| only.is_none() || log.client_key == only).map(|log| {
        let ((model_group, model), (prompt, completion)) = (log.model, log.tokens);
        let end_ms = log.at_ms + log.total_us / 1_000;
        json!({
            "request_id": log.id,
            "api_key": log.client_key,
            "metadata": { "user_api_key_alias": log.client_key },
            "model": model,
            "model_group": model_group,
            "spend": log.usd.as_deref().and_then(number),
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt.saturating_add(completion),
            "startTime": timestamp::write(log.at_ms / 1_000),
            "endTime": timestamp::write(end_ms / 1_000),
            "status": if log.outcome == "served" { "success" } else { "failure" },
        })
    });
    Ok(Json(logs.collect()))
}

/// `GET /model/info`.
pub(crate) async fn model_info(Extension(Running(plane)): Extension<Running>) -> Json<Value> {
    let snapshot = plane.snapshot();
    let targets = snapshot.models.values().flat_map(|model| model.targets.iter().map(move |target| (model, target)));
    let data: Vec<Value> = targets
        .map(|(model, target)| {
            let window = target.capabilities.context_window.or(model.context_window);
            let tariff = target.price.as_deref().and_then(|price| price.at(now().0));
            let a_token = |pico: u64| number(&format!("{}.{:012}", pico / 1_000_000_000_000, pico % 1_000_000_000_000));
            json!({
                "model_name": &*model.name,
                "litellm_params": { "model": format!("{}/{}", target.provider.name, target.model.name) },
                "model_info": {
                    "id": format!("{}:{}/{}", model.name, target.provider.name, target.model.name),
                    "db_model": false,
                    "max_input_tokens": window,
                    "max_tokens": target.capabilities.output_tokens_max,
                    "max_output_tokens": target.capabilities.output_tokens_max,
                    "litellm_provider": target.provider.vendor.id,
                    "mode": "chat",
                    "input_cost_per_token": tariff.and_then(|tariff| a_token(tariff.tokens.input.pico())),
                    "output_cost_per_token": tariff.and_then(|tariff| a_token(tariff.tokens.output.pico())),
                },
            })
        })
        .collect();
    Json(json!({ "data": data }))
}

/// Their fields in our words. What has no meaning here is refused by its name, unless it says nothing.
fn ours(asked: &Map<String, Value>) -> Result<Map<String, Value>, Misasked> {
    let mut fields = Map::new();
    for (theirs, value) in asked {
        let ours = match theirs.as_str() {
            "key_alias" => "name",
            "user_id" => "owner",
            "tags" => "tags",
            "models" => "models",
            "rpm_limit" => "requests_per_minute",
            "tpm_limit" => "tokens_per_minute",
            "max_parallel_requests" => "parallel_requests",
            "key" | "max_budget" | "soft_budget" | "budget_duration" | "duration" | "blocked" => continue,
            _ if says_nothing(value) => continue,
            _ => return Err(Misasked { field: theirs.clone(), message: "it has no meaning here".to_owned() }),
        };
        fields.insert(ours.to_owned(), value.clone());
    }
    if let Some(blocked) = asked.get("blocked").and_then(Value::as_bool) {
        fields.insert("enabled".to_owned(), Value::from(!blocked));
    }
    if let Some(duration) = text(asked, "duration")? {
        let period = PeriodOrZero::parse(&duration).map_err(|error| wrong("duration", error.hint()))?;
        let end_s = (now().0 / 1_000).saturating_add(period.duration().as_secs());
        fields.insert("expires".to_owned(), Value::from(timestamp::write(end_s)));
    }
    if let Some(budgets) = budgets(asked)? {
        fields.insert("budgets".to_owned(), budgets);
    }
    Ok(fields)
}

fn budgets(asked: &Map<String, Value>) -> Result<Option<Value>, Misasked> {
    let period = match text(asked, "budget_duration")?.as_deref() {
        None => "total",
        Some("1h" | "60m") => "hour",
        Some("1d" | "24h") => "day",
        Some("7d" | "1w") => "week",
        Some("30d" | "1mo") => "month",
        Some(_) => {
            return Err(wrong("budget_duration", "write `1h`, `1d`, `7d` or `30d`: an hour, a day, a week, a month"));
        }
    };
    let stated = [("max_budget", true), ("soft_budget", false)].into_iter().filter_map(|(name, hard)| {
        let usd = asked.get(name).filter(|usd| !usd.is_null())?;
        Some(json!({ "usd": usd, "period": period, "hard": hard }))
    });
    let stated: Vec<Value> = stated.collect();
    let is_taken_back = asked.get("max_budget").is_some_and(Value::is_null);
    Ok((!stated.is_empty() || is_taken_back).then_some(Value::Array(stated)))
}

/// A key in their words.
fn theirs(row: &KeyRow) -> Map<String, Value> {
    let hard = row.allowance.budgets.iter().find(|budget| budget.hard);
    let period = hard.map_or("total", |budget| budget.period.as_str());
    let spent = row.spent.iter().find(|spent| spent.period == period).and_then(|spent| number(&spent.usd));
    let fields = json!({
        "key_name": row.hint.as_ref().map(|hint| format!("sk-...{hint}")),
        "key_alias": row.name,
        "token_id": row.id,
        "user_id": row.owner,
        "tags": row.tags,
        "models": row.allowance.models,
        "rpm_limit": row.allowance.requests_per_minute,
        "tpm_limit": row.allowance.tokens_per_minute,
        "max_parallel_requests": row.allowance.parallel_requests,
        "max_budget": hard.and_then(|budget| number(&budget.usd.to_string())),
        "budget_duration": hard.map(|budget| budget.period.as_str()),
        "spend": spent.unwrap_or_else(|| 0.into()),
        "expires": row.allowance.expires.map(|day| day.to_string()),
        "created_at": row.created,
        "blocked": !row.allowance.enabled,
    });
    fields.as_object().cloned().unwrap_or_default()
}

/// An amount as the number that they write. It is made from decimal text, and read by nobody here.
fn number(usd: &str) -> Option<serde_json::Number> {
    serde_json::from_str(usd).ok()
}

/// A key is not repeated; its hash or name may be.
fn shown(key: &str) -> String {
    if key.starts_with("sk-") { hex(&key_hash(key.as_bytes())) } else { key.to_owned() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn text(asked: &Map<String, Value>, name: &str) -> Result<Option<String>, Misasked> {
    match asked.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(name, "it must be a text")),
    }
}

fn wrong(field: &str, message: &str) -> Misasked {
    Misasked { field: field.to_owned(), message: message.to_owned() }
}

fn missing(field: &str) -> KeyProblem {
    KeyProblem::Misasked(wrong(field, "it is missing"))
}
