//! The statements that insert many rows at once, as each engine likes them.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Row};

use crate::conn::Conn;
use crate::rows::{COLUMNS, USUAL_COLUMNS};

/// Rows of the statement for large batches. Each statement costs a round trip to SQLite's thread (about 70 µs of CPU
/// here) or to the server, so more is better; past this the gain is under 5 %, and the prepared statement keeps room for
/// every value it binds.
pub(crate) const BULK_ROWS: usize = 256;

/// Rows of SQLite's statement for small batches.
const SMALL_ROWS: usize = 16;

/// Fewest rows for which the bulk statement is cheaper although most of its rows stay empty.
const BULK_WORTH_ROWS: usize = 48;

/// One row's values.
pub(crate) type Values = [Option<i64>; COLUMNS.len()];

/// The statements.
#[derive(Debug)]
pub(crate) struct Inserts {
    /// Of rows that say no more than is usual, with fewer values to bind.
    usual: BySize,
    all: BySize,
    arrays: Arc<str>,
}

/// SQLite's statements for batches of either size.
#[derive(Debug)]
struct BySize {
    bulk: Arc<str>,
    small: Arc<str>,
}

impl BySize {
    fn of(columns: &[&str]) -> Self {
        Self { bulk: rows(BULK_ROWS, columns).into(), small: rows(SMALL_ROWS, columns).into() }
    }
}

impl Default for Inserts {
    fn default() -> Self {
        let usual = COLUMNS.split_at(USUAL_COLUMNS).0;
        Self { usual: BySize::of(usual), all: BySize::of(&COLUMNS), arrays: arrays().into() }
    }
}

impl Inserts {
    /// Inserts at most [`BULK_ROWS`] rows but those whose keys are there already; how many it did.
    pub(crate) async fn count_new(&self, conn: &mut Conn, rows: &[Values]) -> Result<u64, sqlx::Error> {
        let columns = columns_of(rows);
        let sql = AssertSqlSafe(Arc::clone(self.for_rows(conn, rows.len(), columns)));
        match conn {
            Conn::Sqlite(conn) => {
                Ok(sqlx::query_with(sql, in_turn(rows, columns)?).execute(conn).await?.rows_affected())
            }
            Conn::Postgres(conn) => Ok(sqlx::query_with(sql, in_columns(rows)?).execute(conn).await?.rows_affected()),
        }
    }

    /// The same; the keys of those that it did, which takes longer.
    pub(crate) async fn list_new(&self, conn: &mut Conn, rows: &[Values]) -> Result<BTreeSet<i64>, sqlx::Error> {
        let columns = columns_of(rows);
        let sql = AssertSqlSafe(format!("{} RETURNING arrival", self.for_rows(conn, rows.len(), columns)));
        match conn {
            Conn::Sqlite(conn) => {
                let new = sqlx::query_with(sql, in_turn(rows, columns)?).fetch_all(conn).await?;
                new.iter().map(|row| row.try_get(0)).collect()
            }
            Conn::Postgres(conn) => {
                let new = sqlx::query_with(sql, in_columns(rows)?).fetch_all(conn).await?;
                new.iter().map(|row| row.try_get(0)).collect()
            }
        }
    }

    fn for_rows(&self, conn: &Conn, rows: usize, columns: usize) -> &Arc<str> {
        let BySize { bulk, small } = if columns > USUAL_COLUMNS { &self.all } else { &self.usual };
        match conn {
            Conn::Sqlite(_) if rows >= BULK_WORTH_ROWS => bulk,
            Conn::Sqlite(_) => small,
            Conn::Postgres(_) => &self.arrays,
        }
    }
}

/// How many rows go into the next statement when so many are left.
pub(crate) fn next_rows(conn: &Conn, left: usize) -> usize {
    match conn {
        Conn::Sqlite(_) if left < BULK_WORTH_ROWS => left.min(SMALL_ROWS),
        Conn::Sqlite(_) | Conn::Postgres(_) => left.min(BULK_ROWS),
    }
}

/// SQLite's: rows that stay unbound are NULL, which their columns refuse, and are passed over, so that two statements serve
/// every size of batch; so is a row whose key is there already.
fn rows(rows: usize, columns: &[&str]) -> String {
    let row = format!("({})", vec!["?"; columns.len()].join(","));
    format!("INSERT OR IGNORE INTO requests ({}) VALUES {}", columns.join(","), vec![row; rows].join(","))
}

/// How many of the columns have to be written for all of these rows.
fn columns_of(rows: &[Values]) -> usize {
    let says_more = |row: &Values| row.iter().skip(USUAL_COLUMNS).any(|value| *value != Some(0));
    if rows.iter().any(says_more) { COLUMNS.len() } else { USUAL_COLUMNS }
}

/// PostgreSQL's: an array for each column.
fn arrays() -> String {
    let arrays: Vec<_> = (1..=COLUMNS.len()).map(|place| format!("${place}::bigint[]")).collect();
    let (columns, arrays) = (COLUMNS.join(", "), arrays.join(", "));
    format!("INSERT INTO requests ({columns}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING")
}

fn in_turn(rows: &[Values], columns: usize) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(rows.len().saturating_mul(columns), 0);
    let mut values = rows.iter().flat_map(|row| row.iter().take(columns));
    let added: Result<(), BoxDynError> = values.try_for_each(|value| arguments.add(*value));
    added.map(|()| arguments).map_err(sqlx::Error::Encode)
}

fn in_columns(rows: &[Values]) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    let column = |place: usize| rows.iter().map(|row| row.get(place).copied().flatten()).collect::<Vec<_>>();
    let added: Result<(), BoxDynError> = (0..COLUMNS.len()).try_for_each(|place| arguments.add(column(place)));
    added.map(|()| arguments).map_err(sqlx::Error::Encode)
}
