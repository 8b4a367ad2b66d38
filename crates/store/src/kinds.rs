//! What many requests have in common: the `kinds` and `names` tables, and the writer's copy of their busy part.

use indexmap::{Equivalent, IndexMap};
use trunkline_route::Report;
use trunkline_wire::FaultKind;

use crate::arrival;
use crate::conn::{Conn, Value};
use crate::rollup::Dimensions;

/// Kinds held in memory. Callers choose the model names of requests that fail, so without a bound they could fill it.
const KINDS_HELD_MAX: usize = 4_096;

/// Longest name kept, in bytes; what is longer is cut. Guards the file against callers who send pages as model names.
const NAME_BYTES_MAX: usize = 256;

/// Adds the texts that are not there. Those that are, and the NULLs of absent ones, are passed over. In order, so that
/// writers that share a database never wait for each other in a circle.
const ADD_NAMES: &str = "INSERT INTO names (text) \
     SELECT DISTINCT column1 FROM (VALUES ($1), ($2), ($3), ($4), ($5), ($6), ($7), ($8), ($9)) AS texts \
     WHERE column1 IS NOT NULL ORDER BY column1 ON CONFLICT DO NOTHING";

/// Adds a kind, its texts looked up.
const ADD_KIND: &str = "INSERT INTO kinds (client_key, operation, model, provider, upstream_model, outcome, quality, \
     dialect, lane, process, status, stream, attempts, cached) \
     VALUES ((SELECT id FROM names WHERE text = $1), (SELECT id FROM names WHERE text = $2), \
     (SELECT id FROM names WHERE text = $3), (SELECT id FROM names WHERE text = $4), \
     (SELECT id FROM names WHERE text = $5), (SELECT id FROM names WHERE text = $6), \
     (SELECT id FROM names WHERE text = $7), (SELECT id FROM names WHERE text = $8), \
     (SELECT id FROM names WHERE text = $9), $10, $11, $12, $13, $14) \
     RETURNING id, coalesce(client_key, 0), coalesce(model, 0), coalesce(provider, 0), coalesce(upstream_model, 0)";

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
    dialect: Option<&'static str>,
    lane: Option<&'static str>,
    attempts: u32,
    cached: bool,
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
            dialect: report.dialect.map(|dialect| dialect.as_str()),
            lane: report.lane,
            attempts: report.attempts,
            cached: report.cached,
        }
    }

    /// Whether the model is one there is. Others are texts that callers choose, and would each have sums of their own.
    fn names_a_model(&self) -> bool {
        let unknown = [FaultKind::ModelNotFound, FaultKind::ProviderNotFound];
        unknown.iter().all(|kind| kind.as_str() != self.outcome)
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
            dialect: self.dialect,
            lane: self.lane,
            attempts: self.attempts,
            cached: self.cached,
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
            && self.cached == held.cached
            && self.client_key == held.client_key.as_deref()
            && self.operation == held.operation
            && self.model == held.model.as_deref()
            && self.provider == held.provider.as_deref()
            && self.upstream_model == held.upstream_model.as_deref()
            && self.outcome == held.outcome
            && self.quality == held.quality
            && self.dialect == held.dialect
            && self.lane == held.lane
    }
}

/// A kind in the tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// Its row in `kinds`.
    pub(crate) id: i64,
    /// Where its requests are counted.
    pub(crate) dimensions: Dimensions,
}

/// What the writer knows of the `kinds` table. Valid only as long as its connection commits what was learnt.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    known: IndexMap<Kind<Box<str>>, Known>,
    /// Where the last answer was: the next request is often of the same kind, and comparing is cheaper than hashing.
    last: usize,
}

impl Kinds {
    /// This kind, if it is held.
    pub(crate) fn get(&mut self, kind: &Kind<&str>) -> Option<Known> {
        if let Some((held, known)) = self.known.get_index(self.last)
            && kind.equivalent(held)
        {
            return Some(*known);
        }
        let (index, _, known) = self.known.get_full(kind)?;
        self.last = index;
        Some(*known)
    }

    /// Adds a kind that is not held. It may be in the table from before: looking for it would cost an index, and a
    /// second row costs nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn add(&mut self, conn: &mut Conn, kind: &Kind<&str>) -> Result<Known, sqlx::Error> {
        let texts: [Value<'_>; 9] = [
            kind.client_key.into(),
            kind.operation.into(),
            kind.model.into(),
            kind.provider.into(),
            kind.upstream_model.into(),
            kind.outcome.into(),
            kind.quality.into(),
            kind.dialect.into(),
            kind.lane.into(),
        ];
        conn.execute(ADD_NAMES, &texts).await?;
        let numbers = [kind.process, kind.status.into(), kind.stream.into(), kind.attempts.into(), kind.cached.into()];
        let values: Vec<Value<'_>> = texts.into_iter().chain(numbers.map(Value::from)).collect();
        let row = conn.first(ADD_KIND, &values).await?.ok_or(sqlx::Error::RowNotFound)?;
        let mut dimensions = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
        if !kind.names_a_model() {
            let [_, model, _, _] = &mut dimensions;
            *model = 0;
        }
        let known = Known { id: row.get(0)?, dimensions };
        if self.known.len() >= KINDS_HELD_MAX {
            self.known.clear();
        }
        self.known.insert(kind.held(), known);
        Ok(known)
    }
}

/// At most [`NAME_BYTES_MAX`] of `text`, ending with a whole character.
fn cut(text: &str) -> &str {
    if text.len() <= NAME_BYTES_MAX {
        return text;
    }
    (0..=NAME_BYTES_MAX).rev().find_map(|end| text.get(..end)).unwrap_or_default()
}
