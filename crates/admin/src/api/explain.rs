//! `POST /api/v1/explain`: what would become of a request.

use axum::Extension;
use axum::routing::post;
use trunkline_route::{Explanation, Question};

use crate::auth::Asks;
use crate::endpoint::{Endpoint, Operation};
use crate::problem::Problem;
use crate::read::Json;
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[Endpoint::new("POST", "/api/v1/explain", Asks::Viewer, || post(explain))
    .says(Operation::new("explain", "What would become of a request.").takes::<Question>().gives::<Explanation>())];

/// Explains one request. One that would be refused is explained as well: that is what would become of it.
pub(crate) async fn explain(
    Extension(Running(plane)): Extension<Running>,
    Json(question): Json<Question>,
) -> Result<Json<Explanation>, Problem> {
    Ok(Json(plane.explain(question).await?))
}
