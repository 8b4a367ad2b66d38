//! Schemas of what the API takes and gives, under one list of names.

use std::collections::BTreeSet;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::endpoint::SchemaOf;

/// Where schemas stand in the description.
const PLACE: &str = "#/components/schemas/";

/// Where those of what is taken stand until it is known which of them are the same as those of what is given.
const TAKEN_PLACE: &str = "#/components/taken/";

/// What follows the name of a type that is taken in another form than it is given: fields may be left out.
const TAKEN: &str = "Input";

/// The schemas of all types that were asked for.
pub(super) struct Schemas {
    takes: SchemaGenerator,
    gives: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = |place: &str| {
            let path = place.trim_start_matches('#').trim_end_matches('/').to_owned();
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = path.into();
                settings.meta_schema = None;
            })
        };
        Self {
            takes: settings(TAKEN_PLACE).for_deserialize().into_generator(),
            gives: settings(PLACE).for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    pub(super) fn takes(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.takes).to_value()
    }

    pub(super) fn gives(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.gives).to_value()
    }

    /// The parameters of a query, which is an object of them.
    pub(super) fn parameters(&mut self, query: SchemaOf) -> Vec<Value> {
        let query = query(&mut self.takes).to_value();
        let required = query.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
        let fields = query.get("properties").and_then(Value::as_object).into_iter().flatten();
        let parameter = |(name, schema): (&String, &Value)| {
            let mut schema = without_null(schema.clone());
            let description = schema.as_object_mut().and_then(|schema| schema.shift_remove("description"));
            let description = description.unwrap_or_default();
            json!({
                "name": name, "in": "query", "required": is_required(name), "description": description, "schema": schema,
            })
        };
        fields.map(parameter).collect()
    }

    /// Writes the schemas into the document that refers to them.
    pub(super) fn put_into(mut self, document: &mut Value) {
        let mut given = self.gives.take_definitions(true);
        let taken = self.takes.take_definitions(true);
        let other = other(&given, &taken);
        for (name, mut schema) in taken {
            rename(&mut schema, &other);
            let name = if other.contains(&name) { format!("{name}{TAKEN}") } else { name };
            given.insert(name, schema);
        }
        rename(document, &other);
        given.sort_keys();
        if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
            components.insert("schemas".to_owned(), Value::Object(given));
        }
        in_words_of_json(document);
    }
}

/// The types that are taken in another form than they are given. A type is that too when one that it refers to is.
fn other(given: &Map<String, Value>, taken: &Map<String, Value>) -> BTreeSet<String> {
    let mut other = BTreeSet::new();
    loop {
        let differs = |(name, schema): (&String, &Value)| {
            let mut schema = schema.clone();
            rename(&mut schema, &other);
            given.get(name).is_some_and(|given| *given != schema).then(|| name.clone())
        };
        let found: BTreeSet<String> = taken.iter().filter_map(differs).collect();
        if found == other {
            return other;
        }
        other = found;
    }
}

/// Makes all references to schemas of what is taken ones to where they are in the end.
fn rename(value: &mut Value, other: &BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|field| rename(field, other)),
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, other)),
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(TAKEN_PLACE) {
                let end = if other.contains(name) { TAKEN } else { "" };
                *text = format!("{PLACE}{name}{end}");
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Descriptions are the comments of our types: for readers of JSON, in one line.
fn in_words_of_json(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = text.replace('\n', " ").replace("`None`", "`null`");
            }
            fields.values_mut().for_each(in_words_of_json);
        }
        Value::Array(items) => items.iter_mut().for_each(in_words_of_json),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A parameter is there or not; none is `null`.
fn without_null(mut schema: Value) -> Value {
    let Some(fields) = schema.as_object_mut() else { return schema };
    fields.retain(|name, value| name != "default" || !value.is_null());
    if let Some(kinds) = fields.get_mut("type").filter(|kinds| kinds.is_array()) {
        let only = kinds.as_array().into_iter().flatten().find(|kind| *kind != "null").cloned();
        *kinds = only.unwrap_or_default();
    }
    if let Some(choices) = fields.shift_remove("anyOf") {
        let only = choices
            .as_array()
            .into_iter()
            .flatten()
            .find(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        fields.extend(only.and_then(Value::as_object).cloned().into_iter().flatten());
    }
    schema
}
