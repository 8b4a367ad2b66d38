//! The paths of the admin API, all of them.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, patch, post};
use bytes::Bytes;
use http::{Method, Request, Uri};
use tower_service::Service as _;

use crate::api::{client_keys, explain, requests};
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
    handler: fn() -> MethodRouter,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Every path.
pub static ALL: &[Endpoint] = &[
    Endpoint { method: "POST", path: "/api/v1/explain", handler: || post(explain::explain) },
    Endpoint { method: "GET", path: "/api/v1/client-keys", handler: || get(client_keys::list) },
    Endpoint { method: "POST", path: "/api/v1/client-keys", handler: || post(client_keys::create) },
    Endpoint { method: "GET", path: "/api/v1/client-keys/{key}", handler: || get(client_keys::show) },
    Endpoint { method: "PATCH", path: "/api/v1/client-keys/{key}", handler: || patch(client_keys::change) },
    Endpoint { method: "DELETE", path: "/api/v1/client-keys/{key}", handler: || delete(client_keys::revoke) },
    Endpoint { method: "POST", path: "/api/v1/client-keys/{key}/rotate", handler: || post(client_keys::rotate) },
    Endpoint { method: "GET", path: "/api/v1/requests", handler: || get(requests::list) },
    Endpoint { method: "GET", path: "/api/v1/requests/{id}", handler: || get(requests::show) },
    Endpoint { method: "POST", path: "/key/generate", handler: || post(litellm::generate) },
    Endpoint { method: "POST", path: "/key/update", handler: || post(litellm::update) },
    Endpoint { method: "POST", path: "/key/delete", handler: || post(litellm::delete) },
    Endpoint { method: "GET", path: "/key/info", handler: || get(litellm::info) },
    Endpoint { method: "GET", path: "/spend/logs", handler: || get(litellm::spend_logs) },
    Endpoint { method: "GET", path: "/model/info", handler: || get(litellm::model_info) },
    Endpoint { method: "GET", path: "/v1/model/info", handler: || get(litellm::model_info) },
];

/// The process that a request came in at.
#[derive(Clone)]
pub(crate) struct Running(pub(crate) Arc<dyn Plane>);

/// The admin API.
#[derive(Clone, Debug)]
pub struct Admin {
    router: Router,
}

impl Default for Admin {
    fn default() -> Self {
        let router = ALL.iter().fold(Router::new(), |router, at| router.route(at.path, (at.handler)()));
        let router = router.fallback(nothing).method_not_allowed_fallback(wrong_method);
        // The gate stands before every answer, those that there is nothing among them.
        Self { router: router.layer(from_fn(gate)) }
    }
}

impl Admin {
    /// Answers one request to this process.
    pub async fn answer<B>(&self, plane: Arc<dyn Plane>, request: Request<B>) -> Response
    where
        B: http_body::Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + 'static,
    {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Running(plane));
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
