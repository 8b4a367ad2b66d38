//! The paths of the admin API, all of them.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use bytes::Bytes;
use http::{Method, Request, Uri};
use tower_service::Service as _;

use crate::api;
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
pub static ALL: &[Endpoint] =
    &[Endpoint { method: "POST", path: "/api/v1/explain", handler: || post(api::explain::explain) }];

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
