//! `/api/v1/playground`: models, for whoever looks at the pages. What stands below it is asked of the data plane, as any
//! client would ask it there, once this path has let its caller in.

use axum::routing::post;
use http::StatusCode;

use crate::auth::Asks;
use crate::endpoint::{Endpoint, Operation};

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[Endpoint::new("POST", "/api/v1/playground", Asks::Viewer, || post(let_in))
    .says(Operation::new(
        "mayPlay",
        "Whether the caller may ask models here: with `/api/v1/playground` before a client's path, such as \
         `/api/v1/playground/v1/chat/completions`, that is served wherever the pages are. Where client keys are asked for, \
         it needs one like any client.",
    ))];

async fn let_in() -> StatusCode {
    StatusCode::NO_CONTENT
}
