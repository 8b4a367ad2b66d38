//! Kimi K2 and K3.

use super::{Anywhere, Family, Given, Head, Opening, Raw, Stop, Trust, Value, json, xml};

const BEGIN: &str = "<|tool_call_begin|>";
const CLOSERS: &[&str] = &["<|tool_call_end|>", "<|tool_calls_section_end|>"];

/// K2: an id that holds the name, then JSON.
pub(crate) static K2: Family = Family {
    name: "kimi",
    markers: &[("<|tool_calls_section_begin|>", Anywhere), (BEGIN, Anywhere)],
    trust: Trust::Anywhere,
    last: false,
    head,
    read: json::calls,
};

/// K3: tokens that open and close.
pub(crate) static K3: Family = Family {
    name: "kimi",
    markers: &[("<|open|>tools<|sep|>", Anywhere), ("<|open|>call ", Anywhere)],
    trust: Trust::Anywhere,
    last: false,
    head: open,
    read,
};

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    if opening.marker != BEGIN {
        opening.cursor.expect(BEGIN)?;
        opening.cursor.spaces()?;
    }
    let id = opening.cursor.run(|c| !matches!(c, '<' | '{' | '\n'))?;
    let tool = opening.tool(id.trim())?;
    opening.cursor.spaces()?;
    opening.cursor.expect("<|tool_call_argument_begin|>")?;
    json::body(opening, tool, json::one(CLOSERS, &[BEGIN]))
}

fn open(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    if opening.marker != "<|open|>call " {
        opening.cursor.expect("<|open|>call ")?;
    }
    opening.cursor.expect("tool=")?;
    let name = opening.cursor.quoted()?;
    opening.tool(name)?;
    Ok(Head::Collect(xml::until(&["<|close|>call<|sep|>"], &["<|open|>call "])))
}

fn read(text: &str) -> Option<Vec<Raw>> {
    let quoted = |text: &str, name: &str| {
        text.split_once(&format!("{name}=\"")).and_then(|(_, value)| value.split('"').next()).map(str::to_owned)
    };
    let name = quoted(text, "tool")?;
    let mut arguments = serde_json::Map::new();
    for part in text.split("<|open|>argument ").skip(1) {
        let (attributes, value) = part.split_once("<|sep|>")?;
        let value = value.split("<|close|>").next()?;
        arguments.insert(quoted(attributes, "key")?, Value::String(value.to_owned()));
    }
    Some(vec![Raw { name, given: Given::Texts(arguments) }])
}
