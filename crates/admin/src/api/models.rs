//! `/api/v1/models`: what can be asked for, who serves it, and what the document says of it.

mod row;

use axum::Extension;
use axum::extract::{Path as InPath, RawQuery};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use http::StatusCode;
use serde_json::{Map, Value};
use trunkline_config::Path;

use crate::api::editing::{Editing, IfMatch, Tagged};
use crate::api::page::{Page, PageQuery, Wanted};
use crate::api::section::{Detail, NewSection, Section, Thing, created};
use crate::auth::{Asks, Caller};
use crate::endpoint::{Endpoint, Operation};
use crate::plane::Plane;
use crate::problem::Problem;
use crate::read::Json;
use crate::routes::Running;
use row::{ModelRow, Rows};

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/models", Asks::Viewer, || get(list))
        .says(Operation::new("models", "All models.").query::<PageQuery>().gives::<Page<ModelRow>>()),
    Endpoint::new("POST", "/api/v1/models", Asks::Admin, || post(add)).says(
        Operation::new("addModel", "Adds one.")
            .takes::<NewSection>()
            .gives::<Detail<ModelRow>>()
            .status(201)
            .fails(&[409])
            .if_match(),
    ),
    Endpoint::new("GET", "/api/v1/models/{name}", Asks::Viewer, || get(show))
        .says(Operation::new("model", "One of them.").gives::<Detail<ModelRow>>()),
    Endpoint::new("PATCH", "/api/v1/models/{name}", Asks::Admin, || patch(change)).says(
        Operation::new("changeModel", "Changes the fields that are named; null takes one back.")
            .fails(&[409])
            .takes::<Section>()
            .gives::<Detail<ModelRow>>()
            .if_match(),
    ),
    Endpoint::new("DELETE", "/api/v1/models/{name}", Asks::Admin, || delete(remove))
        .says(Operation::new("removeModel", "Takes it out of the document.").fails(&[409]).if_match()),
];

/// Fields that people look for first.
const FIRST: [&str; 3] = ["targets", "strategy", "fallbacks"];

/// Fields that name other models.
const REFERENCES: [&str; 3] = ["fallbacks", "context_fallbacks", "content_fallbacks"];

/// The section of a model.
fn section_of(name: &str) -> Path {
    Path::of_keys(&["models", name])
}

fn thing(name: &str) -> Thing<'_> {
    Thing { kind: "model", name }
}

async fn list(
    Extension(Running(plane)): Extension<Running>,
    RawQuery(query): RawQuery,
) -> Result<Tagged<Json<Page<ModelRow>>>, Problem> {
    let wanted = Wanted::page(query.as_deref())?;
    let editing = Editing::look(plane.documents()).await?;
    let rows = Rows::of(&*plane, &editing).await;
    let names = wanted.of(rows.names(), String::as_str)?;
    let Page { items, next_cursor } = names;
    let items = items.iter().filter_map(|name| rows.one(name)).collect();
    Ok(Tagged(editing.revision().to_owned(), Json(Page { items, next_cursor })))
}

async fn show(
    Extension(Running(plane)): Extension<Running>,
    InPath(name): InPath<String>,
) -> Result<Tagged<Json<Detail<ModelRow>>>, Problem> {
    let (revision, detail) = detail(&*plane, &name).await?;
    Ok(Tagged(revision, Json(detail)))
}

async fn add(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    if_match: IfMatch,
    Json(new): Json<NewSection>,
) -> Result<Response, Problem> {
    let (name, mut fields) = new.split(&FIRST)?;
    let (at, thing) = (section_of(&name), thing(&name));
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    if editing.said(&at)?.is_some() {
        return Err(thing.taken());
    }
    // Told as what it is: one without targets.
    fields.entry("targets").or_insert_with(|| Value::Array(Vec::new()));
    thing.add(&*plane, &editing, &caller, &at, fields).await?;
    let (revision, detail) = detail(&*plane, &name).await?;
    Ok(Tagged(revision, created(detail)).into_response())
}

async fn change(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(name): InPath<String>,
    if_match: IfMatch,
    Json(Section(fields)): Json<Section>,
) -> Result<Tagged<Json<Detail<ModelRow>>>, Problem> {
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    check_declared(&*plane, &editing, &name).await?;
    thing(&name).change(&editing, &caller, &section_of(&name), fields).await?;
    let (revision, detail) = detail(&*plane, &name).await?;
    Ok(Tagged(revision, Json(detail)))
}

async fn remove(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(name): InPath<String>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    check_declared(&*plane, &editing, &name).await?;
    let users = users(&editing, &name)?;
    if !users.is_empty() {
        let why = format!("is what {} falls back to; change that first", users.join(", "));
        return Err(thing(&name).conflict(&why));
    }
    let revision = thing(&name).remove(&editing, &caller, &section_of(&name)).await?;
    Ok(Tagged(revision, StatusCode::NO_CONTENT).into_response())
}

/// What the document says of a model, and how it is.
async fn detail(plane: &dyn Plane, name: &str) -> Result<(String, Detail<ModelRow>), Problem> {
    let editing = Editing::look(plane.documents()).await?;
    let rows = Rows::of(plane, &editing).await;
    let live = rows.one(name).ok_or_else(|| thing(name).missing())?;
    let section = editing.shown(&section_of(name))?.and_then(|shown| shown.as_object().cloned());
    Ok((editing.revision().to_owned(), Detail { section: Section(section.unwrap_or_default()), live }))
}

/// Only what stands in the document can be changed there.
async fn check_declared(plane: &dyn Plane, editing: &Editing, name: &str) -> Result<(), Problem> {
    if editing.said(&section_of(name))?.is_some() {
        return Ok(());
    }
    match Rows::of(plane, editing).await.one(name) {
        Some(_) => Err(thing(name).conflict("is not in the document; add it there first")),
        None => Err(thing(name).missing()),
    }
}

/// The models of the document that fall back to a model, in words.
fn users(editing: &Editing, name: &str) -> Result<Vec<String>, Problem> {
    let models = editing.said(&Path::of_keys(&["models"]))?.and_then(|said| said.as_object().cloned());
    let models: Map<String, Value> = models.unwrap_or_default();
    let names_it = |list: &Value| list.as_array().is_some_and(|names| names.iter().any(|other| other == name));
    let uses = |model: &Value| REFERENCES.iter().any(|field| names_it(&model[*field]));
    Ok(models.iter().filter(|(_, model)| uses(model)).map(|(model, _)| format!("model {model:?}")).collect())
}
