//! Virtual models, which are models with one target here.

use axum::Extension;
use axum::extract::Path as InPath;
use serde_json::{Map, Value, json};
use trunkline_config::{Edit, Path};

use super::endpoints;
use super::row::{Ours, Row, done, find, flag, given, id_of, number, ours, switch, table, text};
use crate::api::editing::Editing;
use crate::auth::Caller;
use crate::compat::document::{Sections, look, make};
use crate::compat::merge::merged;
use crate::compat::tree::put;
use crate::plane::Plane;
use crate::problem::{Kind, Problem};
use crate::read::Json;
use crate::routes::Running;

/// What problems call one.
const KIND: &str = "Virtual model";

/// Prices by column and by their name in `price`.
const PRICES: [(&str, &str); 4] = [
    ("cost_per_1m_tokens_in", "input"),
    ("cost_per_1m_tokens_out", "output"),
    ("cost_per_1m_tokens_in_cached", "cached_input"),
    ("cost_per_1m_tokens_out_cached", "cache_write"),
];

/// What requests say when their clients do not, and what stands for nothing.
const PARAMETERS: [(&str, f64); 3] = [("max_tokens", 0.0), ("temperature", 0.0), ("top_p", 1.0)];

/// Lists of a model's section that name other models.
const FALLBACKS: [&str; 3] = ["fallbacks", "context_fallbacks", "content_fallbacks"];

/// Stands for the endpoint while a row is read.
const STAND_IN: &str = "stand-in";

/// `GET /api/admin/virtual-models`.
pub(crate) async fn list(Extension(Running(plane)): Extension<Running>) -> Result<Json<Value>, Problem> {
    let editing = look(&*plane).await?;
    let endpoints = endpoints::all(&*plane, &editing)?;
    let models = Sections::of(&editing, "models").all()?;
    let mut rows: Vec<(&String, Row)> = models.iter().map(|(name, section)| (name, row(name, section))).collect();
    rows.sort_by_key(|(name, _)| *name);
    let joined = rows.into_iter().map(|(_, mut row)| {
        let name = provider_of(&models, text(&row, "name").unwrap_or_default()).to_owned();
        let url = endpoints.get(&name).and_then(|section| section.get("base_url")).cloned();
        row.insert("endpoint_name".to_owned(), Value::from(name));
        row.insert("endpoint_url".to_owned(), url.unwrap_or_default());
        Value::Object(row)
    });
    Ok(Json(joined.collect()))
}

/// `POST /virtual-models`.
pub(crate) async fn create(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    Json(row): Json<Row>,
) -> Result<Json<Value>, Problem> {
    let row = given(row)?;
    let editing = look(&*plane).await?;
    let Taken { name, section, own_headers, notes } = taken(&*plane, &editing, &row)?;
    let models = Sections::of(&editing, "models");
    if models.said(&name)?.is_some() {
        return Err(Problem::new(Kind::Conflict, format!("there is a virtual model {name:?} already")).at("name"));
    }
    let mut edits = Vec::new();
    let section = with_headers(&*plane, &editing, (&name, section), own_headers, &mut edits)?;
    edits.push(Edit::Set(models.path(&name), section));
    make(&editing, &caller, &edits, format!("added virtual model {name}")).await?;
    Ok(Json(done(Some(id_of(KIND, &name)), notes)))
}

/// `PUT /virtual-models/ID`. What it does not say stays as it is.
pub(crate) async fn update(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<String>,
    Json(changes): Json<Row>,
) -> Result<Json<Value>, Problem> {
    let changes = given(changes)?;
    let editing = look(&*plane).await?;
    let models = Sections::of(&editing, "models");
    let shown = models.all()?;
    let name = find(KIND, &id, shown.keys())?.to_owned();
    let before = shown.get(&name).map(|section| row(&name, section)).unwrap_or_default();
    let mut after = before.clone();
    after.extend(changes);
    let before = taken(&*plane, &editing, &before)?;
    let Taken { name: new_name, section, own_headers, notes } = taken(&*plane, &editing, &after)?;
    let mut edits = Vec::new();
    if new_name != name {
        edits.push(Edit::Rename(models.path(&name), new_name.clone()));
        edits.extend(fallen_back_to(&shown, &name).map(|at| Edit::Set(at, Value::from(new_name.as_str()))));
    }
    let current = models.said(&name)?.unwrap_or_default();
    let section = merged(&current, &before.section, &section);
    let section = with_headers(&*plane, &editing, (&new_name, section), own_headers, &mut edits)?;
    edits.push(Edit::Set(models.path(&new_name), section));
    make(&editing, &caller, &edits, format!("changed virtual model {name}")).await?;
    Ok(Json(done(Some(id_of(KIND, &new_name)), notes)))
}

