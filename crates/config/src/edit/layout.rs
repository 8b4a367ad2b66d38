//! Where everything in a document stands.

use std::collections::HashMap;
use std::ops::Range;

use toml_parser::decoder::Encoding;
use toml_parser::parser::{Event, EventKind, parse_document};
use toml_parser::{Raw, Source};

use crate::path::Step;

/// Headers and settings, in the order of the document.
pub(super) struct Layout {
    pub(super) entries: Vec<Entry>,
}

/// A header, or a setting that stands under one or at the top.
pub(super) struct Entry {
    /// From the top of the document.
    pub(super) path: Vec<Step>,
    /// Where the entry itself writes the steps of its path.
    spans: Vec<Option<Range<usize>>>,
    /// All its lines, the comment at their end and the end of the line included.
    pub(super) lines: Range<usize>,
    /// The header that it stands under; `None` at the top, and for headers.
    pub(super) under: Option<usize>,
    /// `None` for headers.
    pub(super) value: Option<Node>,
}

/// A value.
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) inner: Inner,
}

pub(super) enum Inner {
    Plain,
    List(Vec<Item>),
    Table(Vec<Item>),
}

/// An element of a list, or a setting in a table that is written in braces.
pub(super) struct Item {
    /// Empty in a list; several where dots stand between them.
    keys: Vec<Key>,
    pub(super) node: Node,
    /// Where the comma after it stands.
    pub(super) comma: Option<usize>,
}

struct Key {
    name: String,
    span: Range<usize>,
}

/// How something is written.
pub(super) enum Found<'l> {
    /// As a value; `within` another one, or by itself.
    Node {
        node: &'l Node,
        within: Option<(&'l Node, usize)>,
    },
    /// With dots in braces: as the first `depth` keys of an item, and maybe of more.
    Dotted {
        within: &'l Node,
        index: usize,
        depth: usize,
    },
    /// With headers or dots, in any number of places.
    Spread,
    Nothing,
}

impl Item {
    pub(super) fn start(&self) -> usize {
        self.keys.first().map_or(self.node.span.start, |key| key.span.start)
    }
}

impl Node {
    pub(super) fn items(&self) -> &[Item] {
        match &self.inner {
            Inner::Plain => &[],
            Inner::List(items) | Inner::Table(items) => items,
        }
    }

    fn find(&self, steps: &[Step]) -> Option<Found<'_>> {
        let Some(first) = steps.first() else { return Some(Found::Node { node: self, within: None }) };
        let (index, rest) = match (&self.inner, first) {
            (Inner::List(_), Step::Index(index)) => (*index, steps.get(1..)?),
            (Inner::Table(items), Step::Key(_)) => {
                let index =
                    items.iter().position(|item| shared(&item.keys, steps) == item.keys.len().min(steps.len()))?;
                let Some(rest) = steps.get(items.get(index)?.keys.len()..) else {
                    return Some(Found::Dotted { within: self, index, depth: steps.len() });
                };
                (index, rest)
            }
            (Inner::Plain | Inner::List(_) | Inner::Table(_), _) => return None,
        };
        Some(match self.items().get(index)?.node.find(rest)? {
            Found::Node { node, within } => Found::Node { node, within: within.or(Some((self, index))) },
            found @ (Found::Dotted { .. } | Found::Spread | Found::Nothing) => found,
        })
    }

    /// Where it writes the last of these steps.
    fn spans_of(&self, steps: &[Step], out: &mut Vec<Range<usize>>) {
        for (index, item) in self.items().iter().enumerate() {
            match (&self.inner, steps.first()) {
                (Inner::List(_), Some(Step::Index(wanted))) if *wanted == index => {
                    item.node.spans_of(steps.get(1..).unwrap_or_default(), out);
                }
                (Inner::Table(_), Some(Step::Key(_))) => {
                    let known = shared(&item.keys, steps);
                    if known == steps.len() {
                        out.extend(item.keys.get(known - 1).map(|key| key.span.clone()));
                    } else if known == item.keys.len() {
                        item.node.spans_of(steps.get(known..).unwrap_or_default(), out);
                    }
                }
                (Inner::Plain | Inner::List(_) | Inner::Table(_), _) => {}
            }
        }
    }
}

/// How many steps the keys and a path begin with alike.
fn shared(keys: &[Key], steps: &[Step]) -> usize {
    keys.iter().zip(steps).take_while(|(key, step)| matches!(step, Step::Key(name) if *name == key.name)).count()
}

impl Layout {
    /// Of a text that is known to be TOML.
    pub(super) fn of(text: &str) -> Self {
        let source = Source::new(text);
        let mut events = Vec::new();
        parse_document(&source.lex().into_vec(), &mut |event: Event| events.push(event), &mut ());
        let trivia = |event: &Event| {
            matches!(event.kind(), EventKind::Whitespace | EventKind::Comment | EventKind::Newline | EventKind::KeySep)
        };
        events.retain(|event| !trivia(event));
        Reader { text, events: events.into_iter().peekable() }.read()
    }

    /// How the setting at a path is written.
    pub(super) fn find(&self, path: &[Step]) -> Found<'_> {
        for entry in &self.entries {
            let Some(rest) = path.strip_prefix(entry.path.as_slice()) else { continue };
            if let Some(found) = entry.value.as_ref().and_then(|value| value.find(rest)) {
                return found;
            }
        }
        let is_there = path.is_empty() || self.entries.iter().any(|entry| entry.path.starts_with(path));
        if is_there { Found::Spread } else { Found::Nothing }
    }

    /// Every place where the last key of a path is written.
    pub(super) fn spans_of(&self, path: &[Step]) -> Vec<Range<usize>> {
        let mut out = Vec::new();
        for entry in &self.entries {
            if entry.path.starts_with(path) {
                out.extend(entry.spans.get(path.len().wrapping_sub(1)).cloned().flatten());
            } else if let (Some(rest), Some(value)) = (path.strip_prefix(entry.path.as_slice()), &entry.value) {
                value.spans_of(rest, &mut out);
            }
        }
        out
    }
}

