//! Who is left alone until when, kept over a restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row};
use trunkline_route::live::{Cause, Rest};
use trunkline_route::{Moment, RestRow};
use trunkline_wire::FaultKind;

use crate::{StoreError, sqlite};

const CLEAR: &str = "DELETE FROM rests";

const PUT: &str =
    "INSERT INTO rests (provider, key, model, since_ms, until_ms, kind, status) VALUES (?, ?, ?, ?, ?, ?, ?)";

const ALL: &str = "SELECT provider, key, model, since_ms, until_ms, kind, status FROM rests";

/// The table of rests. It is written rarely and whole, so each question has a connection of its own.
#[derive(Debug)]
pub struct Rests {
    path: PathBuf,
}

impl Rests {
    /// The table in the database at `place`, a path or a `sqlite:` URL.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { path: sqlite::path_of(place.as_ref())? })
    }

    /// Whether there is a database at all: asking a table makes one.
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Keeps these rests and no others.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn replace(&self, rows: &[RestRow]) -> Result<(), StoreError> {
        let mut conn = sqlite::connect_writer(&self.path).await?;
        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::Write)?;
        sqlx::query(CLEAR).execute(&mut *tx).await.map_err(StoreError::Write)?;
        for row in rows {
            let put = sqlx::query(PUT)
                .bind(&*row.provider)
                .bind(row.key.as_deref().unwrap_or_default())
                .bind(row.model.as_deref().unwrap_or_default())
                .bind(milliseconds(row.rest.since))
                .bind(milliseconds(row.rest.until))
                .bind(row.rest.cause.kind.as_str())
                .bind(row.rest.cause.status);
            put.execute(&mut *tx).await.map_err(StoreError::Write)?;
        }
        tx.commit().await.map_err(StoreError::Write)?;
        conn.close().await.map_err(StoreError::Write)
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
        Ok(rows.map_err(StoreError::Read)?.into_iter().flatten().collect())
    }
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
        rests.replace(&rows).await.unwrap();
        assert_eq!(rests.all().await.unwrap(), rows);
        rests.replace(&rows[1..2]).await.unwrap();
        assert_eq!(Rests::at(folder.path().join("t.db")).unwrap().all().await.unwrap(), rows[1..2]);
    }
}
