//! `/api/v1/client-keys`: who may call, and what they may do.

use std::time::Duration;

use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trunkline_config::file::PeriodOrZero;

use crate::auth::Asks;
use crate::endpoint::Endpoint;
use crate::keys::{KeyFields, KeyProblem, KeyRow, Made};
use crate::problem::Problem;
use crate::read::Json;
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/client-keys", Asks::Viewer, || get(list)),
    Endpoint::new("POST", "/api/v1/client-keys", Asks::Admin, || post(create)),
    Endpoint::new("GET", "/api/v1/client-keys/{key}", Asks::Viewer, || get(show)),
    Endpoint::new("PATCH", "/api/v1/client-keys/{key}", Asks::Admin, || patch(change)),
    Endpoint::new("DELETE", "/api/v1/client-keys/{key}", Asks::Admin, || delete(revoke)),
    Endpoint::new("POST", "/api/v1/client-keys/{key}/rotate", Asks::Admin, || post(rotate)),
];

/// All keys.
#[derive(Serialize)]
pub(crate) struct List {
    data: Vec<KeyRow>,
}

/// How a key is rotated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// How long the key before is good; no time at all when not said.
    #[serde(default)]
    overlap: Option<PeriodOrZero>,
}

pub(crate) async fn list(Extension(Running(plane)): Extension<Running>) -> Result<Json<List>, Problem> {
    Ok(Json(List { data: plane.keys().list().await? }))
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
    Json(changes): Json<Map<String, Value>>,
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
