//! ReAct prompts: `Action:`, `Action Input:`, and the answer that the model imagines.

use super::{Ends, Family, Given, Head, Line, Opening, Raw, Stop, Trust, xml};

const ENDS: Ends = xml::until(&["\nObservation:", "\nObservation"], &[]);
const INPUT: &str = "Action Input:";

pub(crate) static FAMILY: Family =
    Family { name: "react", markers: &[("Action:", Line)], trust: Trust::Anywhere, last: true, head, read };

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    let name = opening.cursor.run(|c| c != '\n')?;
    opening.tool(name.trim().trim_matches(['`', '"', '*']))?;
    opening.cursor.spaces()?;
    opening.cursor.expect(INPUT)?;
    Ok(Head::Collect(ENDS))
}

fn read(text: &str) -> Option<Vec<Raw>> {
    let (before, input) = text.split_once(INPUT)?;
    let name = before.strip_prefix("Action:")?.trim().trim_matches(['`', '"', '*']).to_owned();
    let input = input.split("\nObservation").next()?.trim();
    Some(vec![Raw { name, given: Given::Word(input.to_owned()) }])
}
