//! Stored secrets: set and forgotten here, by the command line and the admin API alike. A process that serves sees it within
//! a second; the one that is asked, at once.

pub(crate) mod command;

use trunkline_admin::{Misasked, SecretProblem, SecretRow, SecretValue, Secrets, SecretsTold};
use trunkline_config::{SecretReference, is_secret_name, secret_references};
use trunkline_store::{KeyError, NewSecret, SECRET_BYTES_MAX, SECRETS_MAX, SecretTable, StoreError};
use trunkline_wire::timestamp;

use crate::rests::now;
use crate::source::Source;

/// Who keeps the secrets. Each question has a connection of its own: few are asked.
#[derive(Clone)]
pub(crate) struct SecretDesk {
    source: Source,
}

impl SecretDesk {
    /// The desk of the store that the document is in, or that it names.
    pub(crate) fn new(source: Source) -> Self {
        Self { source }
    }

    async fn all(&self) -> Result<Vec<SecretRow>, SecretProblem> {
        let (mut table, named) = self.open().await?;
        let stored = table.list().await.map_err(problem)?;
        let row = |stored: trunkline_store::StoredSecret| SecretRow {
            used_by: used_by(&named, &stored.name),
            set_at: Some(timestamp::write(stored.set_ms / 1_000)),
            name: stored.name,
        };
        Ok(stored.into_iter().map(row).collect())
    }

    async fn put(&self, name: &str, value: &str, who: &str) -> Result<(), SecretProblem> {
        let wrong = |field: &str, message: String| Err(Misasked { field: field.to_owned(), message }.into());
        if !is_secret_name(name) {
            return wrong("name", "a name has letters, digits, `-`, `_` and `.`, 64 at most".to_owned());
        }
        if value.trim().is_empty() || value.len() > SECRET_BYTES_MAX || value.contains('\0') {
            return wrong("value", format!("a secret has 1 to {SECRET_BYTES_MAX} bytes, and is not only white space"));
        }
        let (mut table, _) = self.open().await?;
        let new = NewSecret { name, value, set_ms: now().0, set_by: who };
        if !table.put(new).await.map_err(problem)? {
            return wrong("name", format!("there are {SECRETS_MAX} secrets, which is the most"));
        }
        tracing::info!(secret = name, who, "a secret was set");
        self.know(&mut table).await
    }

    async fn forget(&self, name: &str) -> Result<(), SecretProblem> {
        let (mut table, named) = self.open().await?;
        let used_by = used_by(&named, name);
        if !used_by.is_empty() {
            return Err(SecretProblem::InUse { name: name.to_owned(), used_by });
        }
        if !table.remove(name).await.map_err(problem)? {
            return Err(SecretProblem::NotFound(name.to_owned()));
        }
        tracing::info!(secret = name, "a secret was forgotten");
        self.know(&mut table).await
    }

    /// What was just done is known here before anybody is told that it was.
    async fn know(&self, table: &mut SecretTable) -> Result<(), SecretProblem> {
        self.source.vault.look(table, true).await.map_err(problem)
    }

    /// The table, and where the document names what is in it.
    async fn open(&self) -> Result<(SecretTable, Vec<SecretReference>), SecretProblem> {
        let unreadable = |error: crate::source::SourceError| SecretProblem::Sealed(error.to_string());
        self.source.make_data_folder().map_err(unreadable)?;
        let written = self.source.read().await.map_err(unreadable)?;
        let named = written.as_ref().map(|written| secret_references(&written.text)).unwrap_or_default();
        let table = self.source.vault.table(&self.source.store_of(written.as_ref())).map_err(problem)?;
        Ok((table, named))
    }
}

impl Secrets for SecretDesk {
    fn list(&self) -> SecretsTold<Vec<SecretRow>> {
        let desk = self.clone();
        Box::pin(async move { desk.all().await })
    }

    fn set(&self, name: String, value: SecretValue, who: String) -> SecretsTold<()> {
        let desk = self.clone();
        Box::pin(async move { desk.put(&name, &value.value, &who).await })
    }

    fn remove(&self, name: String) -> SecretsTold<()> {
        let desk = self.clone();
        Box::pin(async move { desk.forget(&name).await })
    }
}

fn used_by(named: &[SecretReference], name: &str) -> Vec<String> {
    named.iter().filter(|found| found.name == name).map(|found| found.path.to_string()).collect()
}

fn problem(error: StoreError) -> SecretProblem {
    if let StoreError::Key(error) = error {
        return sealed(&error);
    }
    tracing::warn!(%error, "the table of secrets does not answer");
    SecretProblem::Down
}

fn sealed(error: &KeyError) -> SecretProblem {
    tracing::warn!(%error, "secrets cannot be sealed or opened");
    SecretProblem::Sealed(error.to_string())
}
