//! The durable record, open for reading.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{PgPool, SqlSafeStr, SqlitePool};

use crate::conn::{self, Row, Value, of_postgres, of_sqlite};
use crate::place::Place;
use crate::writer::Sync;
use crate::{StoreError, StoredRequest, Writer, rows, sqlite};

/// Connections that read. The control plane asks little; each costs a thread and its page cache, or a process of the
/// server.
const READERS_MAX: u32 = 2;

/// A reader that nobody used this long is closed.
const READER_IDLE_MAX: Duration = Duration::from_secs(60);

/// Longest wait for a reader.
const READER_TIMEOUT: Duration = Duration::from_secs(10);

/// The durable record, open for reading. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    place: Place,
    readers: Readers,
}

#[derive(Clone, Debug)]
enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Store {
    /// Opens the database at `place`, a path, a `sqlite:` URL or a `postgres:` URL, and brings its schema up to date. A
    /// file is made when it is not there (readable by its owner alone); a database on a server must be there. A schema that
    /// one later release made is used as it is.
    ///
    /// Must be called within a Tokio runtime with time and IO enabled, which then serves the readers.
    ///
    /// # Errors
    /// When the database cannot be made, reached or migrated, or its schema is newer than one release later.
    pub async fn open(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        let place = Place::parse(place.as_ref())?;
        let open = |source| StoreError::Open { place: place.to_string(), source };
        place.connect().await?.close().await.map_err(open)?;
        let readers = Readers::of(&place);
        Ok(Self { place, readers })
    }

    /// The one that appends. It connects when it is first used, on whatever runtime it is used from.
    pub fn writer(&self) -> Writer {
        Writer::new(self.place.clone(), Sync::Later)
    }

    /// The same, whose batches also survive a loss of power once they are appended; each costs a wait for the disk.
    pub fn writer_to_disk(&self) -> Writer {
        Writer::new(self.place.clone(), Sync::AtOnce)
    }

    /// How many requests are recorded. Reads the whole table: for tests and tools.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count(&self) -> Result<u64, StoreError> {
        let rows = self.fetch("SELECT count(*) FROM requests", &[]).await?;
        rows.first().map_or(Ok(0), |row| row.get(0)).map(conn::count).map_err(StoreError::Read)
    }

    /// The last `limit` requests by arrival, newest first.
    ///
    /// # Errors
    /// When the database does not answer, or holds what this release cannot read.
    pub async fn recent(&self, limit: u32) -> Result<Vec<StoredRequest>, StoreError> {
        let found = self.fetch(rows::RECENT, &[limit.into()]).await?;
        found.iter().map(rows::read).collect::<Result<_, _>>().map_err(StoreError::Read)
    }

    /// Closes the readers.
    pub async fn close(&self) {
        match &self.readers {
            Readers::Sqlite(pool) => pool.close().await,
            Readers::Postgres(pool) => pool.close().await,
        }
    }

    /// All rows that a statement finds.
    pub(crate) async fn fetch(&self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        let rows = match &self.readers {
            Readers::Sqlite(pool) => of_sqlite(sql, values).fetch_all(pool).await.map(conn::sqlite_rows),
            Readers::Postgres(pool) => of_postgres(sql, values).fetch_all(pool).await.map(conn::postgres_rows),
        };
        rows.map_err(StoreError::Read)
    }
}

impl Readers {
    fn of(place: &Place) -> Self {
        match place {
            Place::File(path) => {
                let pool = SqlitePoolOptions::new().max_connections(READERS_MAX).idle_timeout(READER_IDLE_MAX);
                Self::Sqlite(pool.acquire_timeout(READER_TIMEOUT).connect_lazy_with(sqlite::reading(path)))
            }
            Place::Server(options) => {
                let pool = PgPoolOptions::new().max_connections(READERS_MAX).idle_timeout(READER_IDLE_MAX);
                Self::Postgres(pool.acquire_timeout(READER_TIMEOUT).connect_lazy_with((**options).clone()))
            }
        }
    }
}
