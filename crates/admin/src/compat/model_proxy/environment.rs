//! `/v1/admin/config/env`: the variables that the document names.

use std::collections::BTreeSet;

use axum::Extension;
use serde_json::{Value, json};
use trunkline_config::Path;

use super::theirs::Object;
use crate::compat::document::look;
use crate::problem::{Kind, Problem};
use crate::read::Json;
use crate::routes::Running;

/// In the place of every value.
const MASK: &str = "****";

/// `GET /v1/admin/config/env`. Which variables there are, and never what they hold.
pub(crate) async fn list(Extension(Running(plane)): Extension<Running>) -> Result<Json<Value>, Problem> {
    let editing = look(&*plane).await?;
    let mut names = BTreeSet::new();
    collect(&editing.said(&Path::default())?.unwrap_or_default(), &mut names);
    let entries: Vec<Value> =
        names.into_iter().map(|name| json!({ "key": name, "value": MASK, "masked": true })).collect();
    Ok(Json(json!({ "path": null, "reveal": false, "entries": entries })))
}

/// `PUT /v1/admin/config/env`.
pub(crate) async fn replace(_: Json<Object>) -> Problem {
    let how =
        "the environment is the process's own: set variables where it is started, or write keys into its document";
    Problem::new(Kind::Conflict, how)
}

/// The variables that are named in texts.
fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let parts = text.split("${").skip(1).filter_map(|part| part.split_once('}'));
            names.extend(parts.map(|(name, _)| name.to_owned()));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
