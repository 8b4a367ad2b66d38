//! Tables under headers, and settings in lines of their own.

use std::ops::Range;

use toml::{Table, Value};

use super::Splice;
use super::layout::{Entry, Layout, indent, line_end, line_start};
use crate::path::Step;
use crate::write::{inline, key as written_key};

/// A list of tables that is longer than this gets a line for each.
const LINE_CHARS_MAX: usize = 100;

/// Puts a setting into a table that has no braces: under a header of its own where that is the custom, else in a line.
pub(super) fn add(text: &str, layout: &Layout, way: &[Step], key: &str, wanted: &Value) -> Splice {
    let path: Vec<Step> = way.iter().cloned().chain([Step::Key(key.to_owned())]).collect();
    match wanted {
        Value::Table(table) if is_of_sections(layout, way) => {
            insert_sections(text, layout, &path, &sections(&names(&path), table))
        }
        Value::Array(items) if way.is_empty() && !items.is_empty() && items.iter().all(is_filled_table) => {
            let sections: Vec<String> = items.iter().filter_map(|item| element(&path, item)).collect();
            insert_sections(text, layout, &path, &sections)
        }
        Value::Table(_)
        | Value::Array(_)
        | Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => add_line(text, layout, way, key, wanted),
    }
}

/// Puts one more table to the end of a list of tables with headers.
pub(super) fn append(text: &str, layout: &Layout, way: &[Step], wanted: &Value) -> Splice {
    let sections: Vec<String> = element(way, wanted).into_iter().collect();
    insert_sections(text, layout, way, &sections)
}

/// Takes away every line that speaks of a path, and the headers' lines to their ends.
pub(super) fn remove(text: &str, layout: &Layout, path: &[Step]) -> Vec<Splice> {
    let mut cuts: Vec<Range<usize>> = Vec::new();
    for (index, entry) in layout.entries.iter().enumerate() {
        if !entry.path.starts_with(path) {
            continue;
        }
        let cut = if entry.value.is_none() { section_lines(text, layout, index) } else { entry.lines.clone() };
        match cuts.last_mut() {
            Some(last) if last.end >= cut.start => last.end = last.end.max(cut.end),
            Some(_) | None => cuts.push(cut),
        }
    }
    cuts.into_iter().map(|cut| Splice::cut(without_gap(text, cut))).collect()
}

/// Whether tables in this one have headers of their own.
fn is_of_sections(layout: &Layout, way: &[Step]) -> bool {
    let has_settings = layout.entries.iter().any(|entry| entry.value.is_some() && entry.path.starts_with(way));
    let has_own =
        |entry: &Entry| entry.value.is_some() && entry.path.starts_with(way) && entry.path.len() == way.len() + 1;
    way.is_empty() || (way.len() == 1 && has_settings && !layout.entries.iter().any(has_own))
}

fn is_filled_table(value: &Value) -> bool {
    value.as_table().is_some_and(|table| !table.is_empty())
}

/// The keys of a path, as a header writes them.
pub(super) fn names(path: &[Step]) -> String {
    let key = |step: &Step| match step {
        Step::Key(key) => Some(written_key(key)),
        Step::Index(_) => None,
    };
    path.iter().filter_map(key).collect::<Vec<_>>().join(".")
}

/// A table with its header; where it holds nothing but tables, those with theirs.
fn sections(name: &str, table: &Table) -> Vec<String> {
    let is_collection = !name.contains('.') && !table.is_empty() && table.values().all(Value::is_table);
    if !is_collection {
        return vec![format!("[{name}]\n{}", lines(table))];
    }
    let inner =
        |(key, value): (&String, &Value)| Some(format!("[{name}.{}]\n{}", written_key(key), lines(value.as_table()?)));
    table.iter().filter_map(inner).collect()
}

/// A table of a list, with its header.
fn element(path: &[Step], item: &Value) -> Option<String> {
    Some(format!("[[{}]]\n{}", names(path), lines(item.as_table()?)))
}

fn lines(table: &Table) -> String {
    table.iter().map(|(key, value)| format!("{} = {}\n", written_key(key), written(value))).collect()
}

/// In one line; a list of tables that would be a long one, in several.
fn written(value: &Value) -> String {
    let line = inline(value);
    let tables = value.as_array().filter(|items| items.iter().all(is_filled_table));
    match tables {
        Some(items) if line.len() > LINE_CHARS_MAX => {
            let items: String = items.iter().map(|item| format!("  {},\n", inline(item))).collect();
            format!("[\n{items}]")
        }
        Some(_) | None => line,
    }
}

