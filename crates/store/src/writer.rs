//! Appends batches of reports: a row each, and their part of the sums.

use std::time::Duration;

use trunkline_route::Report;

use crate::conn::Conn;
use crate::insert::{Inserts, Values, next_rows};
use crate::kinds::{Kind, Kinds, Known};
use crate::place::Place;
use crate::rollup::Sums;
use crate::{StoreError, arrival, rows};

/// Longest that one batch may take. A file that is busy gives up sooner by itself; a server whose answers do not arrive
/// any more would be waited for without end.
const APPEND_TIMEOUT: Duration = Duration::from_secs(30);

/// Places kept between batches; what a burst needed beyond that is given back.
const ROWS_KEPT: usize = 4_096;

/// How far to look for a free key. As many processes would have to write into one database with their counts in step;
/// guards against a search without end.
const KEYS_TRIED_MAX: usize = 1_024;

/// The one that appends. Make one a process; more work too, but wait for each other.
#[derive(Debug)]
pub struct Writer {
    place: Place,
    sync: Sync,
    /// `None` before the first batch and after a failure: the next batch begins with a fresh connection, so that a file
    /// that was moved, filled up or remounted is found again.
    open: Option<Open>,
}

/// When what is appended is safe from a loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sync {
    /// Some time after.
    Later,
    /// At once.
    AtOnce,
}

/// A connection and what is known of its database. Dropped as a whole on failure, which rolls back and forgets.
#[derive(Debug)]
struct Open {
    conn: Conn,
    kinds: Kinds,
    inserts: Inserts,
    /// The batch's keys and places, sorted.
    order: Vec<(i64, usize)>,
}

/// What is known of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Batch {
    /// Nobody has taken its keys, as nearly always.
    New,
    /// Some of its keys are taken: by itself in an earlier try whose end was not seen, or by another process.
    Mixed,
}

/// Some keys of a batch that was thought to be new are taken.
#[derive(Debug)]
enum Stop {
    Taken,
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl Writer {
    pub(crate) fn new(place: Place, sync: Sync) -> Self {
        Self { place, sync, open: None }
    }

    /// Records all of `reports` or, on error, none of them. A report that is recorded already (by its id) stays as it is and
    /// is not counted again, so a batch whose outcome is unknown may be appended again. Safe to cancel.
    ///
    /// # Errors
    /// When the database cannot be opened or written; the next call starts afresh.
    pub async fn append(&mut self, reports: &[Report]) -> Result<(), StoreError> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => {
                let mut conn = self.place.connect().await?;
                conn.sync(self.sync).await.map_err(StoreError::Write)?;
                Open::new(conn)
            }
        };
        let appended = tokio::time::timeout(APPEND_TIMEOUT, open.append(reports)).await;
        let late = |_elapsed| StoreError::Write(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
        appended.map_err(late)?.map_err(StoreError::Write)?;
        self.open = Some(open);
        Ok(())
    }

    /// Ends the connection in order, which folds SQLite's write-ahead log into the file.
    ///
    /// # Errors
    /// When the engine could not; nothing is lost, the next start does it.
    pub async fn close(self) -> Result<(), StoreError> {
        match self.open {
            Some(open) => open.conn.close().await.map_err(StoreError::Write),
            None => Ok(()),
        }
    }
}

impl Open {
    fn new(conn: Conn) -> Self {
        Self { conn, kinds: Kinds::default(), inserts: Inserts::default(), order: Vec::new() }
    }

    async fn append(&mut self, reports: &[Report]) -> Result<(), sqlx::Error> {
        // Rows in order go to the end of the table; out of order, each would have to be looked for and pages be split.
        self.order.clear();
        self.order.extend(reports.iter().enumerate().map(|(place, report)| (arrival::key(report), place)));
        self.order.sort();
        let order = std::mem::take(&mut self.order);
        let mut done = self.transact(reports, &order, Batch::New).await;
        if let Err(Stop::Taken) = done {
            self.conn.rollback().await?;
            self.kinds = Kinds::default();
            done = self.transact(reports, &order, Batch::Mixed).await;
        }
        self.order = order;
        self.order.shrink_to(ROWS_KEPT);
        done.map_err(|stop| match stop {
            Stop::Failed(error) => error,
            Stop::Taken => sqlx::Error::Protocol("keys of `requests` are taken".to_owned()),
        })
    }

    async fn transact(&mut self, reports: &[Report], order: &[(i64, usize)], batch: Batch) -> Result<(), Stop> {
        let mut sums = Sums::default();
        self.conn.begin().await?;
        let mut order = order;
        while !order.is_empty() {
            let (now, later) = order.split_at(next_rows(&self.conn, order.len()));
            let mut rows = Vec::with_capacity(now.len());
            for (key, place) in now {
                let Some(report) = reports.get(*place) else { continue };
                rows.push((*key, report, self.known(report).await?));
            }
            let values: Vec<Values> =
                rows.iter().map(|(key, report, known)| rows::values(*key, known.id, report)).collect();
            match batch {
                Batch::New if self.inserts.count_new(&mut self.conn, &values).await? < values.len() as u64 => {
                    return Err(Stop::Taken);
                }
                Batch::New => rows.iter().for_each(|(_, report, known)| sums.add(report, known.dimensions)),
                Batch::Mixed => self.settle(&rows, &values, &mut sums).await?,
            }
            order = later;
        }
        sums.write(&mut self.conn).await?;
        Ok(self.conn.commit().await?)
    }

    /// Records rows of which some may be there already, and counts those that were not.
    async fn settle(
        &mut self,
        rows: &[(i64, &Report, Known)],
        values: &[Values],
        sums: &mut Sums,
    ) -> Result<(), sqlx::Error> {
        let mut new = self.inserts.list_new(&mut self.conn, values).await?;
        for (key, report, known) in rows {
            // Two of the same key in one batch: the second finds it gone.
            if new.remove(key) || self.record(*key, known, report).await? {
                sums.add(report, known.dimensions);
            }
        }
        Ok(())
    }

    /// Records a report whose key is taken; whether it was not there yet.
    async fn record(&mut self, key: i64, known: &Known, report: &Report) -> Result<bool, sqlx::Error> {
        let (number, process) = (arrival::number(report.id), arrival::process(report.id));
        let mut key = key;
        for _ in 0..KEYS_TRIED_MAX {
            let found = self.conn.first(rows::SAME, &[key.into(), number.into(), process.into()]).await?;
            match found.map(|row| row.get::<i64, _>(0)).transpose()? {
                Some(1) => return Ok(false),
                Some(_) => key = arrival::next(key),
                // Another process may take it at this moment, and is then found.
                None if self.inserts.count_new(&mut self.conn, &[rows::values(key, known.id, report)]).await? == 1 => {
                    return Ok(true);
                }
                None => {}
            }
        }
        Err(sqlx::Error::Protocol(format!("no free key near {key} in the table `requests`")))
    }

    async fn known(&mut self, report: &Report) -> Result<Known, sqlx::Error> {
        let kind = Kind::of(report);
        match self.kinds.get(&kind) {
            Some(known) => Ok(known),
            None => self.kinds.add(&mut self.conn, &kind).await,
        }
    }
}
