//! `POST /api/v1/providers/test`: tries a provider before clients do, be it in the document or not.

use std::sync::Arc;

use axum::Extension;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use trunkline_config::{Provider, mask};

use super::{in_force, section_of, thing};
use crate::api::editing::{Editing, not_a_secret, within};
use crate::api::section::Section;
use crate::documents::DocumentProblem;
use crate::plane::Plane;
use crate::problem::{Kind, Problem};
use crate::read::Json;
use crate::routes::Running;
use crate::upstreams::Tested;

/// Which provider is tried.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderTest {
    /// One that there is; with `section`, whose secrets the masks in it stand for.
    #[serde(default)]
    name: Option<String>,
    /// What the document would say of it.
    #[serde(default)]
    section: Option<Section>,
    /// A model of it that is to answer, too: that may cost.
    #[serde(default)]
    model: Option<String>,
}

/// Trying a provider makes this process call whatever address it is told: that is for admins.
pub(super) async fn test(
    Extension(Running(plane)): Extension<Running>,
    Json(asked): Json<ProviderTest>,
) -> Result<Json<Tested>, Problem> {
    let ProviderTest { name, section, model } = asked;
    let editing = Editing::look(plane.documents()).await?;
    let provider = match (name.as_deref(), section) {
        (name, Some(Section(section))) => of_section(&*plane, &editing, name, section)?,
        (Some(name), None) => of_name(&*plane, &editing, name)?,
        (None, None) => {
            let what = "say which provider: a `name`, or a `section` as the document would have it";
            return Err(Problem::new(Kind::BadRequest, what).at("section"));
        }
    };
    Ok(Json(plane.upstreams().test(provider, model).await))
}

/// One that there is, switched off or not.
pub(crate) fn of_name(plane: &dyn Plane, editing: &Editing, name: &str) -> Result<Arc<Provider>, Problem> {
    if let Some(provider) = in_force(plane, name) {
        return Ok(provider);
    }
    let section = editing.said(&section_of(name))?.and_then(|said| said.as_object().cloned());
    resolved(plane, name, section.ok_or_else(|| thing(name).missing())?)
}

/// One that somebody types.
fn of_section(
    plane: &dyn Plane,
    editing: &Editing,
    name: Option<&str>,
    section: Map<String, Value>,
) -> Result<Arc<Provider>, Problem> {
    let named = name.or_else(|| section.get("type")?.as_str()).unwrap_or("provider").to_owned();
    let at = section_of(&named);
    let stored = editing.said(&at)?.unwrap_or_default();
    let mut section = Value::Object(section);
    mask::unmask_value(&at, &mut section, &stored).map_err(|place| not_a_secret(&place).at(within(&at, &place)))?;
    match section {
        Value::Object(section) => resolved(plane, &named, section),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Problem::new(Kind::BadRequest, "the section must be an object").at("section"))
        }
    }
}

/// What a section means; it is tried also where it is switched off.
fn resolved(plane: &dyn Plane, name: &str, mut section: Map<String, Value>) -> Result<Arc<Provider>, Problem> {
    section.remove("enabled");
    section.retain(|_, value| !value.is_null());
    let wrong = |problems| Problem::of_document(&DocumentProblem::Wrong(problems), &section_of(name));
    plane.upstreams().provider(name, &section).map_err(wrong)
}
