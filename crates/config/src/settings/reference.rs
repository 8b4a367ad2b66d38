//! The table of all settings in the guide, from the schema and the table of flags and variables.

use serde_json::Value as Schema;

use super::table;
use crate::schema;

/// A Markdown table with a row for every setting: default, unit, flag, variables, meaning.
pub fn reference() -> String {
    let mut rows = vec![
        "| setting | default | unit | flag | variables | meaning |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for setting in table::ALL {
        if let Some(outside) = &setting.outside {
            let [flags, variables] = beside(setting.path);
            let (path, default, unit) = (setting.path, outside.default, outside.unit);
            rows.push(format!("| {path} | {default} | {unit} | {flags} | {variables} | {} |", outside.description));
        }
    }
    for (path, leaf) in leaves() {
        let [flags, variables] = beside(&path);
        let meaning = leaf.schema["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|");
        rows.push(format!("| `{path}` | {} | {} | {flags} | {variables} | {meaning} |", leaf.default(), leaf.unit()));
    }
    rows.join("\n") + "\n"
}

/// A setting of the document that has a value of its own.
pub(crate) struct Leaf {
    pub(crate) schema: &'static Schema,
    required: bool,
}

/// Every setting of the document by its path, with `NAME` for the names a user chooses and `[]` for items.
pub(crate) fn leaves() -> Vec<(String, Leaf)> {
    let mut leaves = Vec::new();
    collect(schema::value(), "", false, &mut leaves);
    leaves
}

fn collect(schema: &'static Schema, path: &str, required: bool, leaves: &mut Vec<(String, Leaf)>) {
    let is_table = |schema: &Schema| schema["type"] == "object";
    let (items, entries) = (&schema["items"], &schema["additionalProperties"]);
    if let Some(properties) = schema["properties"].as_object() {
        for (key, inner) in properties {
            let dot = if path.is_empty() { "" } else { "." };
            let required = schema["required"].as_array().is_some_and(|keys| keys.iter().any(|name| name == key));
            collect(inner, &format!("{path}{dot}{key}"), required, leaves);
        }
    } else if items["properties"].is_object() {
        if !is_table(items) {
            // An item may also be a plain value.
            leaves.push((path.to_owned(), Leaf { schema, required }));
        }
        collect(items, &format!("{path}[]"), false, leaves);
    } else if is_table(entries) {
        collect(entries, &format!("{path}.NAME"), false, leaves);
    } else {
        leaves.push((path.to_owned(), Leaf { schema, required }));
    }
}

impl Leaf {
    pub(crate) fn default(&self) -> String {
        if self.required {
            return "required".to_owned();
        }
        let rule = self.schema["x-default"].as_str().map(str::to_owned);
        let value = self.schema.get("default").map(|value| format!("`{value}`"));
        rule.or(value).unwrap_or_else(|| "none".to_owned())
    }

    fn unit(&self) -> String {
        let schema = self.schema;
        let plain = schema["enum"].as_array().into_iter().flatten().filter_map(Schema::as_str);
        let described = schema["oneOf"].as_array().into_iter().flatten().filter_map(|word| word["const"].as_str());
        let words: Vec<String> = plain.chain(described).map(|word| format!("`{word}`")).collect();
        if !words.is_empty() {
            return words.join(", ");
        }
        let known = schema["x-unit"].as_str().or(match (schema["format"].as_str(), schema["type"].as_str()) {
            (Some("period"), _) => Some("period"),
            (Some("period-or-zero"), _) => Some("period, or `0s`"),
            (Some("size"), _) => Some("bytes, or a size"),
            (_, Some("boolean")) => Some("`true`, `false`"),
            (_, Some("array")) => Some("list of texts"),
            (_, Some("object")) => Some("table of texts"),
            (_, Some("string")) => Some("text"),
            (_, Some(_) | None) => Some("number"),
        });
        known.unwrap_or_default().to_owned()
    }
}

/// The flags and the variables that say the same as a setting; all of them, where several say parts of it.
fn beside(path: &str) -> [String; 2] {
    let settings = || table::ALL.iter().filter(|setting| setting.path == path);
    let mut flags: Vec<String> = settings().filter_map(|setting| setting.flag).map(code).collect();
    flags.dedup();
    let variables: Vec<String> = settings().flat_map(|setting| setting.variables).map(|name| code(name)).collect();
    [flags.join(", "), variables.join(", ")]
}

fn code(word: &str) -> String {
    format!("`{word}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_and_variable_belongs_to_a_setting_that_exists() {
        let paths: Vec<String> = leaves().into_iter().map(|(path, _)| path).collect();
        for setting in table::ALL.iter().filter(|setting| setting.outside.is_none()) {
            assert!(paths.iter().any(|path| path == setting.path), "{}", setting.path);
        }
    }

    #[test]
    fn every_setting_has_a_meaning() {
        for (path, leaf) in leaves() {
            assert!(leaf.schema["description"].is_string(), "{path}");
        }
    }
}