/// After the last setting of the table; after its header; in a section of its own.
fn add_line(text: &str, layout: &Layout, way: &[Step], key: &str, wanted: &Value) -> Splice {
    let header_of = |entry: &Entry| entry.under.and_then(|at| layout.entries.get(at)).map_or(0, |it| it.path.len());
    let last = layout
        .entries
        .iter()
        .rfind(|entry| entry.value.is_some() && entry.path.starts_with(way) && header_of(entry) <= way.len());
    if let Some(entry) = last {
        let before = way.get(header_of(entry)..).unwrap_or_default();
        let name = names(&before.iter().cloned().chain([Step::Key(key.to_owned())]).collect::<Vec<_>>());
        let line = format!("{}{name} = {}\n", indent(text, entry.lines.start), written(wanted));
        return after(text, entry.lines.end, &line);
    }
    let line = format!("{} = {}\n", written_key(key), written(wanted));
    if way.is_empty() {
        return at_the_top(text, layout, line);
    }
    match layout.entries.iter().find(|entry| entry.value.is_none() && entry.path == way) {
        Some(header) => after(text, header.lines.end, &format!("{}{line}", indent(text, header.lines.start))),
        None => insert_sections(text, layout, way, &[format!("[{}]\n{line}", names(way))]),
    }
}

/// Inserts lines after others, which may lack the end of their last line.
fn after(text: &str, at: usize, lines: &str) -> Splice {
    let is_open = text.get(..at).is_some_and(|before| !before.is_empty() && !before.ends_with('\n'));
    Splice::insert(at, if is_open { format!("\n{lines}") } else { lines.to_owned() })
}

/// Before the first header and the comment right above it.
fn at_the_top(text: &str, layout: &Layout, line: String) -> Splice {
    let Some(first) = layout.entries.first() else { return after(text, text.len(), &line) };
    let mut at = first.lines.start;
    while at > 0 && text.get(line_start(text, at - 1)..at).is_some_and(|above| above.trim_start().starts_with('#')) {
        at = line_start(text, at - 1);
    }
    Splice::insert(at, line + "\n")
}

/// Behind the last header that shares most of the path; at the end of the document when there is none.
fn insert_sections(text: &str, layout: &Layout, path: &[Step], sections: &[String]) -> Splice {
    let shared = |entry: &Entry| entry.path.iter().zip(path).take_while(|(a, b)| a == b).count();
    let headers = layout.entries.iter().enumerate().filter(|(_, entry)| entry.value.is_none() && shared(entry) > 0);
    // Of several that are equally near, the last one.
    let nearest = headers.max_by_key(|(_, entry)| shared(entry));
    let at = nearest.map_or(text.len(), |(index, _)| section_lines(text, layout, index).end);
    let before = text.get(..at).unwrap_or_default();
    let gap = match before.lines().next_back() {
        None => "",
        Some(line) if line.trim().is_empty() => "",
        Some(_) => "\n",
    };
    let follows = text.get(at..line_end(text, at)).unwrap_or_default();
    let behind = if follows.trim().is_empty() { "" } else { "\n" };
    after(text, at, &format!("{gap}{}{behind}", sections.join("\n")))
}

/// From a header to the last of its settings, and the comments that follow that without a gap.
fn section_lines(text: &str, layout: &Layout, header: usize) -> Range<usize> {
    let start = layout.entries.get(header).map_or(0, |entry| entry.lines.start);
    let own = |(index, entry): (usize, &Entry)| index == header || entry.under == Some(header);
    let last =
        layout.entries.iter().enumerate().filter(|entry| own(*entry)).map(|(_, entry)| entry.lines.end).next_back();
    start..with_comments(text, last.unwrap_or(start))
}

/// Comments that stand right above something else belong to that.
fn with_comments(text: &str, end: usize) -> usize {
    let mut at = end;
    loop {
        let line = text.get(at..line_end(text, at)).unwrap_or_default();
        if line.trim().is_empty() {
            return at;
        }
        if !line.trim_start().starts_with('#') {
            return end;
        }
        at += line.len();
    }
}

/// The same lines and one of two gaps that would meet.
fn without_gap(text: &str, cut: Range<usize>) -> Range<usize> {
    let is_blank = |range: Range<usize>| text.get(range).is_some_and(|line| line.trim().is_empty());
    let above = line_start(text, cut.start.saturating_sub(1));
    let gap_above = cut.start == 0 || is_blank(above..cut.start);
    if gap_above && cut.end < text.len() && is_blank(cut.end..line_end(text, cut.end)) {
        return cut.start..line_end(text, cut.end);
    }
    if gap_above && cut.end == text.len() { above..cut.end } else { cut }
}
