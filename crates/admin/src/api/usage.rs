//! `GET /api/v1/usage`: what requests used and cost.

use axum::Extension;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, header};

use crate::auth::Asks;
use crate::endpoint::{Endpoint, Form, Operation};
use crate::problem::Problem;
use crate::query;
use crate::read::Json;
use crate::routes::Running;
use crate::usage::{Usage, UsageFormat, UsageQuestion};

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[Endpoint::new("GET", "/api/v1/usage", Asks::Viewer, || get(show)).says(
    Operation::new("usage", "Requests, tokens, cost and latency of a time.")
        .query::<UsageQuestion>()
        .gives::<Usage>()
        .as_forms(&[Form::Json, Form::Csv]),
)];

/// What browsers call a table that they keep.
const FILE: HeaderValue = HeaderValue::from_static("attachment; filename=\"usage.csv\"");

pub(crate) async fn show(
    Extension(Running(plane)): Extension<Running>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let question: UsageQuestion = query::read(raw.as_deref())?;
    match question.format.unwrap_or_else(|| accepted(&headers)) {
        UsageFormat::Json => Ok(Json(plane.sums().usage(question).await?).into_response()),
        UsageFormat::Csv => {
            let table = plane.sums().usage_csv(question).await?;
            let kind = HeaderValue::from_static("text/csv; charset=utf-8");
            Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, FILE)], table).into_response())
        }
    }
}

/// A table only for whoever asks for one by name.
fn accepted(headers: &HeaderMap) -> UsageFormat {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let names_csv = accept.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/csv"));
    if names_csv { UsageFormat::Csv } else { UsageFormat::Json }
}
