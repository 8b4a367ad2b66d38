//! `/api/v1/config/revisions`: what the document was; `/api/v1/config/rollback`: the way back.

use axum::Extension;
use axum::extract::{Path, RawQuery};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_wire::timestamp;

use super::super::editing::{Editing, IfMatch, Tagged};
use super::super::page::{Page, Wanted};
use super::plan::{changes, diff, in_words};
use super::{Applied, put, seen};
use crate::auth::Caller;
use crate::documents::{DocumentProblem, DocumentRevision};
use crate::plane::Misasked;
use crate::problem::Problem;
use crate::read::Json;
use crate::routes::Running;

/// One of the documents that there were.
#[derive(Serialize, JsonSchema)]
pub(super) struct Revision {
    revision: String,
    /// When it was made, in RFC 3339.
    at: String,
    /// Who made it; `file`: it was edited where it is.
    by: String,
    /// What they said of it.
    note: Option<String>,
    /// What it changed, in a line; `null` in a list.
    summary: Option<String>,
    /// Whether the document says the same now.
    current: bool,
}

/// One of them, whole.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RevisionText {
    #[serde(flatten)]
    revision: Revision,
    /// What it said, in TOML.
    document: String,
    /// What it changed of the one before; unified.
    diff: String,
}

/// Which revision is gone back to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rollback {
    /// Its number.
    revision: String,
}

pub(crate) async fn list(
    Extension(Running(plane)): Extension<Running>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Revision>>, Problem> {
    let wanted = Wanted::page(query.as_deref())?;
    let (limit, cursor) = wanted.place();
    let wrong = |_| Misasked { field: "cursor".to_owned(), message: "no page ended with it".to_owned() };
    let before = cursor.map(str::parse).transpose().map_err(wrong)?;
    // One more than is shown tells whether there is another page.
    let count = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let mut found = plane.documents().revisions(count, before).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more).map(|last| last.number.to_string());
    Ok(Json(Page { items: found.into_iter().map(|revision| row(revision, None)).collect(), next_cursor: last }))
}

fn row(revision: DocumentRevision, summary: Option<String>) -> Revision {
    let DocumentRevision { number, at_ms, who, note, is_current, .. } = revision;
    Revision {
        revision: number.to_string(),
        at: timestamp::write(at_ms / 1_000),
        by: who,
        note: Some(note).filter(|note| !note.is_empty()),
        summary,
        current: is_current,
    }
}

pub(crate) async fn show(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
) -> Result<Json<RevisionText>, Problem> {
    let (one, before) = plane.documents().revision(numbered(&number)?).await?;
    let previous = before.as_ref().map(|before| before.text.as_str());
    let summary = previous.map(|previous| in_words(&changes(previous, &one.text)));
    let document = seen(&caller, one.text.clone());
    let diff = before.map(|before| {
        let names = [before.number, one.number].map(|number| format!("revision {number}"));
        diff((&names[0], &seen(&caller, before.text)), (&names[1], &document))
    });
    Ok(Json(RevisionText { revision: row(one, summary), document, diff: diff.unwrap_or_default() }))
}

fn numbered(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_| DocumentProblem::NotFound(text.to_owned()).into())
}

pub(crate) async fn go_back(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    if_match: IfMatch,
    Json(Rollback { revision }): Json<Rollback>,
) -> Result<Tagged<Json<Applied>>, Problem> {
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    let (earlier, _) = plane.documents().revision(numbered(&revision)?).await?;
    put(&editing, plane.documents(), &caller, earlier.text, format!("back to revision {revision}")).await
}
