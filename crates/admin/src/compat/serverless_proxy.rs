//! serverless_proxy's admin API: endpoints, virtual models and tool patterns, and its dashboard, which is ours now.

mod endpoints;
mod patterns;
mod row;
mod usage;
mod virtual_models;

use axum::routing::{delete, get, post, put};

use super::words::to_pages;
use crate::auth::Asks;
use crate::endpoint::Endpoint;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/proxy-dashboard", Asks::Open, || get(to_pages)),
    Endpoint::new("GET", "/api/admin/endpoints", Asks::Viewer, || get(endpoints::list)),
    Endpoint::new("POST", "/api/admin/endpoints", Asks::Admin, || post(endpoints::create)),
    Endpoint::new("PUT", "/api/admin/endpoints/{id}", Asks::Admin, || put(endpoints::update)),
    Endpoint::new("DELETE", "/api/admin/endpoints/{id}", Asks::Admin, || delete(endpoints::delete)),
    Endpoint::new("GET", "/endpoints", Asks::Viewer, || get(endpoints::page)),
    Endpoint::new("POST", "/endpoints", Asks::Admin, || post(endpoints::create)),
    Endpoint::new("PUT", "/endpoints/{id}", Asks::Admin, || put(endpoints::update)),
    Endpoint::new("GET", "/endpoints/{id}/delete", Asks::Admin, || get(endpoints::delete)).changes(),
    Endpoint::new("DELETE", "/endpoints/{id}/delete", Asks::Admin, || delete(endpoints::delete)),
    Endpoint::new("POST", "/endpoints/{id}/test", Asks::Admin, || post(endpoints::test)),
    Endpoint::new("GET", "/endpoints/{id}/models", Asks::Viewer, || get(endpoints::models)),
    Endpoint::new("GET", "/api/admin/virtual-models", Asks::Viewer, || get(virtual_models::list)),
    Endpoint::new("POST", "/virtual-models", Asks::Admin, || post(virtual_models::create)),
    Endpoint::new("PUT", "/virtual-models/{id}", Asks::Admin, || put(virtual_models::update)),
    Endpoint::new("GET", "/virtual-models/{id}/delete", Asks::Admin, || get(virtual_models::delete)).changes(),
    Endpoint::new("DELETE", "/virtual-models/{id}/delete", Asks::Admin, || delete(virtual_models::delete)),
    Endpoint::new("GET", "/api/admin/tool-patterns", Asks::Viewer, || get(patterns::list)),
    Endpoint::new("POST", "/api/admin/tool-patterns", Asks::Admin, || post(patterns::create)),
    Endpoint::new("PUT", "/api/admin/tool-patterns/{id}", Asks::Admin, || put(patterns::update)),
    Endpoint::new("DELETE", "/api/admin/tool-patterns/{id}", Asks::Admin, || delete(patterns::delete)),
    Endpoint::new("GET", "/api/admin/usage", Asks::Viewer, || get(usage::summary)),
    Endpoint::new("GET", "/api/admin/usage/by_model", Asks::Viewer, || get(usage::by_model)),
    Endpoint::new("GET", "/api/admin/usage/by_endpoint", Asks::Viewer, || get(usage::by_endpoint)),
    // The same for those who reach only a part of the paths.
    Endpoint::new("GET", "/tool-patterns", Asks::Viewer, || get(patterns::list)),
    Endpoint::new("POST", "/tool-patterns", Asks::Admin, || post(patterns::create)),
    Endpoint::new("PUT", "/tool-patterns/{id}", Asks::Admin, || put(patterns::update)),
    Endpoint::new("DELETE", "/tool-patterns/{id}", Asks::Admin, || delete(patterns::delete)),
    Endpoint::new("GET", "/endpoints/patterns", Asks::Viewer, || get(patterns::list)),
    Endpoint::new("POST", "/endpoints/patterns", Asks::Admin, || post(patterns::create)),
    Endpoint::new("PUT", "/endpoints/patterns/{id}", Asks::Admin, || put(patterns::update)),
    Endpoint::new("DELETE", "/endpoints/patterns/{id}", Asks::Admin, || delete(patterns::delete)),
];
