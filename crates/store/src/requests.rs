//! Finds records of requests: the newest that are like this, or one.

use crate::conn::{Row, Value};
use crate::{Store, StoreError, StoredRequest, arrival, rows};

/// The most requests of one page.
pub const REQUESTS_MAX: u32 = 1_000;

/// Kinds are few: which of them are wanted is known before any row is looked at, and rows are read from the newest on
/// until there are enough. Only those are spelt out.
const PAGE: &str = "SELECT * FROM requests_view WHERE arrival IN (\
     SELECT r.arrival FROM requests AS r WHERE r.arrival >= $1 AND r.arrival < $2 AND r.kind IN (\
       SELECT k.id FROM kinds AS k LEFT JOIN names AS client_key ON client_key.id = k.client_key \
       LEFT JOIN names AS model ON model.id = k.model LEFT JOIN names AS provider ON provider.id = k.provider \
       LEFT JOIN names AS outcome ON outcome.id = k.outcome \
       LEFT JOIN names AS upstream_model ON upstream_model.id = k.upstream_model \
       WHERE ($4 IS NULL OR client_key.text = $4) AND ($5 IS NULL OR model.text = $5) \
       AND ($6 IS NULL OR provider.text = $6) \
       AND ($7 IS NULL OR outcome.text = $7 OR ($7 = 'failed' AND outcome.text NOT IN ('served', 'client_left'))) \
       AND ($8 IS NULL OR lower(client_key.text) LIKE $8 ESCAPE '!' OR lower(model.text) LIKE $8 ESCAPE '!' \
         OR lower(provider.text) LIKE $8 ESCAPE '!' OR lower(upstream_model.text) LIKE $8 ESCAPE '!')) \
     ORDER BY r.arrival DESC LIMIT $3) ORDER BY arrival DESC";

/// All of one millisecond.
const ONE: &str = "SELECT * FROM requests_view WHERE arrival >= $1 AND arrival < $2 AND id = $3";

/// Any kind of fault, where an outcome is asked for.
pub const FAILED: &str = "failed";

/// Which requests are wanted; what is `None` or false excludes none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The most of them; [`REQUESTS_MAX`] if that is less.
    pub limit: u32,
    /// From this moment on, in milliseconds since the Unix epoch.
    pub since_ms: Option<u64>,
    /// Before this one.
    pub until_ms: Option<u64>,
    /// Where the page before ended.
    pub after: Option<Place>,
    /// Those of the client key with this name.
    pub client_key: Option<String>,
    /// Those that asked for this model.
    pub model: Option<String>,
    /// Those that this provider served last.
    pub provider: Option<String>,
    /// Those that ended so; [`FAILED`] stands for every kind of fault.
    pub outcome: Option<String>,
    /// Those whose client key, model, provider or upstream model has this text in its name, in capitals or not.
    pub text: Option<String>,
}

/// A place in the order of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub i64);

/// Some requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// They, the newest first.
    pub requests: Vec<StoredRequest>,
    /// Where the next page begins; `None` when there is none.
    pub next: Option<Place>,
}

impl Store {
    /// The newest requests of those that are wanted.
    ///
    /// # Errors
    /// When the database does not answer, or holds what this release cannot read.
    pub async fn requests(&self, wanted: &Wanted) -> Result<Page, StoreError> {
        let limit = wanted.limit.clamp(1, REQUESTS_MAX);
        let until = wanted.until_ms.map_or(i64::MAX, arrival::first_at);
        let like = wanted.text.as_deref().map(like);
        let values = [
            wanted.since_ms.map_or(i64::MIN, arrival::first_at).into(),
            wanted.after.map_or(until, |Place(place)| place.min(until)).into(),
            // One more says whether there is a next page.
            (limit + 1).into(),
            wanted.client_key.as_deref().into(),
            wanted.model.as_deref().into(),
            wanted.provider.as_deref().into(),
            wanted.outcome.as_deref().into(),
            like.as_deref().into(),
        ];
        let mut found = self.fetch(PAGE, &values).await?;
        let has_more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let place = |row: &Row| row.get::<i64, _>("arrival").map(Place);
        let last = found.last().filter(|_| has_more).map(place).transpose();
        let requests: Result<_, _> = found.iter().map(rows::read).collect();
        Ok(Page { requests: requests.map_err(StoreError::Read)?, next: last.map_err(StoreError::Read)? })
    }

    /// The request with this id; `None` when there is none, or not any more.
    ///
    /// # Errors
    /// When the database does not answer, or holds what this release cannot read.
    pub async fn request(&self, id: u128) -> Result<Option<StoredRequest>, StoreError> {
        let at_ms = arrival::at_ms(id);
        let (first, end) = (arrival::first_at(at_ms), arrival::first_at(at_ms.saturating_add(1)));
        let id = format!("{id:032x}");
        let found = self.fetch(ONE, &[first.into(), end.into(), Value::from(&id)]).await?;
        found.first().map(rows::read).transpose().map_err(StoreError::Read)
    }
}

/// A pattern for what has this text in it.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
