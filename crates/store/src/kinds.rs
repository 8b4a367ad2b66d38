//! What many requests have in common: the `kinds` and `names` tables, and the writer's copy of their busy part.

use indexmap::{Equivalent, IndexMap};
use sqlx::{Row, SqliteConnection};
use trunkline_route::Report;

use crate::arrival;

/// Kinds held in memory. Callers choose the model names of requests that fail, so without a bound they could fill it.
const KINDS_HELD_MAX: usize = 4_096;

/// Longest name kept, in bytes; what is longer is cut. Guards the file against callers who send pages as model names.
const NAME_BYTES_MAX: usize = 256;

/// Adds the texts that are not there. Those that are, and the NULLs of absent ones, are passed over.
const ADD_NAMES: &str = "INSERT OR IGNORE INTO names (text) VALUES (?),(?),(?),(?),(?),(?),(?)";

/// Adds a kind, its texts looked up.
const ADD_KIND: &str = "INSERT INTO kinds (client_key, operation, model, provider, upstream_model, outcome, quality, \
     process, status, stream, attempts) \
     VALUES ((SELECT id FROM names WHERE text = ?), (SELECT id FROM names WHERE text = ?), \
     (SELECT id FROM names WHERE text = ?), (SELECT id FROM names WHERE text = ?), \
     (SELECT id FROM names WHERE text = ?), (SELECT id FROM names WHERE text = ?), \
     (SELECT id FROM names WHERE text = ?), ?, ?, ?, ?) RETURNING id";

/// The columns of `kinds`; `T` is a report's text, borrowed to look it up, owned to be held.
#[derive(Debug, Hash, PartialEq, Eq)]
pub(crate) struct Kind<T> {
    process: i64,
    client_key: Option<T>,
    operation: &'static str,
    model: Option<T>,
    provider: Option<T>,
    upstream_model: Option<T>,
    status: u16,
    outcome: &'static str,
    stream: bool,
    quality: Option<&'static str>,
    attempts: u32,
}

impl<'a> Kind<&'a str> {
    /// The kind this report is of.
    pub(crate) fn of(report: &'a Report) -> Self {
        Self {
            process: arrival::process(report.id),
            client_key: report.client_key.as_deref().map(cut),
            operation: report.operation.as_str(),
            model: report.model.as_deref().map(cut),
            provider: report.provider.as_deref().map(cut),
            upstream_model: report.upstream_model.as_deref().map(cut),
            status: report.status,
            outcome: report.outcome.as_str(),
            stream: report.stream,
            quality: report.quality.map(|quality| quality.as_str()),
            attempts: report.attempts,
        }
    }

    fn held(&self) -> Kind<Box<str>> {
        Kind {
            process: self.process,
            client_key: self.client_key.map(Box::from),
            operation: self.operation,
            model: self.model.map(Box::from),
            provider: self.provider.map(Box::from),
            upstream_model: self.upstream_model.map(Box::from),
            status: self.status,
            outcome: self.outcome,
            stream: self.stream,
            quality: self.quality,
            attempts: self.attempts,
        }
    }
}

/// Hashes alike too: a boxed text hashes as the text does.
impl Equivalent<Kind<Box<str>>> for Kind<&str> {
    fn equivalent(&self, held: &Kind<Box<str>>) -> bool {
        self.process == held.process
            && self.status == held.status
            && self.stream == held.stream
            && self.attempts == held.attempts
            && self.client_key == held.client_key.as_deref()
            && self.operation == held.operation
            && self.model == held.model.as_deref()
            && self.provider == held.provider.as_deref()
            && self.upstream_model == held.upstream_model.as_deref()
            && self.outcome == held.outcome
            && self.quality == held.quality
    }
}

/// What the writer knows of the `kinds` table. Valid only as long as its connection commits what was learnt.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    ids: IndexMap<Kind<Box<str>>, i64>,
    /// Where the last answer was: the next request is often of the same kind, and comparing is cheaper than hashing.
    last: usize,
}

impl Kinds {
    /// The id of this kind, if it is held.
    pub(crate) fn get(&mut self, kind: &Kind<&str>) -> Option<i64> {
        if let Some((held, id)) = self.ids.get_index(self.last)
            && kind.equivalent(held)
        {
            return Some(*id);
        }
        let (index, _, id) = self.ids.get_full(kind)?;
        self.last = index;
        Some(*id)
    }

    /// Adds a kind that is not held. It may be in the table from before: looking for it would cost an index, and a
    /// second row costs nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn add(&mut self, conn: &mut SqliteConnection, kind: &Kind<&str>) -> Result<i64, sqlx::Error> {
        let texts = [
            kind.client_key,
            Some(kind.operation),
            kind.model,
            kind.provider,
            kind.upstream_model,
            Some(kind.outcome),
            kind.quality,
        ];
        let mut names = sqlx::query(ADD_NAMES);
        let mut row = sqlx::query(ADD_KIND);
        for text in texts {
            names = names.bind(text);
            row = row.bind(text);
        }
        names.execute(&mut *conn).await?;
        row = row.bind(kind.process).bind(kind.status).bind(kind.stream).bind(kind.attempts);
        let id = row.fetch_one(conn).await?.try_get(0)?;
        if self.ids.len() >= KINDS_HELD_MAX {
            self.ids.clear();
        }
        self.ids.insert(kind.held(), id);
        Ok(id)
    }
}

/// At most [`NAME_BYTES_MAX`] of `text`, ending with a whole character.
fn cut(text: &str) -> &str {
    if text.len() <= NAME_BYTES_MAX {
        return text;
    }
    (0..=NAME_BYTES_MAX).rev().find_map(|end| text.get(..end)).unwrap_or_default()
}
