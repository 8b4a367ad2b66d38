//! Llama 3, xLAM, small tunes and those that imitate OpenAI's own JSON: a call and nothing around it.

use super::{Family, Head, Line, Opening, Stop, Trust, json};

/// The whole answer.
pub(crate) static WHOLE: Family =
    Family { name: "bare", markers: &[("", Line)], trust: Trust::Alone, last: false, head, read: json::calls };

/// Behind some words, on a line of its own.
pub(crate) static LAST: Family = Family {
    name: "bare",
    markers: &[("{\"name\":", Line), ("[{\"name\":", Line), ("{\"tool_calls\":", Line), ("{\"function_call\":", Line)],
    trust: Trust::AtTheEnd,
    last: false,
    head: last,
    read: json::calls,
};

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    json::strict_head(opening, json::one(&[], &[]))
}

fn last(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    json::strict_head(opening, json::one(&[], &[]))
}
