//! What this process knows of the store's secrets, and the key that they are sealed with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trunkline_config::{Env, Secret, StoredSecrets};
use trunkline_store::{KEY_VARIABLE, Keyring, OpenSecrets, PREVIOUS_KEY_VARIABLE, SecretTable, StoreError};

use crate::wakes::LOOK_TIMEOUT;

/// The secrets as they were looked at last. All copies know the same.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    keyring: Keyring,
    known: Arc<Mutex<Known>>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    /// The table's own; `None` before they were read.
    revision: Option<u64>,
    secrets: Arc<StoredSecrets>,
}

impl Vault {
    /// One that knows nothing yet, with the key that the variables and the data folder hold.
    pub(crate) fn new(env: &Env, data_dir: PathBuf) -> Self {
        let keyring = Keyring::new(env.get(KEY_VARIABLE), env.get(PREVIOUS_KEY_VARIABLE), data_dir);
        Self { keyring, known: Arc::default() }
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// What documents may name.
    pub(crate) fn secrets(&self) -> Arc<StoredSecrets> {
        Arc::clone(&self.known().secrets)
    }

    /// How often they had changed when they were read; `None` before that.
    pub(crate) fn revision(&self) -> Option<u64> {
        self.known().revision
    }

    /// Why the secrets that there are cannot be read; `None` when they can.
    pub(crate) fn problem(&self) -> Option<String> {
        match &*self.known().secrets {
            StoredSecrets::Known(_) => None,
            StoredSecrets::Unreadable(why) => Some(why.clone()),
        }
    }

    /// Reads them for the first time, unless there is no database; a failure is what becomes of those who name one.
    pub(crate) async fn learn(&self, place: &Secret) {
        let read = async {
            let mut table = self.table(place)?;
            if table.is_there() { table.all().await } else { Ok(OpenSecrets::default()) }
        };
        match read.await {
            Ok(secrets) => self.know(secrets),
            Err(error) => self.known().secrets = Arc::new(StoredSecrets::Unreadable(error.to_string())),
        }
    }

    /// Reads them when they are others than before, or `anyway`. Those that are known stay when they cannot be read.
    ///
    /// # Errors
    /// When the store does not answer, or there is no key.
    pub(crate) async fn look(&self, table: &mut SecretTable, anyway: bool) -> Result<(), StoreError> {
        let revision = table.revision().await?;
        if self.known().revision == Some(revision) && !anyway {
            return Ok(());
        }
        self.know(table.all().await?);
        Ok(())
    }

    /// Reads them when they are others than before, for somebody who is about to name one. Whoever follows them tells of
    /// failures.
    pub(crate) async fn catch_up(&self, place: &Secret) {
        if let Ok(mut table) = self.table(place) {
            // A store that does not answer does not keep anybody from what is known.
            let _ = tokio::time::timeout(LOOK_TIMEOUT, self.look(&mut table, false)).await;
        }
    }

    /// The table that they are in.
    ///
    /// # Errors
    /// When the place is of an engine that this build does not have.
    pub(crate) fn table(&self, place: &Secret) -> Result<SecretTable, StoreError> {
        SecretTable::at(place.expose(), &self.keyring)
    }

    fn know(&self, OpenSecrets { revision, values }: OpenSecrets) {
        let secrets: BTreeMap<_, _> = values.into_iter().map(|(name, value)| (name, value.map(Secret::new))).collect();
        *self.known() = Known { revision: Some(revision), secrets: Arc::new(StoredSecrets::Known(secrets)) };
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
