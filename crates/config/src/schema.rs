//! The JSON Schema of the document, made from the types in `file`.

use std::sync::LazyLock;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::Value;

use crate::file::File;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let settings = SchemaSettings::draft2020_12().for_deserialize().with_transform(WithoutNull).with(|settings| {
        // The types do not recurse, and a schema without references is simpler to walk.
        settings.inline_subschemas = true;
    });
    settings.into_generator().into_root_schema_for::<File>().to_value()
});

/// What `trunkline schema` prints: JSON Schema, draft 2020-12, with a line feed at the end.
///
/// Beside the standard words it says `x-unit`, and `x-default` where the default is a rule rather than a value. A text
/// may also be `${VAR}`, which editors then mark where only certain words are allowed.
pub fn schema() -> String {
    format!("{:#}\n", *SCHEMA)
}

/// The same, as a value.
pub fn value() -> &'static Value {
    &SCHEMA
}

/// TOML has no null: an optional setting is left out.
#[derive(Clone)]
struct WithoutNull;

impl Transform for WithoutNull {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        if object.get("default").is_some_and(Value::is_null) {
            object.remove("default");
        }
        if let Some(types) = object.get_mut("type").and_then(Value::as_array_mut) {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                object.insert("type".to_owned(), only);
            }
        }
        let Some(mut choices) = object.get("anyOf").and_then(Value::as_array).cloned() else { return };
        choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = choices.as_slice() {
            object.remove("anyOf");
            for (word, meaning) in only {
                object.entry(word).or_insert_with(|| meaning.clone());
            }
        }
    }
}
