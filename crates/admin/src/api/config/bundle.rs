//! `/api/v1/config/export`: the document, to be kept or taken elsewhere.

use axum::Extension;
use axum::extract::RawQuery;
use schemars::JsonSchema;
use serde::Serialize;

use super::masked;
use crate::auth::{Caller, Role};
use crate::clock::now;
use crate::problem::{Kind, Problem};
use crate::read::Json;
use crate::routes::Running;
use crate::standing::at;

/// Which form our bundles have.
pub(super) const FORM: u32 = 1;

/// What of secrets is told.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is read by hand")]
pub(super) struct Secrets {
    /// `include`: they are told, to admins; else there are masks in their places.
    secrets: Option<String>,
}

/// The document, to be kept or taken elsewhere.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Bundle {
    /// Which form this has: 1.
    trunkline: u32,
    /// When it was made, in RFC 3339.
    exported_at: String,
    revision: String,
    /// Whether its secrets are in it.
    secrets: bool,
    /// What the document says, in TOML.
    document: String,
}

pub(crate) async fn export(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Bundle>, Problem> {
    let mut secrets = false;
    for (name, value) in form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes()) {
        secrets = match (&*name, &*value) {
            ("secrets", "include") => true,
            ("secrets", "mask") => false,
            _ => return Err(Problem::new(Kind::BadRequest, "it must be `secrets=include`").at(name)),
        };
    }
    if secrets && caller.role != Role::Admin {
        return Err(Problem::new(Kind::Forbidden, "the role `viewer` sees no secrets"));
    }
    let current = plane.documents().current().await?;
    Ok(Json(Bundle {
        trunkline: FORM,
        exported_at: at(now()),
        revision: current.revision,
        secrets,
        document: if secrets { current.text } else { masked(&current.text) },
    }))
}
