//! Who is left alone until when, kept over a restart.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use trunkline_route::live::{Cause, Rest};
use trunkline_route::{Moment, RestRow};
use trunkline_wire::FaultKind;

use crate::StoreError;
use crate::conn::{Row, Value, count};
use crate::place::Place;

/// Rests that are over, whoever kept them.
const CLEAR: &str = "DELETE FROM rests WHERE until_ms <= $1";

/// One that this process kept; another may have made it longer since.
const DROP: &str = "DELETE FROM rests WHERE provider = $1 AND key = $2 AND model = $3 AND until_ms <= $4";

/// The longer one stays, whoever keeps it.
const PUT: &str = "INSERT INTO rests (provider, key, model, since_ms, until_ms, kind, status)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (provider, key, model) DO UPDATE SET since_ms = excluded.since_ms, until_ms = excluded.until_ms,
        kind = excluded.kind, status = excluded.status WHERE excluded.until_ms > rests.until_ms";

const ALL: &str = "SELECT provider, key, model, since_ms, until_ms, kind, status FROM rests";

/// The table of rests. It is written rarely, so each question has a connection of its own. Other processes may keep theirs
/// in it, too.
#[derive(Debug)]
pub struct Rests {
    place: Place,
    /// What this process has read or kept last: what of it is over early is its to take out.
    known: Mutex<Vec<RestRow>>,
}

impl Rests {
    /// The table in the database at `place`, a path or a URL.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { place: Place::parse(place.as_ref())?, known: Mutex::default() })
    }

    /// Whether there is a database at all, as far as that is known without asking: asking a table makes a file.
    pub fn is_there(&self) -> bool {
        self.place.is_there()
    }

    /// Keeps these rests in place of those that were read or kept last.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn replace(&self, rows: &[RestRow], now: Moment) -> Result<(), StoreError> {
        let mut conn = self.place.connect().await?;
        conn.begin().await.map_err(StoreError::Write)?;
        conn.execute(CLEAR, &[now.0.into()]).await.map_err(StoreError::Write)?;
        for gone in self.gone(rows) {
            let [provider, key, model] = named(&gone);
            let values = [provider, key, model, gone.rest.until.0.into()];
            conn.execute(DROP, &values).await.map_err(StoreError::Write)?;
        }
        for row in rows {
            let [provider, key, model] = named(row);
            let (since, until) = (row.rest.since.0.into(), row.rest.until.0.into());
            let status = Value::Whole(row.rest.cause.status.map(i64::from));
            let values = [provider, key, model, since, until, row.rest.cause.kind.as_str().into(), status];
            conn.execute(PUT, &values).await.map_err(StoreError::Write)?;
        }
        conn.commit().await.map_err(StoreError::Write)?;
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
        let mut conn = self.place.connect().await?;
        let rows = conn.fetch(ALL, &[]).await.map_err(StoreError::Read)?;
        let rows: Result<Vec<Option<RestRow>>, sqlx::Error> = rows.iter().map(read).collect();
        conn.close().await.map_err(StoreError::Read)?;
        let rows: Vec<RestRow> = rows.map_err(StoreError::Read)?.into_iter().flatten().collect();
        self.know(&rows);
        Ok(rows)
    }
}

/// Says which row is meant.
fn named(row: &RestRow) -> [Value<'_>; 3] {
    let (key, model) = (row.key.as_deref().unwrap_or_default(), row.model.as_deref().unwrap_or_default());
    [(&*row.provider).into(), key.into(), model.into()]
}

fn read(row: &Row) -> Result<Option<RestRow>, sqlx::Error> {
    let named = |name: String| (!name.is_empty()).then(|| Arc::from(name));
    let moment = |column| row.get::<i64, &str>(column).map(|ms| Moment(count(ms)));
    let kind: String = row.get("kind")?;
    let Some(kind) = FaultKind::named(&kind) else { return Ok(None) };
    let status: Option<i64> = row.get("status")?;
    let cause = Cause { kind, status: status.and_then(|status| u16::try_from(status).ok()) };
    Ok(Some(RestRow {
        provider: row.get::<String, _>("provider")?.into(),
        key: named(row.get("key")?),
        model: named(row.get("model")?),
        rest: Rest { since: moment("since_ms")?, until: moment("until_ms")?, cause },
    }))
}

#[cfg(test)]
pub(crate) mod tests {
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

    async fn what_was_kept_last_is_found_and_nothing_else(place: &str) {
        let rests = Rests::at(place).unwrap();
        assert_eq!(rests.all().await.unwrap(), []);
        let rows =
            [row(None, None, None), row(Some("groq#1"), None, Some(401)), row(Some("groq#2"), Some("m"), Some(429))];
        rests.replace(&rows, NOW).await.unwrap();
        assert_eq!(rests.all().await.unwrap(), rows);
        rests.replace(&rows[1..2], NOW).await.unwrap();
        assert_eq!(Rests::at(place).unwrap().all().await.unwrap(), rows[1..2]);
    }

    async fn what_another_process_keeps_is_left_to_it(place: &str) {
        let (one, other) = (Rests::at(place).unwrap(), Rests::at(place).unwrap());
        let all = async || Rests::at(place).unwrap().all().await.unwrap();
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

    /// Every rule, each on a place of its own, which `place` makes by its name.
    pub(crate) async fn all(place: &impl Fn(&str) -> String) {
        what_was_kept_last_is_found_and_nothing_else(&place("rests_1")).await;
        what_another_process_keeps_is_left_to_it(&place("rests_2")).await;
    }
}
