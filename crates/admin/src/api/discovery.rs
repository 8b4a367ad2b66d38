//! `GET /api/v1/discovery`: where providers are looked for, and what was found.

use axum::Extension;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use trunkline_config::{FoundEndpoint, Provider, ProviderSource, Snapshot};
use trunkline_route::{Catalog, Moment};

use crate::auth::Asks;
use crate::endpoint::{Endpoint, Operation};
use crate::read::Json;
use crate::routes::Running;
use crate::standing::at;
use crate::watch::Probed;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[Endpoint::new("GET", "/api/v1/discovery", Asks::Viewer, || get(show))
    .says(Operation::new("discovery", "Where providers are looked for, and what was found.").gives::<Discovery>())];

/// Where providers are looked for, and what was found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Discovery {
    /// Where.
    sources: Vec<DiscoverySource>,
    /// What.
    endpoints: Vec<DiscoveredEndpoint>,
}

/// A place where providers and models are looked for.
#[derive(Serialize, JsonSchema)]
struct DiscoverySource {
    /// What it is called: that of a provider, for its list of models.
    name: String,
    /// `probe`: the ports of this machine; `environment`: well-known variables; `list`: the models that a provider lists.
    kind: &'static str,
    /// `watching`, `failing` or `off`.
    state: &'static str,
    /// When it was last looked, where that is known.
    #[schemars(extend("format" = "date-time"))]
    last_at: Option<String>,
    /// Why it fails.
    error: Option<String>,
}

/// A server that was found.
#[derive(Serialize, JsonSchema)]
struct DiscoveredEndpoint {
    /// What it is called.
    name: String,
    /// Where it is.
    address: String,
    /// What it is.
    r#type: Option<String>,
    /// What it lists.
    models: Vec<String>,
    /// Who found it: `probe` or `environment`.
    source: &'static str,
    /// The provider it became.
    taken_as: Option<String>,
}

async fn show(Extension(Running(plane)): Extension<Running>) -> Json<Discovery> {
    let (snapshot, catalog, probed) = (plane.snapshot(), plane.catalog(), plane.watch().probed());
    let mut sources = vec![probe(&probed), environment(&snapshot)];
    sources.extend(snapshot.providers.values().filter_map(|provider| list(provider, &catalog)));
    let found = probed.found.iter().map(|found| of_probe(found, &snapshot, &catalog));
    let implied = snapshot.providers.values().filter(|provider| provider.source == ProviderSource::Environment);
    let endpoints = found.chain(implied.map(|provider| of_environment(provider, &catalog))).collect();
    Json(Discovery { sources, endpoints })
}

fn probe(probed: &Probed) -> DiscoverySource {
    DiscoverySource {
        name: "ports of this machine".to_owned(),
        kind: "probe",
        state: if probed.is_on { "watching" } else { "off" },
        last_at: probed.last_ms.map(|ms| at(Moment(ms))),
        error: None,
    }
}

fn environment(snapshot: &Snapshot) -> DiscoverySource {
    let is_used = snapshot.providers.values().any(|provider| provider.source == ProviderSource::Environment);
    DiscoverySource {
        name: "environment".to_owned(),
        kind: "environment",
        state: if is_used { "watching" } else { "off" },
        last_at: None,
        error: None,
    }
}

/// The list of models of a provider, which is read again and again.
fn list(provider: &Provider, catalog: &Catalog) -> Option<DiscoverySource> {
    let listing = catalog.listing(&provider.name)?;
    Some(DiscoverySource {
        name: provider.name.to_string(),
        kind: "list",
        state: if listing.problem.is_some() { "failing" } else { "watching" },
        last_at: None,
        error: listing.problem.clone(),
    })
}

fn of_probe(found: &FoundEndpoint, snapshot: &Snapshot, catalog: &Catalog) -> DiscoveredEndpoint {
    let is_it = |provider: &&std::sync::Arc<Provider>| provider.base_url.as_ref() == Some(&found.base_url);
    let taken_as = snapshot.providers.values().find(is_it);
    DiscoveredEndpoint {
        name: taken_as.map_or(found.vendor.id, |provider| &*provider.name).to_owned(),
        address: found.base_url.to_string(),
        r#type: Some(found.vendor.id.to_owned()),
        models: taken_as.map(|provider| models(provider, catalog)).unwrap_or_default(),
        source: ProviderSource::Probe.as_str(),
        taken_as: taken_as.map(|provider| provider.name.to_string()),
    }
}

fn of_environment(provider: &Provider, catalog: &Catalog) -> DiscoveredEndpoint {
    DiscoveredEndpoint {
        name: provider.name.to_string(),
        address: provider.base_url.as_ref().map(ToString::to_string).unwrap_or_default(),
        r#type: Some(provider.vendor.id.to_owned()),
        models: models(provider, catalog),
        source: ProviderSource::Environment.as_str(),
        taken_as: Some(provider.name.to_string()),
    }
}

fn models(provider: &Provider, catalog: &Catalog) -> Vec<String> {
    let listed = catalog.listing(&provider.name).into_iter().flat_map(|listing| &listing.models);
    listed.map(|model| model.id.clone()).collect()
}
