//! Mistral: `[TOOL_CALLS]` before a list, or before each name.

use super::{Anywhere, Family, Given, Head, Opening, Raw, Stop, Trust, is_name, json};

pub(crate) static FAMILY: Family =
    Family { name: "mistral", markers: &[("[TOOL_CALLS]", Anywhere)], trust: Trust::Anywhere, last: false, head, read };

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    if matches!(opening.cursor.peek()?, '[' | '{') {
        return json::head(opening, json::one(&["[/TOOL_CALLS]", "</s>"], &["[TOOL_CALLS]"]));
    }
    let name = opening.cursor.name()?;
    let tool = opening.tool(name)?;
    if opening.cursor.skip("[CALL_ID]")? {
        opening.cursor.name()?;
    }
    opening.cursor.skip("[ARGS]")?;
    json::body(opening, tool, json::one(&["</s>"], &["[TOOL_CALLS]"]))
}

fn read(text: &str) -> Option<Vec<Raw>> {
    let inner = text.strip_prefix("[TOOL_CALLS]")?.trim_start();
    if inner.starts_with(['[', '{']) {
        return json::calls(inner);
    }
    let name: String = inner.chars().take_while(|c| is_name(*c)).collect();
    let body = inner.find('{').and_then(|start| inner.get(start..))?;
    Some(vec![Raw { name, given: Given::Json(body.to_owned()) }])
}
