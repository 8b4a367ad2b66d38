//! Takes away the records of requests that are too old or too many, in batches short enough that nobody waits for them. The
//! sums of hours and days stay.

use std::path::Path;

use crate::conn::{Conn, count};
use crate::place::Place;
use crate::{StoreError, arrival};

/// Rows that one [`Retention::take_some`] takes away: some milliseconds, for which whoever writes waits.
pub const TAKEN_ROWS_MAX: u64 = 1_000;

/// Bytes that a row is said to take: measured with `cargo run --release -p trunkline-store --example million`. A count of
/// rows is exact, while the size of a file says nothing before it is packed anew.
const SQLITE_ROW_BYTES: u64 = 80;
const POSTGRES_ROW_BYTES: u64 = 190;

const COUNT: &str = "SELECT count(*) FROM requests";

/// The oldest row that stays when so many go.
const FIRST_KEPT: &str = "SELECT arrival FROM requests ORDER BY arrival LIMIT 1 OFFSET $1";

const TAKE: &str =
    "DELETE FROM requests WHERE arrival IN (SELECT arrival FROM requests WHERE arrival < $1 ORDER BY arrival LIMIT $2)";

/// What is kept; what is `None` bounds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// How old a record may be, in milliseconds.
    pub age_ms: Option<u64>,
    /// Bytes that all of them may take.
    pub bytes: Option<u64>,
}

/// The records before a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before(i64);

/// Who takes them away. One task asks at a time.
#[derive(Debug)]
pub struct Retention {
    place: Place,
    /// `None` before the first question and after a failure: the next one begins with a fresh connection.
    open: Option<Conn>,
}

impl Retention {
    /// For the database at `place`, a path or a URL. It connects when it is first asked.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { place: Place::parse(place.as_ref())?, open: None })
    }

    /// Which records are not kept at this moment.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn too_much(&mut self, keep: Keep, now_ms: u64) -> Result<Before, StoreError> {
        let by_age = keep.age_ms.map_or(i64::MIN, |age_ms| arrival::first_at(now_ms.saturating_sub(age_ms)));
        let mut conn = self.connection().await?;
        let by_size = match keep.bytes {
            Some(bytes) => first_kept(&mut conn, bytes).await.map_err(StoreError::Read)?,
            None => i64::MIN,
        };
        self.open = Some(conn);
        Ok(Before(by_age.max(by_size)))
    }

    /// Takes away some of these records, the oldest first and [`TAKEN_ROWS_MAX`] at most; how many.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn take_some(&mut self, before: Before) -> Result<u64, StoreError> {
        let mut conn = self.connection().await?;
        let taken = conn.execute(TAKE, &[before.0.into(), TAKEN_ROWS_MAX.into()]).await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(taken)
    }

    async fn connection(&mut self) -> Result<Conn, StoreError> {
        match self.open.take() {
            Some(conn) => Ok(conn),
            None => self.place.connect().await,
        }
    }
}

async fn first_kept(conn: &mut Conn, bytes: u64) -> Result<i64, sqlx::Error> {
    let row_bytes = match conn {
        Conn::Sqlite(_) => SQLITE_ROW_BYTES,
        Conn::Postgres(_) => POSTGRES_ROW_BYTES,
    };
    let rows = conn.first(COUNT, &[]).await?.map_or(Ok(0), |row| row.get(0)).map(count)?;
    let Some(excess) = rows.checked_sub(bytes / row_bytes).filter(|excess| *excess > 0) else { return Ok(i64::MIN) };
    // None stays when the limit is smaller than a row.
    conn.first(FIRST_KEPT, &[excess.into()]).await?.map_or(Ok(i64::MAX), |row| row.get(0))
}
