//! Secrets that the configuration names.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::StoreError;
use crate::conn::{Conn, Row, Value, count};
use crate::keyring::Keyring;
use crate::place::Place;
use crate::seal::Name;
use crate::vault;
use crate::watch::Change;

/// Most secrets. Guards memory: a process has all of them.
pub const SECRETS_MAX: usize = 10_000;

/// The longest secret. Guards memory, and leaves room for a private key with its chain.
pub const SECRET_BYTES_MAX: usize = 64 << 10;

const LIST: &str = "SELECT name, set_ms, set_by FROM secrets ORDER BY name";

const ALL: &str = "SELECT name, sealed FROM secrets ORDER BY name";

const COUNT_OTHERS: &str = "SELECT count(*) FROM secrets WHERE name <> $1";

const PUT: &str = "INSERT INTO secrets (name, sealed, set_ms, set_by) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed, set_ms = excluded.set_ms, set_by = excluded.set_by";

const REMOVE: &str = "DELETE FROM secrets WHERE name = $1";

/// What is told of a secret: all but itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecret {
    /// What the configuration calls it.
    pub name: String,
    /// When it was set, in milliseconds since the Unix epoch.
    pub set_ms: u64,
    /// Who set it.
    pub set_by: String,
}

/// The secrets as they were at one moment. Its `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OpenSecrets {
    /// How often they had changed.
    pub revision: u64,
    /// By name; `None`: it does not open, though the key is the right one.
    pub values: BTreeMap<String, Option<String>>,
}

impl fmt::Debug for OpenSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// A secret that is to be kept. Its `Debug` shows nothing of it.
#[derive(Clone, Copy)]
pub struct NewSecret<'a> {
    /// What the configuration calls it.
    pub name: &'a str,
    /// Itself; not longer than [`SECRET_BYTES_MAX`].
    pub value: &'a str,
    /// When, in milliseconds since the Unix epoch.
    pub set_ms: u64,
    /// Who says so.
    pub set_by: &'a str,
}

impl fmt::Debug for NewSecret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSecret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The table of secrets. One task asks at a time; more tables may be open on the same database.
#[derive(Debug)]
pub struct SecretTable {
    place: Place,
    keyring: Keyring,
    /// `None` before the first question and after a failure: the next one begins with a fresh connection.
    open: Option<Conn>,
}

impl SecretTable {
    /// The table in the database at `place`, a path or a URL. It connects when it is first asked.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>, keyring: &Keyring) -> Result<Self, StoreError> {
        Ok(Self { place: Place::parse(place.as_ref())?, keyring: keyring.clone(), open: None })
    }

    /// Whether there is a database at all, as far as that is known without asking: asking a table makes a file.
    pub fn is_there(&self) -> bool {
        self.place.is_there()
    }

    /// How often the table has changed.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn revision(&mut self) -> Result<u64, StoreError> {
        let mut conn = self.connect().await?;
        let revision = vault::revision(&mut conn).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        Ok(revision)
    }

    /// What there is, by name.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn list(&mut self) -> Result<Vec<StoredSecret>, StoreError> {
        let mut conn = self.connect().await?;
        let rows = conn.fetch(LIST, &[]).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        rows.iter().map(read).collect::<Result<_, _>>().map_err(StoreError::Read)
    }

    /// All of them, opened. Where there are none, no key is asked for.
    ///
    /// # Errors
    /// When the database cannot be opened or read, or the key is not to be had.
    pub async fn all(&mut self) -> Result<OpenSecrets, StoreError> {
        let mut conn = self.connect().await?;
        // In this order: what is set in between is looked at once more.
        let revision = vault::revision(&mut conn).await.map_err(StoreError::Read)?;
        let rows = conn.fetch(ALL, &[]).await.map_err(StoreError::Read)?;
        let mut values = BTreeMap::new();
        if !rows.is_empty() {
            let key = vault::key_in_force(&mut conn, &self.keyring).await?;
            for row in &rows {
                let (name, sealed): (String, Vec<u8>) =
                    (row.get("name").map_err(StoreError::Read)?, row.get("sealed").map_err(StoreError::Read)?);
                let value = key.as_ref().and_then(|key| key.open(Name::Secret(&name), &sealed).ok());
                values.insert(name, value);
            }
        }
        self.open = Some(conn);
        Ok(OpenSecrets { revision, values })
    }

    /// Keeps a secret in place of what had its name; `false`: there are too many others.
    ///
    /// # Errors
    /// When the database cannot be opened or written, or the key is not to be had.
    pub async fn put(&mut self, new: NewSecret<'_>) -> Result<bool, StoreError> {
        let mut conn = self.connect().await?;
        conn.begin().await.map_err(StoreError::Write)?;
        let kept = put(&mut conn, &self.keyring, new).await?;
        if kept {
            conn.commit().await.map_err(StoreError::Write)?;
        } else {
            conn.rollback().await.map_err(StoreError::Write)?;
        }
        self.open = Some(conn);
        Ok(kept)
    }

    /// Forgets a secret; whether there was one.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn remove(&mut self, name: &str) -> Result<bool, StoreError> {
        let mut conn = self.connect().await?;
        conn.begin().await.map_err(StoreError::Write)?;
        let removed = remove(&mut conn, name).await.map_err(StoreError::Write)?;
        conn.commit().await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(removed)
    }

    async fn connect(&mut self) -> Result<Conn, StoreError> {
        match self.open.take() {
            Some(conn) => Ok(conn),
            None => self.place.connect_to_disk().await,
        }
    }
}

async fn put(conn: &mut Conn, keyring: &Keyring, new: NewSecret<'_>) -> Result<bool, StoreError> {
    vault::lock(conn).await.map_err(StoreError::Write)?;
    let others = conn.first(COUNT_OTHERS, &[new.name.into()]).await.map_err(StoreError::Read)?;
    let others: i64 = others.map_or(Ok(0), |row| row.get(0)).map_err(StoreError::Read)?;
    if usize::try_from(others).is_ok_and(|others| others >= SECRETS_MAX) {
        return Ok(false);
    }
    let key = vault::key_to_seal(conn, keyring).await?;
    let sealed = key.seal(Name::Secret(new.name), new.value.as_bytes());
    let values = [new.name.into(), Value::Bytes(Some(&sealed)), new.set_ms.into(), new.set_by.into()];
    conn.execute(PUT, &values).await.map_err(StoreError::Write)?;
    Change::Secrets.tell(conn).await.map_err(StoreError::Write)?;
    Ok(true)
}

async fn remove(conn: &mut Conn, name: &str) -> Result<bool, sqlx::Error> {
    vault::lock(conn).await?;
    let removed = conn.execute(REMOVE, &[name.into()]).await? > 0;
    Change::Secrets.tell(conn).await?;
    Ok(removed)
}

fn read(row: &Row) -> Result<StoredSecret, sqlx::Error> {
    Ok(StoredSecret { name: row.get("name")?, set_ms: count(row.get("set_ms")?), set_by: row.get("set_by")? })
}
