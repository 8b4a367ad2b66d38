//! Client keys that are made at run time: made, changed and ended here, by the command line and the admin API alike.

pub(crate) mod command;
pub(crate) mod follow;
mod secret;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use trunkline_admin::{Answer, KeyFields, KeyProblem, KeyRow, Keys, Made, Misasked, Origin, Spending, SpentRow};
use trunkline_config::file::AllowanceSection;
use trunkline_config::snapshot::key_hash;
use trunkline_config::{ClientKey, Secret, Snapshot};
use trunkline_providers::Usd;
use trunkline_proxy::Shared;
use trunkline_route::purse::Account;
use trunkline_store::{ClientKeyTable, Put, Store, StoreError, StoredKey};
use trunkline_wire::timestamp;

use crate::rests::now;
use secret::{hash_text, new_id, new_key};

/// Revoked keys that are listed beside all others.
const REVOKED_SHOWN: u32 = 100;

/// Tries to change a key that somebody else changes at the same time.
const TRIES_MAX: usize = 3;

/// What every key begins with: scanners of leaked secrets know it by this.
pub(crate) const PREFIX: &str = "sk-tl-";

/// Longest that whoever makes a key waits until it is let in here. Followers of the table look sooner.
const IN_FORCE_TIMEOUT: Duration = Duration::from_secs(2);

/// How often it is looked meanwhile.
const IN_FORCE_LOOK_EVERY: Duration = Duration::from_millis(5);

/// Who keeps the client keys. Each question has a connection of its own: few are asked.
#[derive(Clone)]
pub(crate) struct KeyDesk {
    place: Secret,
    view: View,
}

/// The process that serves, or the configuration of one.
#[derive(Clone)]
pub(crate) enum View {
    Live(Arc<Shared>),
    Still(Arc<Snapshot>),
}

impl KeyDesk {
    /// The desk of the store at `place`.
    pub(crate) fn new(place: Secret, view: View) -> Self {
        Self { place, view }
    }

    fn table(&self) -> Result<ClientKeyTable, KeyProblem> {
        ClientKeyTable::at(self.place.expose()).map_err(|error| down(&error))
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        match &self.view {
            View::Live(shared) => shared.snapshot(),
            View::Still(snapshot) => Arc::clone(snapshot),
        }
    }

    async fn all(&self) -> Result<Vec<KeyRow>, KeyProblem> {
        let mut table = self.table()?;
        let made = table.all().await.map_err(|error| down(&error))?;
        let revoked = table.revoked(REVOKED_SHOWN).await.map_err(|error| down(&error))?;
        let snapshot = self.snapshot();
        let mut declared: Vec<KeyRow> = snapshot.client_keys.declared().map(|key| self.declared(key)).collect();
        declared.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(declared.into_iter().chain(made.iter().chain(&revoked).map(|key| self.made(key))).collect())
    }

    async fn insert(&self, fields: KeyFields) -> Result<Made, KeyProblem> {
        if self.snapshot().client_keys.declared().any(|key| *key.name == *fields.name) {
            return Err(KeyProblem::NameTaken(fields.name));
        }
        let key = new_key();
        let stored = StoredKey {
            id: new_id(),
            hash: hash_text(&key),
            hint: hint(&key),
            created_ms: now().0,
            ..written(&fields, StoredKey::default())
        };
        match self.table()?.put(&stored).await.map_err(|error| down(&error))? {
            Put::Kept(_) => Ok(Made { key, row: self.made(&stored) }),
            Put::NameTaken | Put::Outdated => Err(KeyProblem::NameTaken(fields.name)),
        }
    }

