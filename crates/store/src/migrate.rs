//! Brings a database file to this release's schema.
//!
//! Migrations are forward-only and additive: they add tables, columns with defaults, indexes and views, and never change
//! the meaning of what is there. So a release may be rolled back by one schema without touching the file.

use std::path::Path;

use sqlx::{Connection, Executor, Row, SqliteConnection};

use crate::StoreError;

/// In order; the file's `user_version` counts how many have been applied. The last line of each sets it.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_requests.sql"),
    include_str!("migrations/0002_responses.sql"),
    include_str!("migrations/0003_rests.sql"),
];

/// How many schemas newer than its own a release still works with. Beyond that the file is refused, because two
/// releases' worth of additions may include a column that has no default.
const NEWER_SCHEMAS_TOLERATED: i64 = 1;

/// Applies what is missing, each migration in its own transaction.
pub(crate) async fn migrate(conn: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    apply(conn, path, MIGRATIONS).await
}

async fn apply(conn: &mut SqliteConnection, path: &Path, migrations: &[&'static str]) -> Result<(), StoreError> {
    let open = |source| StoreError::Open { path: path.to_owned(), source };
    let found = version(conn).await.map_err(open)?;
    let newest = i64::try_from(migrations.len()).unwrap_or(i64::MAX).saturating_add(NEWER_SCHEMAS_TOLERATED);
    if found > newest {
        return Err(StoreError::TooNew { path: path.to_owned(), found, newest });
    }
    for (target, sql) in (1..).zip(migrations) {
        if target > found {
            step(conn, target, sql).await.map_err(|source| StoreError::Migrate {
                path: path.to_owned(),
                version: target,
                source,
            })?;
        }
    }
    Ok(())
}

async fn step(conn: &mut SqliteConnection, target: i64, sql: &'static str) -> Result<(), sqlx::Error> {
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    // Another process may have been faster while this one waited for the lock.
    if version(&mut tx).await? < target {
        tx.execute(sqlx::raw_sql(sql)).await?;
    }
    tx.commit().await
}

async fn version(conn: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    conn.fetch_one("PRAGMA user_version").await?.try_get(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A later release's migration, as the rules above allow it.
    const LATER: &str = "ALTER TABLE requests ADD COLUMN later INTEGER NOT NULL DEFAULT 7; PRAGMA user_version = 2;";

    async fn memory() -> SqliteConnection {
        SqliteConnection::connect("sqlite::memory:").await.unwrap()
    }

    #[tokio::test]
    async fn every_migration_sets_the_version_it_is_listed_under() {
        let mut conn = memory().await;
        for (target, sql) in (1..).zip(MIGRATIONS) {
            step(&mut conn, target, sql).await.unwrap();
            assert_eq!(version(&mut conn).await.unwrap(), target);
        }
    }

    #[tokio::test]
    async fn a_file_of_schema_1_gains_what_is_new_and_keeps_its_rows() {
        let mut conn = memory().await;
        apply(&mut conn, Path::new("x.db"), &MIGRATIONS[..1]).await.unwrap();
        conn.execute("INSERT INTO names (id, text) VALUES (5, 'kept')").await.unwrap();
        conn.execute("INSERT INTO kinds VALUES (3, 1, 5, 5, 5, 5, 5, 200, 5, 0, 5, 1)").await.unwrap();
        conn.execute("INSERT INTO requests VALUES (1, 9, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9)").await.unwrap();
        apply(&mut conn, Path::new("x.db"), &[MIGRATIONS[0], LATER]).await.unwrap();
        let row = conn
            .fetch_one("SELECT arrival, later, (SELECT client_key FROM requests_view) FROM requests")
            .await
            .unwrap();
        assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1), row.get::<String, _>(2)), (1, 7, "kept".to_owned()));
        assert_eq!(version(&mut conn).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_migration_that_fails_leaves_the_schema_it_found() {
        let mut conn = memory().await;
        apply(&mut conn, Path::new("x.db"), &MIGRATIONS[..1]).await.unwrap();
        let broken = "CREATE TABLE half (x); SELECT no_such_column FROM requests; PRAGMA user_version = 2;";
        let error = apply(&mut conn, Path::new("x.db"), &[MIGRATIONS[0], broken]).await.unwrap_err();
        assert!(matches!(error, StoreError::Migrate { version: 2, .. }), "{error}");
        assert_eq!(version(&mut conn).await.unwrap(), 1);
        let halves = conn.fetch_one("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").await.unwrap();
        assert_eq!(halves.get::<i64, _>(0), 0);
    }

    #[tokio::test]
    async fn a_file_two_schemas_ahead_is_refused() {
        let mut conn = memory().await;
        conn.execute("PRAGMA user_version = 3").await.unwrap();
        let error = apply(&mut conn, Path::new("x.db"), &MIGRATIONS[..1]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the database `x.db` has schema 3, and this release works with schemas up to 2; \
             start the newer release, or give another `--data-dir`"
        );
    }
}
