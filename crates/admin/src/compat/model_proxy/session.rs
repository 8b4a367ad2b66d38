//! `/v1/admin/auth`: signing in and out.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use trunkline_config::Secret;

use crate::auth::{Asks, Auth, By, Peer, no_cookie};
use crate::compat::words::Words;
use crate::problem::{Kind, Problem};
use crate::read::{Json, read};
use crate::routes::Running;

/// A body that anybody may send. Guards memory.
const KEY_BODY_BYTES_MAX: usize = 4 << 10;

/// Said where nobody is asked who they are.
const NO_AUTH: &str = "no-auth-configured";

/// What a page sends to sign in; the old gateway takes other fields, too.
#[derive(Deserialize)]
pub(crate) struct Login {
    /// A token of the operator's, or the password.
    api_key: Secret,
}

/// `GET /v1/admin/auth/status`.
pub(crate) async fn status(
    Extension(Running(plane)): Extension<Running>,
    Extension(auth): Extension<Arc<Auth>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let headers = Words::ModelProxy.presented(&headers);
    match auth.admit(&plane.snapshot().admin, Asks::Viewer, &Method::GET, &headers).await {
        Ok(caller) if matches!(caller.by, By::Nothing) => {
            Ok(Json(json!({ "authenticated": true, "reason": NO_AUTH })).into_response())
        }
        Ok(_) => Ok(Json(json!({ "authenticated": true })).into_response()),
        Err(problem) if problem.kind == Kind::Unauthenticated => Ok(refused()),
        Err(problem) => Err(problem),
    }
}

/// `POST /v1/admin/auth/login`.
pub(crate) async fn login(
    Extension(Running(plane)): Extension<Running>,
    Extension(auth): Extension<Arc<Auth>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let Login { api_key } = read(request, KEY_BODY_BYTES_MAX).await?;
    let access = &plane.snapshot().admin;
    if !auth.asks(access) {
        return Ok(Json(json!({ "authenticated": true, "reason": NO_AUTH })).into_response());
    }
    match auth.sign_in_with(access, (peer, &headers), api_key.expose().to_owned()).await {
        Ok(opened) => {
            let cookie = opened.cookie(access, (peer, &headers));
            let body = Json(json!({ "authenticated": true, "csrf": opened.csrf() }));
            Ok(([(header::SET_COOKIE, cookie)], body).into_response())
        }
        Err(problem) if problem.kind == Kind::Unauthenticated => Ok(refused()),
        Err(problem) => Err(problem),
    }
}

/// `POST /v1/admin/auth/logout`. Who is not signed in is out already.
pub(crate) async fn logout(
    Extension(Running(plane)): Extension<Running>,
    Extension(auth): Extension<Arc<Auth>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let caller = auth.admit(&plane.snapshot().admin, Asks::Viewer, &Method::GET, &headers).await;
    if let Some(By::Session(session)) = caller.ok().map(|caller| caller.by) {
        auth.end(&session.id).await?;
    }
    Ok(([(header::SET_COOKIE, no_cookie())], Json(json!({ "success": true }))).into_response())
}

fn refused() -> Response {
    const BEARER: HeaderValue = HeaderValue::from_static("Bearer");
    let body = Json(json!({ "authenticated": false }));
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, BEARER)], body).into_response()
}
