//! `/api/v1/config`: the document, what would change, what it was, and the way back.

mod bundle;
mod import;
mod plan;
mod revisions;

use std::sync::Arc;

use axum::Extension;
use axum::routing::{get, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trunkline_config::{Edit, Path as At, PathError, mask, schema};

use self::plan::{Change, changes, diff};
use super::editing::{Editing, IfMatch, Tagged, not_a_secret};
use super::page::{Page, PageQuery};
use crate::auth::{Asks, Caller, Role};
use crate::documents::{DocumentProblem, Documents, NewDocument as Wanted};
use crate::endpoint::{Endpoint, Operation};
use crate::plane::Misasked;
use crate::problem::{Flaw, Problem, Severity};
use crate::read::Json;
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/config", Asks::Viewer, || get(show))
        .says(Operation::new("config", "The document.").gives::<Document>()),
    Endpoint::new("PUT", "/api/v1/config", Asks::Admin, || axum::routing::put(apply)).says(
        Operation::new("applyConfig", "Takes a document over.")
            .takes::<NewDocument>()
            .gives::<Applied>()
            .fails(&[409])
            .if_match(),
    ),
    Endpoint::new("PATCH", "/api/v1/config", Asks::Admin, || axum::routing::patch(change)).says(
        Operation::new(
            "changeConfig",
            "Changes single settings of the document, and leaves all else as it is written.",
        )
        .takes::<Edits>()
        .gives::<Applied>()
        .fails(&[404, 409])
        .if_match(),
    ),
    Endpoint::new("POST", "/api/v1/config/validate", Asks::Admin, || post(validate)).says(
        Operation::new("validateConfig", "What is wrong with a document.").takes::<DocumentText>().gives::<Verdict>(),
    ),
    Endpoint::new("POST", "/api/v1/config/plan", Asks::Admin, || post(plan))
        .says(Operation::new("planConfig", "What a document would change.").takes::<DocumentText>().gives::<Plan>()),
    Endpoint::new("GET", "/api/v1/config/revisions", Asks::Viewer, || get(revisions::list)).says(
        Operation::new("revisions", "What the document was.").query::<PageQuery>().gives::<Page<revisions::Revision>>(),
    ),
    Endpoint::new("GET", "/api/v1/config/revisions/{n}", Asks::Viewer, || get(revisions::show))
        .says(Operation::new("revision", "One of them.").gives::<revisions::RevisionText>()),
    Endpoint::new("POST", "/api/v1/config/rollback", Asks::Admin, || post(revisions::go_back)).says(
        Operation::new("rollback", "Goes back to a revision.")
            .takes::<revisions::Rollback>()
            .gives::<Applied>()
            .fails(&[404, 409])
            .if_match(),
    ),
    Endpoint::new("GET", "/api/v1/config/schema", Asks::Viewer, || get(document_schema))
        .says(Operation::new("configSchema", "The JSON schema of the document.").gives::<JsonSchemaText>()),
    Endpoint::new("GET", "/api/v1/config/export", Asks::Viewer, || get(bundle::export)).says(
        Operation::new("exportConfig", "All of it, as a bundle.").query::<bundle::Secrets>().gives::<bundle::Bundle>(),
    ),
    Endpoint::new("POST", "/api/v1/config/import", Asks::Admin, || post(import::import)).says(
        Operation::new("importConfig", "Takes over what another proxy was told.")
            .takes::<import::Import>()
            .gives::<import::Imported>()
            .fails(&[409, 412, 422]),
    ),
];

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

/// The JSON schema of the document.
#[derive(JsonSchema)]
#[schemars(rename = "JsonSchema", transparent)]
struct JsonSchemaText(#[expect(dead_code, reason = "it is told as text")] serde_json::Map<String, Value>);

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

pub(crate) async fn document_schema() -> Json<Value> {
    Json(schema::value().clone())
}
