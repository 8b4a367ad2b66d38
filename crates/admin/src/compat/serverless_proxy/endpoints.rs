//! Endpoints, which are providers here.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path as InPath;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value, json};
use trunkline_config::{Edit, Path, Provider, mask};

use super::row::{Ours, Row, done, find, flag, given, id_of, number, ours, switch, table, text};
use super::virtual_models;
use crate::api::editing::Editing;
use crate::api::providers;
use crate::auth::Caller;
use crate::compat::document::{Sections, look, make};
use crate::compat::merge::merged;
use crate::compat::words::to_pages;
use crate::plane::Plane;
use crate::problem::{Kind, Problem};
use crate::read::Json;
use crate::routes::Running;

/// What problems call one.
pub(super) const KIND: &str = "Endpoint";

/// Types of the old gateway that are a place at a server of another type: what their URLs end with here.
const PLACES: [(&str, &str); 2] = [("openwebui", "/api/chat/completions"), ("runpod", "/openai/v1")];

/// `GET /api/admin/endpoints`.
pub(crate) async fn list(Extension(Running(plane)): Extension<Running>) -> Result<Json<Value>, Problem> {
    let all = all(&*plane, &look(&*plane).await?)?;
    let mut rows: Vec<(&String, Row)> = all.iter().map(|(name, section)| (name, row(name, section))).collect();
    rows.sort_by_key(|(name, _)| *name);
    Ok(Json(rows.into_iter().map(|(_, row)| Value::Object(row)).collect()))
}

