//! GLM 4.5 to 5, and Hunyuan: a name, then names and values of arguments in elements.

use super::{Anywhere, Family, Given, Head, Opening, Raw, Stop, Trust, is_name, xml};

pub(crate) static FAMILY: Family = Family {
    name: "glm",
    markers: &[("<tool_call>", Anywhere), ("<tool_calls>", Anywhere)],
    trust: Trust::Anywhere,
    last: false,
    head,
    read,
};

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    if opening.marker == "<tool_calls>" {
        opening.cursor.expect("<tool_call>")?;
        opening.cursor.spaces()?;
    }
    let name = opening.cursor.run(|c| is_name(c) && c != '\\')?;
    opening.tool(name)?;
    opening.cursor.spaces()?;
    if opening.cursor.skip("<tool_sep>")? {
        opening.cursor.spaces()?;
    }
    // The tag is looked for again, so that a call without arguments ends with it.
    opening.cursor.clone().any(&["<arg_key>", "</tool_call>"])?;
    Ok(Head::Collect(xml::until(&["</tool_call>"], &["<tool_call>"])))
}

fn read(text: &str) -> Option<Vec<Raw>> {
    let inner = text.trim_start_matches("<tool_calls>").trim_start().trim_start_matches("<tool_call>");
    let inner = inner.trim_start_matches("\\n").trim_start();
    let name: String = inner.chars().take_while(|c| is_name(*c)).collect();
    Some(vec![Raw { name, given: Given::Texts(xml::pairs(inner)) }])
}
