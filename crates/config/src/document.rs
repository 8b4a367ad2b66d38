//! A document as it was written: its text, its tree, and where everything in it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::path::Path;
use crate::problem::{Place, Problem, Problems};

/// The longest document. Guards memory against a path that points at something else, such as a log.
const DOCUMENT_BYTES_MAX: usize = 4 << 20;

/// The longest line that is shown below a problem. Keeps reports readable when all is on one line.
const EXCERPT_BYTES_MAX: usize = 240;

/// How much of a value a message quotes, in characters.
const QUOTE_CHARS_MAX: usize = 60;

/// A document whose syntax is right. What it says is checked by [`crate::load`], with the environment at hand, so that
/// all problems come at once.
#[derive(Clone)]
pub struct Document {
    name: String,
    text: String,
    /// The keys of each table at the top.
    keys: BTreeMap<String, BTreeSet<String>>,
    /// Where values other than `true` and `false` stand; they are masked in excerpts.
    values: Vec<Range<usize>>,
}

impl Document {
    /// Reads TOML. `file_name` is what problems call it.
    ///
    /// # Errors
    /// The first thing that is not TOML.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, Problems> {
        let mut document = Self { name: file_name.to_owned(), text: text.to_owned(), ..Self::empty() };
        if text.len() > DOCUMENT_BYTES_MAX {
            let message = format!("the document is longer than {DOCUMENT_BYTES_MAX} bytes");
            return Err(Problems::new(vec![document.syntax_problem(0, message)], 0));
        }
        match DeTable::parse(text) {
            Ok(tree) => {
                for (key, value) in tree.get_ref() {
                    collect_values(value, &mut document.values);
                    let inner = value.get_ref().as_table().into_iter().flat_map(DeTable::keys);
                    let inner = inner.map(|key| key.get_ref().to_string()).collect();
                    document.keys.insert(key.get_ref().to_string(), inner);
                }
                Ok(document)
            }
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                Err(Problems::new(vec![document.syntax_problem(at, error.message().replace('\n', ", "))], 0))
            }
        }
    }

    /// The document of someone who has none.
    pub fn empty() -> Self {
        Self { name: String::new(), text: String::new(), keys: BTreeMap::new(), values: Vec::new() }
    }

    /// Its tree, to be checked and cut to what is right.
    pub(crate) fn tree(&self) -> Spanned<DeTable<'_>> {
        DeTable::parse(&self.text).expect("`parse` has read the same text")
    }

    /// The keys of a section at the top.
    pub(crate) fn keys_of(&self, section: &str) -> BTreeSet<String> {
        self.keys.get(section).cloned().unwrap_or_default()
    }

    /// What is written there, shortened; with `${VAR}` as it stands, not what it stands for.
    pub(crate) fn quote(&self, span: &Range<usize>) -> String {
        let written = self.text.get(span.clone()).unwrap_or_default();
        let mut shown: String = written.lines().next().unwrap_or_default().chars().take(QUOTE_CHARS_MAX).collect();
        if shown.len() < written.len() {
            shown.push_str("...");
        }
        shown
    }

    /// A problem at `span`.
    pub(crate) fn problem(&self, span: &Range<usize>, path: &Path, message: String, hint: Option<String>) -> Problem {
        let (mut place, line) = self.place(span.start);
        place.excerpt = (line.len() <= EXCERPT_BYTES_MAX).then(|| self.masked(line));
        Problem { place: Some(place), path: path.to_string(), message, hint }
    }

    fn syntax_problem(&self, at: usize, message: String) -> Problem {
        Problem { place: Some(self.place(at).0), path: String::new(), message, hint: None }
    }

    /// Line and column of a byte, and the range of its line.
    fn place(&self, at: usize) -> (Place, Range<usize>) {
        let at = (0..=at.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        let (before, after) = self.text.split_at(at);
        let start = before.rfind('\n').map_or(0, |feed| feed + 1);
        let end = at + after.find('\n').unwrap_or(after.len());
        let place = Place {
            file: self.name.clone(),
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|char| *char != '\n').count() + 1,
            excerpt: None,
        };
        (place, start..end)
    }

    /// A line with every value masked, and without its comment: both may hold keys.
    fn masked(&self, line: Range<usize>) -> String {
        let start = line.start;
        let text = self.text.get(line).unwrap_or_default();
        let mut shown = String::with_capacity(text.len());
        for (offset, char) in text.char_indices() {
            let masked = self.values.iter().any(|value| value.contains(&(start + offset)));
            match char {
                _ if masked => shown.push('*'),
                '#' => break,
                // One character wide, so that the caret stays where it belongs.
                char if char.is_control() => shown.push(' '),
                char => shown.push(char),
            }
        }
        shown.trim_end().to_owned()
    }
}

/// Shows how much there is, not what it says: a document may hold keys.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("name", &self.name).field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

fn collect_values(node: &Spanned<DeValue<'_>>, values: &mut Vec<Range<usize>>) {
    match node.get_ref() {
        DeValue::Array(items) => items.iter().for_each(|item| collect_values(item, values)),
        DeValue::Table(table) => table.iter().for_each(|(_, value)| collect_values(value, values)),
        DeValue::Boolean(_) => {}
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => values.push(node.span()),
    }
}