    /// Changes a key. Its changes are made anew when somebody else is faster.
    async fn update(
        &self,
        named: &str,
        change: impl Fn(StoredKey) -> Result<StoredKey, KeyProblem>,
    ) -> Result<KeyRow, KeyProblem> {
        let mut table = self.table()?;
        for _ in 0..TRIES_MAX {
            let stored = self.find(&mut table, named).await?;
            let changed = change(stored.clone())?;
            if changed == stored {
                return Ok(self.made(&stored));
            }
            match table.put(&changed).await.map_err(|error| down(&error))? {
                Put::Kept(_) => return Ok(self.made(&changed)),
                Put::NameTaken => return Err(KeyProblem::NameTaken(changed.name)),
                Put::Outdated => {}
            }
        }
        Err(KeyProblem::Outdated(shown(named)))
    }

    /// The key with this id, name or hash, or this very key.
    async fn find(&self, table: &mut ClientKeyTable, named: &str) -> Result<StoredKey, KeyProblem> {
        let hash = if named.starts_with(PREFIX) { hash_text(named) } else { named.to_owned() };
        let all = table.all().await.map_err(|error| down(&error))?;
        let found = all.into_iter().find(|key| key.id == named || key.name == named || key.hash == hash);
        found.ok_or_else(|| {
            let declared = self.snapshot().client_keys.declared().any(|key| *key.name == *named);
            if declared { KeyProblem::InDocument(named.to_owned()) } else { KeyProblem::NotFound(shown(named)) }
        })
    }

    async fn last(&self, limit: u32) -> Result<Vec<Spending>, KeyProblem> {
        let store = Store::open(self.place.expose()).await.map_err(|error| down(&error))?;
        let requests = store.recent(limit).await.map_err(|error| down(&error))?;
        store.close().await;
        let spending = |request: trunkline_store::StoredRequest| Spending {
            id: format!("{:032x}", request.id),
            at_ms: request.at_ms,
            total_us: request.total_us,
            client_key: request.client_key,
            model: (request.model, request.upstream_model),
            tokens: (
                request
                    .input_tokens
                    .saturating_add(request.cache_read_tokens)
                    .saturating_add(request.cache_write_tokens),
                request.output_tokens,
            ),
            usd: request.cost_nusd.map(|nano| Usd::from_nano(nano).to_string()),
            outcome: request.outcome,
        };
        Ok(requests.into_iter().map(spending).collect())
    }

    fn declared(&self, key: &ClientKey) -> KeyRow {
        let allowance = key.allowance.as_deref().map(trunkline_config::Allowance::stated).unwrap_or_default();
        let row = KeyRow {
            id: key.id.to_string(),
            name: key.name.to_string(),
            hint: None,
            origin: Origin::Document,
            owner: key.owner.as_deref().map(str::to_owned),
            tags: key.tags.iter().map(|tag| tag.to_string()).collect(),
            allowance,
            created: None,
            revoked: None,
            open: 0,
            reserved_usd: Usd::ZERO.to_string(),
            spent: Vec::new(),
        };
        self.with_account(row)
    }

    fn made(&self, key: &StoredKey) -> KeyRow {
        let fields = read(key).unwrap_or_else(|| KeyFields { name: key.name.clone(), ..KeyFields::default() });
        let row = KeyRow {
            id: key.id.clone(),
            name: fields.name,
            hint: Some(key.hint.clone()),
            origin: Origin::Made,
            owner: fields.owner,
            tags: fields.tags,
            allowance: fields.allowance,
            created: Some(timestamp::write(key.created_ms / 1_000)),
            revoked: key.revoked_ms.map(|ms| timestamp::write(ms / 1_000)),
            open: 0,
            reserved_usd: Usd::ZERO.to_string(),
            spent: Vec::new(),
        };
        self.with_account(row)
    }

    /// A key that was made just now, once this process lets it in: who is told of it may use it at once.
    async fn in_force(&self, made: Made) -> Made {
        if let View::Live(shared) = &self.view {
            let hash = key_hash(made.key.as_bytes());
            let looked = async {
                while !shared.made_keys().known.contains_key(&hash) {
                    tokio::time::sleep(IN_FORCE_LOOK_EVERY).await;
                }
            };
            // It is a good key all the same, only later.
            let _ = tokio::time::timeout(IN_FORCE_TIMEOUT, looked).await;
        }
        made
    }

