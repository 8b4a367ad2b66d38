//! Client keys that were made at run time.

use std::path::Path;

use crate::StoreError;
use crate::conn::{Conn, Row, Value, count};
use crate::place::Place;
use crate::watch::Change;

/// Most keys that are read, revoked ones aside. Guards memory: each request's key is looked for among all of them.
pub const CLIENT_KEYS_MAX: u32 = 100_000;

const REVISION: &str = "SELECT revision FROM client_keys_revision";

/// Whoever else wants to change something waits from here on.
const NEXT_REVISION: &str = "UPDATE client_keys_revision SET revision = revision + 1 RETURNING revision";

const ALL: &str = "SELECT id, name, hash, hint, old_hash, old_until_ms, owner, tags, allowance, created_ms, revoked_ms, \
     revision FROM client_keys WHERE revoked_ms IS NULL ORDER BY created_ms, id LIMIT $1";

const REVOKED: &str = "SELECT id, name, hash, hint, old_hash, old_until_ms, owner, tags, allowance, created_ms, \
     revoked_ms, revision FROM client_keys WHERE revoked_ms IS NOT NULL ORDER BY revoked_ms DESC, id LIMIT $1";

const ANY: &str = "SELECT 1 AS one FROM client_keys LIMIT 1";

const MADE: &str = "SELECT created_ms FROM client_keys WHERE id = $1";

const IS_TAKEN: &str = "SELECT id FROM client_keys WHERE name = $1 AND id <> $2 AND revoked_ms IS NULL";

const INSERT: &str = "INSERT INTO client_keys (id, name, hash, hint, old_hash, old_until_ms, owner, tags, allowance, \
     created_ms, revoked_ms, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

const UPDATE: &str = "UPDATE client_keys SET name = $2, hash = $3, hint = $4, old_hash = $5, old_until_ms = $6, owner = $7, \
     tags = $8, allowance = $9, created_ms = $10, revoked_ms = $11, revision = $12 WHERE id = $1 AND revision = $13";

/// One client key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredKey {
    /// Never given to another.
    pub id: String,
    /// Among those that are not revoked each name is there once.
    pub name: String,
    /// The SHA-256 of the key, in hexadecimal digits.
    pub hash: String,
    /// How the key ends, for people to know it by.
    pub hint: String,
    /// The SHA-256 of the key before it was rotated, and until when that is good, in milliseconds since the Unix epoch.
    pub old: Option<(String, u64)>,
    /// Whose it is.
    pub owner: Option<String>,
    /// An array in JSON.
    pub tags: String,
    /// An object in JSON.
    pub allowance: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it was revoked, in milliseconds since the Unix epoch.
    pub revoked_ms: Option<u64>,
    /// The table's own when this last changed.
    pub revision: u64,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is kept, under this revision.
    Kept(u64),
    /// Another key has the name.
    NameTaken,
    /// Somebody else has changed the key since it was read.
    Outdated,
}

/// The table of client keys. One task asks at a time; more tables may be open on the same database.
#[derive(Debug)]
pub struct ClientKeyTable {
    place: Place,
    /// `None` before the first question and after a failure: the next one begins with a fresh connection.
    open: Option<Conn>,
}

