//! Edits of a document that leave everything else as it was written: comments, order, spaces, line ends.
//!
//! An edit is made of splices of the text, at places that the grammar gives; what no splice covers cannot change. After
//! each the document is read again and must say what was asked for.

mod inline;
mod layout;
mod merge;
mod section;

use serde_json::Value as Json;
use thiserror::Error;
use toml::Value;

use crate::env::Env;
use crate::load::{Loaded, load};
use crate::path::{Path, Step};
use crate::problem::Problems;
use crate::resolve::FoundEndpoint;
use crate::settings::Overrides;
use crate::write::{inline as in_one_line, key as written_key};
use layout::{Found, Layout};

pub use merge::merge;

/// One change of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Makes a setting this. What it says already is left alone, to the last letter of a table or a list; tables that are
    /// missing on the way are made; the index after the last one of a list appends.
    Set(Path, Json),
    /// Takes a setting, a table or an element of a list away, with the comment at the end of its line.
    Remove(Path),
    /// Gives a key another name, wherever the document writes it.
    Rename(Path, String),
}

/// Why a document was not edited.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// It is not TOML to begin with.
    #[error("the document cannot be edited: {0}")]
    Unreadable(String),
    /// There is no such thing to take away or to rename, nor a list that ends before it.
    #[error("`{0}` is not in the document")]
    NotFound(Path),
    /// The new name is another's.
    #[error("`{0}` is in the document already")]
    Taken(Path),
    /// What it should be in is neither a table nor a list.
    #[error("`{0}` cannot have anything in it")]
    NoTable(Path),
    /// TOML has no `null`, and no numbers beyond 64 bits.
    #[error("`{0}` cannot be that: TOML has no such value")]
    Unsayable(Path),
    /// The document is written in a way that the edit would have to tear apart.
    #[error("`{0}` is written in a way that has to be edited by hand")]
    ByHand(Path),
    /// The document would be wrong.
    #[error("{0}")]
    Problems(Problems),
}

/// Makes all the edits, one after the other, and checks what comes out.
///
/// # Errors
/// The first edit that cannot be made, or everything that is wrong with the result.
pub fn edit(
    (name, text): (&str, &str),
    edits: &[Edit],
    env: &Env,
    overrides: &Overrides,
    found: &[FoundEndpoint],
) -> Result<(String, Loaded), EditError> {
    let edited = edits.iter().try_fold(text.to_owned(), |text, edit| apply(&text, edit))?;
    let loaded = load(Some((name, &edited)), env, overrides, found).map_err(EditError::Problems)?;
    Ok((edited, loaded))
}

/// Makes one edit, without a look at what the document means.
///
/// # Errors
/// When it cannot be made.
pub fn apply(text: &str, edit: &Edit) -> Result<String, EditError> {
    let before = read(text)?;
    match edit {
        Edit::Set(path, value) => {
            let wanted = Value::try_from(value).map_err(|_| EditError::Unsayable(path.clone()))?;
            let edited = set(text, path.steps(), &wanted, at(&before, path.steps()))?;
            // A table that nothing is in may need no header.
            let is_nothing = wanted.as_table().is_some_and(toml::Table::is_empty);
            checked(edited, path, |tree| at(tree, path.steps()).map_or(is_nothing, |value| *value == wanted))
        }
        Edit::Remove(path) => {
            at(&before, path.steps()).ok_or_else(|| EditError::NotFound(path.clone()))?;
            let length = |tree: &Value| parent(tree, path).map(size);
            let edited = remove(text, path.steps())?;
            let gone = |tree: &Value| length(tree).unwrap_or(0) < length(&before).unwrap_or(0);
            checked(edited, path, gone)
        }
        Edit::Rename(path, name) => {
            let value = at(&before, path.steps()).ok_or_else(|| EditError::NotFound(path.clone()))?;
            let renamed = sibling(path, name).ok_or_else(|| EditError::NotFound(path.clone()))?;
            if at(&before, renamed.steps()).is_some() {
                return Err(EditError::Taken(renamed));
            }
            let edited = rename(text, path.steps(), name);
            checked(edited, path, |tree| at(tree, path.steps()).is_none() && at(tree, renamed.steps()) == Some(value))
        }
    }
}

