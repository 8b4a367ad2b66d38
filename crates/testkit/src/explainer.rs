//! An admin API that explains requests to anybody.

use std::net::SocketAddr;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use trunkline_proxy::{AdminAnswer, AdminApi, AdminBody, BrokenOff, DataPlane, Upload};

/// Answers every path alike, without asking who calls.
pub(crate) struct Explainer;

impl AdminApi for Explainer {
    fn answer(&self, request: Request<Upload>, _: SocketAddr, plane: DataPlane) -> AdminAnswer {
        Box::pin(async move {
            let body = request.into_body().collect().await.expect("the question arrives").to_bytes();
            let question = serde_json::from_slice(&body).expect("it is a question");
            match plane.explain(&question).await {
                Ok(answer) => reply(StatusCode::OK, serde_json::to_string(&answer).expect("it can be written")),
                Err(wrong) => reply(StatusCode::BAD_REQUEST, format!("{}: {}", wrong.field, wrong.message)),
            }
        })
    }
}

fn reply(status: StatusCode, text: String) -> Response<AdminBody> {
    let body = Full::from(text).map_err(BrokenOff::from);
    let mut response = Response::new(Box::pin(body) as AdminBody);
    *response.status_mut() = status;
    response
}
