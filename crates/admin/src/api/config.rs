//! `/api/v1/config`: the document, what would change, what it was, and the way back.

mod import;
mod plan;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::routing::{get, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trunkline_config::{Edit, Path as At, PathError, mask, schema};
use trunkline_wire::timestamp;

use self::plan::{Change, changes, diff, in_words};
use super::editing::{Editing, IfMatch, Tagged, not_a_secret};
use crate::auth::{Asks, Caller, Role};
use crate::documents::{DocumentProblem, DocumentRevision, Documents, NewDocument as Wanted};
use crate::endpoint::{Endpoint, Operation};
use crate::plane::Misasked;
use crate::problem::{Flaw, Kind, Problem, Severity};
use crate::read::Json;
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/config", Asks::Viewer, || get(show))
        .says(Operation::new("config", "The document.").gives::<Document>()),
    Endpoint::new("PUT", "/api/v1/config", Asks::Admin, || axum::routing::put(apply)).says(
        Operation::new("applyConfig", "Takes a document over.").takes::<NewDocument>().gives::<Applied>().if_match(),
    ),
    Endpoint::new("PATCH", "/api/v1/config", Asks::Admin, || axum::routing::patch(change)).says(
        Operation::new(
            "changeConfig",
            "Changes single settings of the document, and leaves all else as it is written.",
        )
        .takes::<Edits>()
        .gives::<Applied>()
        .if_match(),
    ),
    Endpoint::new("POST", "/api/v1/config/validate", Asks::Admin, || post(validate)).says(
        Operation::new("validateConfig", "What is wrong with a document.").takes::<DocumentText>().gives::<Verdict>(),
    ),
    Endpoint::new("POST", "/api/v1/config/plan", Asks::Admin, || post(plan))
        .says(Operation::new("planConfig", "What a document would change.").takes::<DocumentText>().gives::<Plan>()),
    Endpoint::new("GET", "/api/v1/config/revisions", Asks::Viewer, || get(revisions))
        .says(Operation::new("revisions", "What the document was.").query::<Page>().gives::<RevisionList>()),
    Endpoint::new("GET", "/api/v1/config/revisions/{n}", Asks::Viewer, || get(revision))
        .says(Operation::new("revision", "One of them.").gives::<RevisionText>()),
    Endpoint::new("POST", "/api/v1/config/rollback", Asks::Admin, || post(rollback))
        .says(Operation::new("rollback", "Goes back to a revision.").takes::<Rollback>().gives::<Applied>().if_match()),
    Endpoint::new("GET", "/api/v1/config/schema", Asks::Viewer, || get(document_schema))
        .says(Operation::new("configSchema", "The JSON schema of the document.").gives::<JsonSchemaText>()),
    Endpoint::new("GET", "/api/v1/config/export", Asks::Viewer, || get(export))
        .says(Operation::new("exportConfig", "All of it, as a bundle.").query::<Secrets>().gives::<Bundle>()),
    Endpoint::new("POST", "/api/v1/config/import", Asks::Admin, || post(import::import)).says(
        Operation::new("importConfig", "Takes over what another proxy was told.")
            .takes::<import::Import>()
            .gives::<import::Imported>(),
    ),
];

/// Revisions of a page when nobody says how many, and the most of them.
const LIMIT: u32 = 50;
const LIMIT_MAX: u32 = 200;

/// What stands in the place of a document that nobody can read, and so nobody mask.
const UNREADABLE: &str =
    "# The document is not TOML, so that nobody can tell what of it is secret. Admins can see it.\n";

/// The document.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Document {
    /// What it says, in TOML. Viewers see masks in the place of secrets.
    document: String,
    /// What the next change has to name in `If-Match`.
    revision: String,
    /// Whether it can be changed here.
    writable: bool,
    /// Why it cannot.
    why_not_writable: Option<String>,
}

/// A document.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentText {
    /// What it says, in TOML.
    document: String,
}

