//! DeepSeek V3, R1 and V3.1: tokens with full-width bars.

use super::{Anywhere, Family, Given, Head, Opening, Raw, Stop, Trust, json};

const CLOSERS: &[&str] = &["<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>", "<｜end▁of▁sentence｜>"];
const BEGIN: &str = "<｜tool▁call▁begin｜>";
const SEP: &str = "<｜tool▁sep｜>";

pub(crate) static FAMILY: Family = Family {
    name: "deepseek",
    markers: &[("<｜tool▁calls▁begin｜>", Anywhere), (BEGIN, Anywhere)],
    trust: Trust::Anywhere,
    last: false,
    head,
    read,
};

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    if opening.marker != BEGIN {
        opening.cursor.expect(BEGIN)?;
        opening.cursor.spaces()?;
    }
    let first = opening.cursor.name()?;
    opening.cursor.expect(SEP)?;
    let ends = json::one(CLOSERS, &[BEGIN]);
    // What stands first is the tool's name, or the sort of call.
    if let Ok(tool) = opening.tool(first) {
        return json::body(opening, tool, ends);
    }
    let name = opening.cursor.run(|c| !matches!(c, '\n' | '{' | '<'))?;
    let tool = opening.tool(name.trim())?;
    opening.cursor.spaces()?;
    if opening.cursor.skip("```json")? || opening.cursor.skip("```")? {
        return Ok(Head::Collect(super::xml::until(CLOSERS, &[BEGIN])));
    }
    json::body(opening, tool, ends)
}

fn read(text: &str) -> Option<Vec<Raw>> {
    let (_, inner) = text.split_once(SEP)?;
    let body = inner.find('{')?;
    let name = inner.get(..body)?.split("```").next()?.trim().to_owned();
    let given = inner.get(body..)?;
    let given = CLOSERS.iter().fold(given, |given, closer| given.trim_end().trim_end_matches(closer));
    Some(vec![Raw { name, given: Given::Json(given.trim_end().trim_end_matches("```").to_owned()) }])
}
