//! Sections of the document that have names: adding, changing and removing one.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trunkline_config::edit::Edit;
use trunkline_config::{Path, Provider, ProviderSource};

use crate::api::editing::Editing;
use crate::auth::Caller;
use crate::documents::DocumentSource;
use crate::plane::Plane;
use crate::problem::{Kind, Problem};
use crate::read::Json;

/// Fields as in the document.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Section(pub(crate) Map<String, Value>);

/// A name, and fields as in the document.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct NewSection(pub(crate) Map<String, Value>);

/// What a section says, its secrets masked, and what is known of the thing besides.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "{L}Detail")]
pub(crate) struct Detail<L> {
    pub(crate) section: Section,
    pub(crate) live: L,
}

impl NewSection {
    /// The name of what is added, and its fields with those first that people look for first.
    pub(crate) fn split(mut self, first: &[&str]) -> Result<(String, Map<String, Value>), Problem> {
        let wrong = |what: &str| Problem::new(Kind::BadRequest, what).at("name");
        let name = match self.0.remove("name") {
            Some(Value::String(name)) => name,
            Some(_) => return Err(wrong("the name must be a text")),
            None => return Err(wrong("a name is missing")),
        };
        let mut fields = Map::new();
        for key in first {
            fields.extend(self.0.remove(*key).map(|value| ((*key).to_owned(), value)));
        }
        fields.extend(self.0);
        fields.retain(|_, value| !value.is_null());
        Ok((name, fields))
    }
}

/// What kind of thing a section is, for sentences.
#[derive(Clone, Copy)]
pub(crate) struct Thing<'a> {
    pub(crate) kind: &'static str,
    pub(crate) name: &'a str,
}

impl Thing<'_> {
    /// There is none of that name.
    pub(crate) fn missing(self) -> Problem {
        Problem::new(Kind::NotFound, format!("there is no {} {:?}", self.kind, self.name))
    }

    /// Something stands in the way.
    pub(crate) fn conflict(self, why: &str) -> Problem {
        Problem::new(Kind::Conflict, format!("{} {:?} {why}", self.kind, self.name))
    }

    /// There already is one of that name.
    pub(crate) fn taken(self) -> Problem {
        self.conflict("is in the document already").at("name")
    }

    /// Adds its section.
    pub(crate) async fn add(
        self,
        plane: &dyn Plane,
        editing: &Editing,
        caller: &Caller,
        at: &Path,
        fields: Map<String, Value>,
    ) -> Result<String, Problem> {
        let edits = [implied(plane, editing, at), editing.changes(at, fields)?].concat();
        editing.make(caller, at, &edits, format!("added {} {}", self.kind, self.name)).await
    }

    /// Adds its section to the end of a list.
    pub(crate) async fn append(
        self,
        plane: &dyn Plane,
        editing: &Editing,
        caller: &Caller,
        at: &Path,
        fields: Map<String, Value>,
    ) -> Result<String, Problem> {
        let edits = [implied(plane, editing, at), vec![Edit::Set(at.clone(), Value::Object(fields))]].concat();
        editing.make(caller, at, &edits, format!("added {} {}", self.kind, self.name)).await
    }

    /// Changes fields of its section.
    pub(crate) async fn change(
        self,
        editing: &Editing,
        caller: &Caller,
        at: &Path,
        fields: Map<String, Value>,
    ) -> Result<String, Problem> {
        let edits = editing.changes(at, fields)?;
        editing.make(caller, at, &edits, format!("changed {} {}", self.kind, self.name)).await
    }

    /// Takes its section out.
    pub(crate) async fn remove(self, editing: &Editing, caller: &Caller, at: &Path) -> Result<String, Problem> {
        let edits = [Edit::Remove(at.clone())];
        editing.make(caller, at, &edits, format!("removed {} {}", self.kind, self.name)).await
    }
}

/// Where there is no document yet, keys in the environment imply providers. The first one says them all, so that none is
/// gone of which nobody has said that it should be.
fn implied(plane: &dyn Plane, editing: &Editing, added: &Path) -> Vec<Edit> {
    if editing.current().source != DocumentSource::Nowhere {
        return Vec::new();
    }
    let snapshot = plane.snapshot();
    let implied = snapshot.providers.values().filter(|provider| provider.source == ProviderSource::Environment);
    let section = |provider: &std::sync::Arc<Provider>| {
        let at = Path::of_keys(&["providers", &provider.name]);
        let variables = plane.upstreams().variables_of(provider);
        let keys: Vec<Value> = variables.iter().map(|name| Value::from(format!("${{{name}}}"))).collect();
        (at != *added).then(|| Edit::Set(at.key("keys"), Value::Array(keys)))
    };
    implied.filter_map(section).collect()
}

/// What was made, and that it was.
pub(crate) fn created(answer: impl Serialize) -> Response {
    (StatusCode::CREATED, Json(answer)).into_response()
}
