//! One connection, to either engine. Statements are written once for both: their values are `$1`, `$2` and so on, whole
//! numbers are 64 bits wide (a sum is cast to be), and truth is 1 or 0.

use std::borrow::Cow;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    ColumnIndex, Connection, Decode, Executor, PgConnection, Postgres, Row as _, SqlSafeStr, Sqlite, SqliteConnection,
    Type,
};

use crate::writer::Sync;

/// A connection to either engine.
#[derive(Debug)]
pub(crate) enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// A value that a statement is given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Whole(Option<i64>),
    Text(Option<&'a str>),
    Bytes(Option<&'a [u8]>),
}

/// A row of either engine.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Conn {
    /// Begins what [`Conn::commit`] makes true. A connection that is dropped before that takes it back.
    pub(crate) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        self.run(match self {
            // A transaction that reads first and then writes could find that another has written in between.
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN",
        })
        .await
    }

    /// Makes true what was done since [`Conn::begin`].
    pub(crate) async fn commit(&mut self) -> Result<(), sqlx::Error> {
        self.run("COMMIT").await
    }

    /// Takes back what was done since [`Conn::begin`].
    pub(crate) async fn rollback(&mut self) -> Result<(), sqlx::Error> {
        self.run("ROLLBACK").await
    }

    /// Settles when what is committed is safe from a loss of power.
    pub(crate) async fn sync(&mut self, sync: Sync) -> Result<(), sqlx::Error> {
        self.run(match (&*self, sync) {
            (Self::Sqlite(_), Sync::AtOnce) => "PRAGMA synchronous = FULL",
            // Whatever the server is set to.
            (Self::Postgres(_), Sync::AtOnce) => "SET synchronous_commit = on",
            (Self::Sqlite(_) | Self::Postgres(_), Sync::Later) => return Ok(()),
        })
        .await
    }

    /// From here on nothing of what is changed or deleted stays in a file: SQLite would leave it where it was.
    pub(crate) async fn overwrite_what_goes(&mut self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(_) => self.run("PRAGMA secure_delete = ON").await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Nor in the write-ahead log, unless somebody is reading it.
    pub(crate) async fn forget_what_went(&mut self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(_) => self.run("PRAGMA wal_checkpoint(TRUNCATE)").await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Runs statements that take no values and find nothing.
    pub(crate) async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(conn) => conn.execute(sqlx::raw_sql(sql)).await.map(drop),
            Self::Postgres(conn) => conn.execute(sqlx::raw_sql(sql)).await.map(drop),
        }
    }

    /// Does what the statement says; how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(conn) => Ok(of_sqlite(sql, values).execute(conn).await?.rows_affected()),
            Self::Postgres(conn) => Ok(of_postgres(sql, values).execute(conn).await?.rows_affected()),
        }
    }

    /// All rows that the statement finds.
    pub(crate) async fn fetch(&mut self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(conn) => Ok(sqlite_rows(of_sqlite(sql, values).fetch_all(conn).await?)),
            Self::Postgres(conn) => Ok(postgres_rows(of_postgres(sql, values).fetch_all(conn).await?)),
        }
    }

    /// The first row that the statement finds.
    pub(crate) async fn first(
        &mut self,
        sql: impl SqlSafeStr,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(conn) => Ok(of_sqlite(sql, values).fetch_optional(conn).await?.map(Row::Sqlite)),
            Self::Postgres(conn) => Ok(of_postgres(sql, values).fetch_optional(conn).await?.map(Row::Postgres)),
        }
    }

    /// Ends the connection in order.
    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(conn) => conn.close().await,
            Self::Postgres(conn) => conn.close().await,
        }
    }
}

impl Row {
    /// The value of a column, by its place or name.
    pub(crate) fn get<'r, T, I>(&'r self, column: I) -> Result<T, sqlx::Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
        I: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }
}

/// A count that is never below zero, from a row or for one.
pub(crate) fn count(whole: i64) -> u64 {
    u64::try_from(whole).unwrap_or(0)
}

/// SQL's integers end at 2^63 - 1; what is claimed to be more than that is that much.
pub(crate) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(crate) fn sqlite_rows(rows: Vec<SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

pub(crate) fn postgres_rows(rows: Vec<PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}

pub(crate) fn of_sqlite<'q>(sql: impl SqlSafeStr, values: &[Value<'q>]) -> Query<'q, Sqlite, SqliteArguments> {
    let query = sqlx::query(sql);
    values.iter().fold(query, |query, value| match *value {
        Value::Whole(whole) => query.bind(whole),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

pub(crate) fn of_postgres<'q>(sql: impl SqlSafeStr, values: &[Value<'q>]) -> Query<'q, Postgres, PgArguments> {
    let query = sqlx::query(sql);
    values.iter().fold(query, |query, value| match *value {
        Value::Whole(whole) => query.bind(whole),
        Value::Text(text) => query.bind(text.map(without_nul)),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

/// PostgreSQL keeps every character but this one, and callers may send it.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

impl From<i64> for Value<'_> {
    fn from(whole: i64) -> Self {
        Self::Whole(Some(whole))
    }
}

impl From<u64> for Value<'_> {
    fn from(count: u64) -> Self {
        Self::Whole(Some(whole(count)))
    }
}

impl From<u32> for Value<'_> {
    fn from(count: u32) -> Self {
        Self::Whole(Some(count.into()))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}
