//! `/api/v1/secrets`: what the document names as `secret:NAME`. Values go in and never come out.

use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::routing::{delete, get, put};
use http::StatusCode;

use super::page::{Page, PageQuery, Wanted};
use crate::auth::{Asks, Caller};
use crate::endpoint::{Endpoint, Operation};
use crate::problem::Problem;
use crate::read::Json;
use crate::routes::Running;
use crate::secrets::{SecretRow, SecretValue};

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/secrets", Asks::Viewer, || get(list)).says(
        Operation::new("secrets", "Names of secrets; never their values.")
            .query::<PageQuery>()
            .gives::<Page<SecretRow>>(),
    ),
    Endpoint::new("PUT", "/api/v1/secrets/{name}", Asks::Admin, || put(set))
        .says(Operation::new("setSecret", "Sets one.").takes::<SecretValue>().fails(&[409])),
    Endpoint::new("DELETE", "/api/v1/secrets/{name}", Asks::Admin, || delete(remove))
        .says(Operation::new("removeSecret", "Forgets one.").fails(&[404, 409])),
];

pub(crate) async fn list(
    Extension(Running(plane)): Extension<Running>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<SecretRow>>, Problem> {
    let wanted = Wanted::page(query.as_deref())?;
    Ok(Json(wanted.of(plane.secrets().list().await?, |row| &row.name)?))
}

pub(crate) async fn set(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Json(value): Json<SecretValue>,
) -> Result<StatusCode, Problem> {
    plane.secrets().set(name, value, caller.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn remove(
    Extension(Running(plane)): Extension<Running>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    plane.secrets().remove(name).await?;
    Ok(StatusCode::NO_CONTENT)
}