/// A document that is to take the place of the one before.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDocument {
    /// What it says, in TOML. Masks stand for the secrets that the document has in their places.
    document: String,
    /// Kept with the revision, for whoever looks later.
    #[serde(default)]
    note: Option<String>,
}

/// Changes of single settings.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edits {
    /// One after the other; all of them or none.
    edits: Vec<OneEdit>,
    /// Kept with the revision, for whoever looks later.
    #[serde(default)]
    note: Option<String>,
}

/// A change of one setting.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum OneEdit {
    /// Makes it this. The index after the last one of a list appends; tables on the way are made.
    Set {
        /// Which, such as `models.turbo.targets[0].weight`.
        path: String,
        /// What it is to be.
        value: Value,
    },
    /// Takes it out.
    Remove {
        /// Which.
        path: String,
    },
    /// Gives it another name.
    Rename {
        /// Which.
        path: String,
        /// The last part of its path from now on.
        to: String,
    },
}

/// What is in force now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Applied {
    /// What the next change has to name in `If-Match`.
    revision: String,
}

/// What is wrong with a document.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Verdict {
    /// Whether it could be put in force.
    ok: bool,
    /// What is wrong, and what is worth a look.
    problems: Vec<Flaw>,
}

/// What a document would change.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Plan {
    /// Whether it could be put in force.
    ok: bool,
    /// What is wrong, and what is worth a look.
    problems: Vec<Flaw>,
    /// Of the texts; unified.
    diff: String,
    /// The same setting by setting.
    changes: Vec<Change>,
}

