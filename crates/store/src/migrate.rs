//! Brings a database to this release's schema.
//!
//! Migrations are forward-only and additive: they add tables, columns with defaults, indexes and views, and never change
//! the meaning of what is there. So a release may be rolled back by one without touching the database.
//!
//! A release adds one schema, whatever it adds: the one before works with schemas up to one newer than its own. Until it is
//! out, its migration grows, a file for each subject.

use crate::StoreError;
use crate::conn::Conn;
use crate::place::Place;

/// A migration: the schema that it leads to, and what it does. The last statement of each sets the schema's number.
type Migration = (i64, &'static str);

/// In order. SQLite's `user_version` is the schema's number.
const SQLITE: &[Migration] = &[
    (1, include_str!("migrations/0001_requests.sql")),
    (2, include_str!("migrations/0002_responses.sql")),
    (3, include_str!("migrations/0003_rests.sql")),
    (
        4,
        concat!(
            include_str!("migrations/0004/usage.sql"),
            include_str!("migrations/0004/client_keys.sql"),
            include_str!("migrations/0004/config_revisions.sql"),
            include_str!("migrations/0004/bodies.sql"),
            include_str!("migrations/0004/replicas.sql"),
            include_str!("migrations/0004/admin.sql"),
            include_str!("migrations/0004/vault.sql"),
            "PRAGMA user_version = 4;",
        ),
    ),
];

/// In order, with the numbers that the same schema has in SQLite. The table `trunkline_schema` holds the number.
const POSTGRES: &[Migration] = &[(
    4,
    concat!(
        include_str!("migrations/postgres/0004/all.sql"),
        include_str!("migrations/postgres/0004/client_keys.sql"),
        include_str!("migrations/postgres/0004/config_revisions.sql"),
        include_str!("migrations/postgres/0004/bodies.sql"),
        include_str!("migrations/postgres/0004/replicas.sql"),
        include_str!("migrations/postgres/0004/admin.sql"),
        include_str!("migrations/postgres/0004/vault.sql"),
        "UPDATE trunkline_schema SET version = 4;",
    ),
)];

/// How many schemas newer than its own a release still works with: what one release adds. Beyond that the database is
/// refused, because the additions of two releases may include what the older one must know of.
const NEWER_SCHEMAS_TOLERATED: i64 = 1;

/// Whom replicas that start together wait for; any number that nobody else uses in the same database.
pub(crate) const TAKE_TURNS: &str = "SELECT pg_advisory_xact_lock(7416958102)";

/// Applies what is missing, each migration in its own transaction.
pub(crate) async fn migrate(conn: &mut Conn, place: &Place) -> Result<(), StoreError> {
    let migrations = match conn {
        Conn::Sqlite(_) => SQLITE,
        Conn::Postgres(_) => POSTGRES,
    };
    apply(conn, place, migrations).await
}

async fn apply(conn: &mut Conn, place: &Place, migrations: &[Migration]) -> Result<(), StoreError> {
    let open = |source| StoreError::Open { place: place.to_string(), source };
    let found = version(conn).await.map_err(open)?;
    let own = migrations.last().map_or(0, |(version, _)| *version);
    let newest = own.saturating_add(NEWER_SCHEMAS_TOLERATED);
    if found > newest {
        return Err(StoreError::TooNew { place: place.to_string(), found, newest });
    }
    for (target, sql) in migrations.iter().copied().filter(|(target, _)| *target > found) {
        step(conn, target, sql).await.map_err(|source| StoreError::Migrate {
            place: place.to_string(),
            version: target,
            source,
        })?;
    }
    Ok(())
}

async fn step(conn: &mut Conn, target: i64, sql: &'static str) -> Result<(), sqlx::Error> {
    conn.begin().await?;
    if let Conn::Postgres(_) = conn {
        conn.run(TAKE_TURNS).await?;
    }
    // Another process may have been faster while this one waited for the lock.
    let done = if version(conn).await? < target { conn.run(sql).await } else { Ok(()) };
    match done {
        Ok(()) => conn.commit().await,
        Err(error) => {
            conn.rollback().await?;
            Err(error)
        }
    }
}

async fn version(conn: &mut Conn) -> Result<i64, sqlx::Error> {
    const IS_THERE: &str = "SELECT count(to_regclass('trunkline_schema'))";
    match conn {
        Conn::Sqlite(_) => number(conn, "PRAGMA user_version").await,
        Conn::Postgres(_) => match number(conn, IS_THERE).await? {
            0 => Ok(0),
            _ => number(conn, "SELECT version FROM trunkline_schema").await,
        },
    }
}

async fn number(conn: &mut Conn, sql: &'static str) -> Result<i64, sqlx::Error> {
    conn.first(sql, &[]).await?.map_or(Ok(0), |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, Executor, Row, SqliteConnection};

    use super::*;

    /// A later release's migration, as the rules above allow it.
    const LATER: Migration =
        (2, "ALTER TABLE requests ADD COLUMN later INTEGER NOT NULL DEFAULT 7; PRAGMA user_version = 2;");

    fn place() -> Place {
        Place::File("x.db".into())
    }

    async fn memory() -> Conn {
        Conn::Sqlite(SqliteConnection::connect("sqlite::memory:").await.unwrap())
    }

    fn sqlite(conn: &mut Conn) -> &mut SqliteConnection {
        match conn {
            Conn::Sqlite(conn) => conn,
            Conn::Postgres(_) => unreachable!("made above"),
        }
    }

    #[tokio::test]
    async fn every_migration_sets_the_version_it_is_listed_under() {
        let mut conn = memory().await;
        for (target, sql) in SQLITE {
            step(&mut conn, *target, sql).await.unwrap();
            assert_eq!(version(&mut conn).await.unwrap(), *target);
        }
        assert_eq!(POSTGRES.last().map(|last| last.0), SQLITE.last().map(|last| last.0), "both have one schema");
    }

    #[tokio::test]
    async fn a_file_of_schema_1_gains_what_is_new_and_keeps_its_rows() {
        let mut conn = memory().await;
        apply(&mut conn, &place(), &SQLITE[..1]).await.unwrap();
        conn.run("INSERT INTO names (id, text) VALUES (5, 'kept')").await.unwrap();
        conn.run("INSERT INTO kinds VALUES (3, 1, 5, 5, 5, 5, 5, 200, 5, 0, 5, 1)").await.unwrap();
        conn.run("INSERT INTO requests VALUES (1, 9, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9)").await.unwrap();
        apply(&mut conn, &place(), &[SQLITE[0], LATER]).await.unwrap();
        let row = sqlite(&mut conn)
            .fetch_one("SELECT arrival, later, (SELECT client_key FROM requests_view) FROM requests")
            .await
            .unwrap();
        assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1), row.get::<String, _>(2)), (1, 7, "kept".to_owned()));
        assert_eq!(version(&mut conn).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn what_was_recorded_before_there_were_sums_is_counted() {
        let mut conn = memory().await;
        apply(&mut conn, &place(), &SQLITE[..3]).await.unwrap();
        for (id, text) in [(1, "served"), (2, "rate_limited"), (3, "turbo"), (4, "estimated"), (5, "chat"), (6, "groq")]
        {
            let values = [i64::from(id).into(), text.into()];
            conn.execute("INSERT INTO names (id, text) VALUES ($1, $2)", &values).await.unwrap();
        }
        conn.run("INSERT INTO kinds VALUES (1, 1, NULL, 5, 3, 6, 3, 200, 1, 0, 4, 1)").await.unwrap();
        conn.run("INSERT INTO kinds VALUES (2, 1, NULL, 5, 3, NULL, NULL, 429, 2, 0, NULL, 1)").await.unwrap();
        let day = (crate::rollup::DAY_S * 1_000) << 22;
        for (number, kind) in [(1, 1), (2, 1), (day, 1), (3, 2)] {
            let values = [number.into(), i64::from(kind).into()];
            let sql = "INSERT INTO requests VALUES ($1, 9, $2, 100, 20, 3, 4, 5, 2001, 10126, 8, 9)";
            conn.execute(sql, &values).await.unwrap();
        }
        apply(&mut conn, &place(), SQLITE).await.unwrap();
        let sum = "SELECT group_concat(concat_ws(' ', start_s, model, provider, requests, errors, inexact, unknown_cost, \
             input_tokens, cost_nusd, total_us, first_bytes, spans), '; ') FROM (SELECT * FROM ";
        for table in ["usage_hours)", "usage_days)"] {
            let found = sqlite(&mut conn).fetch_one(sqlx::AssertSqlSafe(format!("{sum}{table}"))).await.unwrap();
            // 10,126 µs are of the sixth span, 2,001 of the second.
            let expected = "1577836800 3 0 1 1 0 0 100 0 10126 1 1C1_; 1577836800 3 6 2 0 2 2 200 0 20252 2 2C2_; \
                 1577923200 3 6 1 0 1 1 100 0 10126 1 1C1_";
            assert_eq!(found.get::<String, _>(0), expected, "{table}");
        }
        // For all, for no client key, and for each model and provider there was.
        let margins = "SELECT group_concat(concat_ws(' ', client_key, model, provider, requests, spans), '; ') \
             FROM usage_hour_margins WHERE start_s = 1577836800";
        let found = sqlite(&mut conn).fetch_one(margins).await.unwrap();
        let expected = "-1 -1 -1 3 1C1_2C2_; -1 -1 0 1 1C1_; -1 -1 6 2 2C2_; -1 3 -1 3 1C1_2C2_; 0 -1 -1 3 1C1_2C2_";
        assert_eq!(found.get::<String, _>(0), expected);
    }

    /// The release before, as it is out there: its own schema, and how much newer ones it starts on.
    const BEFORE: (usize, i64) = (3, 1);

    /// What it asks of a database, in its own words.
    const ASKED_BEFORE: [&str; 9] = [
        "INSERT OR IGNORE INTO names (text) VALUES ('turbo'),('chat'),('served'),(NULL),(NULL),(NULL),(NULL)",
        "INSERT INTO kinds (client_key, operation, model, provider, upstream_model, outcome, quality, \
         process, status, stream, attempts) \
         VALUES ((SELECT id FROM names WHERE text = NULL), (SELECT id FROM names WHERE text = 'chat'), \
         (SELECT id FROM names WHERE text = 'turbo'), (SELECT id FROM names WHERE text = NULL), \
         (SELECT id FROM names WHERE text = NULL), (SELECT id FROM names WHERE text = 'served'), \
         (SELECT id FROM names WHERE text = NULL), 7, 200, 0, 1) RETURNING id",
        "INSERT OR IGNORE INTO requests (arrival,number,kind,input_tokens,cache_read_tokens,cache_write_tokens,\
         output_tokens,reasoning_tokens,first_byte_us,total_us,bytes_in,bytes_out) \
         VALUES (1,2,1,4,5,6,7,8,NULL,9,10,11),(?,?,?,?,?,?,?,?,?,?,?,?)",
        "SELECT r.number = 2 AND k.process = 7 FROM requests AS r JOIN kinds AS k ON k.id = r.kind WHERE r.arrival = 1",
        "INSERT OR REPLACE INTO responses (owner, id, created_s, expires_s, input, output, response) \
         VALUES ('', 'r', 1, 2, '', '', '')",
        "SELECT owner, id, created_s, expires_s, input, output, response FROM responses \
         WHERE owner = '' AND id = 'r' AND expires_s > 1",
        "DELETE FROM responses WHERE rowid IN \
         (SELECT rowid FROM responses WHERE expires_s <= 9 ORDER BY expires_s LIMIT 1)",
        "INSERT INTO rests (provider, key, model, since_ms, until_ms, kind, status) VALUES ('p', 'k', 'm', 1, 2, 'x', NULL) \
         ON CONFLICT (provider, key, model) DO UPDATE SET since_ms = excluded.since_ms, until_ms = excluded.until_ms, \
         kind = excluded.kind, status = excluded.status WHERE excluded.until_ms > until_ms",
        "SELECT provider, key, model, since_ms, until_ms, kind, status FROM rests",
    ];

    /// And what it reads of each request.
    const READ_BEFORE: [&str; 21] = [
        "id",
        "at_ms",
        "client_key",
        "operation",
        "model",
        "provider",
        "upstream_model",
        "status",
        "outcome",
        "stream",
        "input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "output_tokens",
        "reasoning_tokens",
        "quality",
        "first_byte_us",
        "total_us",
        "bytes_in",
        "bytes_out",
        "attempts",
    ];

    #[tokio::test]
    async fn the_release_before_starts_reads_and_writes() {
        let (own, tolerated) = BEFORE;
        let (before, newest) = (&SQLITE[..own], own as i64 + tolerated);
        let mut conn = memory().await;
        apply(&mut conn, &place(), SQLITE).await.unwrap();
        let found = version(&mut conn).await.unwrap();
        assert!(found <= newest, "it starts on schemas up to {newest}, not on {found}: fold the files into one schema");
        // It goes by the number alone, so it leaves the schema as it is.
        assert!(before.iter().all(|(target, _)| *target <= found));
        for asked in ASKED_BEFORE {
            conn.fetch(asked, &[]).await.unwrap_or_else(|error| panic!("{error}: {asked}"));
        }
        let row =
            sqlite(&mut conn).fetch_one("SELECT * FROM requests_view ORDER BY arrival DESC LIMIT 1").await.unwrap();
        for name in READ_BEFORE {
            row.try_get_raw(name).unwrap_or_else(|error| panic!("{error}: {name}"));
        }
        assert_eq!((row.get::<String, _>("model"), row.get::<i64, _>("bytes_out")), ("turbo".to_owned(), 11));
        assert_eq!((row.get::<Option<i64>, _>("cost_nusd"), row.get::<i64, _>("cached")), (None, 0));
    }

    /// A release that knows of one schema more is what this one may meet.
    #[test]
    fn this_release_adds_one_schema() {
        let added = |migrations: &[Migration]| {
            let (before, tolerated) = BEFORE;
            migrations.iter().filter(|(target, _)| *target > before as i64).count() as i64 - tolerated
        };
        assert_eq!((added(SQLITE), added(POSTGRES)), (0, 0));
        assert_eq!(NEWER_SCHEMAS_TOLERATED, BEFORE.1);
    }

    #[tokio::test]
    async fn a_migration_that_fails_leaves_the_schema_it_found() {
        let mut conn = memory().await;
        apply(&mut conn, &place(), &SQLITE[..1]).await.unwrap();
        let broken = (2, "CREATE TABLE half (x); SELECT no_such_column FROM requests; PRAGMA user_version = 2;");
        let error = apply(&mut conn, &place(), &[SQLITE[0], broken]).await.unwrap_err();
        assert!(matches!(error, StoreError::Migrate { version: 2, .. }), "{error}");
        assert_eq!(version(&mut conn).await.unwrap(), 1);
        assert_eq!(number(&mut conn, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'").await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_file_of_two_releases_ahead_is_refused() {
        let mut conn = memory().await;
        conn.run("PRAGMA user_version = 3").await.unwrap();
        let error = apply(&mut conn, &place(), &SQLITE[..1]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the database `x.db` has schema 3, and this release works with schemas up to 2; \
             start the newer release, or give another `--data-dir`"
        );
    }
}
