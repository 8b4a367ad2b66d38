//! `/api/v1/config/import`: what another gateway was told, as part of the document.

use axum::Extension;
use axum::extract::Request;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trunkline_config::edit::{Edit, EditError, apply, merge, value_at};
use trunkline_config::import::{Report, SourceFile, Verdict};
use trunkline_config::mask::{NamedSecrets, name_secrets};
use trunkline_config::{Path, mask};

use super::super::editing::{Editing, IfMatch};
use super::super::section::implied;
use super::plan::diff;
use super::{bundle, put};
use crate::auth::Caller;
use crate::documents::ForeignDocument;
use crate::problem::{Kind, Problem};
use crate::read::{Json, read};
use crate::routes::Running;
use crate::secrets::SecretValue;

/// The longest body: a database of the predecessor's, in base64. Guards memory.
const BODY_BYTES_MAX: usize = 96 << 20;

/// What is to be taken over.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    kind: Whose,
    files: Vec<File>,
    /// Whether it is only said what would become of it; it is, when this is left out.
    #[serde(default = "yes")]
    dry_run: bool,
}

/// Whose configuration it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
enum Whose {
    ModelProxy,
    ServerlessProxy,
    Litellm,
    Trunkline,
}

/// A file of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ImportFile")]
struct File {
    /// Its name; of model-proxy's, with its folder: `models/turbo.json`.
    name: String,
    /// What it says, if it is a text.
    #[serde(default)]
    text: Option<String>,
    /// What it says, if it is none.
    #[serde(default)]
    base64: Option<String>,
}

/// What becomes of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ImportLine")]
struct Line {
    /// The file.
    source: String,
    /// The key in it.
    key: String,
    fate: Fate,
    /// Where it went, how it differs, what to do, or why not.
    note: Option<String>,
}

/// How much of a key's meaning is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Fate {
    Exact,
    Approximate,
    Manual,
    Unsupported,
}

/// What came of it, or would.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Imported {
    report: Vec<Line>,
    /// The whole document, with what was taken over.
    document: String,
    /// What that changes; unified.
    diff: String,
    /// Whether it is in force.
    applied: bool,
}

fn yes() -> bool {
    true
}

pub(crate) async fn import(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Imported>, Problem> {
    // Pages that have shown what would happen may say of which revision; others take it as it is.
    let if_match = IfMatch::stated(request.headers()).unwrap_or(IfMatch::Anything);
    let Import { kind, files, dry_run } = read(request, BODY_BYTES_MAX).await?;
    let documents = plane.documents();
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    let before = editing.current().text.clone();
    let (document, mut report) = match kind {
        Whose::Trunkline => (mask::unmask_document(&own(&files)?, &before), Vec::new()),
        Whose::ModelProxy | Whose::ServerlessProxy | Whose::Litellm => {
            let taken = documents.take_over(foreign(kind, files)?).await?;
            if let ([], [bad, ..]) = (taken.report.findings.as_slice(), taken.report.bad.as_slice()) {
                return Err(misasked(&format!("nothing could be used of {}: {}", bad.name, bad.reason)));
            }
            let whole = |theirs: &str| -> Result<String, EditError> {
                let joined = joined(&before, theirs)?;
                let is_said = |at: &Path| value_at(&joined, at).is_ok_and(|said| said.is_some());
                let implied = implied(&*plane, &editing, is_said);
                implied.iter().try_fold(joined, |text, edit| apply(&text, edit))
            };
            let mut lines = lines(&taken.report);
            let named = match plane.secrets().list().await {
                Ok(known) => name_secrets(&taken.text, known.into_iter().map(|row| row.name).collect()),
                Err(why) => {
                    lines.push(line("", "", Fate::Manual, &format!("its secrets stand in the document: {why}")));
                    NamedSecrets { text: taken.text.clone(), secrets: Vec::new() }
                }
            };
            if !named.secrets.is_empty() {
                let names: Vec<&str> = named.secrets.iter().map(|(name, _)| name.as_str()).collect();
                let note = format!("kept encrypted, as secrets that the document names: {}", names.join(", "));
                lines.push(line("", "", Fate::Exact, &note));
                if !dry_run {
                    // Nothing is kept of an import that cannot be put in force.
                    documents.check(whole(&taken.text)?).await?;
                    for (name, value) in named.secrets {
                        plane.secrets().set(name, SecretValue { value }, caller.user.clone()).await?;
                    }
                }
            }
            (whole(&named.text)?, lines)
        }
    };
    report.extend(mask::masks_in(&document).iter().map(lost));
    let diff = diff(("in force", &before), ("imported", &document));
    if !dry_run {
        put(&editing, documents, &caller, document.clone(), format!("import from {}", kind.as_str())).await?;
    }
    Ok(Json(Imported { report, document, diff, applied: !dry_run }))
}

impl Whose {
    fn as_str(self) -> &'static str {
        match self {
            Self::ModelProxy => "model-proxy",
            Self::ServerlessProxy => "serverless-proxy",
            Self::Litellm => "litellm",
            Self::Trunkline => "trunkline",
        }
    }
}

