//! Qwen 3 Coder and 3.5, MiMo, Nemotron 3, Granite 4.2, Step 3.5, Seed-OSS, and Llama's own tools: a function's tag,
//! within it elements or JSON.

use super::{Anywhere, Ends, Family, Head, Opening, Raw, Stop, Trust, xml};

const ENDS: Ends = xml::until(&["</function>", "</tool_call>", "</seed:tool_call>"], &["<tool_call>", "<function="]);

pub(crate) static FAMILY: Family = Family {
    name: "qwen",
    markers: &[
        ("<tool_call>", Anywhere),
        ("<seed:tool_call>", Anywhere),
        ("<ifm|tool_call>", Anywhere),
        ("<function=", Anywhere),
    ],
    trust: Trust::Anywhere,
    last: false,
    head,
    read,
};

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    if opening.marker != "<function=" {
        opening.cursor.spaces()?;
        if !opening.cursor.skip("<function=")? {
            return bare(opening);
        }
    }
    let name = opening.cursor.run(|c| !matches!(c, '>' | '<' | '\n'))?;
    let tool = opening.tool(name.trim().trim_matches('"'))?;
    opening.cursor.expect(">")?;
    xml::body(opening, tool, ENDS)
}

/// A name alone, then elements.
fn bare(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    let name = opening.cursor.name()?;
    opening.tool(name)?;
    opening.cursor.spaces()?;
    opening.cursor.expect("<parameter=")?;
    Ok(Head::Collect(xml::until(&["</tool_call>"], &["<tool_call>"])))
}

fn read(text: &str) -> Option<Vec<Raw>> {
    if text.contains("<function=") {
        return xml::call(text, "function");
    }
    let (_, behind) = text.split_once('>')?;
    let (name, _) = behind.split_once('<')?;
    Some(vec![Raw { name: name.trim().to_owned(), given: xml::arguments(behind.get(name.len()..)?) }])
}
