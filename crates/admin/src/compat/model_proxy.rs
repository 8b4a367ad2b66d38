//! model-proxy v2's admin API: `/v1/admin/*`, and its pages at `/setup/`, which are ours now.

pub(crate) mod session;

use axum::routing::{get, post};

use super::words::to_pages;
use crate::auth::Asks;
use crate::endpoint::Endpoint;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/setup", Asks::Open, || get(to_pages)),
    Endpoint::new("GET", "/setup/", Asks::Open, || get(to_pages)),
    Endpoint::new("GET", "/setup/{*page}", Asks::Open, || get(to_pages)),
    Endpoint::new("GET", "/v1/admin/auth/status", Asks::Open, || get(session::status)),
    Endpoint::new("POST", "/v1/admin/auth/login", Asks::Open, || post(session::login)),
    Endpoint::new("POST", "/v1/admin/auth/logout", Asks::Open, || post(session::logout)),
];
