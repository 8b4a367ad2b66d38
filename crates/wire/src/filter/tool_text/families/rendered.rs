//! Models that imitate how a history was shown to them: `[Calling tool: f(...)]`, `[tool]f[/tool]{...}`, and
//! Qwen-Agent's flowers.

use super::{Anywhere, Family, Given, Head, Line, Opening, Raw, Stop, Trust, is_name, json, python, xml};

/// A bracket with a name, then JSON.
pub(crate) static BRACKET: Family = Family {
    name: "bracket",
    markers: &[("[Tool call:", Line), ("[tool]", Anywhere)],
    trust: Trust::Anywhere,
    last: false,
    head: bracket,
    read: json::calls,
};

/// A bracket with a call as Python writes it.
pub(crate) static CALLING: Family = Family {
    name: "bracket",
    markers: &[("[Calling tool:", Line)],
    trust: Trust::Anywhere,
    last: false,
    head: calling,
    read: calling_calls,
};

pub(crate) static FLOWERS: Family = Family {
    name: "qwen_agent",
    markers: &[("✿FUNCTION✿:", Anywhere)],
    trust: Trust::Anywhere,
    last: true,
    head,
    read,
};

fn bracket(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    let name = opening.cursor.name()?;
    let tool = opening.tool(name)?;
    opening.cursor.any(&["]", "[/tool]"])?;
    json::body(opening, tool, json::one(&[], &["[Tool call:", "[tool]"]))
}

fn calling(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    python::head(opening, python::List::May, python::ONE)
}

fn calling_calls(text: &str) -> Option<Vec<Raw>> {
    python::calls(text.strip_prefix("[Calling tool:")?)
}

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    let name = opening.cursor.run(is_name)?;
    opening.tool(name)?;
    opening.cursor.spaces()?;
    opening.cursor.expect("✿ARGS✿:")?;
    Ok(Head::Collect(xml::until(&["✿RESULT✿"], &["✿FUNCTION✿:"])))
}

fn read(text: &str) -> Option<Vec<Raw>> {
    let (before, input) = text.split_once("✿ARGS✿:")?;
    let name = before.strip_prefix("✿FUNCTION✿:")?.trim().to_owned();
    let input = input.split('✿').next()?.trim();
    Some(vec![Raw { name, given: Given::Word(input.to_owned()) }])
}