impl From<Verdict> for Fate {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Exact => Self::Exact,
            Verdict::Approximate => Self::Approximate,
            Verdict::Manual => Self::Manual,
            Verdict::Unsupported => Self::Unsupported,
        }
    }
}

/// What was imported, joined to the document that there is. Where this process listens is not theirs to say.
fn joined(before: &str, theirs: &str) -> Result<String, EditError> {
    let listen = Path::of_keys(&["server", "listen"]);
    let theirs =
        if value_at(theirs, &listen)?.is_some() { apply(theirs, &Edit::Remove(listen))? } else { theirs.to_owned() };
    if before.trim().is_empty() { Ok(theirs) } else { merge(before, &theirs) }
}

/// The document of a bundle of ours, or in a file by itself.
fn own(files: &[File]) -> Result<String, Problem> {
    let [file] = files else { return Err(misasked("give one file: an exported bundle, or a `trunkline.toml`")) };
    let text = file.text.as_deref().ok_or_else(|| misasked("the file is no text"))?;
    match serde_json::from_str::<Value>(text) {
        Ok(bundle) => {
            let is_ours = bundle.get("trunkline").and_then(Value::as_u64) == Some(bundle::FORM.into());
            let document = bundle.get("document").and_then(Value::as_str).filter(|_| is_ours);
            document.map(str::to_owned).ok_or_else(|| misasked("the file is no bundle of Trunkline's"))
        }
        Err(_no_json) => Ok(text.to_owned()),
    }
}

fn foreign(kind: Whose, files: Vec<File>) -> Result<ForeignDocument, Problem> {
    let one = |mut files: Vec<File>, what: &str| {
        let only = files.pop().filter(|_| files.is_empty());
        only.ok_or_else(|| misasked(&format!("give one file: {what}")))
    };
    Ok(match kind {
        Whose::ServerlessProxy => {
            ForeignDocument::ServerlessProxy(one(files, "the database of serverless_proxy")?.bytes()?)
        }
        Whose::Litellm => ForeignDocument::Litellm(one(files, "LiteLLM's `config.yaml`")?.source()),
        Whose::ModelProxy | Whose::Trunkline if files.is_empty() => return Err(misasked("give the files")),
        Whose::ModelProxy | Whose::Trunkline => {
            ForeignDocument::ModelProxy(files.into_iter().map(File::source).collect())
        }
    })
}

impl File {
    fn bytes(self) -> Result<Vec<u8>, Problem> {
        match (self.text, self.base64) {
            (Some(text), None) => Ok(text.into_bytes()),
            (None, Some(text)) => BASE64_STANDARD.decode(text).map_err(|_| misasked("the file is not in base64")),
            (Some(_), Some(_)) | (None, None) => Err(misasked("say `text` or `base64` of each file")),
        }
    }

    fn source(self) -> SourceFile {
        let name = self.name.clone();
        let bytes = self.bytes().map_err(|_| "it holds nothing".to_owned());
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is no text".to_owned()));
        SourceFile { name, text }
    }
}

fn misasked(what: &str) -> Problem {
    Problem::new(Kind::BadRequest, what).at("files")
}

/// A line for each key, for each part that could not be used, and for what is worth knowing of the whole.
fn lines(report: &Report) -> Vec<Line> {
    let findings = report.findings.iter().map(|finding| {
        let (source, key) = finding.path.split_once(": ").unwrap_or(("", &finding.path));
        line(source, key, finding.verdict.into(), &finding.note)
    });
    let bad = report.bad.iter().map(|bad| line(&bad.name, "", Fate::Unsupported, &bad.reason));
    findings.chain(bad).chain(report.notes.iter().map(|note| line("", "", Fate::Manual, note))).collect()
}

fn line(source: &str, key: &str, fate: Fate, note: &str) -> Line {
    let note = Some(note.to_owned()).filter(|note| !note.is_empty());
    Line { source: source.to_owned(), key: key.to_owned(), fate, note }
}

/// A secret that was masked when the bundle was made.
fn lost(at: &Path) -> Line {
    line("", &at.to_string(), Fate::Manual, "its secret is not in the bundle, and not in the document that there is")
}
