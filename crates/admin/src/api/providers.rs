//! `/api/v1/providers`: who is asked, how they are, and what the document says of them.

mod row;
mod test;

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path as InPath, RawQuery};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use trunkline_config::edit::Edit;
use trunkline_config::{Path, Provider};

use crate::api::editing::{Editing, IfMatch, Tagged};
use crate::api::page::{Page, PageQuery, Wanted};
use crate::api::section::{Detail, NewSection, Section, Thing, created};
use crate::auth::{Asks, Caller};
use crate::endpoint::{Endpoint, Operation};
use crate::plane::Plane;
use crate::problem::{Kind, Problem};
use crate::read::Json;
use crate::routes::Running;
use crate::upstreams::Tested;
use row::{ProviderRow, Rows};
use test::ProviderTest;
pub(crate) use test::of_name;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/providers", Asks::Viewer, || get(list))
        .says(Operation::new("providers", "All providers.").query::<PageQuery>().gives::<Page<ProviderRow>>()),
    Endpoint::new("POST", "/api/v1/providers", Asks::Admin, || post(add)).says(
        Operation::new("addProvider", "Adds one.")
            .takes::<NewSection>()
            .gives::<Detail<ProviderRow>>()
            .status(201)
            .fails(&[409])
            .if_match(),
    ),
    Endpoint::new("POST", "/api/v1/providers/test", Asks::Admin, || post(test::test)).says(
        Operation::new("testProvider", "Tries one, step by step.")
            .fails(&[404, 422])
            .takes::<ProviderTest>()
            .gives::<Tested>(),
    ),
    Endpoint::new("GET", "/api/v1/providers/{name}", Asks::Viewer, || get(show))
        .says(Operation::new("provider", "One of them.").gives::<Detail<ProviderRow>>()),
    Endpoint::new("PATCH", "/api/v1/providers/{name}", Asks::Admin, || patch(change)).says(
        Operation::new("changeProvider", "Changes the fields that are named; null takes one back.")
            .fails(&[409])
            .takes::<Section>()
            .gives::<Detail<ProviderRow>>()
            .if_match(),
    ),
    Endpoint::new("DELETE", "/api/v1/providers/{name}", Asks::Admin, || delete(remove))
        .says(Operation::new("removeProvider", "Takes it out of the document.").fails(&[409]).if_match()),
    Endpoint::new("GET", "/api/v1/providers/{name}/models", Asks::Viewer, || get(models)).says(
        Operation::new("providerModels", "The models that it lists.").fails(&[502]).gives::<Page<UpstreamModel>>(),
    ),
    Endpoint::new("POST", "/api/v1/providers/{name}/drain", Asks::Admin, || post(drain))
        .says(Operation::new("drainProvider", "Gives it no new requests.").fails(&[409, 422])),
    Endpoint::new("POST", "/api/v1/providers/{name}/resume", Asks::Admin, || post(resume))
        .says(Operation::new("resumeProvider", "Gives it requests again.").fails(&[409, 422])),
];

/// Fields that people look for first.
const FIRST: [&str; 4] = ["type", "base_url", "key", "keys"];

/// How often an edit that names no revision is tried while others edit, too.
const TRIES_MAX: usize = 3;

/// One model that a provider lists.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct UpstreamModel {
    /// The provider's own name for it.
    name: String,
    /// Tokens in and out, when the provider or the document says it.
    context_window: Option<u64>,
    /// Who says that there is such a model: `provider`.
    source: &'static str,
}

/// The section of a provider.
fn section_of(name: &str) -> Path {
    Path::of_keys(&["providers", name])
}

fn thing(name: &str) -> Thing<'_> {
    Thing { kind: "provider", name }
}

async fn list(
    Extension(Running(plane)): Extension<Running>,
    RawQuery(query): RawQuery,
) -> Result<Tagged<Json<Page<ProviderRow>>>, Problem> {
    let wanted = Wanted::page(query.as_deref())?;
    let editing = Editing::look(plane.documents()).await?;
    let rows = Rows::of(&*plane, &editing).await.all();
    Ok(Tagged(editing.revision().to_owned(), Json(wanted.of(rows, |row| &row.name)?)))
}

async fn show(
    Extension(Running(plane)): Extension<Running>,
    InPath(name): InPath<String>,
) -> Result<Tagged<Json<Detail<ProviderRow>>>, Problem> {
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
    if fields.is_empty() {
        // A section that says nothing would not be there.
        fields.insert("type".to_owned(), Value::from(name.as_str()));
    }
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
) -> Result<Tagged<Json<Detail<ProviderRow>>>, Problem> {
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    check_declared(&*plane, &editing, &name)?;
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
    check_declared(&*plane, &editing, &name)?;
    let users = users(&editing, &name)?;
    if !users.is_empty() {
        let why = format!("serves {}; give it other targets first", users.join(", "));
        return Err(thing(&name).conflict(&why));
    }
    let revision = thing(&name).remove(&editing, &caller, &section_of(&name)).await?;
    Ok(Tagged(revision, StatusCode::NO_CONTENT).into_response())
}

