//! `/api/v1/config/revisions`: what the document was; `/api/v1/config/rollback`: the way back.

use axum::Extension;
use axum::extract::{Path, RawQuery};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_wire::timestamp;

use super::super::editing::{Editing, IfMatch, Tagged};
use super::plan::{changes, diff, in_words};
use super::{Applied, put, seen};
use crate::auth::Caller;
use crate::documents::{DocumentProblem, DocumentRevision};
use crate::plane::Misasked;
use crate::problem::Problem;
use crate::read::Json;
use crate::routes::Running;

/// Revisions of a page when nobody says how many, and the most of them.
const LIMIT: u32 = 50;
const LIMIT_MAX: u32 = 200;

/// Which revisions.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is read by hand")]
pub(super) struct Page {
    /// The most of them.
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// One of the documents that there were.
#[derive(Serialize, JsonSchema)]
struct Revision {
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

/// Some of them, the newest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RevisionList {
    items: Vec<Revision>,
    /// What asks for the next page.
    next_cursor: Option<String>,
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
) -> Result<Json<RevisionList>, Problem> {
    let (limit, before) = page(query.as_deref().unwrap_or_default())?;
    let found = plane.documents().revisions(limit, before).await?;
    let is_full = u32::try_from(found.len()).is_ok_and(|count| count == limit);
    let last = found.last().map(|last| last.number).filter(|number| is_full && *number > 1);
    let items = found.into_iter().map(|revision| row(revision, None)).collect();
    Ok(Json(RevisionList { items, next_cursor: last.map(|number| number.to_string()) }))
}

fn page(query: &str) -> Result<(u32, Option<u64>), Misasked> {
    let (mut limit, mut before) = (LIMIT, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let wrong = |message: String| Misasked { field: name.to_string(), message };
        match &*name {
            "limit" => {
                let stated = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                limit = stated.ok_or_else(|| wrong(format!("it must be a number from 1 to {LIMIT_MAX}")))?;
            }
            "cursor" => before = Some(value.parse().map_err(|_| wrong("no page ended with it".to_owned()))?),
            _ => return Err(wrong("there is no such filter".to_owned())),
        }
    }
    Ok((limit, before))
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
