//! `GET /api/v1/openapi.json`: what the API is, for programs.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, header};
use serde_json::{Map, Value};

use crate::auth::Asks;
use crate::endpoint::{Endpoint, Operation};
use crate::openapi::DESCRIPTION;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[Endpoint::new("GET", "/api/v1/openapi.json", Asks::Viewer, || get(show))
    .says(Operation::new("openapi", "What this API is.").gives::<Map<String, Value>>())];

pub(crate) async fn show() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], DESCRIPTION).into_response()
}
