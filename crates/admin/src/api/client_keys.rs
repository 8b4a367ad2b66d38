//! `/api/v1/client-keys`: who may call, and what they may do.

use std::time::Duration;

use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trunkline_config::file::PeriodOrZero;

use crate::auth::Asks;
use crate::endpoint::{Endpoint, Operation};
use crate::keys::{KeyFields, KeyProblem, KeyRow, Made};
use crate::problem::Problem;
use crate::read::Json;
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/client-keys", Asks::Viewer, || get(list))
        .says(Operation::new("clientKeys", "All client keys.").gives::<List>()),
    Endpoint::new("POST", "/api/v1/client-keys", Asks::Admin, || post(create)).says(
        Operation::new("makeClientKey", "Makes one.").takes::<KeyFields>().gives::<Made>().status(201).fails(&[409]),
    ),
    Endpoint::new("GET", "/api/v1/client-keys/{key}", Asks::Viewer, || get(show))
        .says(Operation::new("clientKey", "One, by id or name.").gives::<KeyRow>()),
    Endpoint::new("PATCH", "/api/v1/client-keys/{key}", Asks::Admin, || patch(change)).says(
        Operation::new("changeClientKey", "Changes the fields that are named; `null` takes one back.")
            .takes::<Changes>()
            .gives::<KeyRow>()
            .fails(&[409]),
    ),
    Endpoint::new("DELETE", "/api/v1/client-keys/{key}", Asks::Admin, || delete(revoke))
        .says(Operation::new("revokeClientKey", "Revokes it.").gives::<KeyRow>().fails(&[409])),
    Endpoint::new("POST", "/api/v1/client-keys/{key}/rotate", Asks::Admin, || post(rotate)).says(
        Operation::new("rotateClientKey", "Makes it another key.").takes::<Rotation>().gives::<Made>().fails(&[409]),
    ),
];

/// All keys.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ClientKeyList")]
pub(crate) struct List {
    /// They, those that were revoked last.
    items: Vec<KeyRow>,
    /// There are few enough for one page.
    next_cursor: Option<String>,
}

/// The fields that are to change, by their names; `null` takes one back.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(rename = "ClientKeyChanges")]
pub(crate) struct Changes(Map<String, Value>);

/// How a key is rotated.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// How long the key before is good; no time at all when not said.
    #[serde(default)]
    overlap: Option<PeriodOrZero>,
}

pub(crate) async fn list(Extension(Running(plane)): Extension<Running>) -> Result<Json<List>, Problem> {
    Ok(Json(List { items: plane.keys().list().await?, next_cursor: None }))
}

pub(crate) async fn create(
    Extension(Running(plane)): Extension<Running>,
    Json(object): Json<Map<String, Value>>,
) -> Result<Response, Problem> {
    let made = plane.keys().create(KeyFields::read(object)?).await?;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

pub(crate) async fn show(
    Extension(Running(plane)): Extension<Running>,
    Path(key): Path<String>,
) -> Result<Json<KeyRow>, Problem> {
    let keys = plane.keys().list().await?;
    let found = keys.into_iter().find(|row| row.id == key || row.revoked.is_none() && row.name == key);
    Ok(Json(found.ok_or(KeyProblem::NotFound(key))?))
}

pub(crate) async fn change(
    Extension(Running(plane)): Extension<Running>,
    Path(key): Path<String>,
    Json(Changes(changes)): Json<Changes>,
) -> Result<Json<KeyRow>, Problem> {
    Ok(Json(plane.keys().change(key, changes).await?))
}

pub(crate) async fn revoke(
    Extension(Running(plane)): Extension<Running>,
    Path(key): Path<String>,
) -> Result<Json<KeyRow>, Problem> {
    Ok(Json(plane.keys().revoke(key).await?))
}

pub(crate) async fn rotate(
    Extension(Running(plane)): Extension<Running>,
    Path(key): Path<String>,
    Json(rotation): Json<Rotation>,
) -> Result<Json<Made>, Problem> {
    let overlap = rotation.overlap.map_or(Duration::ZERO, PeriodOrZero::duration);
    Ok(Json(plane.keys().rotate(key, overlap).await?))
}
