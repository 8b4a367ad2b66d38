//! Who is left alone until when, kept over a restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Connection, Row, Sqlite};
use trunkline_route::live::{Cause, Rest};
use trunkline_route::{Moment, RestRow};
use trunkline_wire::FaultKind;

use crate::{StoreError, sqlite};

/// Rests that are over, whoever kept them.
const CLEAR: &str = "DELETE FROM rests WHERE until_ms <= ?";

/// One that this process kept; another may have made it longer since.
const DROP: &str = "DELETE FROM rests WHERE provider = ? AND key = ? AND model = ? AND until_ms <= ?";

/// The longer one stays, whoever keeps it.
const PUT: &str = "INSERT INTO rests (provider, key, model, since_ms, until_ms, kind, status)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (provider, key, model) DO UPDATE SET since_ms = excluded.since_ms, until_ms = excluded.until_ms,
        kind = excluded.kind, status = excluded.status WHERE excluded.until_ms > until_ms";

const ALL: &str = "SELECT provider, key, model, since_ms, until_ms, kind, status FROM rests";

/// The table of rests. It is written rarely, so each question has a connection of its own. Other processes may keep theirs
/// in it, too.
#[derive(Debug)]
pub struct Rests {
    path: PathBuf,
    /// What this process has read or kept last: what of it is over early is its to take out.
    known: Mutex<Vec<RestRow>>,
}

impl Rests {
    /// The table in the database at `place`, a path or a `sqlite:` URL.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { path: sqlite::path_of(place.as_ref())?, known: Mutex::default() })
    }

    /// Whether there is a database at all: asking a table makes one.
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Keeps these rests in place of those that were read or kept last.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn replace(&self, rows: &[RestRow], now: Moment) -> Result<(), StoreError> {
        let mut conn = sqlite::connect_writer(&self.path).await?;
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::Write)?;
        sqlx::query(CLEAR).bind(milliseconds(now)).execute(&mut *tx).await.map_err(StoreError::Write)?;
        for gone in self.gone(rows) {
            let drop = named(sqlx::query(DROP), &gone).bind(milliseconds(gone.rest.until));
            drop.execute(&mut *tx).await.map_err(StoreError::Write)?;
        }
        for row in rows {
            let put = named(sqlx::query(PUT), row)
                .bind(milliseconds(row.rest.since))
                .bind(milliseconds(row.rest.until))
                .bind(row.rest.cause.kind.as_str())
                .bind(row.rest.cause.status);
            put.execute(&mut *tx).await.map_err(StoreError::Write)?;
        }
        tx.commit().await.map_err(StoreError::Write)?;
        self.know(rows);
        conn.close().await.map_err(StoreError::Write)
    }

    /// Those of the known ones that are over, or shorter now.
    fn gone(&self, rows: &[RestRow]) -> Vec<RestRow> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|known| !rows.contains(known)).cloned().collect()
    }

    fn know(&self, rows: &[RestRow]) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = rows.to_vec();
    }

    /// The rests that were kept last. Those of a kind that this release does not know are left out.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn all(&self) -> Result<Vec<RestRow>, StoreError> {
        let mut conn = sqlite::connect_writer(&self.path).await?;
        let rows = sqlx::query(ALL).fetch_all(&mut conn).await.map_err(StoreError::Read)?;
        let rows: Result<Vec<Option<RestRow>>, sqlx::Error> = rows.iter().map(read).collect();
        conn.close().await.map_err(StoreError::Read)?;
        let rows: Vec<RestRow> = rows.map_err(StoreError::Read)?.into_iter().flatten().collect();
        self.know(&rows);
        Ok(rows)
    }
}

type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// Says which row is meant.
fn named<'q>(query: Query<'q>, row: &'q RestRow) -> Query<'q> {
    let (key, model) = (row.key.as_deref().unwrap_or_default(), row.model.as_deref().unwrap_or_default());
    query.bind(&*row.provider).bind(key).bind(model)
}

fn read(row: &SqliteRow) -> Result<Option<RestRow>, sqlx::Error> {
    let named = |name: String| (!name.is_empty()).then(|| Arc::from(name));
    let moment = |column| row.try_get::<i64, _>(column).map(|ms| Moment(ms.cast_unsigned()));
    let kind: String = row.try_get("kind")?;
    let Some(kind) = FaultKind::named(&kind) else { return Ok(None) };
    let cause = Cause { kind, status: row.try_get("status")? };
    Ok(Some(RestRow {
        provider: row.try_get::<String, _>("provider")?.into(),
        key: named(row.try_get("key")?),
        model: named(row.try_get("model")?),
        rest: Rest { since: moment("since_ms")?, until: moment("until_ms")?, cause },
    }))
}

/// SQL's integers end at 2^63 - 1, long after the last of milliseconds.
fn milliseconds(moment: Moment) -> i64 {
    i64::try_from(moment.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_790_000_000_500);

    fn row(key: Option<&str>, model: Option<&str>, status: Option<u16>) -> RestRow {
        let cause = Cause { kind: FaultKind::RateLimited, status };
        RestRow {
            provider: "groq".into(),
            key: key.map(Arc::from),
            model: model.map(Arc::from),
            rest: Rest { since: Moment(1_790_000_000_000), until: Moment(1_790_000_060_000), cause },
        }
    }

    #[tokio::test]
    async fn what_was_kept_last_is_found_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let rests = Rests::at(folder.path().join("t.db")).unwrap();
        assert_eq!(rests.all().await.unwrap(), []);
        let rows =
            [row(None, None, None), row(Some("groq#1"), None, Some(401)), row(Some("groq#2"), Some("m"), Some(429))];
        rests.replace(&rows, NOW).await.unwrap();
        assert_eq!(rests.all().await.unwrap(), rows);
        rests.replace(&rows[1..2], NOW).await.unwrap();
        assert_eq!(Rests::at(folder.path().join("t.db")).unwrap().all().await.unwrap(), rows[1..2]);
    }

    #[tokio::test]
    async fn what_another_process_keeps_is_left_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("t.db");
        let (one, other) = (Rests::at(&place).unwrap(), Rests::at(&place).unwrap());
        let all = async || Rests::at(&place).unwrap().all().await.unwrap();
        let (shared, own, long) = (row(Some("k#1"), None, Some(401)), row(Some("k#2"), None, Some(429)), {
            let mut long = row(Some("k#1"), None, Some(402));
            long.rest.until = Moment(NOW.0 + 3_600_000);
            long
        });
        other.replace(std::slice::from_ref(&own), NOW).await.unwrap();
        one.replace(std::slice::from_ref(&shared), NOW).await.unwrap();
        assert_eq!(all().await, [own.clone(), shared.clone()]);
        other.replace(&[own.clone(), long.clone()], NOW).await.unwrap();
        one.replace(std::slice::from_ref(&shared), NOW).await.unwrap();
        assert_eq!(all().await, [own.clone(), long.clone()], "the longer one stays");
        one.replace(&[], NOW).await.unwrap();
        assert_eq!(all().await, [own, long.clone()], "as do those of the other");
        one.replace(&[], Moment(NOW.0 + 1_000_000)).await.unwrap();
        assert_eq!(all().await, [long], "unless they are over");
    }
}
