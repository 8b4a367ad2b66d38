//! Lists in brackets and tables in braces: what is put into them and taken out.

use super::Splice;
use super::layout::{Node, indent, line_end, line_start};

/// How much further in the elements of a list stand that is written over several lines.
const INDENT: &str = "  ";

/// Puts one more to the end of a list or a table, in a line of its own where the others have theirs.
pub(super) fn append(text: &str, container: &Node, written: &str) -> Vec<Splice> {
    let close = container.span.end.saturating_sub(1);
    let between = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let Some(last) = container.items().last() else {
        let open = container.span.start + 1;
        return if between(open, close).trim().is_empty() {
            let braces = text.get(container.span.start..open) == Some("{");
            let written = if braces { format!(" {written} ") } else { written.to_owned() };
            vec![Splice { start: open, end: close, text: written }]
        } else {
            // Nothing but comments in there.
            let line = line_start(text, close);
            let (at, before) = if between(line, close).trim().is_empty() { (line, "") } else { (close, "\n") };
            vec![Splice::insert(at, format!("{before}{}{INDENT}{written},\n", indent(text, container.span.start)))]
        };
    };
    let end = last.node.span.end;
    if !between(end, close).contains('\n') {
        return vec![Splice::insert(end, format!(", {written}"))];
    }
    let spaces = indent(text, last.start());
    match last.comma {
        Some(comma) => vec![Splice::insert(line_end(text, comma), format!("{spaces}{written},\n"))],
        None => {
            let comma = Splice::insert(end, ",".to_owned());
            vec![comma, Splice::insert(line_end(text, end), format!("{spaces}{written}\n"))]
        }
    }
}

/// Takes one out: its line, where it has one of its own, else it and a comma.
pub(super) fn remove(text: &str, container: &Node, index: usize) -> Vec<Splice> {
    let Some(item) = container.items().get(index) else { return Vec::new() };
    let between = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let (start, end) = (item.start(), item.comma.map_or(item.node.span.end, |comma| comma + 1));
    let line = line_start(text, start)..line_end(text, end);
    let after = between(end, line.end).trim();
    let alone = between(line.start, start).trim().is_empty() && (after.is_empty() || after.starts_with('#'));
    if alone && line.start > container.span.start && line.end < container.span.end {
        return vec![Splice::cut(line)];
    }
    let before = index.checked_sub(1).and_then(|before| container.items().get(before));
    let next = container.items().get(index + 1).map(super::layout::Item::start);
    let cut = match (before, next) {
        (_, Some(next)) if !between(end, next).contains('\n') => start..next,
        (Some(before), None) if !between(before.node.span.end, start).contains('\n') => {
            before.node.span.end..item.node.span.end
        }
        (None, None) if between(end, container.span.end - 1).trim().is_empty() => {
            container.span.start + 1..container.span.end - 1
        }
        (Some(_) | None, _) => start..end,
    };
    vec![Splice::cut(cut)]
}
