//! `[[patterns]]`

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use trunkline_wire::filter::Pattern;

/// A regular expression that says where in a model's text a tool call stands.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatternSection {
    /// What it is called; each name once. One that is called as a default pattern stands in its place.
    pub name: String,
    /// The expression; a dot stands for any character, line breaks too. It has neither look-around nor back-references.
    pub regex: String,
    /// Those with a higher number are tried first.
    #[serde(default)]
    pub priority: i64,
    /// The tool that is called, whatever the text says.
    #[serde(default)]
    pub tool_name: Option<String>,
    /// The group that holds the tool's name.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub tool_name_group: Option<u32>,
    /// Where the tool's name stands in the JSON that was found, its parts with dots between.
    #[serde(default)]
    pub tool_name_json_path: Option<String>,
    /// What tools are called here, by the names that the model writes.
    #[serde(default)]
    pub tool_name_mapping: IndexMap<String, String>,
    /// What arguments are called here, by the names that the model writes; a number stands for the text of that group.
    #[serde(default)]
    pub parameter_mapping: IndexMap<String, String>,
    /// Whether it is tried. One that is not need not be right.
    #[serde(default = "default_enabled")]
    pub enabled: bool,
}

impl PatternSection {
    /// The pattern that it says.
    pub fn pattern(&self) -> Pattern {
        let pairs =
            |mapping: &IndexMap<String, String>| mapping.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
        Pattern {
            name: self.name.clone(),
            priority: self.priority,
            regex: self.regex.clone(),
            tool_name: self.tool_name.clone(),
            tool_name_group: self.tool_name_group.and_then(|group| usize::try_from(group).ok()),
            tool_name_json_path: self.tool_name_json_path.clone(),
            tool_name_mapping: pairs(&self.tool_name_mapping),
            parameter_mapping: pairs(&self.parameter_mapping),
            enabled: self.enabled,
        }
    }
}

fn default_enabled() -> bool {
    true
}
