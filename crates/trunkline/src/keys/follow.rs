//! Follows the table of client keys: what is made, changed or revoked there holds here within a second. And restores what
//! was spent of budgets, from the sums that the ledger keeps with its rows: what was recorded is what counts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use trunkline_admin::KeyFields;
use trunkline_config::file::{BudgetPeriod, Day};
use trunkline_config::snapshot::HeldKeys;
use trunkline_config::{Allowance, ClientKey, Secret};
use trunkline_providers::Usd;
use trunkline_proxy::{MadeKeys, Shared};
use trunkline_route::Moment;
use trunkline_route::budget::{Spent, begins};
use trunkline_store::{CLIENT_KEYS_MAX, ClientKeyTable, Dimension, Question, Store, StoreError, StoredKey};

use super::read;
use super::secret::hash_of;
use crate::rests::now;
use crate::wakes::{LOOK_TIMEOUT, Wake};

/// What is known of the table.
pub(crate) struct Follower {
    table: ClientKeyTable,
    store: Store,
    seen: Option<u64>,
    /// When those that are there now were made, by their ids.
    made: HashMap<Arc<str>, u64>,
    /// Those whose budgets go on from what was spent before.
    restored: HashSet<Arc<str>>,
    failing: bool,
}

impl Follower {
    /// Takes up the keys that are there, and what was spent with them and with those of the document.
    ///
    /// # Errors
    /// When the store does not answer: without it nobody knows who may call and what is spent.
    pub(crate) async fn start(place: &Secret, shared: &Shared) -> Result<Self, StoreError> {
        let (table, store) = (ClientKeyTable::at(place.expose())?, Store::open(place.expose()).await?);
        let (made, restored) = (HashMap::new(), HashSet::new());
        let mut follower = Self { table, store, seen: None, made, restored, failing: false };
        follower.follow_table(shared).await?;
        follower.restore(shared).await?;
        Ok(follower)
    }

    /// Follows until dropped, whenever it is called.
    pub(crate) async fn follow(mut self, shared: Arc<Shared>, wake: Wake) {
        loop {
            wake.sleep(self.failing).await;
            let looked = tokio::time::timeout(LOOK_TIMEOUT, self.look(&shared)).await;
            let problem = match looked {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(late) => Some(late.to_string()),
            };
            let failed_before = std::mem::replace(&mut self.failing, problem.is_some());
            // Each run of failures is told once.
            if let Some(problem) = problem
                && !failed_before
            {
                tracing::warn!(problem, "changes of client keys are not seen; those that are known stay");
            }
        }
    }

    async fn look(&mut self, shared: &Shared) -> Result<(), StoreError> {
        self.follow_table(shared).await?;
        self.restore(shared).await
    }

    async fn follow_table(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let revision = self.table.revision().await?;
        if self.seen == Some(revision) {
            return Ok(());
        }
        let (keys, any) = (self.table.all().await?, self.table.any().await?);
        if keys.len() >= CLIENT_KEYS_MAX as usize {
            tracing::error!(keys_max = CLIENT_KEYS_MAX, "there are more client keys than are read");
        }
        let made: HashMap<Arc<str>, u64> =
            keys.iter().map(|key| (Arc::from(key.id.as_str()), key.created_ms)).collect();
        let gone: HashSet<&Arc<str>> = self.made.keys().filter(|id| !made.contains_key(*id)).collect();
        shared.accounts.forget(|id| gone.contains(&Arc::from(id)));
        let known = index(&keys);
        if self.seen.is_some() {
            tracing::info!(keys = keys.len(), "client keys in force");
            // What is new has spent nothing.
            let new = known.values().filter(|key| has_budget(key) && !self.made.contains_key(&key.id));
            self.restored.extend(new.map(|key| Arc::clone(&key.id)));
        }
        shared.set_made_keys(MadeKeys { known, any });
        (self.made, self.seen) = (made, Some(revision));
        Ok(())
    }

    /// Takes up what was spent with keys that have a budget now and had none before.
    async fn restore(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let (snapshot, known) = (shared.snapshot(), shared.made_keys().known.clone());
        let all = snapshot.client_keys.declared().chain(known.values());
        let new: HashMap<Arc<str>, Arc<ClientKey>> = all
            .filter(|key| has_budget(key) && !self.restored.contains(&key.id))
            .map(|key| (Arc::clone(&key.id), Arc::clone(key)))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let at = now();
        let mut found = Vec::new();
        for period in BudgetPeriod::ALL {
            let from = begins(period, at);
            let sums = self.sums(from).await?;
            for key in new.values() {
                // Another may have had the name before.
                let since = self.made.get(&key.id).map(|created_ms| Moment(*created_ms)).filter(|made| *made > from);
                let usd = match since {
                    None => sums.get(&*key.name).copied().unwrap_or(Usd::ZERO),
                    Some(since) => self.sum(&key.name, since).await?,
                };
                found.push((Arc::clone(&key.id), Spent { period, from, usd }));
            }
        }
        for (id, spent) in found {
            shared.accounts.restore(&id, spent, at);
        }
        self.restored.extend(new.into_keys());
        Ok(())
    }

    /// What each key has spent since then, by name.
    async fn sums(&self, since: Moment) -> Result<HashMap<String, Usd>, StoreError> {
        let asked = Question { by: Some(Dimension::ClientKey), since_s: seconds(since), ..Question::default() };
        let figures = self.store.figures(&asked).await?;
        Ok(figures.into_iter().filter_map(|of| Some((of.name?, Usd::from_nano(of.cost_nusd)))).collect())
    }

    /// The same of one key.
    async fn sum(&self, name: &str, since: Moment) -> Result<Usd, StoreError> {
        let client_key = Some(name.to_owned());
        let asked = Question { client_key, since_s: seconds(since), ..Question::default() };
        let figures = self.store.figures(&asked).await?;
        Ok(figures.first().map_or(Usd::ZERO, |all| Usd::from_nano(all.cost_nusd)))
    }
}

fn seconds(moment: Moment) -> Option<i64> {
    i64::try_from(moment.0 / 1_000).ok().filter(|seconds| *seconds > 0)
}

fn has_budget(key: &ClientKey) -> bool {
    key.allowance.as_ref().is_some_and(|allowance| !allowance.budgets.is_empty())
}

/// The keys by their hashes; a key that was rotated is there twice for a while.
fn index(keys: &[StoredKey]) -> HeldKeys {
    let mut known = HeldKeys::default();
    for key in keys {
        let Some(fields) = read(key) else {
            tracing::warn!(key = %key.name, "a later release wrote this client key; it is not let in");
            continue;
        };
        if let Some((hash, until_ms)) = key.old.as_ref().and_then(|(hash, until)| Some((hash_of(hash)?, *until))) {
            let until_ms = fields.allowance.expires.map_or(until_ms, |Day(end_ms)| end_ms.min(until_ms));
            let mut before = fields.clone();
            before.allowance.expires = Some(Day(until_ms));
            known.insert(hash, Arc::new(client_key(&key.id, &before)));
        }
        if let Some(hash) = hash_of(&key.hash) {
            known.insert(hash, Arc::new(client_key(&key.id, &fields)));
        }
    }
    known
}

fn client_key(id: &str, fields: &KeyFields) -> ClientKey {
    ClientKey {
        id: id.into(),
        owner: fields.owner.as_deref().map(Into::into),
        tags: fields.tags.iter().map(|tag| tag.as_str().into()).collect(),
        allowance: Allowance::of(&fields.allowance),
        ..ClientKey::named(&fields.name)
    }
}
