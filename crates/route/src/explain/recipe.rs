//! What is done to the answers of one who is asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_config::Repair;

/// What is done to a target's answers before the client sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recipe {
    /// How far calls are repaired: `off`, `mend` or `strict`.
    pub mode: String,
    /// The formats in which calls are looked for.
    pub tool_format: Vec<String>,
    /// The operator's patterns that are tried before those.
    pub patterns: Vec<String>,
    /// Whether thoughts are shown; `null` when nobody says.
    pub show_reasoning: Option<bool>,
    /// Whether the answer to this request is looked into; `null` when the request is not known.
    pub reads: Option<bool>,
}

impl Recipe {
    pub(super) fn of(repair: &Repair) -> Self {
        let recipe = &repair.streamed;
        Self {
            mode: repair.mode.as_str().to_owned(),
            tool_format: recipe.family_names().iter().map(|name| (*name).to_owned()).collect(),
            patterns: recipe.patterns().iter().map(|pattern| pattern.name.clone()).collect(),
            show_reasoning: repair.show_reasoning,
            reads: None,
        }
    }
}
