//! model-proxy v2's admin API: `/v1/admin/*`, and its pages at `/setup/`, which are ours now.

mod bundle;
mod config;
mod environment;
mod log;
mod plan;
mod session;
mod theirs;

use axum::Extension;
use axum::extract::Path as InPath;
use axum::routing::{delete, get, patch, post, put};

use self::plan::Folder;
use super::words::to_pages;
use crate::auth::{Asks, Caller};
use crate::endpoint::Endpoint;
use crate::read::Json;
use crate::routes::Running;

type Plane = Extension<Running>;
type Who = Extension<Caller>;
type Name = InPath<String>;
type Body = Json<theirs::Object>;

const MODELS: &str = "/v1/admin/config/models";
const MODEL: &str = "/v1/admin/config/models/{name}";
const PROVIDERS: &str = "/v1/admin/config/providers";
const PROVIDER: &str = "/v1/admin/config/providers/{name}";

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/setup", Asks::Open, || get(to_pages)),
    Endpoint::new("GET", "/setup/", Asks::Open, || get(to_pages)),
    Endpoint::new("GET", "/setup/{*page}", Asks::Open, || get(to_pages)),
    Endpoint::new("GET", "/v1/admin/auth/status", Asks::Open, || get(session::status)),
    Endpoint::new("POST", "/v1/admin/auth/login", Asks::Open, || post(session::login)),
    Endpoint::new("POST", "/v1/admin/auth/logout", Asks::Open, || post(session::logout)),
    Endpoint::new("GET", "/v1/admin/logs", Asks::Viewer, || get(log::records)),
    Endpoint::new("GET", "/v1/admin/events/{id}", Asks::Viewer, || get(log::trace)),
    Endpoint::new("GET", "/v1/admin/events/{id}/stream", Asks::Viewer, || get(log::stream)),
    Endpoint::new("GET", MODELS, Asks::Viewer, || get(|plane: Plane| config::list(plane, Folder::Models))),
    Endpoint::new("GET", MODEL, Asks::Viewer, || {
        get(|plane: Plane, name: Name| config::show(plane, name, Folder::Models))
    }),
    Endpoint::new("POST", MODEL, Asks::Admin, || {
        post(|plane: Plane, who: Who, name: Name, body: Body| config::create((plane, who), name, body, Folder::Models))
    }),
    Endpoint::new("PUT", MODEL, Asks::Admin, || {
        put(|plane: Plane, who: Who, name: Name, body: Body| config::replace((plane, who), name, body, Folder::Models))
    }),
    Endpoint::new("PATCH", MODEL, Asks::Admin, || {
        patch(|plane: Plane, who: Who, name: Name, body: Body| config::patch((plane, who), name, body, Folder::Models))
    }),
    Endpoint::new("DELETE", MODEL, Asks::Admin, || {
        delete(|plane: Plane, who: Who, name: Name| config::delete((plane, who), name, Folder::Models))
    }),
    Endpoint::new("GET", PROVIDERS, Asks::Viewer, || get(|plane: Plane| config::list(plane, Folder::Providers))),
    Endpoint::new("GET", PROVIDER, Asks::Viewer, || {
        get(|plane: Plane, name: Name| config::show(plane, name, Folder::Providers))
    }),
    Endpoint::new("POST", PROVIDER, Asks::Admin, || {
        post(|plane: Plane, who: Who, name: Name, body: Body| {
            config::create((plane, who), name, body, Folder::Providers)
        })
    }),
    Endpoint::new("PUT", PROVIDER, Asks::Admin, || {
        put(|plane: Plane, who: Who, name: Name, body: Body| {
            config::replace((plane, who), name, body, Folder::Providers)
        })
    }),
    Endpoint::new("PATCH", PROVIDER, Asks::Admin, || {
        patch(|plane: Plane, who: Who, name: Name, body: Body| {
            config::patch((plane, who), name, body, Folder::Providers)
        })
    }),
    Endpoint::new("DELETE", PROVIDER, Asks::Admin, || {
        delete(|plane: Plane, who: Who, name: Name| config::delete((plane, who), name, Folder::Providers))
    }),
    Endpoint::new("GET", "/v1/admin/config/env", Asks::Viewer, || get(environment::list)),
    Endpoint::new("PUT", "/v1/admin/config/env", Asks::Admin, || put(environment::replace)),
    Endpoint::new("GET", "/v1/admin/config/export", Asks::Admin, || get(bundle::export)),
    Endpoint::new("POST", "/v1/admin/config/import", Asks::Admin, || post(bundle::import)),
];
