//! Weak models and LangChain's prompts: JSON in a block of code.

use super::{Ends, Family, Head, Line, Opening, Stop, Trust, json};

const ENDS: Ends = json::many(&["```"], &[]);

pub(crate) static FAMILY: Family =
    Family { name: "fenced", markers: &[("```", Line)], trust: Trust::AtTheEnd, last: false, head, read: json::calls };

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    // What such blocks say they are; most say nothing else, and code of any other language leaves at once.
    match opening.cursor.any(&["json5", "jsonc", "json", "tool_call", "tool_code", "tool_use", "tool", "action"]) {
        Ok(_) | Err(Stop::No) => {}
        Err(Stop::More) => return Err(Stop::More),
    }
    json::strict_head(opening, ENDS)
}
