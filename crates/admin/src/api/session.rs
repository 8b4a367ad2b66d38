//! `/api/v1/session`: signing in and out; `/api/v1/sessions`: who else is in.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::{HeaderMap, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_config::Secret;
use trunkline_wire::timestamp;

use crate::auth::Asks;
use crate::auth::{Auth, By, Caller, Peer, Role, Session, no_cookie};
use crate::endpoint::{Endpoint, Operation};
use crate::problem::{Kind, Problem};
use crate::read::{Json, read};
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/auth", Asks::Open, || get(ways_in))
        .says(Operation::new("auth", "How one signs in.").gives::<WaysIn>()),
    Endpoint::new("POST", "/api/v1/session", Asks::Open, || post(sign_in))
        .says(Operation::new("signIn", "Signs in.").takes::<Credentials>().gives::<SignedIn>().fails(&[401, 429])),
    Endpoint::new("GET", "/api/v1/session", Asks::Viewer, || get(show))
        .says(Operation::new("session", "Who is signed in.").gives::<SignedIn>()),
    Endpoint::new("DELETE", "/api/v1/session", Asks::Viewer, || delete(sign_out))
        .says(Operation::new("signOut", "Signs out.")),
    Endpoint::new("GET", "/api/v1/sessions", Asks::Viewer, || get(list))
        .says(Operation::new("sessions", "Everybody who is signed in.").gives::<List>()),
    Endpoint::new("DELETE", "/api/v1/sessions/{id}", Asks::Admin, || delete(revoke))
        .says(Operation::new("revokeSession", "Ends a session.")),
];

/// A body that anybody may send. Guards memory.
const PASSWORD_BODY_BYTES_MAX: usize = 4 << 10;

/// Where signing in with an OpenID Connect provider begins.
const OIDC_START: &str = "/api/v1/oidc/start";

/// How one may sign in.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Auth")]
pub(crate) struct WaysIn {
    /// Whether one must at all.
    enabled: bool,
    /// Whether a password lets in.
    password: bool,
    /// The OpenID Connect provider; `null`: none.
    oidc: Option<OidcWay>,
    /// The service that knows who is signed in; `null`: none.
    external: Option<ExternalWay>,
}

/// Signing in with an OpenID Connect provider.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Oidc")]
struct OidcWay {
    /// What it is called.
    name: String,
    /// Where a browser goes to begin.
    start_url: &'static str,
}

/// Signing in at another service.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "External")]
struct ExternalWay {
    /// Its address.
    url: String,
}

/// What lets somebody in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// The password.
    password: Secret,
}

/// Whoever is signed in.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub(crate) struct SignedIn {
    /// What they may do.
    role: Role,
    /// Who.
    user: String,
    /// When it is over unless it is used; `None` where that is not ours to say.
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
    /// What to show with each change; `None` where nothing is asked.
    csrf: Option<String>,
}

/// All sessions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SessionList")]
pub(crate) struct List {
    /// They.
    items: Vec<Row>,
    /// There are few enough for one page.
    next_cursor: Option<String>,
}

/// A session.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SessionRow")]
struct Row {
    /// Names it, and lets nobody in.
    id: String,
    /// Whose it is.
    user: String,
    /// What they may do.
    role: Role,
    /// When it began.
    #[schemars(extend("format" = "date-time"))]
    created_at: String,
    /// When it is over unless it is used.
    #[schemars(extend("format" = "date-time"))]
    expires_at: String,
    /// When it was used last, about.
    #[schemars(extend("format" = "date-time"))]
    seen_at: String,
    /// The browser, as it calls itself.
    agent: String,
    /// From where it began.
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