async fn models(
    Extension(Running(plane)): Extension<Running>,
    InPath(name): InPath<String>,
) -> Result<Json<Page<UpstreamModel>>, Problem> {
    let provider = in_force(&*plane, &name).ok_or_else(|| thing(&name).missing())?;
    let listed = plane.upstreams().models_of(Arc::clone(&provider)).await;
    let listed = listed.map_err(|why| {
        Problem::new(Kind::Upstream, format!("the models of provider {name:?} cannot be listed: {why}"))
    })?;
    let model = |model: trunkline_providers::ListedModel| UpstreamModel {
        context_window: model.context_window.or_else(|| provider.context_window_of(&model.id)),
        name: model.id,
        source: "provider",
    };
    Ok(Json(Page::whole(listed.into_iter().map(model).collect())))
}

async fn drain(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(name): InPath<String>,
) -> Result<Response, Problem> {
    set_draining(&*plane, &caller, &name, true).await
}

async fn resume(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(name): InPath<String>,
) -> Result<Response, Problem> {
    set_draining(&*plane, &caller, &name, false).await
}

/// An edit like any other, which names no revision: it says all of the one setting that it changes.
async fn set_draining(plane: &dyn Plane, caller: &Caller, name: &str, drains: bool) -> Result<Response, Problem> {
    let at = section_of(name);
    let note = format!("{} provider {name}", if drains { "drained" } else { "resumed" });
    for _ in 1..TRIES_MAX {
        match try_draining(plane, caller, name, (&at, &note), drains).await {
            Err(problem) if problem.kind == Kind::PreconditionFailed => {}
            done => return done,
        }
    }
    try_draining(plane, caller, name, (&at, &note), drains).await
}

async fn try_draining(
    plane: &dyn Plane,
    caller: &Caller,
    name: &str,
    (at, note): (&Path, &str),
    drains: bool,
) -> Result<Response, Problem> {
    let editing = Editing::look(plane.documents()).await?;
    check_declared(plane, &editing, name)?;
    let setting = at.key("draining");
    let edit = match (drains, editing.said(&setting)?) {
        (true, _) => Edit::Set(setting, Value::Bool(true)),
        (false, Some(_)) => Edit::Remove(setting),
        (false, None) => return Ok(StatusCode::NO_CONTENT.into_response()),
    };
    let revision = editing.make(caller, at, &[edit], note).await?;
    Ok(Tagged(revision, StatusCode::NO_CONTENT).into_response())
}

/// What the document says of a provider, and how it is.
async fn detail(plane: &dyn Plane, name: &str) -> Result<(String, Detail<ProviderRow>), Problem> {
    let editing = Editing::look(plane.documents()).await?;
    let rows = Rows::of(plane, &editing).await;
    let live = rows.one(name).ok_or_else(|| thing(name).missing())?;
    let section = editing.shown(&section_of(name))?.and_then(|shown| shown.as_object().cloned());
    Ok((editing.revision().to_owned(), Detail { section: Section(section.unwrap_or_default()), live }))
}

/// The provider that requests are sent to.
fn in_force(plane: &dyn Plane, name: &str) -> Option<Arc<Provider>> {
    plane.snapshot().providers.get(name).cloned()
}

/// Only what stands in the document can be changed there.
fn check_declared(plane: &dyn Plane, editing: &Editing, name: &str) -> Result<(), Problem> {
    match (editing.said(&section_of(name))?, in_force(plane, name)) {
        (Some(_), _) => Ok(()),
        (None, Some(_)) => Err(thing(name).conflict("is not in the document; add it there first")),
        (None, None) => Err(thing(name).missing()),
    }
}

/// The models of the document that have targets at a provider, in words.
fn users(editing: &Editing, name: &str) -> Result<Vec<String>, Problem> {
    let models = editing.said(&Path::of_keys(&["models"]))?.and_then(|said| said.as_object().cloned());
    let models: Map<String, Value> = models.unwrap_or_default();
    let uses = |model: &Value| {
        let targets = model["targets"].as_array();
        targets.is_some_and(|targets| targets.iter().any(|target| target["provider"] == *name))
    };
    Ok(models.iter().filter(|(_, model)| uses(model)).map(|(model, _)| format!("model {model:?}")).collect())
}