    /// The row with what the process knows of the key's use.
    fn with_account(&self, row: KeyRow) -> KeyRow {
        let View::Live(shared) = &self.view else { return row };
        let Account { open, reserved, spent } = shared.purse().account(&row.id, now());
        let spent =
            spent.iter().map(|spent| SpentRow { period: spent.period.as_str(), usd: spent.usd.to_string() }).collect();
        KeyRow { open, reserved_usd: reserved.to_string(), spent, ..row }
    }
}

impl Keys for KeyDesk {
    fn list(&self) -> Answer<Vec<KeyRow>> {
        let desk = self.clone();
        Box::pin(async move { desk.all().await })
    }

    fn create(&self, fields: KeyFields) -> Answer<Made> {
        let desk = self.clone();
        Box::pin(async move { Ok(desk.in_force(desk.insert(fields).await?).await) })
    }

    fn change(&self, key: String, changes: Map<String, Value>) -> Answer<KeyRow> {
        let desk = self.clone();
        Box::pin(async move {
            let change = |stored: StoredKey| {
                let fields = read(&stored).ok_or_else(unreadable)?;
                Ok(written(&fields.changed(changes.clone())?, stored))
            };
            desk.update(&key, change).await
        })
    }

    fn rotate(&self, key: String, overlap: Duration) -> Answer<Made> {
        let desk = self.clone();
        Box::pin(async move {
            let new = new_key();
            let rotated = |stored: StoredKey| {
                Ok(StoredKey {
                    old: (!overlap.is_zero()).then(|| (stored.hash.clone(), (now() + overlap).0)),
                    hash: hash_text(&new),
                    hint: hint(&new),
                    ..stored
                })
            };
            let row = desk.update(&key, rotated).await?;
            Ok(desk.in_force(Made { key: new, row }).await)
        })
    }

    fn revoke(&self, key: String) -> Answer<KeyRow> {
        let desk = self.clone();
        Box::pin(async move {
            let revoked = |stored: StoredKey| Ok(StoredKey { revoked_ms: Some(now().0), ..stored });
            desk.update(&key, revoked).await
        })
    }

    fn spending(&self, limit: u32) -> Answer<Vec<Spending>> {
        let desk = self.clone();
        Box::pin(async move { desk.last(limit).await })
    }
}

/// What a stored key is; `None` when a later release wrote what this one cannot read.
pub(crate) fn read(key: &StoredKey) -> Option<KeyFields> {
    let allowance: AllowanceSection = serde_json::from_str(&key.allowance).ok()?;
    let tags = serde_json::from_str(&key.tags).ok()?;
    Some(KeyFields { name: key.name.clone(), owner: key.owner.clone(), tags, allowance })
}

fn written(fields: &KeyFields, stored: StoredKey) -> StoredKey {
    StoredKey {
        name: fields.name.clone(),
        owner: fields.owner.clone(),
        tags: serde_json::to_string(&fields.tags).expect("texts can be written"),
        allowance: serde_json::to_string(&fields.allowance).expect("texts and numbers can be written"),
        ..stored
    }
}

/// How a key ends: enough to tell two apart, too little to guess one.
fn hint(key: &str) -> String {
    key.get(key.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

/// How a key is named in a sentence: not by itself.
fn shown(named: &str) -> String {
    if named.starts_with(PREFIX) { format!("{PREFIX}...{}", hint(named)) } else { named.to_owned() }
}

fn unreadable() -> KeyProblem {
    let message = "a later release wrote it, and this one cannot read it".to_owned();
    KeyProblem::Misasked(Misasked { field: "key".to_owned(), message })
}

fn down(error: &StoreError) -> KeyProblem {
    tracing::warn!(%error, "the table of client keys does not answer");
    KeyProblem::Down
}
