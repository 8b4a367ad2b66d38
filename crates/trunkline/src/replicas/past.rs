//! What the ledger says was spent with a key.

use std::sync::{Arc, Weak};

use trunkline_config::file::BudgetPeriod;
use trunkline_config::{ClientKey, Secret};
use trunkline_providers::Usd;
use trunkline_proxy::Shared;
use trunkline_replicas::{Past, PastError, Untold};
use trunkline_route::Moment;
use trunkline_route::budget::{Spent, begins};
use trunkline_store::{ClientKeyTable, Question, Store, StoreError};

/// The sums that the ledger keeps with its rows. Each question has a connection of its own: few are asked.
#[derive(Debug)]
pub(super) struct Recorded {
    place: Secret,
    /// Who knows the names of keys. It holds the purse that holds this.
    shared: Weak<Shared>,
}

impl Recorded {
    pub(super) fn new(place: &Secret, shared: &Arc<Shared>) -> Self {
        Self { place: place.clone(), shared: Arc::downgrade(shared) }
    }

    /// Rows are kept under the names of keys.
    fn name(&self, id: &str) -> Option<Arc<str>> {
        let shared = self.shared.upgrade()?;
        let is_it = |key: &&Arc<ClientKey>| *key.id == *id;
        let (snapshot, made) = (shared.snapshot(), shared.made_keys());
        let found = snapshot.client_keys.declared().find(is_it).or_else(|| made.known.values().find(is_it));
        found.map(|key| Arc::clone(&key.name))
    }
}

impl Past for Recorded {
    fn spent(&self, key: &Arc<str>, now: Moment) -> Untold {
        let (place, id, name) = (self.place.clone(), Arc::clone(key), self.name(key));
        Box::pin(async move {
            let name = name.ok_or(PastError)?;
            let spent = sums(&place, &id, &name, now).await;
            spent
                .inspect_err(|error| tracing::warn!(%error, "what was spent before is not known"))
                .map_err(|_told| PastError)
        })
    }
}

async fn sums(place: &Secret, id: &str, name: &str, now: Moment) -> Result<Vec<Spent>, StoreError> {
    let made = ClientKeyTable::at(place.expose())?.made(id).await?;
    let store = Store::open(place.expose()).await?;
    let mut spent = Vec::with_capacity(BudgetPeriod::ALL.len());
    for period in BudgetPeriod::ALL {
        let from = begins(period, now);
        // Another may have had the name before.
        let since = made.map(Moment).filter(|made| *made > from).unwrap_or(from);
        let since_s = i64::try_from(since.0 / 1_000).ok().filter(|seconds| *seconds > 0);
        let asked = Question { client_key: Some(name.to_owned()), since_s, ..Question::default() };
        let figures = store.figures(&asked).await?;
        let usd = figures.first().map_or(Usd::ZERO, |all| Usd::from_nano(all.cost_nusd));
        spent.push(Spent { period, from, usd });
    }
    store.close().await;
    Ok(spent)
}