/// `DELETE /virtual-models/ID/delete`.
pub(crate) async fn delete(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<String>,
) -> Result<Json<Value>, Problem> {
    let editing = look(&*plane).await?;
    let shown = Sections::of(&editing, "models").all()?;
    let name = find(KIND, &id, shown.keys())?.to_owned();
    let edits = without(&shown, &[&name]);
    make(&editing, &caller, &edits, format!("removed virtual model {name}")).await?;
    Ok(Json(done(None, Vec::new())))
}

/// The targets that lead to a provider: in which model, and where they stand.
pub(super) fn led_to(editing: &Editing, provider: &str) -> Result<Vec<(String, Path)>, Problem> {
    let mut found = Vec::new();
    for (name, section) in Sections::of(editing, "models").all()? {
        let targets = section.get("targets").and_then(Value::as_array).into_iter().flatten();
        let led = targets.enumerate().filter(|(_, target)| target.get("provider").is_some_and(|it| it == provider));
        let at = Path::of_keys(&["models", &name, "targets"]);
        found.extend(led.map(|(index, _)| (name.clone(), at.index(index))));
    }
    Ok(found)
}

/// The edits that leave no target at a provider: models that have no other go with it.
pub(super) fn without_provider(editing: &Editing, provider: &str) -> Result<Vec<Edit>, Problem> {
    let models = Sections::of(editing, "models").all()?;
    let led = led_to(editing, provider)?;
    let is_lost = |name: &String, section: &Value| {
        let targets = section.get("targets").and_then(Value::as_array).map_or(0, Vec::len);
        led.iter().filter(|(model, _)| model == name).count() == targets
    };
    let lost: Vec<&str> =
        models.iter().filter(|(name, section)| is_lost(name, section)).map(|(name, _)| name.as_str()).collect();
    // From the last one on, so that the places of those before it are what they were.
    let kept = led.iter().rev().filter(|(model, _)| !lost.contains(&model.as_str()));
    let targets = kept.map(|(_, target)| Edit::Remove(target.clone()));
    Ok(targets.chain(without(&models, &lost)).collect())
}

/// The edits that take models out, and out of what others fall back to.
fn without(models: &Map<String, Value>, gone: &[&str]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (name, section) in models.iter().filter(|(name, _)| !gone.contains(&name.as_str())) {
        for list in FALLBACKS {
            let stated = section.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let is_kept = |model: &&Value| !gone.iter().any(|gone| *model == gone);
            let kept: Vec<Value> = stated.iter().filter(is_kept).cloned().collect();
            if kept.len() < stated.len() {
                edits.push(Edit::Set(Path::of_keys(&["models", name, list]), Value::Array(kept)));
            }
        }
    }
    edits.extend(gone.iter().map(|name| Edit::Remove(Path::of_keys(&["models", name]))));
    edits
}

/// Where others fall back to a model.
fn fallen_back_to<'a>(models: &'a Map<String, Value>, name: &'a str) -> impl Iterator<Item = Path> + 'a {
    models.iter().flat_map(move |(other, section)| {
        FALLBACKS.iter().flat_map(move |list| {
            let stated = section.get(*list).and_then(Value::as_array).into_iter().flatten();
            let found = stated.enumerate().filter(move |(_, model)| *model == name);
            found.map(move |(index, _)| Path::of_keys(&["models", other, list]).index(index))
        })
    })
}

fn provider_of<'a>(models: &'a Map<String, Value>, name: &str) -> &'a str {
    let provider = models.get(name).and_then(|section| section.pointer("/targets/0/provider"));
    provider.and_then(Value::as_str).unwrap_or_default()
}

/// One as the old gateway shows it: by the first of its targets.
fn row(name: &str, section: &Value) -> Row {
    let target = |field: &str| section.pointer(&format!("/targets/0/{field}")).cloned().unwrap_or_default();
    let stated = |field: &str| section.get(field) != Some(&Value::Bool(false));
    let provider = target("provider");
    let columns = json!({
        "id": id_of(KIND, name),
        "name": name,
        "endpoint_id": id_of(endpoints::KIND, provider.as_str().unwrap_or_default()),
        "actual_model": target("model"),
        "description": "",
        "disable_streaming": 0,
        "force_non_streaming": 0,
        "custom_headers": "",
        "enabled": flag(stated("enabled")),
        "system_prompt": "",
        "show_reasoning": flag(stated("show_reasoning")),
        "created_at": null,
        "updated_at": null,
    });
    let mut row = columns.as_object().cloned().unwrap_or_default();
    for (column, price) in PRICES {
        let cost = section.pointer(&format!("/price/{price}")).cloned();
        row.insert(column.to_owned(), cost.unwrap_or_else(|| 0.into()));
    }
    for (name, nothing) in PARAMETERS {
        let stated = section.pointer(&format!("/targets/0/default/{name}")).cloned();
        row.insert(name.to_owned(), stated.unwrap_or_else(|| nothing.into()));
    }
    row
}

