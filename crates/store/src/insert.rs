//! The statements that insert many rows at once, as each engine likes them.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Row};

use crate::conn::Conn;
use crate::rows::COLUMNS;

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
    bulk: Arc<str>,
    small: Arc<str>,
    arrays: Arc<str>,
}

impl Default for Inserts {
    fn default() -> Self {
        Self { bulk: rows(BULK_ROWS).into(), small: rows(SMALL_ROWS).into(), arrays: arrays().into() }
    }
}

impl Inserts {
    /// Inserts at most [`BULK_ROWS`] rows but those whose keys are there already; how many it did.
    pub(crate) async fn count_new(&self, conn: &mut Conn, rows: &[Values]) -> Result<u64, sqlx::Error> {
        let sql = AssertSqlSafe(Arc::clone(self.for_rows(conn, rows.len())));
        match conn {
            Conn::Sqlite(conn) => Ok(sqlx::query_with(sql, in_turn(rows)?).execute(conn).await?.rows_affected()),
            Conn::Postgres(conn) => Ok(sqlx::query_with(sql, in_columns(rows)?).execute(conn).await?.rows_affected()),
        }
    }

    /// The same; the keys of those that it did, which takes longer.
    pub(crate) async fn list_new(&self, conn: &mut Conn, rows: &[Values]) -> Result<BTreeSet<i64>, sqlx::Error> {
        let sql = AssertSqlSafe(format!("{} RETURNING arrival", self.for_rows(conn, rows.len())));
        match conn {
            Conn::Sqlite(conn) => {
                let new = sqlx::query_with(sql, in_turn(rows)?).fetch_all(conn).await?;
                new.iter().map(|row| row.try_get(0)).collect()
            }
            Conn::Postgres(conn) => {
                let new = sqlx::query_with(sql, in_columns(rows)?).fetch_all(conn).await?;
                new.iter().map(|row| row.try_get(0)).collect()
            }
        }
    }

    fn for_rows(&self, conn: &Conn, rows: usize) -> &Arc<str> {
        match conn {
            Conn::Sqlite(_) if rows >= BULK_WORTH_ROWS => &self.bulk,
            Conn::Sqlite(_) => &self.small,
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
fn rows(rows: usize) -> String {
    let row = format!("({})", vec!["?"; COLUMNS.len()].join(","));
    format!("INSERT OR IGNORE INTO requests ({}) VALUES {}", COLUMNS.join(","), vec![row; rows].join(","))
}

/// PostgreSQL's: an array for each column.
fn arrays() -> String {
    let arrays: Vec<_> = (1..=COLUMNS.len()).map(|place| format!("${place}::bigint[]")).collect();
    let (columns, arrays) = (COLUMNS.join(", "), arrays.join(", "));
    format!("INSERT INTO requests ({columns}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING")
}

fn in_turn(rows: &[Values]) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(rows.len().saturating_mul(COLUMNS.len()), 0);
    let added: Result<(), BoxDynError> = rows.iter().flatten().try_for_each(|value| arguments.add(*value));
    added.map(|()| arguments).map_err(sqlx::Error::Encode)
}

fn in_columns(rows: &[Values]) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    let column = |place: usize| rows.iter().map(|row| row.get(place).copied().flatten()).collect::<Vec<_>>();
    let added: Result<(), BoxDynError> = (0..COLUMNS.len()).try_for_each(|place| arguments.add(column(place)));
    added.map(|()| arguments).map_err(sqlx::Error::Encode)
}
