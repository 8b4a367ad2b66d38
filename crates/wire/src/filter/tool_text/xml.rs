//! Calls whose arguments are elements: `<parameter=city>Paris</parameter>` and its kin, whatever stands before a tag's own
//! name, and with closing tags missing.

use serde_json::{Map, Value};

use super::cursor::Stop;
use super::family::{Head, Opening, Raw};
use super::json;
use crate::filter::arguments::Given;
use crate::filter::tool_text::ends::{Ends, Shape};

/// What an element that holds an argument is called.
const PARAMETERS: [&str; 4] = ["parameter", "param", "argument", "arg"];

/// What closes a call, and with it its last argument.
const CLOSERS: [&str; 7] = ["function", "invoke", "tool_call", "tool", "function_calls", "tool_calls", "calls"];

/// What may stand before a tag's own name.
const PREFIXES: [&str; 3] = ["｜DSML｜ ", "｜DSML｜", "]<]minimax[>["];

/// Bytes of a tag's name and attributes. Bounds what is searched behind a `<`.
const TAG_BYTES_MAX: usize = 256;

/// Text until a tag.
pub(crate) const fn until(tags: &'static [&'static str], before: &'static [&'static str]) -> Ends {
    Ends { shape: Shape::Text, tags, before }
}

/// Reads the beginning of an element that names a tool: `<invoke name="f">` behind what is around it.
pub(crate) fn named(opening: &mut Opening<'_>, ends: Ends) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    opening.cursor.expect("name")?;
    opening.cursor.spaces()?;
    opening.cursor.expect("=")?;
    let name = attribute(opening)?;
    let tool = opening.tool(name)?;
    opening.cursor.run(|c| c != '>' && c != '<')?;
    opening.cursor.expect(">")?;
    body(opening, tool, ends)
}

/// What follows an element's tag: arguments in elements, or as JSON at once.
pub(crate) fn body(opening: &mut Opening<'_>, tool: usize, ends: Ends) -> Result<Head, Stop> {
    opening.cursor.spaces()?;
    match opening.cursor.peek()? {
        '{' => json::body(opening, tool, json::one(ends.tags, ends.before)),
        '<' | ']' => Ok(Head::Collect(ends)),
        _ => Err(Stop::No),
    }
}

/// A name in quotes of either sort, or in none.
fn attribute<'a>(opening: &mut Opening<'a>) -> Result<&'a str, Stop> {
    opening.cursor.spaces()?;
    match opening.cursor.peek()? {
        '"' | '\'' => opening.cursor.quoted(),
        _ => opening.cursor.name(),
    }
}

/// The call of an element, whose name stands behind `=` or in its attribute `name`.
pub(crate) fn call(text: &str, element: &str) -> Option<Vec<Raw>> {
    let tag = tags(text).find(|tag| !tag.closing && tag.local == element)?;
    let name = tag.name()?.to_owned();
    Some(vec![Raw { name, given: arguments(text.get(tag.end..)?) }])
}

/// The arguments behind an element's tag: elements, or JSON at once.
pub(crate) fn arguments(text: &str) -> Given {
    if text.trim_start().starts_with('{') {
        let end =
            tags(text).find(|tag| tag.closing && CLOSERS.contains(&tag.local)).map_or(text.len(), |tag| tag.start);
        return Given::Json(text.get(..end).unwrap_or_default().to_owned());
    }
    Given::Texts(parameters(text))
}

/// Every argument that is an element.
pub(crate) fn parameters(text: &str) -> Map<String, Value> {
    let mut parameters = Map::new();
    let mut open: Option<Tag<'_>> = None;
    for tag in tags(text) {
        let is_parameter = PARAMETERS.contains(&tag.local);
        let ends = is_parameter || (tag.closing && CLOSERS.contains(&tag.local));
        // A closing tag that another value mentions does not end this one.
        if !ends || (tag.closing && open.as_ref().is_some_and(|open| is_parameter && open.local != tag.local)) {
            continue;
        }
        if let Some(begun) = open.take() {
            let closed = tag.closing && is_parameter;
            begun.add(text.get(begun.end..tag.start), closed, &mut parameters);
        }
        open = (is_parameter && !tag.closing && tag.name().is_some()).then_some(tag);
    }
    if let Some(begun) = open {
        begun.add(text.get(begun.end..), false, &mut parameters);
    }
    parameters
}

/// Every argument that is an element of its own name: `<city>Paris</city>`.
pub(crate) fn elements(text: &str) -> Map<String, Value> {
    let mut elements = Map::new();
    let mut rest = text;
    while let Some(tag) = tags(rest).find(|tag| !tag.closing) {
        let close = format!("</{}>", tag.local);
        let behind = rest.get(tag.end..).unwrap_or_default();
        let Some(end) = behind.find(&close) else { break };
        let value = behind.get(..end).unwrap_or_default();
        elements.insert(tag.local.to_owned(), Value::String(trimmed(value).to_owned()));
        rest = behind.get(end + close.len()..).unwrap_or_default();
    }
    elements
}