/// What a document says, as it is written: references are not followed.
///
/// # Errors
/// When it is not TOML.
pub fn value(text: &str) -> Result<Json, EditError> {
    // TOML has nothing that JSON has not.
    serde_json::to_value(read(text)?).map_err(|_| EditError::Unreadable("it cannot be told in JSON".to_owned()))
}

/// What a document says in one place; `None` when it says nothing there.
///
/// # Errors
/// When it is not TOML.
pub fn value_at(text: &str, path: &Path) -> Result<Option<Json>, EditError> {
    Ok(path.of(&value(text)?).cloned())
}

/// A piece of the text, and what comes in its place.
#[derive(Clone, Debug)]
pub(crate) struct Splice {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: String,
}

impl Splice {
    fn insert(at: usize, text: String) -> Self {
        Self { start: at, end: at, text }
    }
    fn cut(range: std::ops::Range<usize>) -> Self {
        Self { start: range.start, end: range.end, text: String::new() }
    }
}

/// Cuts and inserts, with the line ends that the document has.
pub(crate) fn splice(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| (splice.start, splice.end));
    let is_crlf = text.find('\n').is_some_and(|feed| text.get(..feed).is_some_and(|line| line.ends_with('\r')));
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for splice in splices {
        out.push_str(text.get(done..splice.start).unwrap_or_default());
        out.push_str(&if is_crlf { splice.text.replace('\n', "\r\n") } else { splice.text });
        done = splice.end.max(done);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

fn read(text: &str) -> Result<Value, EditError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        // What the parser would show of the line may be a key.
        EditError::Unreadable(error.message().replace('\n', ", "))
    })?;
    Ok(Value::Table(table))
}

/// The edited text, if it can be read and says what it should.
fn checked(edited: String, path: &Path, says: impl Fn(&Value) -> bool) -> Result<String, EditError> {
    let by_hand = || EditError::ByHand(path.clone());
    let tree = read(&edited).map_err(|_unreadable| by_hand())?;
    if says(&tree) { Ok(edited) } else { Err(by_hand()) }
}

fn at<'v>(tree: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(tree, |value, step| match step {
        Step::Key(key) => value.as_table()?.get(key),
        Step::Index(index) => value.as_array()?.get(*index),
    })
}

fn parent<'v>(tree: &'v Value, path: &Path) -> Option<&'v Value> {
    at(tree, path.steps().split_last()?.1)
}

fn size(value: &Value) -> usize {
    match value {
        Value::Table(table) => table.len(),
        Value::Array(items) => items.len(),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => 0,
    }
}

/// The same path with another last key; `None` when it ends with an index.
fn sibling(path: &Path, name: &str) -> Option<Path> {
    match path.steps().split_last()? {
        (Step::Key(_), before) => Some(Path::of_steps(before).key(name)),
        (Step::Index(_), _) => None,
    }
}

/// Only what differs is touched.
fn set(text: &str, steps: &[Step], wanted: &Value, current: Option<&Value>) -> Result<String, EditError> {
    match (wanted, current) {
        (_, Some(current)) if current == wanted => Ok(text.to_owned()),
        (Value::Table(wanted), Some(Value::Table(current))) => {
            let gone = current.keys().filter(|key| !wanted.contains_key(*key));
            let text = gone
                .map(|key| with(steps, Step::Key(key.clone())))
                .try_fold(text.to_owned(), |text, gone| remove(&text, &gone))?;
            wanted.iter().try_fold(text, |text, (key, value)| {
                set(&text, &with(steps, Step::Key(key.clone())), value, current.get(key))
            })
        }
        (Value::Array(wanted), Some(Value::Array(current))) => set_list(text, steps, wanted, current),
        (_, Some(_)) => replace(text, steps, wanted),
        (_, None) => insert(text, steps, wanted),
    }
}

/// The elements that both lists begin with stay; of a list that is to be shorter, the first ones that differ go.
fn set_list(text: &str, steps: &[Step], wanted: &[Value], current: &[Value]) -> Result<String, EditError> {
    let same = wanted.iter().zip(current).take_while(|(a, b)| a == b).count();
    let mut left = current.to_vec();
    let mut text = text.to_owned();
    while left.len() > wanted.len() {
        text = remove(&text, &with(steps, Step::Index(same)))?;
        left.remove(same);
    }
    wanted
        .iter()
        .enumerate()
        .try_fold(text, |text, (index, value)| set(&text, &with(steps, Step::Index(index)), value, left.get(index)))
}