impl ClientKeyTable {
    /// The table in the database at `place`, a path or a URL. It connects when it is first asked.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { place: Place::parse(place.as_ref())?, open: None })
    }

    /// How often the table has changed.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn revision(&mut self) -> Result<u64, StoreError> {
        let mut conn = self.connect().await?;
        let row = conn.first(REVISION, &[]).await.map_err(StoreError::Read)?;
        let revision = row.map_or(Ok(0), |row| row.get::<i64, _>(0)).map_err(StoreError::Read)?;
        self.open = Some(conn);
        Ok(count(revision))
    }

    /// All keys that are not revoked, the oldest first; [`CLIENT_KEYS_MAX`] at most.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn all(&mut self) -> Result<Vec<StoredKey>, StoreError> {
        self.fetch(ALL, CLIENT_KEYS_MAX).await
    }

    /// Those that were revoked last.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn revoked(&mut self, limit: u32) -> Result<Vec<StoredKey>, StoreError> {
        self.fetch(REVOKED, limit).await
    }

    /// When the key of this id was made, in milliseconds since the Unix epoch; `None`: it is not in the table.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn made(&mut self, id: &str) -> Result<Option<u64>, StoreError> {
        let mut conn = self.connect().await?;
        let row = conn.first(MADE, &[id.into()]).await.map_err(StoreError::Read)?;
        let made = row.map(|row| row.get::<i64, _>(0)).transpose().map_err(StoreError::Read)?;
        self.open = Some(conn);
        Ok(made.map(count))
    }

    /// Whether there ever was a key.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn any(&mut self) -> Result<bool, StoreError> {
        let mut conn = self.connect().await?;
        let row = conn.first(ANY, &[]).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        Ok(row.is_some())
    }

    /// Keeps a new key (its revision is 0), or a changed one, whose revision says what it was made from.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn put(&mut self, key: &StoredKey) -> Result<Put, StoreError> {
        let mut conn = self.connect().await?;
        conn.begin().await.map_err(StoreError::Write)?;
        let put = put(&mut conn, key).await.map_err(StoreError::Write)?;
        match put {
            Put::Kept(_) => conn.commit().await.map_err(StoreError::Write)?,
            Put::NameTaken | Put::Outdated => conn.rollback().await.map_err(StoreError::Write)?,
        }
        self.open = Some(conn);
        Ok(put)
    }

    async fn fetch(&mut self, sql: &'static str, limit: u32) -> Result<Vec<StoredKey>, StoreError> {
        let mut conn = self.connect().await?;
        let rows = conn.fetch(sql, &[limit.into()]).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        rows.iter().map(read).collect::<Result<_, _>>().map_err(StoreError::Read)
    }

    async fn connect(&mut self) -> Result<Conn, StoreError> {
        match self.open.take() {
            Some(conn) => Ok(conn),
            None => self.place.connect_to_disk().await,
        }
    }
}

async fn put(conn: &mut Conn, key: &StoredKey) -> Result<Put, sqlx::Error> {
    let revision = conn.first(NEXT_REVISION, &[]).await?.map_or(Ok(1), |row| row.get::<i64, _>(0))?;
    if key.revoked_ms.is_none() && conn.first(IS_TAKEN, &[(&key.name).into(), (&key.id).into()]).await?.is_some() {
        return Ok(Put::NameTaken);
    }
    let (old_hash, old_until_ms) = match &key.old {
        Some((hash, until_ms)) => (Some(hash.as_str()), Some(*until_ms)),
        None => (None, None),
    };
    let moment = |ms: Option<u64>| Value::Whole(ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)));
    let mut values: Vec<Value<'_>> = vec![
        (&key.id).into(),
        (&key.name).into(),
        (&key.hash).into(),
        (&key.hint).into(),
        old_hash.into(),
        moment(old_until_ms),
        key.owner.as_deref().into(),
        (&key.tags).into(),
        (&key.allowance).into(),
        key.created_ms.into(),
        moment(key.revoked_ms),
        revision.into(),
    ];
    if key.revision == 0 {
        conn.execute(INSERT, &values).await?;
    } else {
        values.push(key.revision.into());
        if conn.execute(UPDATE, &values).await? == 0 {
            return Ok(Put::Outdated);
        }
    }
    Change::ClientKeys.tell(conn).await?;
    Ok(Put::Kept(count(revision)))
}

