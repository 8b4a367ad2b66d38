//! Patterns as lists show them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use trunkline_wire::filter::{Pattern, Patterns};

/// A pattern, and whether it is tried.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Pattern")]
pub(crate) struct PatternRow {
    pub(crate) name: String,
    /// The regular expression.
    regex: String,
    source: Source,
    enabled: bool,
    /// Those with a higher number are tried first.
    priority: i64,
    /// The tool that is called, whatever the text says.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<String>,
    /// The group that holds the tool's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name_group: Option<usize>,
    /// Where the tool's name stands in the JSON that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name_json_path: Option<String>,
    /// What the names that models write are called here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tool_name_mapping: BTreeMap<String, String>,
    /// What arguments are called here; a number stands for the group of that number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameter_mapping: BTreeMap<String, String>,
}

/// Who says that there is a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Source {
    Document,
    BuiltIn,
}

/// All patterns as they are tried, and behind them those that are not; `declared` are the names of the document's.
pub(super) fn rows(patterns: &Patterns, declared: &[String]) -> Vec<PatternRow> {
    let in_use: Vec<&str> = patterns.iter().map(|pattern| pattern.name.as_str()).collect();
    let row = |pattern: Pattern| {
        let source = if declared.contains(&pattern.name) { Source::Document } else { Source::BuiltIn };
        // Those that ship are not tried until the document asks for them.
        PatternRow { enabled: in_use.contains(&&*pattern.name), ..PatternRow::of(pattern, source) }
    };
    let mut rows: Vec<PatternRow> = patterns.beside_defaults().into_iter().map(row).collect();
    rows.sort_by_key(|row| !row.enabled);
    rows
}

impl PatternRow {
    fn of(pattern: Pattern, source: Source) -> Self {
        Self {
            name: pattern.name,
            regex: pattern.regex,
            source,
            enabled: pattern.enabled,
            priority: pattern.priority,
            tool_name: pattern.tool_name,
            tool_name_group: pattern.tool_name_group,
            tool_name_json_path: pattern.tool_name_json_path,
            tool_name_mapping: pattern.tool_name_mapping.into_iter().collect(),
            parameter_mapping: pattern.parameter_mapping.into_iter().collect(),
        }
    }

    /// What the document would say of one that comes with the program.
    pub(super) fn section(&self) -> Map<String, Value> {
        let mut section = match serde_json::to_value(self) {
            Ok(Value::Object(section)) => section,
            Ok(_) | Err(_) => Map::new(),
        };
        section.remove("source");
        section
    }
}
