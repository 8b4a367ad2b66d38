//! Texts that repeat from row to row: the `names` table and the writer's copy of its busy part.

use std::collections::HashMap;

use sqlx::{Row, SqliteConnection};
use trunkline_route::Report;

/// Names held in memory. Callers choose the model names of requests that fail, so without a bound they could fill it.
const NAMES_HELD_MAX: usize = 8_192;

/// Longest name kept, in bytes; what is longer is cut. Guards the file against callers who send pages as model names.
const NAME_BYTES_MAX: usize = 256;

/// The ids of one report's texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameIds {
    pub(crate) client_key: Option<i64>,
    pub(crate) operation: i64,
    pub(crate) model: Option<i64>,
    pub(crate) provider: Option<i64>,
    pub(crate) upstream_model: Option<i64>,
    pub(crate) outcome: i64,
    pub(crate) quality: Option<i64>,
}

/// What the writer knows of the `names` table. Valid only as long as its connection commits what was learnt.
#[derive(Debug, Default)]
pub(crate) struct Names {
    ids: HashMap<Box<str>, i64>,
}

impl Names {
    /// Makes room. Called between batches only, since the ids of a batch must all be held at once.
    pub(crate) fn trim(&mut self) {
        if self.ids.len() > NAMES_HELD_MAX {
            self.ids.clear();
        }
    }

    /// The ids of this report's texts, learning those that are not held.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn ids(&mut self, conn: &mut SqliteConnection, report: &Report) -> Result<NameIds, sqlx::Error> {
        Ok(NameIds {
            client_key: self.optional(conn, report.client_key.as_deref()).await?,
            operation: self.id(conn, report.operation.as_str()).await?,
            model: self.optional(conn, report.model.as_deref()).await?,
            provider: self.optional(conn, report.provider.as_deref()).await?,
            upstream_model: self.optional(conn, report.upstream_model.as_deref()).await?,
            outcome: self.id(conn, report.outcome.as_str()).await?,
            quality: self.optional(conn, report.quality.map(|quality| quality.as_str())).await?,
        })
    }

    async fn optional(&mut self, conn: &mut SqliteConnection, text: Option<&str>) -> Result<Option<i64>, sqlx::Error> {
        match text {
            Some(text) => self.id(conn, text).await.map(Some),
            None => Ok(None),
        }
    }

    async fn id(&mut self, conn: &mut SqliteConnection, text: &str) -> Result<i64, sqlx::Error> {
        let text = cut(text);
        if let Some(id) = self.ids.get(text) {
            return Ok(*id);
        }
        let id = find_or_add(conn, text).await?;
        self.ids.insert(text.into(), id);
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

async fn find_or_add(conn: &mut SqliteConnection, text: &str) -> Result<i64, sqlx::Error> {
    let found = sqlx::query("SELECT id FROM names WHERE text = ?").bind(text).fetch_optional(&mut *conn).await?;
    if let Some(row) = found {
        return row.try_get(0);
    }
    sqlx::query("INSERT INTO names (text) VALUES (?) RETURNING id").bind(text).fetch_one(conn).await?.try_get(0)
}
