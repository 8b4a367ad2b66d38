//! `GET /api/v1/health`: how providers, their keys and the store are.

use axum::Extension;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::Asks;
use crate::clock::now;
use crate::endpoint::{Endpoint, Operation};
use crate::read::Json;
use crate::routes::Running;
use crate::standing::{ProviderHealth, ProviderKey, Sight};

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[Endpoint::new("GET", "/api/v1/health", Asks::Viewer, || get(show))
    .says(Operation::new("health", "How providers and the store are.").gives::<Health>())];

/// How providers and the store are.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Health {
    /// In the order of the document.
    providers: Vec<NamedHealth>,
    store: StoreHealth,
}

/// How a provider is.
#[derive(Serialize, JsonSchema)]
struct NamedHealth {
    /// Which.
    name: String,
    health: ProviderHealth,
    keys: Vec<ProviderKey>,
}

/// How the store is.
#[derive(Serialize, JsonSchema)]
struct StoreHealth {
    /// `up` or `down`.
    state: &'static str,
    /// The engine, or why it does not answer.
    detail: Option<String>,
    /// How long a question takes.
    latency_ms: Option<f64>,
}

async fn show(Extension(Running(plane)): Extension<Running>) -> Json<Health> {
    let store = plane.watch().store().await;
    let (snapshot, catalog) = (plane.snapshot(), plane.catalog());
    let sight = Sight { catalog: &catalog, live: plane.live(), now: now() };
    let providers = snapshot.providers.values().map(|provider| NamedHealth {
        name: provider.name.to_string(),
        health: sight.health(provider),
        keys: sight.keys(provider),
    });
    let store = match store.latency_ms {
        Ok(latency_ms) => {
            StoreHealth { state: "up", detail: Some(store.engine.to_owned()), latency_ms: Some(latency_ms) }
        }
        Err(why) => StoreHealth { state: "down", detail: Some(format!("{}: {why}", store.engine)), latency_ms: None },
    };
    Json(Health { providers: providers.collect(), store })
}