/// One in our words.
struct Taken {
    name: String,
    section: Value,
    /// What it adds to the requests of its endpoint.
    own_headers: Option<Value>,
    notes: Vec<String>,
}

fn taken(plane: &dyn Plane, editing: &Editing, row: &Row) -> Result<Taken, Problem> {
    let endpoint = row.get("endpoint_id").filter(|id| !id.is_null());
    let missing = || Problem::new(Kind::BadRequest, "`endpoint_id` is missing").at("endpoint_id");
    let provider = endpoints::named(plane, editing, endpoint.ok_or_else(missing)?)?;
    let name = text(row, "name").ok_or_else(|| Problem::new(Kind::BadRequest, "`name` is missing").at("name"))?;
    let stand_in = json!({ "id": 1, "name": STAND_IN, "url": "http://127.0.0.1/v1", "endpoint_type": "openai" });
    let endpoints = table("endpoints", vec![stand_in.as_object().cloned().unwrap_or_default()]);
    let Ours { document, mut notes } = ours(&[endpoints, table("virtual_models", vec![wanted(name, row)])])?;
    // Whoever falls back, and who is fallen back to, is no matter of a row.
    notes.retain(|note| !note.contains(STAND_IN));
    let section = document.get("models").and_then(|models| models.get(name)).cloned();
    let mut section = section.ok_or_else(|| Problem::new(Kind::BadRequest, notes.join("; ")))?;
    let providers = document.get("providers").and_then(Value::as_object).into_iter().flatten();
    let own = providers.filter(|(name, _)| *name != STAND_IN).find_map(|(_, own)| own.get("headers").cloned());
    let target = first_target(&mut section);
    put(target, &["provider"], provider);
    for (parameter, nothing) in PARAMETERS {
        if let Some(stated) = number(row, parameter).filter(|stated| *stated != nothing) {
            put(target, &["default", parameter], whole_or_not(stated));
        }
    }
    for column in ["enabled", "show_reasoning"] {
        if switch(row, column) == Some(false) {
            put(&mut section, &[column], false);
        }
    }
    Ok(Taken { name: name.to_owned(), section, own_headers: own, notes })
}

/// A row without what says nothing, for an import to read.
fn wanted(name: &str, row: &Row) -> Row {
    let mut wanted = Row::new();
    wanted.insert("name".to_owned(), name.into());
    wanted.insert("endpoint_id".to_owned(), 1.into());
    for column in ["actual_model", "description", "system_prompt"] {
        wanted.extend(text(row, column).map(|text| (column.to_owned(), Value::from(text))));
    }
    for (column, _) in PRICES {
        wanted.extend(number(row, column).map(|cost| (column.to_owned(), Value::from(cost))));
    }
    for column in ["disable_streaming", "force_non_streaming"] {
        wanted.extend(switch(row, column).filter(|on| *on).map(|on| (column.to_owned(), flag(on))));
    }
    wanted.extend(endpoints::headers(row).map(|headers| ("custom_headers".to_owned(), headers)));
    wanted
}

/// A section whose target is a provider of its own, where it adds headers of its own: what its endpoint is otherwise.
fn with_headers(
    plane: &dyn Plane,
    editing: &Editing,
    (name, mut section): (&str, Value),
    own_headers: Option<Value>,
    edits: &mut Vec<Edit>,
) -> Result<Value, Problem> {
    let Some(Value::Object(headers)) = own_headers else { return Ok(section) };
    let target = first_target(&mut section);
    let endpoint = target.get("provider").and_then(Value::as_str).unwrap_or_default().to_owned();
    let providers = Sections::of(editing, "providers");
    let said = match providers.said(&endpoint)? {
        Some(said) => said,
        None => endpoints::all(plane, editing)?.remove(&endpoint).unwrap_or_default(),
    };
    let mut own = said;
    if own.get("type").is_none() {
        put(&mut own, &["type"], endpoint.as_str());
    }
    for (header, value) in headers {
        put(&mut own, &["headers", &header], value);
    }
    let fits = |char: char| if char == '/' || char.is_whitespace() { '-' } else { char };
    let own_name: String = format!("{endpoint}-{name}").chars().map(fits).collect();
    edits.push(Edit::Set(providers.path(&own_name), own));
    put(target, &["provider"], own_name);
    Ok(section)
}

/// The one that its row speaks of. A section that was made of a row has one.
fn first_target(section: &mut Value) -> &mut Value {
    if section.pointer("/targets/0").is_none() {
        put(section, &["targets"], json!([{}]));
    }
    section.pointer_mut("/targets/0").expect("it was made just now")
}

/// A number as people write it.
fn whole_or_not(number: f64) -> Value {
    let whole = number.fract() == 0.0 && number.abs() < 1e15;
    // A cast ends at the bounds, which are further away.
    if whole { Value::from(number as i64) } else { Value::from(number) }
}
