//! The SQLite file: how it is made, opened and read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, SqlitePool};

use crate::{StoreError, StoredRequest, Writer, migrate, rows};

/// Longest wait for another process that holds the file, such as a `sqlite3` shell in a transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections that read. The control plane asks little; each costs a thread and its page cache.
const READERS_MAX: u32 = 2;

/// A reader that nobody used this long is closed.
const READER_IDLE_MAX: Duration = Duration::from_secs(60);

/// What the write-ahead log is cut to after a checkpoint, in bytes: one big batch must not occupy the disk for good.
const WAL_BYTES_KEPT: &str = "16777216";

/// Memory the writer may keep pages in (SQLite counts it in negative KiB): it appends, and needs few.
const WRITER_CACHE: &str = "-512";

/// The durable record, open for reading. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    readers: SqlitePool,
}

impl Store {
    /// Opens the database at `place`, a path or a `sqlite:` URL, makes it when it is not there (readable by its owner
    /// alone) and brings its schema up to date. A file that is one schema newer than this release is used as it is.
    ///
    /// Must be called within a Tokio runtime with time enabled, which then serves the readers.
    ///
    /// # Errors
    /// When the file cannot be made, opened or migrated, or is more than one schema newer than this release.
    pub async fn open(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path_of(place.as_ref())?;
        connect_writer(&path).await?.close().await.map_err(|source| StoreError::Open { path: path.clone(), source })?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .idle_timeout(READER_IDLE_MAX)
            .connect_lazy_with(options(&path).pragma("query_only", "ON"));
        Ok(Self { path, readers })
    }

    /// The one that appends. It connects when it is first used, on whatever runtime it is used from.
    pub fn writer(&self) -> Writer {
        Writer::new(self.path.clone())
    }

    /// How many requests are recorded. Reads the whole table: for tests and tools.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count(&self) -> Result<u64, StoreError> {
        let row =
            sqlx::query("SELECT count(*) FROM requests").fetch_one(&self.readers).await.map_err(StoreError::Read)?;
        row.try_get::<i64, _>(0).map(i64::cast_unsigned).map_err(StoreError::Read)
    }

    /// The last `limit` requests by arrival, newest first.
    ///
    /// # Errors
    /// When the database does not answer, or holds what this release cannot read.
    pub async fn recent(&self, limit: u32) -> Result<Vec<StoredRequest>, StoreError> {
        let found = sqlx::query(rows::RECENT).bind(limit).fetch_all(&self.readers).await.map_err(StoreError::Read)?;
        found.iter().map(rows::read).collect::<Result<_, _>>().map_err(StoreError::Read)
    }

    /// Closes the readers.
    pub async fn close(&self) {
        self.readers.close().await;
    }
}

pub(crate) fn path_of(place: &Path) -> Result<PathBuf, StoreError> {
    let Some((scheme, rest)) = place.to_str().and_then(|text| text.split_once(':')) else {
        return Ok(place.to_owned());
    };
    match scheme {
        "sqlite" => Ok(PathBuf::from(rest.strip_prefix("//").unwrap_or(rest))),
        _ if rest.starts_with("//") => Err(StoreError::UnknownEngine { place: format!("{scheme}:") }),
        _ => Ok(place.to_owned()),
    }
}

/// A connection that may write, to a file that has this release's schema.
pub(crate) async fn connect_writer(path: &Path) -> Result<SqliteConnection, StoreError> {
    create(path).map_err(|source| StoreError::Create { path: path.to_owned(), source })?;
    let mut conn = options(path)
        .pragma("cache_size", WRITER_CACHE)
        .connect()
        .await
        .map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
    migrate::migrate(&mut conn, path).await?;
    Ok(conn)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode a crash of the process loses nothing that was committed; a loss of power may lose the last
        // batches but never tears the file.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("journal_size_limit", WAL_BYTES_KEPT)
        .disable_statement_logging()
}

/// Makes an empty file, which SQLite takes for a new database, before SQLite does so with everyone's right to read.
/// Its companions (`-wal`, `-shm`) take its permissions.
fn create(path: &Path) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new();
    file.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_path_or_a_sqlite_url_and_nothing_of_another_url_is_repeated() {
        let check = |place: &str| path_of(Path::new(place)).map_err(|error| error.to_string());
        assert_eq!(check("data/x.db"), Ok(PathBuf::from("data/x.db")));
        assert_eq!(check("sqlite:///var/x.db"), Ok(PathBuf::from("/var/x.db")));
        assert_eq!(check("sqlite:x.db"), Ok(PathBuf::from("x.db")));
        assert_eq!(check("odd:name.db"), Ok(PathBuf::from("odd:name.db")));
        assert_eq!(
            check("postgres://me:secret@host/db"),
            Err("`postgres:` is not a store this build can open; give a path or a `sqlite:` URL".to_owned())
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_and_its_companions_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let _writer = connect_writer(&path).await.unwrap();
        for name in ["x.db", "x.db-wal", "x.db-shm"] {
            let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!((name, mode & 0o777), (name, 0o600));
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere").join("x.db");
        let error = Store::open(&path).await.unwrap_err();
        assert!(matches!(&error, StoreError::Create { path: named, .. } if *named == path), "{error}");
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        std::fs::write(&path, "a letter to a friend, long enough to be no header of a database").unwrap();
        let error = Store::open(&path).await.unwrap_err();
        assert!(matches!(error, StoreError::Open { .. }), "{error}");
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("a letter"));
    }
}
