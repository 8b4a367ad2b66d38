//! `/api/v1/session`: signing in and out; `/api/v1/sessions`: who else is in.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use trunkline_config::Secret;
use trunkline_wire::timestamp;

use crate::auth::Asks;
use crate::auth::{Auth, By, Caller, Peer, Role, Session, no_cookie};
use crate::endpoint::Endpoint;
use crate::problem::{Kind, Problem};
use crate::read::{Json, read};
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/auth", Asks::Open, || get(ways_in)),
    Endpoint::new("POST", "/api/v1/session", Asks::Open, || post(sign_in)),
    Endpoint::new("GET", "/api/v1/session", Asks::Viewer, || get(show)),
    Endpoint::new("DELETE", "/api/v1/session", Asks::Viewer, || delete(sign_out)),
    Endpoint::new("GET", "/api/v1/sessions", Asks::Viewer, || get(list)),
    Endpoint::new("DELETE", "/api/v1/sessions/{id}", Asks::Admin, || delete(revoke)),
];

/// A body that anybody may send. Guards memory.
const PASSWORD_BODY_BYTES_MAX: usize = 4 << 10;

/// Where signing in with an OpenID Connect provider begins.
const OIDC_START: &str = "/api/v1/oidc/start";

/// How one may sign in.
#[derive(Serialize)]
pub(crate) struct WaysIn {
    /// Whether one must at all.
    enabled: bool,
    password: bool,
    oidc: Option<OidcWay>,
    external: Option<ExternalWay>,
}

#[derive(Serialize)]
struct OidcWay {
    name: String,
    start_url: &'static str,
}

#[derive(Serialize)]
struct ExternalWay {
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    password: Secret,
}

/// Whoever is signed in.
#[derive(Serialize)]
pub(crate) struct SignedIn {
    role: Role,
    user: String,
    /// When it is over unless it is used; `None` where that is not ours to say.
    expires_at: Option<String>,
    /// What to show with each change; `None` where nothing is asked.
    csrf: Option<String>,
}

/// All sessions.
#[derive(Serialize)]
pub(crate) struct List {
    items: Vec<Row>,
    /// There are few enough for one page.
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    user: String,
    role: Role,
    created_at: String,
    expires_at: String,
    seen_at: String,
    agent: String,
    address: String,
    /// Whether it is the one that asks.
    current: bool,
}

pub(crate) async fn ways_in(
    Extension(Running(plane)): Extension<Running>,
    Extension(auth): Extension<Arc<Auth>>,
) -> Json<WaysIn> {
    let access = &plane.snapshot().admin;
    let oidc = access.oidc.as_ref().map(|client| OidcWay { name: client.name.clone(), start_url: OIDC_START });
    let external = access.session_service.clone().map(|url| ExternalWay { url });
    let asks = auth.asks(access);
    Json(WaysIn { enabled: asks, password: asks, oidc, external })
}

pub(crate) async fn sign_in(
    Extension(Running(plane)): Extension<Running>,
    Extension(auth): Extension<Arc<Auth>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let Credentials { password } = read(request, PASSWORD_BODY_BYTES_MAX).await?;
    let access = &plane.snapshot().admin;
    let opened = auth.sign_in(access, (peer, &headers), password.expose().to_owned()).await?;
    let cookie = opened.cookie(access, (peer, &headers));
    let body = SignedIn {
        role: opened.session.role,
        user: opened.session.user.clone(),
        expires_at: Some(at(opened.session.expires_ms)),
        csrf: Some(opened.csrf()),
    };
    Ok(([(header::SET_COOKIE, cookie)], Json(body)).into_response())
}

pub(crate) async fn show(Extension(caller): Extension<Caller>, headers: HeaderMap) -> Json<SignedIn> {
    let csrf = Auth::csrf(&caller, &headers);
    let expires_at = match &caller.by {
        By::Session(session) => Some(at(session.expires_ms)),
        By::Nothing | By::Token | By::Service | By::ServiceCookie => None,
    };
    Json(SignedIn { role: caller.role, user: caller.user, expires_at, csrf })
}

pub(crate) async fn sign_out(
    Extension(auth): Extension<Arc<Auth>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    if let By::Session(session) = &caller.by {
        auth.end(&session.id).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, no_cookie())]).into_response())
}

pub(crate) async fn list(
    Extension(auth): Extension<Arc<Auth>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<List>, Problem> {
    let own = match &caller.by {
        By::Session(session) => Some(&session.id),
        By::Nothing | By::Token | By::Service | By::ServiceCookie => None,
    };
    let row = |session: Session| Row {
        current: own == Some(&session.id),
        created_at: at(session.created_ms),
        expires_at: at(session.expires_ms),
        seen_at: at(session.seen_ms),
        id: session.id,
        user: session.user,
        role: session.role,
        agent: session.agent,
        address: session.address,
    };
    Ok(Json(List { items: auth.sessions().await?.into_iter().map(row).collect(), next_cursor: None }))
}

pub(crate) async fn revoke(
    Extension(auth): Extension<Arc<Auth>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if auth.end(&id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(Kind::NotFound, format!("no session has the id {id:?}")))
}

fn at(ms: u64) -> String {
    timestamp::write(ms / 1_000)
}
