//! The paths of the admin API, all of them.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use axum::response::Response;
use bytes::Bytes;
use http::{Method, Request, Uri};
use tower_service::Service as _;

use crate::api::{
    client_keys, config, description, discovery, explain, health, models, oidc, patterns, playground, prices,
    provider_types, providers, requests, secrets, session, settings, status, usage,
};
use crate::auth::{Accounts, Asks, Auth, Peer, Unasked, Web};
use crate::compat::{litellm, model_proxy, serverless_proxy};
use crate::endpoint::Endpoint;
use crate::gate::gate;
use crate::plane::Plane;
use crate::problem::{Kind, Problem};
use crate::ui;

/// The paths, by what they are about.
static SUBJECTS: &[&[Endpoint]] = &[
    description::ROUTES,
    status::ROUTES,
    session::ROUTES,
    oidc::ROUTES,
    explain::ROUTES,
    playground::ROUTES,
    client_keys::ROUTES,
    config::ROUTES,
    provider_types::ROUTES,
    providers::ROUTES,
    models::ROUTES,
    patterns::ROUTES,
    prices::ROUTES,
    requests::ROUTES,
    secrets::ROUTES,
    usage::ROUTES,
    health::ROUTES,
    discovery::ROUTES,
    settings::ROUTES,
    litellm::ROUTES,
    model_proxy::ROUTES,
    serverless_proxy::ROUTES,
    ui::ROUTES,
];

/// Every path.
pub fn all() -> impl Iterator<Item = &'static Endpoint> {
    SUBJECTS.iter().copied().flatten()
}

/// The process that a request came in at.
#[derive(Clone)]
pub(crate) struct Running(pub(crate) Arc<dyn Plane>);

/// Paths of actions that are also those of things which are called so, and how such a thing is named then.
const ALSO_NAMES: [(&str, &str); 2] =
    [("/api/v1/providers/test", "/api/v1/providers/%74est"), ("/api/v1/patterns/try", "/api/v1/patterns/%74ry")];

/// What is posted there is for the action; all else speaks of the thing.
fn told_apart(method: &Method, uri: &mut Uri) {
    let named = ALSO_NAMES.iter().find(|(path, _)| *path == uri.path()).map(|(_, named)| *named);
    if let Some(named) = named.filter(|_| *method != Method::POST) {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        *uri = format!("{named}{query}").parse().unwrap_or_else(|_| Uri::from_static(named));
    }
}

/// What a request wants, as far as the gate has to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// What it asks of whoever sends it.
    pub(crate) asks: Asks,
    /// Whether it changes something although its method says that it does not.
    pub(crate) changes: bool,
}

/// What a request wants. What is nowhere in the list asks for somebody who is signed in: nobody else is told what there
/// is.
pub(crate) fn wanted(method: &Method, path: Option<&str>) -> Wanted {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let listed = all().find(|at| Some(at.path) == path && at.method == method);
    let nowhere = Wanted { asks: Asks::Viewer, changes: false };
    listed.map_or(nowhere, |at| Wanted { asks: at.asks, changes: at.changes })
}

/// All paths behind the gate. What a request is about comes with it, so that one serves every [`Admin`].
static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    let router = all().fold(Router::new(), |router, at| router.route(at.path, (at.handler)()));
    let router = router.fallback(nothing).method_not_allowed_fallback(wrong_method);
    // The gate stands before every answer, those that there is nothing among them.
    router.layer(from_fn(gate))
});

/// The admin API.
#[derive(Clone, Debug)]
pub struct Admin {
    router: Router,
    auth: Arc<Auth>,
}

impl Admin {
    /// An admin API whose users and sessions are kept there, which reaches other servers so, and lets callers in unasked or
    /// not.
    pub fn new(accounts: Arc<dyn Accounts>, web: Arc<dyn Web>, unasked: Unasked) -> Self {
        Self { router: ROUTER.clone(), auth: Arc::new(Auth::new(accounts, web, unasked)) }
    }

    /// Answers one request to this process of whoever is at `peer`.
    pub async fn answer<B>(&self, plane: Arc<dyn Plane>, peer: SocketAddr, request: Request<B>) -> Response
    where
        B: http_body::Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + 'static,
    {
        let mut request = request.map(Body::new);
        let method = request.method().clone();
        told_apart(&method, request.uri_mut());
        request.extensions_mut().insert(Running(plane));
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(Arc::clone(&self.auth));
        let Ok(response) = self.router.clone().call(request).await;
        response
    }
}

async fn nothing(method: Method, uri: Uri) -> Problem {
    Problem::new(Kind::NotFound, format!("there is no {method} {}", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    Problem::new(Kind::MethodNotAllowed, format!("{method} is not a method of {}", uri.path()))
}
