//! Tool patterns.

use axum::Extension;
use axum::extract::Path as InPath;
use serde_json::{Map, Value, json};
use trunkline_config::{Edit, Path};

use super::row::{Ours, Row, done, find, flag, given, id_of, number, ours, switch, table, text};
use crate::api::editing::Editing;
use crate::auth::Caller;
use crate::compat::document::{look, make};
use crate::compat::merge::merged;
use crate::problem::{Kind, Problem};
use crate::read::Json;
use crate::routes::Running;

/// What problems call one.
const KIND: &str = "Pattern";

/// What one has for a priority that states none.
const PRIORITY: i64 = 50;

/// Parts of an expression by which the old gateway's types are known.
const TYPES: [(&str, &str); 3] = [("```", "fence"), ("<", "xml"), (r"\[", "bracket")];

/// `GET /api/admin/tool-patterns`.
pub(crate) async fn list(Extension(Running(plane)): Extension<Running>) -> Result<Json<Value>, Problem> {
    let mut rows: Vec<Row> = all(&look(&*plane).await?)?.iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.get("priority").and_then(Value::as_i64)));
    Ok(Json(rows.into_iter().map(Value::Object).collect()))
}

/// `POST /api/admin/tool-patterns`.
pub(crate) async fn create(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    Json(row): Json<Row>,
) -> Result<Json<Value>, Problem> {
    let (section, notes) = taken(&given(row)?)?;
    let editing = look(&*plane).await?;
    let all = all(&editing)?;
    let name = name_of(&section).to_owned();
    if all.iter().any(|other| name_of(other) == name) {
        return Err(Problem::new(Kind::Conflict, format!("there is a pattern {name:?} already")).at("pattern_name"));
    }
    let edits = [Edit::Set(place(all.len()), section)];
    make(&editing, &caller, &edits, format!("added pattern {name}")).await?;
    Ok(Json(done(Some(id_of(KIND, &name)), notes)))
}

/// `PUT /api/admin/tool-patterns/ID`. What it does not say stays as it is.
pub(crate) async fn update(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<String>,
    Json(changes): Json<Row>,
) -> Result<Json<Value>, Problem> {
    let changes = given(changes)?;
    let editing = look(&*plane).await?;
    let (index, current) = numbered(&editing, &id)?;
    let before = row(&current);
    let mut after = before.clone();
    after.extend(changes);
    let (section, notes) = taken(&after)?;
    let section = merged(&current, &taken(&before)?.0, &section);
    let id = id_of(KIND, name_of(&section));
    make(&editing, &caller, &[Edit::Set(place(index), section)], format!("changed pattern {}", name_of(&current)))
        .await?;
    Ok(Json(done(Some(id), notes)))
}

/// `DELETE /api/admin/tool-patterns/ID`.
pub(crate) async fn delete(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(id): InPath<String>,
) -> Result<Json<Value>, Problem> {
    let editing = look(&*plane).await?;
    let (index, pattern) = numbered(&editing, &id)?;
    make(&editing, &caller, &[Edit::Remove(place(index))], format!("removed pattern {}", name_of(&pattern))).await?;
    Ok(Json(done(None, Vec::new())))
}

fn place(index: usize) -> Path {
    Path::of_keys(&["patterns"]).index(index)
}

fn all(editing: &Editing) -> Result<Vec<Value>, Problem> {
    let all = editing.said(&Path::of_keys(&["patterns"]))?;
    Ok(all.and_then(|all| all.as_array().cloned()).unwrap_or_default())
}

fn numbered(editing: &Editing, id: &str) -> Result<(usize, Value), Problem> {
    let all = all(editing)?;
    let names: Vec<String> = all.iter().map(|pattern| name_of(pattern).to_owned()).collect();
    let name = find(KIND, id, &names)?;
    let found = all.iter().position(|pattern| name_of(pattern) == name);
    Ok(found.and_then(|index| Some((index, all.get(index)?.clone()))).unwrap_or_default())
}

fn name_of(pattern: &Value) -> &str {
    pattern.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// One as the old gateway shows it.
fn row(section: &Value) -> Row {
    let said = |field: &str| section.get(field).cloned().unwrap_or_default();
    let mapping = |field: &str| section.get(field).map_or_else(|| "{}".to_owned(), Value::to_string);
    // As it was before the document had to say that nothing in it is a variable.
    let regex = section.get("regex").and_then(Value::as_str).unwrap_or_default().replace("$${", "${");
    let kind = TYPES.iter().find(|(part, _)| regex.contains(part)).map_or("inline", |(_, kind)| kind);
    let columns = json!({
        "id": id_of(KIND, name_of(section)),
        "pattern_name": name_of(section),
        "pattern_type": kind,
        "regex_pattern": regex,
        "tool_name": said("tool_name"),
        "tool_name_group": said("tool_name_group"),
        "tool_name_json_path": said("tool_name_json_path"),
        "tool_name_mapping": mapping("tool_name_mapping"),
        "parameter_mapping": mapping("parameter_mapping"),
        "enabled": flag(section.get("enabled") != Some(&Value::Bool(false))),
        "priority": section.get("priority").cloned().unwrap_or_else(|| 0.into()),
        "created_at": null,
        "updated_at": null,
    });
    columns.as_object().cloned().unwrap_or_default()
}

/// One in our words, and what of it a person should know.
fn taken(row: &Row) -> Result<(Value, Vec<String>), Problem> {
    let wrong = |column: &str| Problem::new(Kind::BadRequest, format!("`{column}` is missing")).at(column);
    for column in ["pattern_name", "regex_pattern"] {
        text(row, column).ok_or_else(|| wrong(column))?;
    }
    let mut wanted = Row::new();
    for column in ["pattern_name", "regex_pattern", "tool_name", "tool_name_json_path"] {
        let stated = row.get(column).filter(|value| value.as_str().is_some_and(|text| !text.is_empty()));
        wanted.extend(stated.map(|text| (column.to_owned(), text.clone())));
    }
    for column in ["tool_name_mapping", "parameter_mapping"] {
        wanted.extend(mapping(row, column).map(|names| (column.to_owned(), names)));
    }
    // A cast ends at the bounds, and numbers of groups are small.
    let whole = |column: &str| number(row, column).map(|number| number as i64);
    wanted.extend(whole("tool_name_group").map(|group| ("tool_name_group".to_owned(), group.into())));
    let priority = if row.get("priority").is_none_or(Value::is_null) { Some(PRIORITY) } else { whole("priority") };
    wanted.insert("priority".to_owned(), priority.unwrap_or_default().into());
    wanted.insert("enabled".to_owned(), flag(switch(row, "enabled") != Some(false)));
    let none = || table("endpoints", Vec::new());
    let Ours { document, notes } =
        ours(&[none(), table("virtual_models", Vec::new()), table("tool_patterns", vec![wanted])])?;
    let made = document.pointer("/patterns/0").cloned();
    Ok((made.ok_or_else(|| Problem::new(Kind::BadRequest, notes.join("; ")))?, notes))
}

/// Names as a database has them: an object in a text.
fn mapping(row: &Row, column: &str) -> Option<Value> {
    match row.get(column)? {
        Value::String(text) if !text.trim().is_empty() => Some(Value::from(text.as_str())),
        Value::Object(names) => Some(Value::from(Value::Object(Map::clone(names)).to_string())),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}
