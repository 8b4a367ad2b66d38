//! Llama 3.2 and 4, ToolACE, LFM2, OLMo 3, Gemma 3: Python calls, in a list, a tag or a block of code.

use super::{Anywhere, Ends, Family, Head, Line, Opening, Raw, Shape, Stop, Syntax, Trust, python};

const LFM: Ends =
    Ends { shape: Shape::Many(Syntax::Python), tags: &["<|tool_call_end|>"], before: &["<|tool_call_start|>"] };
const OLMO: Ends =
    Ends { shape: Shape::Many(Syntax::Python), tags: &["</function_calls>"], before: &["<function_calls>"] };
const FENCED: Ends = Ends { shape: Shape::Many(Syntax::Python), tags: &["```"], before: &[] };

/// Behind a tag of its own.
pub(crate) static TAGGED: Family = Family {
    name: "pythonic",
    markers: &[("<|tool_call_start|>", Anywhere), ("<function_calls>", Anywhere)],
    trust: Trust::Anywhere,
    last: false,
    head: tagged,
    read: tagged_calls,
};

/// A list that is the whole answer.
pub(crate) static BARE: Family = Family {
    name: "pythonic",
    markers: &[("", Line)],
    trust: Trust::Alone,
    last: false,
    head: bare,
    read: python::calls,
};

/// A block of code that says what it is.
pub(crate) static CODE: Family = Family {
    name: "pythonic",
    markers: &[("```", Line)],
    trust: Trust::AtTheEnd,
    last: false,
    head: code,
    read: code_calls,
};

fn tagged(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    let ends = if opening.marker == "<function_calls>" { OLMO } else { LFM };
    python::head(opening, python::List::May, ends)
}

fn tagged_calls(text: &str) -> Option<Vec<Raw>> {
    let (_, inner) = text.split_once('>')?;
    let inner = [LFM, OLMO].iter().find_map(|ends| ends.tags.iter().find_map(|tag| inner.strip_suffix(tag)));
    python::calls(inner.or_else(|| text.split_once('>').map(|(_, inner)| inner))?)
}

fn bare(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    python::head(opening, python::List::Must, python::ONE)
}

fn code(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    opening.cursor.any(&["tool_code", "tool_call"])?;
    python::head(opening, python::List::May, FENCED)
}

fn code_calls(text: &str) -> Option<Vec<Raw>> {
    let (_, inner) = text.split_once('\n')?;
    python::calls(inner.trim_end().strip_suffix("```").unwrap_or(inner))
}