fn read(row: &Row) -> Result<StoredKey, sqlx::Error> {
    let moment = |column| row.get::<Option<i64>, &str>(column).map(|ms| ms.map(count));
    let old_hash: Option<String> = row.get("old_hash")?;
    Ok(StoredKey {
        id: row.get("id")?,
        name: row.get("name")?,
        hash: row.get("hash")?,
        hint: row.get("hint")?,
        old: old_hash.zip(moment("old_until_ms")?),
        owner: row.get("owner")?,
        tags: row.get("tags")?,
        allowance: row.get("allowance")?,
        created_ms: count(row.get("created_ms")?),
        revoked_ms: moment("revoked_ms")?,
        revision: count(row.get("revision")?),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn key(id: &str, name: &str) -> StoredKey {
        StoredKey {
            id: id.to_owned(),
            name: name.to_owned(),
            hash: format!("hash-{id}"),
            hint: "abcd".to_owned(),
            tags: "[]".to_owned(),
            allowance: "{}".to_owned(),
            created_ms: 1_790_000_000_000,
            ..StoredKey::default()
        }
    }

    async fn what_was_kept_is_found_by_everybody(place: &str) {
        let (mut one, mut other) = (ClientKeyTable::at(place).unwrap(), ClientKeyTable::at(place).unwrap());
        assert_eq!((one.any().await.unwrap(), one.revision().await.unwrap()), (false, 0));
        let full = StoredKey {
            old: Some(("before".to_owned(), 1_790_000_000_500)),
            owner: Some("ada".to_owned()),
            tags: r#"["a"]"#.to_owned(),
            ..key("1", "laptop")
        };
        assert_eq!(one.put(&full).await.unwrap(), Put::Kept(1));
        assert_eq!(one.put(&key("2", "phone")).await.unwrap(), Put::Kept(2));
        assert_eq!(other.revision().await.unwrap(), 2);
        let expected = [StoredKey { revision: 1, ..full }, StoredKey { revision: 2, ..key("2", "phone") }];
        assert_eq!(other.all().await.unwrap(), expected);
        assert!(other.any().await.unwrap());
    }

    async fn a_name_is_free_once_its_key_is_revoked(place: &str) {
        let mut table = ClientKeyTable::at(place).unwrap();
        assert_eq!(table.put(&key("1", "laptop")).await.unwrap(), Put::Kept(1));
        assert_eq!(table.put(&key("2", "laptop")).await.unwrap(), Put::NameTaken);
        let revoked = StoredKey { revoked_ms: Some(1_790_000_000_900), revision: 1, ..key("1", "laptop") };
        assert!(matches!(table.put(&revoked).await.unwrap(), Put::Kept(_)));
        assert!(matches!(table.put(&key("2", "laptop")).await.unwrap(), Put::Kept(_)));
        let ids = |keys: Vec<StoredKey>| keys.into_iter().map(|key| key.id).collect::<Vec<_>>();
        assert_eq!(ids(table.all().await.unwrap()), ["2"]);
        assert_eq!(ids(table.revoked(9).await.unwrap()), ["1"]);
    }

    async fn a_change_of_what_somebody_else_changed_is_refused(place: &str) {
        let mut table = ClientKeyTable::at(place).unwrap();
        table.put(&key("1", "laptop")).await.unwrap();
        let read = table.all().await.unwrap().remove(0);
        let mine = StoredKey { owner: Some("ada".to_owned()), ..read.clone() };
        assert_eq!(table.put(&mine).await.unwrap(), Put::Kept(2));
        assert_eq!(table.put(&StoredKey { owner: None, ..read }).await.unwrap(), Put::Outdated);
        assert_eq!(table.all().await.unwrap().remove(0).owner.as_deref(), Some("ada"));
        assert_eq!(table.revision().await.unwrap(), 2, "what was refused changed nothing");
    }

    /// Every rule, each on a place of its own, which `place` makes by its name.
    pub(crate) async fn all(place: &impl Fn(&str) -> String) {
        what_was_kept_is_found_by_everybody(&place("client_keys_1")).await;
        a_name_is_free_once_its_key_is_revoked(&place("client_keys_2")).await;
        a_change_of_what_somebody_else_changed_is_refused(&place("client_keys_3")).await;
    }
}
