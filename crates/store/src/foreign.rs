//! Reads a SQLite file that is not ours, table by table, and leaves it as it is.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions, Connection, Row, SqliteConnection, TypeInfo as _, ValueRef as _,
};

use crate::StoreError;

/// The most rows that are read of one table. Guards memory against a file that is not what it is taken for.
pub const FOREIGN_ROWS_MAX: u32 = 10_000;

/// The most tables that are looked at, for the same reason.
const TABLES_MAX: u32 = 200;

/// A table of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignTable {
    /// Its name.
    pub name: String,
    /// Its columns, in their order.
    pub columns: Vec<String>,
    /// Its rows, at most [`FOREIGN_ROWS_MAX`], each with a value for each column; none when they were not asked for.
    pub rows: Vec<Vec<ForeignValue>>,
    /// How many rows it has in all.
    pub count: u64,
}

/// A value, as SQLite keeps it.
#[derive(Clone, Debug, PartialEq)]
pub enum ForeignValue {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes; they are not read.
    Blob,
}

/// Reads what tables there are, and the rows of those in `wanted`.
///
/// # Errors
/// When the file is not there, or is no database that can be read.
pub async fn read_foreign(path: &Path, wanted: &[&str]) -> Result<Vec<ForeignTable>, StoreError> {
    let mut conn = connect(path).await?;
    let tables = read_all(&mut conn, wanted).await.map_err(StoreError::Read);
    conn.close().await.map_err(StoreError::Read)?;
    tables
}

async fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    // The file's own journal mode is kept; a file in WAL mode needs its companions, which reading makes when missing.
    let options = SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging();
    options.connect().await.map_err(|source| StoreError::Open { place: path.display().to_string(), source })
}

/// The rows of one table, page by page: however many there are, few are in memory.
#[derive(Debug)]
pub struct ForeignRows {
    conn: SqliteConnection,
    table: String,
    columns: Vec<String>,
    after: i64,
}

impl ForeignRows {
    /// Before the first row of a table; `None` when the file has no such table.
    ///
    /// # Errors
    /// When the file is not there, or is no database that can be read.
    pub async fn open(path: &Path, table: &str) -> Result<Option<Self>, StoreError> {
        let mut conn = connect(path).await?;
        let columns = columns(&mut conn, table).await.map_err(StoreError::Read)?;
        if columns.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { conn, table: quoted(table), columns, after: i64::MIN }))
    }

    /// The columns, in their order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The next rows with their numbers, [`FOREIGN_ROWS_MAX`] at most; none at the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn next_page(&mut self) -> Result<Vec<(i64, Vec<ForeignValue>)>, StoreError> {
        let table = &self.table;
        let query = format!("SELECT *, rowid FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT {FOREIGN_ROWS_MAX}");
        let found = sqlx::query(AssertSqlSafe(query)).bind(self.after).fetch_all(&mut self.conn).await;
        let numbered = |row: &SqliteRow| Ok((row.try_get(self.columns.len())?, values(row)?));
        let page: Result<Vec<(i64, Vec<ForeignValue>)>, _> =
            found.map_err(StoreError::Read)?.iter().map(numbered).collect();
        let page = page.map_err(StoreError::Read)?;
        self.after = page.last().map_or(self.after, |(number, _)| *number);
        Ok(page)
    }

    /// Lets go of the file in order: what reading made beside it is gone after.
    ///
    /// # Errors
    /// When SQLite could not.
    pub async fn close(self) -> Result<(), StoreError> {
        self.conn.close().await.map_err(StoreError::Read)
    }
}

async fn read_all(conn: &mut SqliteConnection, wanted: &[&str]) -> Result<Vec<ForeignTable>, sqlx::Error> {
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' \
                 ORDER BY rowid LIMIT ?";
    let names = sqlx::query(names).bind(TABLES_MAX).fetch_all(&mut *conn).await?;
    let mut tables = Vec::with_capacity(names.len());
    for name in names {
        let name: String = name.try_get(0)?;
        let is_wanted = wanted.contains(&name.as_str());
        tables.push(read_table(conn, name, is_wanted).await?);
    }
    Ok(tables)
}

