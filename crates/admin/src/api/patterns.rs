//! `/api/v1/patterns`: where tool calls stand in texts, as the operator says, and what is found in one.

mod row;
mod trial;

use axum::Extension;
use axum::extract::{Path as InPath, RawQuery};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use http::StatusCode;
use serde_json::Value;
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
use row::{PatternRow, rows};
use trial::{PatternTried, PatternTry};

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/patterns", Asks::Viewer, || get(list))
        .says(Operation::new("patterns", "All patterns.").query::<PageQuery>().gives::<Page<PatternRow>>()),
    Endpoint::new("POST", "/api/v1/patterns", Asks::Admin, || post(add)).says(
        Operation::new("addPattern", "Adds one.")
            .takes::<NewSection>()
            .gives::<Detail<PatternRow>>()
            .status(201)
            .fails(&[409])
            .if_match(),
    ),
    Endpoint::new("POST", "/api/v1/patterns/try", Asks::Viewer, || post(trial::try_out)).says(
        Operation::new("tryPattern", "What patterns find in a text.").takes::<PatternTry>().gives::<PatternTried>(),
    ),
    Endpoint::new("GET", "/api/v1/patterns/{name}", Asks::Viewer, || get(show))
        .says(Operation::new("pattern", "One of them.").gives::<Detail<PatternRow>>()),
    Endpoint::new("PATCH", "/api/v1/patterns/{name}", Asks::Admin, || patch(change)).says(
        Operation::new("changePattern", "Changes the fields that are named; null takes one back.")
            .fails(&[409])
            .takes::<Section>()
            .gives::<Detail<PatternRow>>()
            .if_match(),
    ),
    Endpoint::new("DELETE", "/api/v1/patterns/{name}", Asks::Admin, || delete(remove))
        .says(Operation::new("removePattern", "Takes it out of the document.").fails(&[409]).if_match()),
];

/// Fields that people look for first.
const FIRST: [&str; 3] = ["regex", "tool_name", "tool_name_group"];

fn thing(name: &str) -> Thing<'_> {
    Thing { kind: "pattern", name }
}

/// The names of the document's patterns, in its order.
fn declared(editing: &Editing) -> Result<Vec<String>, Problem> {
    let said = editing.said(&Path::of_keys(&["patterns"]))?;
    let all = said.iter().filter_map(Value::as_array).flatten();
    Ok(all.map(|pattern| pattern["name"].as_str().unwrap_or_default().to_owned()).collect())
}

/// The section of a pattern; `None` when the document has none of that name.
fn section_of(editing: &Editing, name: &str) -> Result<Option<Path>, Problem> {
    let index = declared(editing)?.iter().position(|declared| declared == name);
    Ok(index.map(|index| Path::of_keys(&["patterns"]).index(index)))
}

async fn list(
    Extension(Running(plane)): Extension<Running>,
    RawQuery(query): RawQuery,
) -> Result<Tagged<Json<Page<PatternRow>>>, Problem> {
    let wanted = Wanted::page(query.as_deref())?;
    let editing = Editing::look(plane.documents()).await?;
    let rows = rows(&plane.snapshot().patterns, &declared(&editing)?);
    Ok(Tagged(editing.revision().to_owned(), Json(wanted.of(rows, |row| &row.name)?)))
}

async fn show(
    Extension(Running(plane)): Extension<Running>,
    InPath(name): InPath<String>,
) -> Result<Tagged<Json<Detail<PatternRow>>>, Problem> {
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
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    let declared = declared(&editing)?;
    if declared.contains(&name) {
        return Err(thing(&name).taken());
    }
    fields.insert("name".to_owned(), Value::from(name.as_str()));
    let at = Path::of_keys(&["patterns"]).index(declared.len());
    thing(&name).append(&*plane, &editing, &caller, &at, fields).await?;
    let (revision, detail) = detail(&*plane, &name).await?;
    Ok(Tagged(revision, created(detail)).into_response())
}

async fn change(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(name): InPath<String>,
    if_match: IfMatch,
    Json(Section(fields)): Json<Section>,
) -> Result<Tagged<Json<Detail<PatternRow>>>, Problem> {
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    let at = declared_at(&*plane, &editing, &name)?;
    let renamed = fields.get("name").and_then(Value::as_str).unwrap_or(&name).to_owned();
    thing(&name).change(&editing, &caller, &at, fields).await?;
    let (revision, detail) = detail(&*plane, &renamed).await?;
    Ok(Tagged(revision, Json(detail)))
}

async fn remove(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(name): InPath<String>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    let at = declared_at(&*plane, &editing, &name)?;
    let revision = thing(&name).remove(&editing, &caller, &at).await?;
    Ok(Tagged(revision, StatusCode::NO_CONTENT).into_response())
}

/// What is said of a pattern, and where.
async fn detail(plane: &dyn Plane, name: &str) -> Result<(String, Detail<PatternRow>), Problem> {
    let editing = Editing::look(plane.documents()).await?;
    let rows = rows(&plane.snapshot().patterns, &declared(&editing)?);
    let live = rows.into_iter().find(|row| row.name == name).ok_or_else(|| thing(name).missing())?;
    let stated = section_of(&editing, name)?.map(|at| editing.shown(&at)).transpose()?.flatten();
    let section = match stated {
        Some(Value::Object(section)) => section,
        Some(_) | None => live.section(),
    };
    Ok((editing.revision().to_owned(), Detail { section: Section(section), live }))
}

/// Only what stands in the document can be changed there.
fn declared_at(plane: &dyn Plane, editing: &Editing, name: &str) -> Result<Path, Problem> {
    match section_of(editing, name)? {
        Some(at) => Ok(at),
        None if plane.snapshot().patterns.beside_defaults().iter().any(|pattern| pattern.name == name) => {
            Err(thing(name).conflict("comes with the program; add one of that name, which stands in its place"))
        }
        None => Err(thing(name).missing()),
    }
}