/// `GET /endpoints`: a page for people, and for programs the list.
pub(crate) async fn page(running: Extension<Running>, headers: HeaderMap) -> Result<Response, Problem> {
    let accepted = headers.get(header::ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
    if accepted.starts_with(b"text/html") {
        return Ok(to_pages().await);
    }
    Ok(list(running).await?.into_response())
}

/// `POST /api/admin/endpoints`.
pub(crate) async fn create(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    Json(row): Json<Row>,
) -> Result<Json<Value>, Problem> {
    let Taken { name, section, notes } = taken(&given(row)?)?;
    let editing = look(&*plane).await?;
    let providers = Sections::of(&editing, "providers");
    if providers.said(&name)?.is_some() {
        return Err(Problem::new(Kind::Conflict, format!("there is an endpoint {name:?} already")).at("name"));
    }
    let edits = [Edit::Set(providers.path(&name), section)];
    make(&editing, &caller, &edits, format!("added endpoint {name}")).await?;
    Ok(Json(done(Some(id_of(KIND, &name)), notes)))
}

/// `PUT /endpoints/ID`. What it does not say stays as it is.
pub(crate) async fn update(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<String>,
    Json(changes): Json<Row>,
) -> Result<Json<Value>, Problem> {
    let changes = given(changes)?;
    let editing = look(&*plane).await?;
    let providers = Sections::of(&editing, "providers");
    let name = declared(&*plane, &editing, &id)?;
    let shown = providers.all()?.remove(&name).unwrap_or_default();
    let current = providers.said(&name)?.unwrap_or_default();
    let before = row(&name, &shown);
    let mut after = before.clone();
    after.extend(changes);
    let Taken { name: new_name, section, notes } = taken(&after)?;
    let mut section = merged(&current, &taken(&before)?.section, &section);
    if let Some(section) = section.as_object_mut().filter(|section| section.contains_key("keys")) {
        section.remove("key");
    }
    let mut edits = Vec::new();
    if new_name != name {
        edits.push(Edit::Rename(providers.path(&name), new_name.clone()));
        edits.extend(
            virtual_models::led_to(&editing, &name)?
                .into_iter()
                .map(|(_, target)| Edit::Set(target.key("provider"), Value::from(new_name.as_str()))),
        );
    }
    edits.push(Edit::Set(providers.path(&new_name), section));
    make(&editing, &caller, &edits, format!("changed endpoint {name}")).await?;
    Ok(Json(done(Some(id_of(KIND, &new_name)), notes)))
}

/// `DELETE /endpoints/ID/delete`, and its virtual models with it.
pub(crate) async fn delete(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<String>,
) -> Result<Json<Value>, Problem> {
    let editing = look(&*plane).await?;
    let name = declared(&*plane, &editing, &id)?;
    let mut edits = virtual_models::without_provider(&editing, &name)?;
    edits.push(Edit::Remove(Path::of_keys(&["providers", &name])));
    make(&editing, &caller, &edits, format!("removed endpoint {name}")).await?;
    Ok(Json(done(None, Vec::new())))
}

/// `POST /endpoints/ID/test`.
pub(crate) async fn test(
    Extension(Running(plane)): Extension<Running>,
    InPath(id): InPath<String>,
) -> Result<Json<Value>, Problem> {
    let tested = plane.upstreams().test(numbered(&*plane, &id).await?, None).await;
    if let Some(failed) = tested.steps.iter().find(|step| !step.ok) {
        let why = failed.detail.as_deref().unwrap_or("it failed");
        return Err(Problem::new(Kind::Upstream, format!("{}: {why}", failed.name)));
    }
    Ok(Json(json!({ "status": "ok", "endpoint_status": 200, "steps": tested.steps })))
}

/// `GET /endpoints/ID/models`.
pub(crate) async fn models(
    Extension(Running(plane)): Extension<Running>,
    InPath(id): InPath<String>,
) -> Result<Json<Value>, Problem> {
    let listed = plane.upstreams().models_of(numbered(&*plane, &id).await?).await;
    let listed = listed.map_err(|why| Problem::new(Kind::Upstream, why))?;
    let mut names: Vec<String> = listed.into_iter().map(|model| model.id).collect();
    names.sort();
    Ok(Json(json!({ "models": names })))
}

/// The provider with that number, switched off or not.
async fn numbered(plane: &dyn Plane, id: &str) -> Result<Arc<Provider>, Problem> {
    let editing = look(plane).await?;
    let name = named(plane, &editing, &Value::from(id))?;
    providers::of_name(plane, &editing, &name)
}

/// Every provider by its name, with what the document says of it, or would say of one that is not in it.
pub(super) fn all(plane: &dyn Plane, editing: &Editing) -> Result<Map<String, Value>, Problem> {
    let mut all = Sections::of(editing, "providers").all()?;
    for (name, provider) in &plane.snapshot().providers {
        if !all.contains_key(name) {
            let base_url = provider.base_url.as_ref().map(ToString::to_string);
            all.insert(name.clone(), json!({ "type": provider.vendor.id, "base_url": base_url }));
        }
    }
    Ok(all)
}

/// The name of the one with that number, if the document has it.
fn declared(plane: &dyn Plane, editing: &Editing, id: &str) -> Result<String, Problem> {
    let name = find(KIND, id, all(plane, editing)?.keys())?.to_owned();
    if editing.said(&Path::of_keys(&["providers", &name]))?.is_none() {
        let how = format!("endpoint {name:?} is not in the document: it was found, or follows from the environment");
        return Err(Problem::new(Kind::Conflict, how));
    }
    Ok(name)
}

/// One as the old gateway shows it.
pub(super) fn row(name: &str, section: &Value) -> Row {
    let said = |field: &str| section.get(field).and_then(Value::as_str).unwrap_or_default();
    let vendor = if said("type").is_empty() { name } else { said("type") };
    let url = said("base_url");
    let place = PLACES.iter().find_map(|(kind, end)| {
        let server =
            url.strip_suffix(end).filter(|_| vendor == "openai" && (*kind != "runpod" || url.contains("runpod")));
        Some((*kind, server?))
    });
    let (kind, url) = place.unwrap_or((vendor, url));
    let first = section.pointer("/keys/0");
    let key = first.and_then(|key| key.as_str().or_else(|| key.get("key")?.as_str())).unwrap_or_else(|| said("key"));
    let headers = section.get("headers").map(Value::to_string).unwrap_or_default();
    let columns = json!({
        "id": id_of(KIND, name),
        "name": name,
        "url": url,
        "api_key": key,
        "endpoint_type": kind,
        "custom_headers": headers,
        "priority": 0,
        "enabled": flag(section.get("enabled") != Some(&Value::Bool(false))),
        "created_at": null,
        "updated_at": null,
    });
    columns.as_object().cloned().unwrap_or_default()
}

/// One in our words.
struct Taken {
    name: String,
    section: Value,
    notes: Vec<String>,
}

fn taken(row: &Row) -> Result<Taken, Problem> {
    let wrong = |column: &str| Problem::new(Kind::BadRequest, format!("`{column}` is missing")).at(column);
    for column in ["name", "url"] {
        text(row, column).ok_or_else(|| wrong(column))?;
    }
    let mut wanted = Row::new();
    for column in ["name", "url", "api_key"] {
        wanted.extend(text(row, column).map(|text| (column.to_owned(), Value::from(text))));
    }
    // No key has such letters.
    let masked = text(row, "api_key").filter(|key| mask::is_mask(key));
    if masked.is_some() {
        wanted.insert("api_key".to_owned(), "masked".into());
    }
    wanted.insert("endpoint_type".to_owned(), text(row, "endpoint_type").unwrap_or("openai").into());
    wanted.extend(headers(row).map(|headers| ("custom_headers".to_owned(), headers)));
    wanted.extend(number(row, "priority").map(|priority| ("priority".to_owned(), priority.into())));
    wanted.insert("enabled".to_owned(), flag(switch(row, "enabled") != Some(false)));
    let Ours { document, notes } = ours(&[table("endpoints", vec![wanted]), table("virtual_models", Vec::new())])?;
    let made = document.get("providers").and_then(Value::as_object).and_then(|providers| providers.iter().next());
    let (name, section) = made.ok_or_else(|| Problem::new(Kind::BadRequest, notes.join("; ")))?;
    let mut section = section.clone();
    if let (Some(mask), Some(key)) = (masked, section.pointer_mut("/keys/0")) {
        *key = Value::from(mask);
    }
    Ok(Taken { name: name.clone(), section, notes })
}

/// Headers as a database has them: an object in a text.
pub(super) fn headers(row: &Row) -> Option<Value> {
    let text = match row.get("custom_headers")? {
        Value::String(text) => text.clone(),
        Value::Object(headers) => Value::Object(headers.clone()).to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return None,
    };
    (!text.trim().is_empty()).then(|| Value::from(text))
}

/// The name of the provider with that number, in the document or not.
pub(super) fn named(plane: &dyn Plane, editing: &Editing, id: &Value) -> Result<String, Problem> {
    let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    Ok(find(KIND, &id, all(plane, editing)?.keys())?.to_owned())
}
