//! The tools that a client is said to offer.

use std::path::Path;

use serde_json::Value;
use trunkline_wire::filter::Offered;

use super::PatternsError;

/// Reads tools in the form of any dialect that names them: a list, or a request that has one.
pub(super) fn read(path: &Path) -> Result<Offered, PatternsError> {
    let text =
        std::fs::read_to_string(path).map_err(|reason| PatternsError::Tools { path: path.to_owned(), reason })?;
    offered(&text).ok_or_else(|| PatternsError::NotTools(path.to_owned()))
}

pub(super) fn offered(text: &str) -> Option<Offered> {
    let document: Value = serde_json::from_str(text).ok()?;
    let tools = document.as_array().or_else(|| document.get("tools")?.as_array())?;
    let mut offered = Offered::default();
    for tool in tools {
        let tool = tool.get("function").unwrap_or(tool);
        let schema = tool.get("parameters").or_else(|| tool.get("input_schema")).map(Value::to_string);
        offered.add(tool.get("name")?.as_str()?, schema.as_deref());
    }
    Some(offered)
}
