//! `/v1/admin/config/export` and `/v1/admin/config/import`: everything at once.

use axum::Extension;
use axum::extract::RawQuery;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use trunkline_config::Edit;

use super::config::check;
use super::plan::{Fate, Folder, Plan, Wanted, all, plan};
use super::theirs::Object;
use crate::auth::Caller;
use crate::clock::now;
use crate::compat::document::{look, make};
use crate::compat::tree::put;
use crate::problem::{Kind, Problem};
use crate::read::Json;
use crate::routes::Running;
use crate::standing::at;

/// The form of bundles.
const VERSION: &str = "1.0.0";

/// Letters of a moment that say the day.
const DAY_CHARS: usize = 10;

/// What a bundle has in it.
#[derive(Default, Deserialize)]
struct Setup {
    #[serde(default)]
    providers: Vec<Object>,
    #[serde(default)]
    models: Vec<Object>,
    #[serde(default)]
    environment: Object,
}

/// How a bundle is taken.
#[derive(Default, Deserialize)]
struct Options {
    #[serde(default)]
    conflict_policy: ConflictPolicy,
    #[serde(default)]
    sections: Sections,
    /// Whether one mistake stops it all.
    #[serde(default)]
    strict: bool,
}

/// What becomes of those that are there already.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ConflictPolicy {
    #[default]
    Overwrite,
    Skip,
}

/// What of a bundle is wanted.
#[derive(Deserialize)]
struct Sections {
    #[serde(default = "yes")]
    providers: bool,
    #[serde(default = "yes")]
    models: bool,
}

impl Default for Sections {
    fn default() -> Self {
        Self { providers: true, models: true }
    }
}

fn yes() -> bool {
    true
}

/// What becomes of a section of a bundle.
#[derive(Default)]
struct Diff {
    add: Vec<String>,
    overwrite: Vec<String>,
    unchanged: Vec<String>,
    errors: Vec<(String, String)>,
}

impl Diff {
    fn told(&self) -> Value {
        let errors = self.errors.iter().map(|(name, error)| json!({ "name": name, "error": error }));
        let errors: Vec<Value> = errors.collect();
        json!({ "add": self.add, "overwrite": self.overwrite, "unchanged": self.unchanged, "errors": errors })
    }
}

/// `GET /v1/admin/config/export`. Values of variables are not in it, and neither are keys.
pub(crate) async fn export(Extension(Running(plane)): Extension<Running>) -> Result<Response, Problem> {
    let editing = look(&*plane).await?;
    let (providers, models) = (all(&*plane, &editing, Folder::Providers)?, all(&*plane, &editing, Folder::Models)?);
    let keys = providers.iter().map(|(name, provider)| {
        let variables = provider.pointer("/api_keys/env_var_patterns").and_then(Value::as_array).into_iter().flatten();
        let keys: Vec<Value> = variables.map(|variable| json!({ "env_var": variable, "value": "" })).collect();
        (name.clone(), Value::Array(keys))
    });
    let keys: Map<String, Value> =
        keys.filter(|(_, keys)| keys.as_array().is_some_and(|keys| !keys.is_empty())).collect();
    let exported_at = at(now());
    let day: String = exported_at.chars().take(DAY_CHARS).collect();
    let bundle = json!({
        "version": VERSION,
        "exported_at": exported_at,
        "metadata": {
            "total_providers": providers.len(),
            "total_models": models.len(),
            "total_api_keys": keys.values().filter_map(Value::as_array).map(Vec::len).sum::<usize>(),
            "note": "names of variables without their values",
        },
        "setup": {
            "providers": providers.into_iter().map(|(_, says)| says).collect::<Vec<_>>(),
            "models": models.into_iter().map(|(_, says)| says).collect::<Vec<_>>(),
            "environment": {},
            "api_keys": keys,
        },
    });
    let name = format!("attachment; filename=\"model-proxy-config-{day}.json\"");
    let name = HeaderValue::try_from(name).expect("a day is made of digits");
    Ok(([(header::CONTENT_DISPOSITION, name)], Json(bundle)).into_response())
}

