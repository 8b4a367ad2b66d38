//! The paths of the admin API, all of them.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, patch, post};
use bytes::Bytes;
use http::{Method, Request, Uri};
use tower_service::Service as _;

use crate::api::{client_keys, explain, oidc, requests, session};
use crate::auth::{Accounts, Asks, Auth, Peer, Unasked, Web};
use crate::compat::litellm;
use crate::gate::gate;
use crate::plane::Plane;
use crate::problem::{Kind, Problem};

/// One path and what answers it.
#[derive(Clone, Copy)]
pub struct Endpoint {
    /// Its method.
    pub method: &'static str,
    /// Its path.
    pub path: &'static str,
    /// What it asks of whoever calls it.
    pub asks: Asks,
    handler: fn() -> MethodRouter,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Every path.
pub static ALL: &[Endpoint] = &[
    Endpoint { method: "GET", path: "/api/v1/auth", asks: Asks::Open, handler: || get(session::ways_in) },
    Endpoint { method: "POST", path: "/api/v1/session", asks: Asks::Open, handler: || post(session::sign_in) },
    Endpoint { method: "GET", path: "/api/v1/session", asks: Asks::Viewer, handler: || get(session::show) },
    Endpoint { method: "DELETE", path: "/api/v1/session", asks: Asks::Viewer, handler: || delete(session::sign_out) },
    Endpoint { method: "GET", path: "/api/v1/sessions", asks: Asks::Viewer, handler: || get(session::list) },
    Endpoint {
        method: "DELETE",
        path: "/api/v1/sessions/{id}",
        asks: Asks::Admin,
        handler: || delete(session::revoke),
    },
    Endpoint { method: "GET", path: "/api/v1/oidc/start", asks: Asks::Open, handler: || get(oidc::start) },
    Endpoint { method: "GET", path: "/api/v1/oidc/callback", asks: Asks::Open, handler: || get(oidc::come_back) },
    Endpoint { method: "POST", path: "/api/v1/explain", asks: Asks::Viewer, handler: || post(explain::explain) },
    Endpoint { method: "GET", path: "/api/v1/client-keys", asks: Asks::Viewer, handler: || get(client_keys::list) },
    Endpoint { method: "POST", path: "/api/v1/client-keys", asks: Asks::Admin, handler: || post(client_keys::create) },
    Endpoint {
        method: "GET",
        path: "/api/v1/client-keys/{key}",
        asks: Asks::Viewer,
        handler: || get(client_keys::show),
    },
    Endpoint {
        method: "PATCH",
        path: "/api/v1/client-keys/{key}",
        asks: Asks::Admin,
        handler: || patch(client_keys::change),
    },
    Endpoint {
        method: "DELETE",
        path: "/api/v1/client-keys/{key}",
        asks: Asks::Admin,
        handler: || delete(client_keys::revoke),
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/client-keys/{key}/rotate",
        asks: Asks::Admin,
        handler: || post(client_keys::rotate),
    },
    Endpoint { method: "GET", path: "/api/v1/requests", asks: Asks::Viewer, handler: || get(requests::list) },
    Endpoint { method: "GET", path: "/api/v1/requests/{id}", asks: Asks::Viewer, handler: || get(requests::show) },
    Endpoint { method: "POST", path: "/key/generate", asks: Asks::Admin, handler: || post(litellm::generate) },
    Endpoint { method: "POST", path: "/key/update", asks: Asks::Admin, handler: || post(litellm::update) },
    Endpoint { method: "POST", path: "/key/delete", asks: Asks::Admin, handler: || post(litellm::delete) },
    Endpoint { method: "GET", path: "/key/info", asks: Asks::Viewer, handler: || get(litellm::info) },
    Endpoint { method: "GET", path: "/spend/logs", asks: Asks::Viewer, handler: || get(litellm::spend_logs) },
    Endpoint { method: "GET", path: "/model/info", asks: Asks::Viewer, handler: || get(litellm::model_info) },
    Endpoint { method: "GET", path: "/v1/model/info", asks: Asks::Viewer, handler: || get(litellm::model_info) },
];

/// The process that a request came in at.
#[derive(Clone)]
pub(crate) struct Running(pub(crate) Arc<dyn Plane>);

/// What a request asks of whoever sends it. What is nowhere in the list asks for somebody who is signed in: nobody else
/// is told what there is.
pub(crate) fn asks(method: &Method, path: Option<&str>) -> Asks {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let listed = ALL.iter().find(|at| Some(at.path) == path && at.method == method);
    listed.map_or(Asks::Viewer, |at| at.asks)
}

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
        let router = ALL.iter().fold(Router::new(), |router, at| router.route(at.path, (at.handler)()));
        let router = router.fallback(nothing).method_not_allowed_fallback(wrong_method);
        // The gate stands before every answer, those that there is nothing among them.
        Self { router: router.layer(from_fn(gate)), auth: Arc::new(Auth::new(accounts, web, unasked)) }
    }

    /// Answers one request to this process of whoever is at `peer`.
    pub async fn answer<B>(&self, plane: Arc<dyn Plane>, peer: SocketAddr, request: Request<B>) -> Response
    where
        B: http_body::Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + 'static,
    {
        let mut request = request.map(Body::new);
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
