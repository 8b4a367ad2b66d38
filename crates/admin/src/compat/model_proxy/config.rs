//! `/v1/admin/config/models` and `/v1/admin/config/providers`.

use axum::Extension;
use axum::extract::Path as InPath;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};
use trunkline_config::Edit;

use super::plan::{Fate, Folder, Plan, Wanted, all, plan};
use super::theirs::Object;
use crate::auth::Caller;
use crate::compat::document::{look, make};
use crate::compat::tree::put;
use crate::compat::words::not_found;
use crate::plane::Plane;
use crate::problem::{Kind, Problem};
use crate::read::Json;
use crate::routes::Running;

/// Where a request is answered, and who asks.
type Here = (Extension<Running>, Extension<Caller>);

/// How much of one a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    /// All of one that is not there yet.
    Create,
    /// All of one.
    Replace,
    /// What changes.
    Patch,
}

/// `GET`: all of them.
pub(crate) async fn list(
    Extension(Running(plane)): Extension<Running>,
    folder: Folder,
) -> Result<Json<Value>, Problem> {
    let all = all(&*plane, &look(&*plane).await?, folder)?;
    let mut all: Vec<(&String, &Value)> = all.iter().collect();
    all.sort_by_key(|(name, _)| *name);
    let row = |(name, says): (&String, &Value)| {
        // They were files; here they are parts of one.
        let mut row = json!({ "path": folder.path(name).to_string(), "modified_at": null });
        put(&mut row, &[folder.named()], name.as_str());
        if folder == Folder::Providers {
            put(&mut row, &["enabled"], says.get("enabled").cloned());
        }
        row
    };
    Ok(Json(object(folder.name(), all.into_iter().map(row).collect())))
}

/// `GET` of one.
pub(crate) async fn show(
    Extension(Running(plane)): Extension<Running>,
    InPath(name): InPath<String>,
    folder: Folder,
) -> Result<Json<Value>, Problem> {
    Ok(Json(object(one(folder), told(&*plane, folder, &name).await?)))
}

/// `POST`.
pub(crate) async fn create(
    here: Here,
    InPath(name): InPath<String>,
    Json(body): Json<Object>,
    folder: Folder,
) -> Result<Response, Problem> {
    let answer = write(here, (folder, name), Write::Create, body).await?;
    Ok((StatusCode::CREATED, answer).into_response())
}

/// `PUT`.
pub(crate) async fn replace(
    here: Here,
    InPath(name): InPath<String>,
    Json(body): Json<Object>,
    folder: Folder,
) -> Result<Json<Value>, Problem> {
    write(here, (folder, name), Write::Replace, body).await
}

/// `PATCH`: each field that is named is said anew.
pub(crate) async fn patch(
    here: Here,
    InPath(name): InPath<String>,
    Json(body): Json<Object>,
    folder: Folder,
) -> Result<Json<Value>, Problem> {
    write(here, (folder, name), Write::Patch, body).await
}

/// `DELETE`.
pub(crate) async fn delete(
    (Extension(Running(plane)), Extension(caller)): Here,
    InPath(name): InPath<String>,
    folder: Folder,
) -> Result<Json<Value>, Problem> {
    let editing = look(&*plane).await?;
    let path = folder.path(&name);
    if editing.said(&path)?.is_none() {
        return Err(not_found("Not found"));
    }
    make(&editing, &caller, &[Edit::Remove(path)], format!("removed {} {name}", one(folder))).await?;
    Ok(Json(json!({ "deleted": true, "name": name })))
}

async fn write(
    (Extension(Running(plane)), Extension(caller)): Here,
    (folder, name): (Folder, String),
    write: Write,
    body: Object,
) -> Result<Json<Value>, Problem> {
    let editing = look(&*plane).await?;
    let before = all(&*plane, &editing, folder)?.remove(&name);
    let is_there = before.is_some();
    let says = match (write, before) {
        (Write::Create, Some(_)) => {
            let what = format!("{} config '{name}' already exists", title(folder));
            return Err(Problem::new(Kind::BadRequest, what));
        }
        (Write::Patch, None) => return Err(missing(folder, &name)),
        (Write::Patch, Some(before)) => {
            let mut whole = before.as_object().cloned().unwrap_or_default();
            whole.extend(body);
            whole.insert(folder.named().to_owned(), Value::from(name.as_str()));
            whole
        }
        (Write::Create, None) | (Write::Replace, _) => body,
    };
    check(folder, &name, &says)?;
    let wanted = [Wanted { folder, name: name.clone(), says: Value::Object(says) }];
    let Plan { fates, own_providers: mut edits, notes } = plan(&*plane, &editing, &wanted).await?;
    for fate in fates {
        match fate? {
            Fate::Added(edit) | Fate::Changed(edit) => edits.push(edit),
            Fate::Unchanged => {}
        }
    }
    let verb = if is_there { "changed" } else { "added" };
    make(&editing, &caller, &edits, format!("{verb} {} {name}", one(folder))).await?;
    let mut answer = object(one(folder), told(&*plane, folder, &name).await?);
    if !notes.is_empty() {
        put(&mut answer, &["notes"], notes);
    }
    Ok(Json(answer))
}

/// What their own check asks first.
pub(super) fn check(folder: Folder, name: &str, says: &Object) -> Result<(), Problem> {
    let wrong = |field: &str, what: String| Err(Problem::new(Kind::BadRequest, what).at(field));
    let named = folder.named();
    match says.get(named).and_then(Value::as_str) {
        Some(stated) if stated == name => {}
        Some(stated) => return wrong(named, format!("{named} '{stated}' must match path '{name}'")),
        None => return wrong(named, format!("`{named}` is missing")),
    }
    if folder == Folder::Providers && says.get("endpoints").and_then(|it| it.get("base_url")).is_none() {
        return wrong("endpoints.base_url", "`endpoints.base_url` is missing".to_owned());
    }
    Ok(())
}

async fn told(plane: &dyn Plane, folder: Folder, name: &str) -> Result<Value, Problem> {
    let mut all = all(plane, &look(plane).await?, folder)?;
    all.remove(name).ok_or_else(|| missing(folder, name))
}

fn missing(folder: Folder, name: &str) -> Problem {
    not_found(format!("{} config '{name}' not found", title(folder)))
}

/// What an answer calls one of them.
fn one(folder: Folder) -> &'static str {
    match folder {
        Folder::Providers => "provider",
        Folder::Models => "model",
    }
}

fn title(folder: Folder) -> &'static str {
    match folder {
        Folder::Providers => "Provider",
        Folder::Models => "Model",
    }
}

fn object(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}
