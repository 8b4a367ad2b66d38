//! The document, as those change it who know nothing of it.

use serde_json::{Map, Value};
use trunkline_config::import::{Report, Verdict};
use trunkline_config::{Edit, Path, mask};

use crate::api::editing::{Editing, not_a_secret};
use crate::auth::Caller;
use crate::plane::Plane;
use crate::problem::Problem;

/// The named sections of one kind, such as `providers`.
pub(crate) struct Sections<'a> {
    editing: &'a Editing,
    kind: &'static str,
}

impl<'a> Sections<'a> {
    pub(crate) fn of(editing: &'a Editing, kind: &'static str) -> Self {
        Self { editing, kind }
    }

    /// All of them in the order of the document, each with its name; secrets are masked.
    pub(crate) fn all(&self) -> Result<Map<String, Value>, Problem> {
        let all = self.editing.shown(&Path::of_keys(&[self.kind]))?;
        Ok(all.and_then(|all| all.as_object().cloned()).unwrap_or_default())
    }

    /// Where one of them stands.
    pub(crate) fn path(&self, name: &str) -> Path {
        Path::of_keys(&[self.kind, name])
    }

    /// What one of them says, secrets and all.
    pub(crate) fn said(&self, name: &str) -> Result<Option<Value>, Problem> {
        self.editing.said(&self.path(name))
    }
}

/// Looks at the document.
pub(crate) async fn look(plane: &dyn Plane) -> Result<Editing, Problem> {
    Editing::look(plane.documents()).await
}

/// Makes edits of the document that was looked at. What a mask in them stands for, nobody knows: those of secrets that stay
/// are not in them any more.
pub(crate) async fn make(editing: &Editing, caller: &Caller, edits: &[Edit], note: String) -> Result<(), Problem> {
    let sets = edits.iter().filter_map(|edit| match edit {
        Edit::Set(path, value) => Some((path, value)),
        Edit::Remove(_) | Edit::Rename(..) => None,
    });
    if let Some(mask) = sets.filter_map(|(path, value)| mask_in(path, value)).next() {
        return Err(not_a_secret(&mask));
    }
    editing.make(caller, &Path::default(), edits, note).await.map(|_revision| ())
}

/// Where there is a mask in a value that is to stand somewhere.
fn mask_in(at: &Path, value: &Value) -> Option<Path> {
    match value {
        Value::String(text) => mask::is_mask(text).then(|| at.clone()),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| mask_in(&at.index(index), item)),
        Value::Object(fields) => fields.iter().find_map(|(name, field)| mask_in(&at.key(name), field)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// What a report says that somebody should know: what is not in the document as it was meant.
pub(crate) fn notes(report: &Report) -> Vec<String> {
    let told = report.findings.iter().filter(|finding| finding.verdict != Verdict::Exact);
    let told = told.map(|finding| {
        // The place in a source that is made up is of no use to anybody.
        let key = finding.path.split_once(": ").map_or(&*finding.path, |(_, key)| key);
        format!("{key}: {}", finding.note)
    });
    told.chain(report.notes.iter().cloned()).collect()
}
