//! serverless_proxy's admin API: endpoints, virtual models and tool patterns, and its dashboard, which is ours now.

use axum::routing::get;

use super::words::to_pages;
use crate::auth::Asks;
use crate::endpoint::Endpoint;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[Endpoint::new("GET", "/proxy-dashboard", Asks::Open, || get(to_pages))];
