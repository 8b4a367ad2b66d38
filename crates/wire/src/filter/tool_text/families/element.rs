//! MiniCPM 5 and weak models: `<function name="f">`, `<tool name="f">`, with elements for arguments.

use super::{Anywhere, Family, Given, Head, Opening, Raw, Stop, Trust, xml};

pub(crate) static FAMILY: Family = Family {
    name: "element",
    markers: &[("<function name", Anywhere), ("<tool name", Anywhere)],
    trust: Trust::Anywhere,
    last: false,
    head,
    read,
};

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    // The marker ends within the tag, behind the attribute's name.
    opening.cursor.expect("=")?;
    let name = opening.cursor.quoted()?;
    let tool = opening.tool(name)?;
    opening.cursor.expect(">")?;
    xml::body(opening, tool, xml::until(&["</function>", "</tool>"], &["<function name", "<tool name"]))
}

fn read(text: &str) -> Option<Vec<Raw>> {
    let element = if text.starts_with("<tool") { "tool" } else { "function" };
    let mut calls = xml::call(text, element)?;
    for call in &mut calls {
        let (_, behind) = text.split_once('>')?;
        if call.given == Given::Texts(serde_json::Map::new()) {
            call.given = Given::Texts(xml::elements(behind));
        }
    }
    Some(calls)
}