async fn read_table(conn: &mut SqliteConnection, name: String, with_rows: bool) -> Result<ForeignTable, sqlx::Error> {
    let columns = columns(conn, &name).await?;
    let quoted = quoted(&name);
    let count = sqlx::query(AssertSqlSafe(format!("SELECT count(*) FROM {quoted}"))).fetch_one(&mut *conn).await?;
    let count = u64::try_from(count.try_get::<i64, _>(0)?).unwrap_or(0);
    let mut rows = Vec::new();
    if with_rows {
        let query = AssertSqlSafe(format!("SELECT * FROM {quoted} ORDER BY rowid LIMIT {FOREIGN_ROWS_MAX}"));
        let found = sqlx::query(query).fetch_all(conn).await?;
        rows = found.iter().map(values).collect::<Result<_, _>>()?;
    }
    Ok(ForeignTable { name, columns, rows, count })
}

async fn columns(conn: &mut SqliteConnection, table: &str) -> Result<Vec<String>, sqlx::Error> {
    let columns = sqlx::query("SELECT name FROM pragma_table_info(?)").bind(table).fetch_all(conn).await?;
    columns.iter().map(|row| row.try_get(0)).collect()
}

/// A table's name cannot be bound; in quotation marks, and they doubled, it is nothing but a name.
fn quoted(table: &str) -> String {
    format!("\"{}\"", table.replace('"', "\"\""))
}

fn values(row: &SqliteRow) -> Result<Vec<ForeignValue>, sqlx::Error> {
    row.columns().iter().map(|column| value(row, column.ordinal())).collect()
}

fn value(row: &SqliteRow, index: usize) -> Result<ForeignValue, sqlx::Error> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(ForeignValue::Null);
    }
    // What a cell holds may differ from what its column declares.
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" | "BOOLEAN" => ForeignValue::Integer(row.try_get_unchecked(index)?),
        "REAL" => ForeignValue::Real(row.try_get_unchecked(index)?),
        "BLOB" => ForeignValue::Blob,
        _ => ForeignValue::Text(row.try_get_unchecked(index)?),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use sqlx::Executor;

    use super::*;

    async fn file(sql: &'static str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("foreign.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut conn = options.connect().await.unwrap();
        conn.execute(sqlx::raw_sql(sql)).await.unwrap();
        conn.close().await.unwrap();
        (folder, path)
    }

    #[tokio::test]
    async fn rows_come_as_they_are_kept_whatever_their_columns_declare() {
        let (_folder, path) = file(
            "CREATE TABLE \"odd \"\"name\" (a INTEGER, b BOOLEAN, c REAL, d TEXT, e);
             INSERT INTO \"odd \"\"name\" VALUES (1, 0, 0.5, 'text', x'00'), ('in words', NULL, 2, 3, NULL);
             CREATE TABLE counted (x); INSERT INTO counted VALUES (1), (2);",
        )
        .await;
        let tables = read_foreign(&path, &["odd \"name"]).await.unwrap();
        use ForeignValue::{Blob, Integer, Null, Real, Text};
        let odd = ForeignTable {
            name: "odd \"name".to_owned(),
            columns: ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec(),
            rows: vec![
                vec![Integer(1), Integer(0), Real(0.5), Text("text".to_owned()), Blob],
                vec![Text("in words".to_owned()), Null, Real(2.0), Text("3".to_owned()), Null],
            ],
            count: 2,
        };
        let counted =
            ForeignTable { name: "counted".to_owned(), columns: vec!["x".to_owned()], rows: Vec::new(), count: 2 };
        assert_eq!(tables, [odd, counted]);
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere.db");
        assert!(matches!(read_foreign(&path, &[]).await, Err(StoreError::Open { .. })));
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        std::fs::write(&path, "a letter to a friend, long enough to be no header of a database").unwrap();
        assert!(read_foreign(&path, &[]).await.is_err());
    }
}