/// Which revisions.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is read by hand")]
struct Page {
    /// The most of them.
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// What of secrets is told.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is read by hand")]
struct Secrets {
    /// `include`: they are told, to admins; else there are masks in their places.
    secrets: Option<String>,
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

/// The JSON schema of the document.
#[derive(JsonSchema)]
#[schemars(rename = "JsonSchema", transparent)]
struct JsonSchemaText(#[expect(dead_code, reason = "it is told as text")] serde_json::Map<String, Value>);

/// The document, to be kept or taken elsewhere.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Bundle {
    /// Which form this has: 1.
    trunkline: u32,
    /// When it was made, in RFC 3339.
    exported_at: String,
    revision: String,
    /// Whether its secrets are in it.
    secrets: bool,
    /// What the document says, in TOML.
    document: String,
}

pub(crate) async fn show(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
) -> Result<Tagged<Json<Document>>, Problem> {
    let current = plane.documents().current().await?;
    let document = Document {
        document: seen(&caller, current.text),
        revision: current.revision.clone(),
        writable: current.read_only.is_none(),
        why_not_writable: current.read_only,
    };
    Ok(Tagged(current.revision, Json(document)))
}

/// A document as a caller may see it: to edit one takes all that it says, to look at one takes no secrets.
fn seen(caller: &Caller, text: String) -> String {
    match caller.role {
        Role::Admin => text,
        Role::Viewer => masked(&text),
    }
}

fn masked(text: &str) -> String {
    mask::mask_document(text).unwrap_or_else(|| UNREADABLE.to_owned())
}

pub(crate) async fn apply(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    if_match: IfMatch,
    Json(NewDocument { document, note }): Json<NewDocument>,
) -> Result<Tagged<Json<Applied>>, Problem> {
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    put(&editing, plane.documents(), &caller, document, note.unwrap_or_default()).await
}

async fn put(
    editing: &Editing,
    documents: Arc<dyn Documents>,
    caller: &Caller,
    text: String,
    note: String,
) -> Result<Tagged<Json<Applied>>, Problem> {
    let text = unmasked(&text, &editing.current().text)?;
    let base = editing.revision().to_owned();
    let revision = documents.apply(Wanted { text, base, who: caller.user.clone(), note }).await?;
    Ok(Tagged(revision.clone(), Json(Applied { revision })))
}

/// A document with its secrets in the places of their masks.
fn unmasked(text: &str, current: &str) -> Result<String, Problem> {
    let text = mask::unmask_document(text, current);
    match mask::masks_in(&text).first() {
        Some(at) => Err(not_a_secret(at).at(at.to_string())),
        None => Ok(text),
    }
}

pub(crate) async fn change(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    if_match: IfMatch,
    Json(Edits { edits, note }): Json<Edits>,
) -> Result<Tagged<Json<Applied>>, Problem> {
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    let edits = edits.into_iter().enumerate().map(|(place, edit)| {
        let wrong = |error: PathError| Misasked { field: format!("edits[{place}].path"), message: error.to_string() };
        edit.read().map_err(wrong)
    });
    let edits = edits.collect::<Result<Vec<Edit>, Misasked>>()?;
    let revision = editing.make(&caller, &At::default(), &edits, note.unwrap_or_default()).await?;
    Ok(Tagged(revision.clone(), Json(Applied { revision })))
}

impl OneEdit {
    fn read(self) -> Result<Edit, PathError> {
        Ok(match self {
            Self::Set { path, value } => Edit::Set(path.parse()?, value),
            Self::Remove { path } => Edit::Remove(path.parse()?),
            Self::Rename { path, to } => Edit::Rename(path.parse()?, to),
        })
    }
}

pub(crate) async fn validate(
    Extension(Running(plane)): Extension<Running>,
    Json(DocumentText { document }): Json<DocumentText>,
) -> Result<Json<Verdict>, Problem> {
    let (ok, problems) = verdict(&*plane.documents(), document).await?;
    Ok(Json(Verdict { ok, problems }))
}

async fn verdict(documents: &dyn Documents, text: String) -> Result<(bool, Vec<Flaw>), Problem> {
    match documents.check(text).await {
        Ok(notes) => Ok((true, notes.into_iter().map(note).collect())),
        Err(DocumentProblem::Wrong(problems)) => Ok((false, problems.iter().map(Flaw::from).collect())),
        Err(problem) => Err(problem.into()),
    }
}

fn note(message: String) -> Flaw {
    Flaw { path: String::new(), line: None, column: None, message, hint: None, severity: Severity::Warning }
}

pub(crate) async fn plan(
    Extension(Running(plane)): Extension<Running>,
    Json(DocumentText { document }): Json<DocumentText>,
) -> Result<Json<Plan>, Problem> {
    let documents = plane.documents();
    let before = documents.current().await?.text;
    let document = mask::unmask_document(&document, &before);
    let (diff, changes) = (diff(("in force", &before), ("new", &document)), changes(&before, &document));
    let (ok, problems) = verdict(&*documents, document).await?;
    Ok(Json(Plan { ok, problems, diff, changes }))
}

pub(crate) async fn revisions(
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

pub(crate) async fn revision(
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

pub(crate) async fn rollback(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    if_match: IfMatch,
    Json(Rollback { revision }): Json<Rollback>,
) -> Result<Tagged<Json<Applied>>, Problem> {
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    let (earlier, _) = plane.documents().revision(numbered(&revision)?).await?;
    put(&editing, plane.documents(), &caller, earlier.text, format!("back to revision {revision}")).await
}

pub(crate) async fn document_schema() -> Json<Value> {
    Json(schema::value().clone())
}

pub(crate) async fn export(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Bundle>, Problem> {
    let mut secrets = false;
    for (name, value) in form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes()) {
        secrets = match (&*name, &*value) {
            ("secrets", "include") => true,
            ("secrets", "mask") => false,
            _ => return Err(Problem::new(Kind::BadRequest, "it must be `secrets=include`").at(name)),
        };
    }
    if secrets && caller.role != Role::Admin {
        return Err(Problem::new(Kind::Forbidden, "the role `viewer` sees no secrets"));
    }
    let current = plane.documents().current().await?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Json(Bundle {
        trunkline: import::BUNDLE_FORM,
        exported_at: timestamp::write(since.as_secs()),
        revision: current.revision,
        secrets,
        document: if secrets { current.text } else { masked(&current.text) },
    }))
}
