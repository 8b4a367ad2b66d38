//! Who may call.

use std::sync::Arc;

use foldhash::HashMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Allowance, Priority};

/// Who may call.
#[derive(Clone, Debug)]
pub enum ClientKeys {
    /// Anyone who reaches the port: the operator says so.
    Open,
    /// Anyone who reaches the port, as long as there is no client key at all, those made at run time among them.
    Unclaimed,
    /// Holders of one of these, by the SHA-256 of the key, and of those made at run time.
    Required(HeldKeys),
}

/// Client keys by their [hashes](key_hash).
pub type HeldKeys = HashMap<[u8; 32], Arc<ClientKey>>;

impl ClientKeys {
    /// The same in memory of its own.
    pub(super) fn detached(&self) -> Self {
        match self {
            Self::Open => Self::Open,
            Self::Unclaimed => Self::Unclaimed,
            Self::Required(keys) => {
                Self::Required(keys.iter().map(|(hash, key)| (*hash, Arc::new(key.detached()))).collect())
            }
        }
    }

    /// Those of the document.
    pub fn declared(&self) -> impl Iterator<Item = &Arc<ClientKey>> {
        let keys = match self {
            Self::Open | Self::Unclaimed => None,
            Self::Required(keys) => Some(keys.values()),
        };
        keys.into_iter().flatten()
    }

    /// The holder, by the document, of the key with this hash. `None` for a key nobody holds, and where nothing needs
    /// presenting.
    pub fn find(&self, hash: &[u8; 32]) -> Option<&Arc<ClientKey>> {
        let Self::Required(keys) = self else { return None };
        among(keys, hash)
    }
}

/// The holder of the key with this hash. Takes as long for a hash that is nearly right as for any other.
pub fn among<'a>(keys: &'a HeldKeys, hash: &[u8; 32]) -> Option<&'a Arc<ClientKey>> {
    let (stored, key) = keys.get_key_value(hash)?;
    bool::from(stored.ct_eq(hash)).then_some(key)
}

/// How a client key is kept: its SHA-256.
pub fn key_hash(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// A key that callers authenticate with; only its hash is kept.
#[derive(Clone, Debug)]
pub struct ClientKey {
    /// What its use is counted by: that of a key of the document is its name, one made at run time has one that is never
    /// given again.
    pub id: Arc<str>,
    /// What reports and logs call its holder.
    pub name: Arc<str>,
    /// Whose it is.
    pub owner: Option<Box<str>>,
    /// Words to find it by.
    pub tags: Vec<Box<str>>,
    /// How far ahead its requests go where they have to wait.
    pub priority: Priority,
    /// What its holder may do; `None`: everything.
    pub allowance: Option<Arc<Allowance>>,
}

impl ClientKey {
    /// A key of the document of which nothing else is said.
    pub fn named(name: &str) -> Self {
        Self {
            id: name.into(),
            name: name.into(),
            owner: None,
            tags: Vec::new(),
            priority: Priority::default(),
            allowance: None,
        }
    }

    fn detached(&self) -> Self {
        Self {
            id: Arc::from(&*self.id),
            name: Arc::from(&*self.name),
            allowance: self.allowance.as_deref().map(|allowance| Arc::new(allowance.clone())),
            ..self.clone()
        }
    }
}
