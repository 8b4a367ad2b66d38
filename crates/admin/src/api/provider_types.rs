//! `/api/v1/provider-types`: what a provider can be.

use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use trunkline_providers::{Vendor, registry};

use crate::api::page::Page;
use crate::auth::Asks;
use crate::endpoint::{Endpoint, Operation};
use crate::read::Json;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[Endpoint::new("GET", "/api/v1/provider-types", Asks::Viewer, || get(list))
    .says(Operation::new("providerTypes", "What a provider can be.").gives::<Page<ProviderType>>())];

/// One type of providers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ProviderType {
    /// What `type` says.
    r#type: &'static str,
    /// Its name for people.
    label: &'static str,
    /// The wire formats that it speaks, the one that says most first.
    dialects: Vec<&'static str>,
    /// Whether it refuses callers without a key.
    needs_key: bool,
    /// Whether the document must say where it is.
    needs_base_url: bool,
    /// Where it is when the document does not say it.
    default_base_url: Option<&'static str>,
    /// What is worth knowing of it.
    hint: Option<&'static str>,
}

pub(crate) async fn list() -> Json<Page<ProviderType>> {
    Json(Page::whole(registry::ALL.iter().map(|vendor| provider_type(vendor)).collect()))
}

fn provider_type(vendor: &Vendor) -> ProviderType {
    ProviderType {
        r#type: vendor.id,
        label: vendor.title,
        dialects: vendor.dialects.iter().map(|dialect| dialect.as_str()).collect(),
        needs_key: vendor.needs_key,
        needs_base_url: vendor.default_base_url.is_none() && vendor.adapter.is_none(),
        default_base_url: vendor.default_base_url,
        hint: vendor.hint,
    }
}
