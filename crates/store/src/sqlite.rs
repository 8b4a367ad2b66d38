//! The SQLite file: how it is made and opened.

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::conn::Conn;
use crate::place::Place;
use crate::{StoreError, migrate};

/// Longest wait for another process that holds the file, such as a `sqlite3` shell in a transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What the write-ahead log is cut to after a checkpoint, in bytes: one big batch must not occupy the disk for good.
const WAL_BYTES_KEPT: &str = "16777216";

/// Memory the writer may keep pages in (SQLite counts it in negative KiB): it appends, and needs few.
const WRITER_CACHE: &str = "-512";

/// A connection that may write, to a file that has this release's schema. The file is made when it is not there, readable
/// by its owner alone.
pub(crate) async fn connect(path: &Path, place: &Place) -> Result<Conn, StoreError> {
    create(path).map_err(|source| StoreError::Create { path: path.to_owned(), source })?;
    let connected = options(path).pragma("cache_size", WRITER_CACHE).connect().await;
    let mut conn = Conn::Sqlite(connected.map_err(|source| StoreError::Open { place: place.to_string(), source })?);
    migrate::migrate(&mut conn, place).await?;
    Ok(conn)
}

/// How the file is read, and nothing but read.
pub(crate) fn reading(path: &Path) -> SqliteConnectOptions {
    options(path).pragma("query_only", "ON")
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
    use crate::Store;

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_and_its_companions_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let _writer = Place::File(path.clone()).connect().await.unwrap();
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
