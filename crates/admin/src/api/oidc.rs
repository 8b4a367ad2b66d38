//! `/api/v1/oidc`: to an OpenID Connect provider and back.

use std::sync::Arc;

use axum::Extension;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, Uri, header};

use crate::auth::Asks;
use crate::auth::{Auth, Peer, Return, no_flow_cookie};
use crate::endpoint::{Endpoint, Operation};
use crate::problem::Problem;
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/oidc/start", Asks::Open, || get(start)).says(
        Operation::new("startOidc", "Sends a browser to the OpenID Connect provider.")
            .status(303)
            .fails(&[404, 429, 502]),
    ),
    Endpoint::new("GET", "/api/v1/oidc/callback", Asks::Open, || get(come_back)).says(
        Operation::new("finishOidc", "Where the OpenID Connect provider sends browsers back to.")
            .query::<Return>()
            .status(303)
            .fails(&[401, 404, 429, 502]),
    ),
];

/// Where whoever has signed in goes.
const PAGES: &str = "/ui/";

pub(crate) async fn start(
    Extension(Running(plane)): Extension<Running>,
    Extension(auth): Extension<Arc<Auth>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let departure = auth.depart(&plane.snapshot().admin, (peer, &headers)).await?;
    let headers = [(header::LOCATION, departure.location), (header::SET_COOKIE, departure.cookie)];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

pub(crate) async fn come_back(
    Extension(Running(plane)): Extension<Running>,
    Extension(auth): Extension<Arc<Auth>>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let access = &plane.snapshot().admin;
    let opened = auth.come_back(access, (peer, &headers), read(uri.query().unwrap_or_default())).await?;
    let cookies =
        [opened.cookie(access, (peer, &headers)), no_flow_cookie()].map(|cookie| (header::SET_COOKIE, cookie));
    Ok((StatusCode::SEE_OTHER, AppendHeaders(cookies), [(header::LOCATION, PAGES)]).into_response())
}

fn read(query: &str) -> Return {
    let mut back = Return::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let field = match &*name {
            "code" => &mut back.code,
            "state" => &mut back.state,
            "iss" => &mut back.iss,
            "error" => &mut back.error,
            _ => continue,
        };
        *field = Some(value.into_owned());
    }
    back
}
