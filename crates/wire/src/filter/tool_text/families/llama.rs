//! Llama 3 and 4: JSON or Python behind its tag.

use super::Ends;
use super::{Anywhere, Family, Head, Opening, Raw, Shape, Stop, Syntax, Trust, json, python};

const ENDS: Ends = Ends {
    shape: Shape::Many(Syntax::Python),
    tags: &["<|eom_id|>", "<|eot_id|>", "<|python_end|>"],
    before: &["<|python_tag|>"],
};

pub(crate) static FAMILY: Family = Family {
    name: "llama",
    markers: &[("<|python_tag|>", Anywhere), ("<|python_start|>", Anywhere)],
    trust: Trust::Anywhere,
    last: false,
    head,
    read,
};

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    match opening.cursor.peek()? {
        '{' => json::head(opening, ENDS),
        _ => python::head(opening, python::List::May, ENDS),
    }
}

fn read(text: &str) -> Option<Vec<Raw>> {
    let (_, inner) = text.split_once("|>")?;
    let inner = ENDS.tags.iter().find_map(|tag| inner.strip_suffix(tag)).unwrap_or(inner).trim();
    if inner.starts_with('{') { json::calls(inner) } else { python::calls(inner) }
}
