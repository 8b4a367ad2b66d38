//! `/api/v1/settings`: what everything is set to, and by whom.

use axum::Extension;
use axum::routing::{get, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_config::settings::{Stated, StatedBy};

use crate::auth::{Asks, Caller};
use crate::endpoint::{Endpoint, Operation};
use crate::plane::Plane;
use crate::problem::{Kind, Problem};
use crate::read::Json;
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/settings", Asks::Viewer, || get(show))
        .says(Operation::new("settings", "What everything is set to, and by whom.").gives::<Settings>()),
    Endpoint::new("POST", "/api/v1/settings/reveal", Asks::Admin, || post(reveal)).says(
        Operation::new("revealSetting", "Shows one that is masked.")
            .takes::<Reveal>()
            .gives::<Revealed>()
            .fails(&[404]),
    ),
];

/// What everything is set to.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Settings {
    /// By the part of the document that they belong to.
    groups: Vec<SettingGroup>,
}

/// Settings that belong together.
#[derive(Serialize, JsonSchema)]
struct SettingGroup {
    /// The part of the document; `process` and `environment` for what the document cannot say.
    name: String,
    /// They.
    items: Vec<Setting>,
}

/// One setting.
#[derive(Serialize, JsonSchema)]
struct Setting {
    /// Its path in the document, or its name behind that of the group.
    key: String,
    /// What it is, masked when it is secret; `null`: nothing.
    value: Option<String>,
    source: SettingSource,
    /// Whether its value is a secret.
    secret: bool,
}

/// Who says what a setting is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum SettingSource {
    Default,
    Document,
    Environment,
    Argument,
}

/// Which setting is to be shown.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Reveal {
    /// Its key.
    key: String,
}

/// A setting that was masked.
#[derive(Serialize, JsonSchema)]
struct Revealed {
    /// Its key.
    key: String,
    /// What it is.
    value: String,
}

async fn stated(plane: &dyn Plane) -> Result<Vec<Stated>, Problem> {
    let document = plane.documents().current().await?;
    Ok(plane.watch().settings(&document.text))
}

async fn show(Extension(Running(plane)): Extension<Running>) -> Result<Json<Settings>, Problem> {
    let mut groups: Vec<SettingGroup> = Vec::new();
    for Stated { group, key, shown, by, is_secret, value: _ } in stated(&*plane).await? {
        let source = match by {
            StatedBy::Default => SettingSource::Default,
            StatedBy::Document => SettingSource::Document,
            StatedBy::Environment => SettingSource::Environment,
            StatedBy::Argument => SettingSource::Argument,
        };
        let item = Setting { key, value: shown, source, secret: is_secret };
        match groups.iter_mut().find(|known| known.name == group) {
            Some(known) => known.items.push(item),
            None => groups.push(SettingGroup { name: group, items: vec![item] }),
        }
    }
    Ok(Json(Settings { groups }))
}

async fn reveal(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    Json(Reveal { key }): Json<Reveal>,
) -> Result<Json<Revealed>, Problem> {
    let found = stated(&*plane).await?.into_iter().find(|stated| stated.key == key);
    let Some(value) = found.and_then(|stated| stated.value) else {
        return Err(Problem::new(Kind::NotFound, format!("no setting {key:?} has a value")).at("key"));
    };
    tracing::info!(user = %caller.user, %key, "a setting is shown");
    Ok(Json(Revealed { key, value: value.expose().to_owned() }))
}