/// Names and values in elements beside each other: `<arg_key>city</arg_key><arg_value>Paris</arg_value>`.
pub(crate) fn pairs(text: &str) -> Map<String, Value> {
    let mut pairs = Map::new();
    for part in text.split("<arg_key>").skip(1) {
        let Some((key, behind)) = part.split_once("</arg_key>") else { continue };
        let Some((_, value)) = behind.split_once("<arg_value>") else { continue };
        let value = value.split("</arg_value>").next().unwrap_or_default();
        let value = value.strip_suffix("</tool_call>").unwrap_or(value);
        pairs.insert(key.trim().to_owned(), Value::String(trimmed(value).to_owned()));
    }
    pairs
}

/// A tag as it stands in a text.
#[derive(Clone, Debug)]
struct Tag<'a> {
    closing: bool,
    /// Its name without what stands before it.
    local: &'a str,
    /// What stands behind its name.
    attributes: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Tag<'a> {
    /// Behind `=`, or in the attribute `name` or `key`.
    fn name(&self) -> Option<&'a str> {
        let attributes = self.attributes.trim();
        let name = match attributes.strip_prefix('=') {
            Some(name) => name.trim(),
            None => self.attribute("name").or_else(|| self.attribute("key"))?,
        };
        let name = name.trim_matches(['"', '\'']);
        (!name.is_empty()).then_some(name)
    }

    fn attribute(&self, wanted: &str) -> Option<&'a str> {
        let (_, behind) = self.attributes.split_once(wanted)?;
        let value = behind.trim_start().strip_prefix('=')?.trim_start();
        match value.chars().next()? {
            quote @ ('"' | '\'') => value.get(1..)?.split(quote).next(),
            _ => value.split(char::is_whitespace).next(),
        }
    }

    /// Puts its value among the arguments.
    fn add(&self, value: Option<&str>, closed: bool, parameters: &mut Map<String, Value>) {
        let (Some(name), Some(value)) = (self.name(), value) else { return };
        let value = if closed { trimmed(value) } else { trimmed(value).trim_end_matches(['\n', '\r']) };
        let is_json = self.attribute("string") == Some("false");
        let parsed = is_json.then(|| serde_json::from_str(value).ok()).flatten();
        parameters.insert(name.to_owned(), parsed.unwrap_or_else(|| Value::String(value.to_owned())));
    }
}

/// Where a value has lines of its own, one line break at each end belongs to the layout; so does CDATA.
fn trimmed(value: &str) -> &str {
    let cdata = value.trim().strip_prefix("<![CDATA[").and_then(|value| value.strip_suffix("]]>"));
    if let Some(value) = cdata {
        return value;
    }
    let Some(lines) = value.strip_prefix("\r\n").or_else(|| value.strip_prefix('\n')) else { return value };
    lines.strip_suffix("\r\n").or_else(|| lines.strip_suffix('\n')).unwrap_or(lines)
}

/// Every tag of a text.
fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> {
    memchr::memchr_iter(b'<', text.as_bytes()).filter_map(|start| tag(text, start))
}

fn tag(text: &str, start: usize) -> Option<Tag<'_>> {
    let near = text.get(start + 1..)?;
    let near = near.get(..near.floor_char_boundary(TAG_BYTES_MAX))?;
    let (closing, inner) = near.strip_prefix('/').map_or((false, near), |inner| (true, inner));
    let inner = PREFIXES.iter().find_map(|prefix| inner.strip_prefix(prefix)).unwrap_or(inner);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    let len = inner.find(|c| !is_part(c))?;
    let (name, behind) = inner.split_at(len);
    let close = behind.find('>')?;
    let attributes = behind.get(..close)?;
    if name.is_empty() || attributes.contains('<') {
        return None;
    }
    let local = name.rsplit(':').next().unwrap_or(name);
    let end = start + 1 + (near.len() - behind.len()) + close + 1;
    Some(Tag { closing, local, attributes, start, end })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_read_with_closing_tags_missing() {
        let read = |text| Value::Object(parameters(text));
        let expected = json!({"city": "Paris", "code": "a < b\n\n<div>x</div>"});
        assert_eq!(
            read(
                "<parameter=city>\nParis\n</parameter>\n<parameter=code>\na < b\n\n<div>x</div>\n</parameter></function>"
            ),
            expected
        );
        assert_eq!(read("<parameter=city>\nParis\n<parameter=code>a < b\n\n<div>x</div></function>"), expected);
        assert_eq!(
            read("<a:parameter name=\"city\">Paris</a:parameter><a:parameter name='code'>a < b\n\n<div>x</div>"),
            expected
        );
        assert_eq!(read("<｜DSML｜parameter name=\"n\" string=\"false\">[1]</｜DSML｜parameter>"), json!({"n": [1]}));
        assert_eq!(read("<param name=n><![CDATA[<x>]]></param>"), json!({"n": "<x>"}));
    }
}