fn with(steps: &[Step], last: Step) -> Vec<Step> {
    steps.iter().cloned().chain([last]).collect()
}

/// What is there becomes something of another kind, or another value.
fn replace(text: &str, steps: &[Step], wanted: &Value) -> Result<String, EditError> {
    let layout = Layout::of(text);
    if let Found::Node { node, .. } = layout.find(steps) {
        let new = Splice { start: node.span.start, end: node.span.end, text: in_one_line(wanted) };
        return Ok(splice(text, vec![new]));
    }
    insert(&remove(text, steps)?, steps, wanted)
}

/// What is not there yet, with all that is missing on the way to it.
fn insert(text: &str, steps: &[Step], wanted: &Value) -> Result<String, EditError> {
    let tree = read(text)?;
    let there = (0..steps.len()).rev().find(|length| steps.get(..*length).is_some_and(|way| at(&tree, way).is_some()));
    let (way, rest) = steps.split_at(there.unwrap_or(0));
    let Some((step, missing)) = rest.split_first() else { return Ok(text.to_owned()) };
    let path = || Path::of_steps(&with(way, step.clone()));
    let wanted = missing.iter().rev().try_fold(wanted.clone(), |inner, step| match step {
        Step::Key(key) => Ok(Value::Table([(key.clone(), inner)].into_iter().collect())),
        Step::Index(0) => Ok(Value::Array(vec![inner])),
        Step::Index(_) => Err(EditError::NotFound(Path::of_steps(steps))),
    })?;
    match (step, at(&tree, way)) {
        (Step::Key(_), Some(Value::Table(_))) => {}
        (Step::Index(index), Some(Value::Array(items))) if *index == items.len() => {}
        (Step::Index(_), Some(Value::Array(_))) => return Err(EditError::NotFound(path())),
        (Step::Key(_) | Step::Index(_), _) => return Err(EditError::NoTable(Path::of_steps(way))),
    }
    let layout = Layout::of(text);
    let splices = match (layout.find(way), step) {
        (Found::Node { node, .. }, Step::Index(_)) => inline::append(text, node, &in_one_line(&wanted)),
        (Found::Node { node, .. }, Step::Key(key)) => {
            inline::append(text, node, &format!("{} = {}", written_key(key), in_one_line(&wanted)))
        }
        (Found::Dotted { within, depth, .. }, Step::Key(key)) => {
            let (_, dots) = way.split_at(way.len() - depth);
            let name = section::names(&with(dots, Step::Key(key.clone())));
            inline::append(text, within, &format!("{name} = {}", in_one_line(&wanted)))
        }
        (Found::Spread, Step::Index(_)) => vec![section::append(text, &layout, way, &wanted)],
        (Found::Spread, Step::Key(key)) => vec![section::add(text, &layout, way, key, &wanted)],
        (Found::Dotted { .. }, Step::Index(_)) | (Found::Nothing, _) => return Err(EditError::ByHand(path())),
    };
    Ok(splice(text, splices))
}

fn remove(text: &str, steps: &[Step]) -> Result<String, EditError> {
    let layout = Layout::of(text);
    let splices = match layout.find(steps) {
        Found::Node { within: Some((container, index)), .. } => inline::remove(text, container, index),
        Found::Dotted { within, index, .. } => {
            let rest = splice(text, inline::remove(text, within, index));
            let is_there = at(&read(&rest)?, steps).is_some();
            return if is_there { remove(&rest, steps) } else { Ok(rest) };
        }
        Found::Node { within: None, .. } | Found::Spread => section::remove(text, &layout, steps),
        Found::Nothing => return Err(EditError::ByHand(Path::of_steps(steps))),
    };
    Ok(splice(text, splices))
}

fn rename(text: &str, steps: &[Step], name: &str) -> String {
    let new = |span: std::ops::Range<usize>| Splice { start: span.start, end: span.end, text: written_key(name) };
    splice(text, Layout::of(text).spans_of(steps).into_iter().map(new).collect())
}

#[cfg(test)]
mod tests;