/// `POST /v1/admin/config/import`.
pub(crate) async fn import(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
    Json(body): Json<Object>,
) -> Result<Json<Value>, Problem> {
    let mut asked = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let dry_run = asked.any(|(name, value)| name == "dry_run" && (value == "true" || value == "1"));
    let (setup, options, version) = read(body)?;
    let editing = look(&*plane).await?;
    let (mut in_providers, mut in_models) = (Diff::default(), Diff::default());
    let wanted = wanted(&setup, &options.sections, [&mut in_providers, &mut in_models]);
    let Plan { fates, own_providers, notes } = plan(&*plane, &editing, &wanted).await?;
    let (mut providers, mut models) = (Vec::new(), Vec::new());
    for (Wanted { folder, name, .. }, fate) in wanted.iter().zip(fates) {
        let (diff, edits): (_, &mut Vec<Edit>) = match folder {
            Folder::Providers => (&mut in_providers, &mut providers),
            Folder::Models => (&mut in_models, &mut models),
        };
        match fate {
            Ok(Fate::Added(edit)) => {
                diff.add.push(name.clone());
                edits.push(edit);
            }
            Ok(Fate::Changed(edit)) => {
                diff.overwrite.push(name.clone());
                edits.extend((options.conflict_policy == ConflictPolicy::Overwrite).then_some(edit));
            }
            Ok(Fate::Unchanged) => diff.unchanged.push(name.clone()),
            Err(problem) => diff.errors.push((name.clone(), problem.detail().to_owned())),
        }
    }
    let is_wrong = !in_providers.errors.is_empty() || !in_models.errors.is_empty();
    let aborted = options.strict && is_wrong;
    let variables: Vec<&String> = setup.environment.keys().collect();
    let mut report = json!({
        "dry_run": dry_run,
        "providers": in_providers.told(),
        "models": in_models.told(),
        // The environment is the process's own.
        "env": { "add": [], "overwrite": [], "unchanged": [], "skipped": variables },
        "normalizations": [],
        "bundle_version": version,
        "notes": notes,
    });
    if dry_run {
        return Ok(Json(report));
    }
    if aborted {
        providers.clear();
        models.clear();
    }
    let applied = json!({ "providers": providers.len(), "models": models.len(), "env": 0 });
    put(&mut report, &["applied"], applied);
    put(&mut report, &["aborted"], aborted);
    if !aborted {
        let edits: Vec<Edit> = [own_providers, providers, models].concat();
        make(&editing, &caller, &edits, "import of a bundle".to_owned()).await?;
    }
    Ok(Json(report))
}

/// What a body says: a bundle, or one and how it is to be taken.
fn read(mut body: Object) -> Result<(Setup, Options, String), Problem> {
    let wrong = |what: String| Problem::new(Kind::BadRequest, format!("Invalid bundle: {what}"));
    let options = body.remove("options").filter(|options| !options.is_null());
    let options = options.map_or_else(|| Ok(Options::default()), serde_json::from_value);
    let options = options.map_err(|error| wrong(error.to_string()).at("options"))?;
    let bundle = match body.remove("bundle") {
        Some(Value::Object(bundle)) => bundle,
        Some(_) => return Err(wrong("it is no object".to_owned()).at("bundle")),
        None => body,
    };
    let setup = bundle.get("setup").cloned().ok_or_else(|| wrong("`setup` is missing".to_owned()).at("setup"))?;
    let setup = serde_json::from_value(setup).map_err(|error| wrong(error.to_string()).at("setup"))?;
    let version = bundle.get("version").and_then(Value::as_str).unwrap_or(VERSION).to_owned();
    Ok((setup, options, version))
}

/// What of a bundle is looked at; what has no name is a mistake.
fn wanted(setup: &Setup, sections: &Sections, [in_providers, in_models]: [&mut Diff; 2]) -> Vec<Wanted> {
    let providers = (Folder::Providers, sections.providers, &setup.providers, in_providers);
    let models = (Folder::Models, sections.models, &setup.models, in_models);
    let mut wanted = Vec::new();
    for (folder, is_wanted, all, diff) in [providers, models] {
        for says in all.iter().filter(|_| is_wanted) {
            let name = says.get(folder.named()).and_then(Value::as_str).unwrap_or_default().to_owned();
            match check(folder, &name, says) {
                Ok(()) => wanted.push(Wanted { folder, name, says: Value::Object(says.clone()) }),
                Err(problem) => {
                    let name = if name.is_empty() { format!("<missing-{}>", folder.named()) } else { name };
                    diff.errors.push((name, problem.detail().to_owned()));
                }
            }
        }
    }
    wanted
}
