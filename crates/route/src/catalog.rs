//! What providers say they serve.

use std::collections::HashMap;
use std::sync::Arc;

use trunkline_config::Snapshot;
use trunkline_providers::ListedModel;

/// The last model list of one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// In the provider's order.
    pub models: Vec<ListedModel>,
    /// Why the last reading failed; the models are then those of the reading before.
    pub problem: Option<String>,
    /// Whether it failed because nobody answered at all.
    pub is_unreachable: bool,
}

/// The model lists of all providers, and who serves a bare name.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    listings: HashMap<Arc<str>, Arc<Listing>>,
    owners: HashMap<String, Vec<Arc<str>>>,
    /// By provider and model, where the list says it: looked up for each target of a long prompt.
    windows: HashMap<Arc<str>, HashMap<String, u64>>,
}

impl Catalog {
    /// Lists by provider, of the snapshot's providers alone; owners of a name stand in the snapshot's order.
    pub fn new(snapshot: &Snapshot, mut listings: HashMap<Arc<str>, Arc<Listing>>) -> Self {
        listings.retain(|name, _| snapshot.providers.contains_key(name.as_ref()));
        let mut owners: HashMap<String, Vec<Arc<str>>> = HashMap::new();
        let window = |model: &ListedModel| Some((model.id.clone(), model.context_window?));
        let windows = listings
            .iter()
            .map(|(name, listing)| (Arc::clone(name), listing.models.iter().filter_map(window).collect()));
        let windows = windows.collect();
        for provider in snapshot.providers.values() {
            let Some(listing) = listings.get(&provider.name) else { continue };
            for model in &listing.models {
                owners.entry(model.id.clone()).or_default().push(Arc::clone(&provider.name));
            }
        }
        Self { listings, owners, windows }
    }

    /// Tokens in and out of a provider's model, when its list says it.
    pub fn window(&self, provider: &str, model: &str) -> Option<u64> {
        self.windows.get(provider)?.get(model).copied()
    }

    /// The last list of this provider.
    pub fn listing(&self, provider: &str) -> Option<&Arc<Listing>> {
        self.listings.get(provider)
    }

    /// All lists, to make the next catalog from.
    pub fn listings(&self) -> HashMap<Arc<str>, Arc<Listing>> {
        self.listings.clone()
    }

    /// The providers that list exactly this name, in the snapshot's order.
    pub fn owners(&self, model: &str) -> &[Arc<str>] {
        self.owners.get(model).map_or(&[], Vec::as_slice)
    }

    /// One entry of one provider's list.
    pub fn find(&self, provider: &str, model: &str) -> Option<&ListedModel> {
        self.listings.get(provider)?.models.iter().find(|listed| listed.id == model)
    }

    /// Every listed model as `provider/model`.
    pub fn addresses(&self) -> impl Iterator<Item = String> {
        self.listings
            .iter()
            .flat_map(|(provider, listing)| listing.models.iter().map(move |model| format!("{provider}/{}", model.id)))
    }
}
