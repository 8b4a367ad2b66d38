//! Takes away what is too old or too much, in batches short enough that nobody waits for them: the records of requests,
//! whose sums of hours and days stay, and what was said in them.

use std::path::Path;

use crate::conn::{Conn, count};
use crate::place::Place;
use crate::{StoreError, arrival};

/// Rows that one [`Retention::take_some`] takes away: some milliseconds, for which whoever writes waits.
pub const TAKEN_ROWS_MAX: u64 = 1_000;

/// The same of what was said: a row may be megabytes.
pub const BODIES_TAKEN_MAX: u64 = 64;

/// Bytes that a row is said to take: measured with `cargo run --release -p trunkline-store --example million`. A count of
/// rows is exact, while the size of a file says nothing before it is packed anew.
const SQLITE_ROW_BYTES: u64 = 80;
const POSTGRES_ROW_BYTES: u64 = 190;

const COUNT: &str = "SELECT count(*) FROM requests";

/// The oldest row that stays when so many go.
const FIRST_KEPT: &str = "SELECT arrival FROM requests ORDER BY arrival LIMIT 1 OFFSET $1";

const TAKE: &str =
    "DELETE FROM requests WHERE arrival IN (SELECT arrival FROM requests WHERE arrival < $1 ORDER BY arrival LIMIT $2)";

/// The newest that does not stay when so many bytes do.
const LAST_BODIES_LEFT: &str = "SELECT at_ms FROM \
     (SELECT at_ms, sum(bytes) OVER (ORDER BY at_ms DESC) AS kept FROM bodies) AS newer \
     WHERE kept > $1 ORDER BY at_ms DESC LIMIT 1";

const TAKE_BODIES: &str = "DELETE FROM bodies WHERE (at_ms, process, number) IN \
     (SELECT at_ms, process, number FROM bodies WHERE at_ms < $1 ORDER BY at_ms LIMIT $2)";

/// What is kept; what is `None` bounds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// How old it may be, in milliseconds.
    pub age_ms: Option<u64>,
    /// Bytes that all of it may take.
    pub bytes: Option<u64>,
}

/// What is older than a moment, as its table has moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before(i64);

impl Before {
    /// Nothing is older than this.
    pub(crate) fn nothing() -> Self {
        Self(i64::MIN)
    }
}

/// Of what some is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Table {
    Requests,
    Bodies,
}

/// Who takes it away. One task asks at a time.
#[derive(Debug)]
pub struct Retention {
    place: Place,
    table: Table,
    /// `None` before the first question and after a failure: the next one begins with a fresh connection.
    open: Option<Conn>,
}

impl Retention {
    /// Of records of requests, for the database at `place`, a path or a URL. It connects when it is first asked.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { place: Place::parse(place.as_ref())?, table: Table::Requests, open: None })
    }

    /// The same of what was said in them.
    ///
    /// # Errors
    /// As [`Retention::at`].
    pub fn of_bodies_at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { table: Table::Bodies, ..Self::at(place)? })
    }

    /// The most that one [`Retention::take_some`] takes away.
    pub fn taken_max(&self) -> u64 {
        match self.table {
            Table::Requests => TAKEN_ROWS_MAX,
            Table::Bodies => BODIES_TAKEN_MAX,
        }
    }

    /// What is not kept at this moment.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn too_much(&mut self, keep: Keep, now_ms: u64) -> Result<Before, StoreError> {
        let Before(nothing) = Before::nothing();
        let by_age = keep.age_ms.map_or(nothing, |age_ms| self.table.moment(now_ms.saturating_sub(age_ms)));
        let mut conn = self.connection().await?;
        let by_size = match (keep.bytes, self.table) {
            (Some(bytes), Table::Requests) => first_kept(&mut conn, bytes).await,
            (Some(bytes), Table::Bodies) => first_bodies_kept(&mut conn, bytes).await,
            (None, _) => Ok(nothing),
        };
        let by_size = by_size.map_err(StoreError::Read)?;
        self.open = Some(conn);
        Ok(Before(by_age.max(by_size)))
    }

    /// Takes away some of this, the oldest first and [`Retention::taken_max`] at most; how many.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn take_some(&mut self, before: Before) -> Result<u64, StoreError> {
        let mut conn = self.connection().await?;
        let take = match self.table {
            Table::Requests => TAKE,
            Table::Bodies => TAKE_BODIES,
        };
        let taken = conn.execute(take, &[before.0.into(), self.taken_max().into()]).await.map_err(StoreError::Write)?;
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

impl Table {
    /// A moment in the table's own terms.
    fn moment(self, at_ms: u64) -> i64 {
        match self {
            Self::Requests => arrival::first_at(at_ms),
            Self::Bodies => crate::conn::whole(at_ms),
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

async fn first_bodies_kept(conn: &mut Conn, bytes: u64) -> Result<i64, sqlx::Error> {
    let last_left = conn.first(LAST_BODIES_LEFT, &[bytes.into()]).await?;
    last_left.map_or(Ok(i64::MIN), |row| row.get::<i64, _>(0).map(|at_ms| at_ms.saturating_add(1)))
}