struct Reader<'t, I: Iterator<Item = Event>> {
    text: &'t str,
    events: std::iter::Peekable<I>,
}

impl<I: Iterator<Item = Event>> Reader<'_, I> {
    fn read(mut self) -> Layout {
        let mut entries: Vec<Entry> = Vec::new();
        // How many elements each list of tables has so far, by its path.
        let mut lists: HashMap<Vec<Step>, usize> = HashMap::new();
        let mut under: Option<usize> = None;
        while let Some(event) = self.events.peek() {
            let (kind, start) = (event.kind(), event.span().start());
            if kind == EventKind::StdTableOpen || kind == EventKind::ArrayTableOpen {
                under = Some(entries.len());
                entries.push(self.header(kind, start, &mut lists));
            } else if kind == EventKind::SimpleKey {
                let header: &[Step] = under.and_then(|at| entries.get(at)).map_or(&[], |entry| &entry.path);
                let Some(entry) = self.setting(start, header, under) else { break };
                entries.push(entry);
            } else {
                self.events.next();
            }
        }
        Layout { entries }
    }

    fn header(&mut self, kind: EventKind, start: usize, lists: &mut HashMap<Vec<Step>, usize>) -> Entry {
        self.events.next();
        let keys = self.keys();
        let end = self.events.next().map_or(start, |close| close.span().end());
        let (mut path, mut spans) = (Vec::new(), Vec::new());
        // What stands under a list of tables belongs to its last one.
        let enter_last = |path: &mut Vec<Step>, spans: &mut Vec<_>, lists: &HashMap<Vec<Step>, usize>| {
            if let Some(count) = lists.get(path) {
                path.push(Step::Index(count.saturating_sub(1)));
                spans.push(None);
            }
        };
        for key in keys {
            enter_last(&mut path, &mut spans, lists);
            path.push(Step::Key(key.name));
            spans.push(Some(key.span));
        }
        if kind == EventKind::ArrayTableOpen {
            *lists.entry(path.clone()).or_default() += 1;
        }
        enter_last(&mut path, &mut spans, lists);
        Entry { path, spans, lines: self.lines(start..end), under: None, value: None }
    }

    fn setting(&mut self, start: usize, header: &[Step], under: Option<usize>) -> Option<Entry> {
        let keys = self.keys();
        // The equals sign.
        self.events.next();
        let node = self.value()?;
        let (mut path, mut spans) = (header.to_vec(), vec![None; header.len()]);
        for key in keys {
            path.push(Step::Key(key.name));
            spans.push(Some(key.span));
        }
        Some(Entry { path, spans, lines: self.lines(start..node.span.end), under, value: Some(node) })
    }

    fn keys(&mut self) -> Vec<Key> {
        let mut keys = Vec::new();
        while let Some(event) = self.events.next_if(|event| event.kind() == EventKind::SimpleKey) {
            let span = event.span().start()..event.span().end();
            let raw = self.text.get(span.clone()).unwrap_or_default();
            let mut name = String::new();
            let encoding: Option<Encoding> = event.encoding();
            Raw::new_unchecked(raw, encoding, event.span()).decode_key(&mut name, &mut ());
            keys.push(Key { name, span });
        }
        keys
    }

    fn value(&mut self) -> Option<Node> {
        let first = self.events.next()?;
        let start = first.span().start();
        let (end, inner) = if first.kind() == EventKind::ArrayOpen {
            let (items, end) = self.items(EventKind::ArrayClose)?;
            (end, Inner::List(items))
        } else if first.kind() == EventKind::InlineTableOpen {
            let (items, end) = self.items(EventKind::InlineTableClose)?;
            (end, Inner::Table(items))
        } else {
            (first.span().end(), Inner::Plain)
        };
        Some(Node { span: start..end, inner })
    }

    /// Up to the closing bracket, and where that ends.
    fn items(&mut self, close: EventKind) -> Option<(Vec<Item>, usize)> {
        let mut items: Vec<Item> = Vec::new();
        loop {
            let kind = self.events.peek()?.kind();
            if kind == close {
                return Some((items, self.events.next()?.span().end()));
            }
            if kind == EventKind::ValueSep {
                let comma = self.events.next()?.span().start();
                if let Some(last) = items.last_mut() {
                    last.comma = Some(comma);
                }
                continue;
            }
            let keys = self.keys();
            if !keys.is_empty() {
                // The equals sign.
                self.events.next();
            }
            items.push(Item { keys, node: self.value()?, comma: None });
        }
    }

    fn lines(&self, span: Range<usize>) -> Range<usize> {
        line_start(self.text, span.start)..line_end(self.text, span.end)
    }
}

/// Where the line begins that has this byte.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |feed| feed + 1)
}

/// Where the line ends that has this byte, its line feed included.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|after| after.find('\n')).map_or(text.len(), |feed| at + feed + 1)
}

/// The spaces that the line begins with.
pub(super) fn indent(text: &str, at: usize) -> &str {
    let line = text.get(line_start(text, at)..).unwrap_or_default();
    line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or_default()
}
