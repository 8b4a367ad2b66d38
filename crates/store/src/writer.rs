//! Appends batches of reports.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use trunkline_route::Report;

use crate::kinds::{Kind, Kinds};
use crate::{StoreError, arrival, rows, sqlite};

/// Rows of the statement for large batches. Each statement costs a round trip to SQLite's thread (about 70 µs of CPU
/// here), so more is better; past this the gain is under 5 %, and the prepared statement keeps room for every value it binds.
const BULK_ROWS: usize = 256;

/// Rows of the statement for small batches.
const SMALL_ROWS: usize = 16;

/// Fewest rows for which the bulk statement is cheaper although most of its rows stay empty.
const BULK_WORTH_ROWS: usize = 48;

/// Places kept between batches; what a burst needed beyond that is given back.
const ROWS_KEPT: usize = 4_096;

/// How far to look for a free key. As many processes would have to write into one file with their counts in step;
/// guards against a search without end.
const KEYS_TRIED_MAX: usize = 1_024;

/// The one that appends. Make one a process; more work too, but wait for each other.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    /// `None` before the first batch and after a failure: the next batch begins with a fresh connection, so that a file
    /// that was moved, filled up or remounted is found again.
    open: Option<Open>,
}

/// A connection and what is known of it. Dropped as a whole on failure, which rolls back and forgets.
#[derive(Debug)]
struct Open {
    conn: SqliteConnection,
    kinds: Kinds,
    bulk: Arc<str>,
    small: Arc<str>,
    /// The batch's keys and places, sorted.
    order: Vec<(i64, usize)>,
}

impl Writer {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    /// Records all of `reports` or, on error, none of them. A report that is recorded already (by its id) stays as it is, so a batch whose outcome is unknown may be appended again. Safe to cancel.
    ///
    /// # Errors
    /// When the database cannot be opened or written; the next call starts afresh.
    pub async fn append(&mut self, reports: &[Report]) -> Result<(), StoreError> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => Open::connect(&self.path).await?,
        };
        open.append(reports).await.map_err(StoreError::Write)?;
        self.open = Some(open);
        Ok(())
    }

    /// Ends the connection in order, which folds the write-ahead log into the file.
    ///
    /// # Errors
    /// When SQLite could not; nothing is lost, the next start does it.
    pub async fn close(self) -> Result<(), StoreError> {
        match self.open {
            Some(open) => open.conn.close().await.map_err(StoreError::Write),
            None => Ok(()),
        }
    }
}

impl Open {
    async fn connect(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            conn: sqlite::connect_writer(path).await?,
            kinds: Kinds::default(),
            bulk: rows::insert(BULK_ROWS).into(),
            small: rows::insert(SMALL_ROWS).into(),
            order: Vec::new(),
        })
    }

    async fn append(&mut self, reports: &[Report]) -> Result<(), sqlx::Error> {
        // Rows in order go to the end of the table; out of order, each would have to be looked for and pages be split.
        self.order.clear();
        self.order.extend(reports.iter().enumerate().map(|(place, report)| (arrival::key(report), place)));
        self.order.sort();
        self.order.shrink_to(ROWS_KEPT);
        let mut tx = self.conn.begin_with("BEGIN IMMEDIATE").await?;
        let mut order = self.order.as_slice();
        while !order.is_empty() {
            let (sql, rows_max) =
                if order.len() >= BULK_WORTH_ROWS { (&self.bulk, BULK_ROWS) } else { (&self.small, SMALL_ROWS) };
            let (now, later) = order.split_at(order.len().min(rows_max));
            let rows = || now.iter().filter_map(|(key, place)| Some((*key, reports.get(*place)?)));
            let mut arguments = rows::arguments(now.len());
            for (key, report) in rows() {
                let kind = id_of(&mut self.kinds, &mut tx, report).await?;
                rows::bind(key, kind, report, &mut arguments).map_err(sqlx::Error::Encode)?;
            }
            let done = sqlx::query_with(AssertSqlSafe(Arc::clone(sql)), arguments).execute(&mut *tx).await?;
            if done.rows_affected() < now.len() as u64 {
                for (_, report) in rows() {
                    let kind = id_of(&mut self.kinds, &mut tx, report).await?;
                    settle(&mut tx, &self.small, kind, report).await?;
                }
            }
            order = later;
        }
        tx.commit().await
    }
}

async fn id_of(kinds: &mut Kinds, conn: &mut SqliteConnection, report: &Report) -> Result<i64, sqlx::Error> {
    let kind = Kind::of(report);
    match kinds.get(&kind) {
        Some(id) => Ok(id),
        None => kinds.add(conn, &kind).await,
    }
}

/// Records a report of a batch of which some keys were taken: by itself in an earlier try, or by another process.
async fn settle(conn: &mut SqliteConnection, sql: &Arc<str>, kind: i64, report: &Report) -> Result<(), sqlx::Error> {
    let (number, process) = (arrival::number(report.id), arrival::process(report.id));
    let mut key = arrival::key(report);
    for _ in 0..KEYS_TRIED_MAX {
        let found = sqlx::query(rows::SAME).bind(key).bind(number).bind(process).fetch_optional(&mut *conn).await?;
        match found.map(|row| row.try_get(0)).transpose()? {
            Some(true) => return Ok(()),
            Some(false) => key = arrival::next(key),
            None => {
                let mut arguments = rows::arguments(1);
                rows::bind(key, kind, report, &mut arguments).map_err(sqlx::Error::Encode)?;
                sqlx::query_with(AssertSqlSafe(Arc::clone(sql)), arguments).execute(&mut *conn).await?;
                return Ok(());
            }
        }
    }
    Err(sqlx::Error::Protocol(format!("no free key near {key} in the table `requests`")))
}
