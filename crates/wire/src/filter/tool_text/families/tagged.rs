//! Models with a token of their own before JSON: Granite 3.0, Phi 4 mini, InternLM 2, Command R and A, Apertus,
//! GigaChat 3; and the bracketed forms that tunes invent.

use super::{Anywhere, Family, Head, Line, Opening, Place, Stop, Trust, json};

/// A family that is nothing but a token before JSON.
const fn tagged(name: &'static str, markers: &'static [(&'static str, Place)]) -> Family {
    Family { name, markers, trust: Trust::Anywhere, last: false, head, read: json::calls }
}

pub(crate) static GRANITE: Family = tagged("granite", &[("<|tool_call|>", Anywhere)]);
pub(crate) static PHI: Family = tagged("phi", &[("functools", Line)]);
pub(crate) static INTERNLM: Family = tagged("internlm", &[("<|action_start|>", Anywhere)]);
pub(crate) static COHERE: Family = tagged("cohere", &[("<|START_ACTION|>", Anywhere)]);
pub(crate) static APERTUS: Family = tagged("apertus", &[("<|tools_prefix|>", Anywhere)]);
pub(crate) static GIGACHAT: Family = tagged("gigachat", &[("function call<|role_sep|>", Line)]);
pub(crate) static BRACKET: Family = tagged("bracket", &[("[TOOL_CALL]", Anywhere)]);

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    if opening.marker == "<|action_start|>" {
        opening.cursor.expect("<|plugin|>")?;
    }
    json::head(opening, json::one(&["<|action_end|>", "<|END_ACTION|>", "<|tools_suffix|>", "[/TOOL_CALL]"], &[]))
}
