//! Edits at random, held against the same edits of the tree.

use toml_parser::Source;
use toml_parser::parser::{Event, EventKind, parse_document};

use super::*;

const EDITS: usize = 200;
const SEEDS: u64 = 5;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
    fn one<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.roll(of.len())).cloned()
    }
}

fn every_path(value: &Value, path: &[Step], out: &mut Vec<(Vec<Step>, Value)>) {
    out.push((path.to_vec(), value.clone()));
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| {
            every_path(value, &with(path, Step::Key(key.clone())), out);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| {
            every_path(value, &with(path, Step::Index(index)), out);
        }),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

fn some_value(dice: &mut Dice) -> Json {
    let plain = [json!("é \"quoted\" \\ ${X}"), json!(7), json!(-0.5), json!(true), json!("two\nlines"), json!("")];
    let inner = dice.one(&plain).unwrap();
    match dice.roll(8) {
        0 => json!([inner, inner]),
        1 => json!({ "k": inner, "strange key": [1, 2] }),
        2 => json!([{ "a": inner }, { "a": 1, "b": { "c": 2 } }]),
        3 => json!([]),
        _ => inner,
    }
}

fn some_edit(tree: &Value, dice: &mut Dice) -> Edit {
    let mut all = Vec::new();
    every_path(tree, &[], &mut all);
    let name = dice.one(&["alpha", "beta", "gamma", "with space", "with.dot", "delta"]).unwrap().to_owned();
    loop {
        let Some((path, value)) = dice.one(&all) else { continue };
        let at = Path::of_steps(&path);
        let is_top = path.len() < 2;
        return match (dice.roll(6), &value) {
            (0 | 1, Value::Table(table)) if !table.contains_key(&name) => Edit::Set(at.key(&name), some_value(dice)),
            (0 | 1, Value::Array(items)) => Edit::Set(at.index(items.len()), some_value(dice)),
            (2, Value::Table(table)) if path.len() == 1 && !table.contains_key(&name) => {
                Edit::Set(at.key(&name), json!({ "type": "vllm", "n": 1 }))
            }
            (3, _) if !is_top && all.len() > 40 => Edit::Remove(at),
            (4, _) if matches!(path.last(), Some(Step::Key(_))) => Edit::Rename(at, name),
            (5, Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_)) => {
                Edit::Set(at, some_value(dice))
            }
            _ => continue,
        };
    }
}

/// The same edit of the tree; `None` when it must be refused.
fn edited(mut tree: Value, edit: &Edit) -> Option<Value> {
    fn place<'v>(tree: &'v mut Value, steps: &[Step]) -> Option<&'v mut Value> {
        steps.iter().try_fold(tree, |value, step| match step {
            Step::Key(key) => value.as_table_mut()?.get_mut(key),
            Step::Index(index) => value.as_array_mut()?.get_mut(*index),
        })
    }
    let (Edit::Set(path, _) | Edit::Remove(path) | Edit::Rename(path, _)) = edit;
    let (last, before) = path.steps().split_last()?;
    let parent = place(&mut tree, before)?;
    match (edit, last, parent) {
        (Edit::Set(_, value), Step::Key(key), Value::Table(table)) => {
            table.insert(key.clone(), Value::try_from(value).unwrap());
        }
        (Edit::Set(_, value), Step::Index(index), Value::Array(items)) => {
            let value = Value::try_from(value).unwrap();
            if *index < items.len() { items[*index] = value } else { items.push(value) }
        }
        (Edit::Remove(_), Step::Key(key), Value::Table(table)) => drop(table.remove(key)),
        (Edit::Remove(_), Step::Index(index), Value::Array(items)) => drop(items.remove(*index)),
        (Edit::Rename(_, name), Step::Key(key), Value::Table(table)) => {
            if table.contains_key(name) {
                return None;
            }
            let value = table.remove(key)?;
            table.insert(name.clone(), value);
        }
        _ => return None,
    }
    Some(tree)
}

/// Without tables and lists that nothing is in: whether they are there depends on headers.
fn filled(value: &Value) -> Value {
    let is_filled = |value: &Value| !matches!(value, Value::Table(_) | Value::Array(_)) || size(value) > 0;
    match value {
        Value::Table(table) => {
            let inner = table.iter().map(|(key, value)| (key.clone(), filled(value)));
            Value::Table(inner.filter(|(_, value)| is_filled(value)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(filled).filter(is_filled).collect()),
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {
            value.clone()
        }
    }
}

fn mixes(tree: &Value, edit: &Edit) -> bool {
    let Edit::Set(path, value) = edit else { return false };
    let first = parent(tree, path).and_then(|list| list.as_array()?.first());
    first.is_some_and(Value::is_table) && !value.is_object()
}

fn comments(text: &str) -> Vec<&str> {
    let mut spans = Vec::new();
    let source = Source::new(text);
    let mut note = |event: Event| {
        if event.kind() == EventKind::Comment {
            spans.push(event.span().start()..event.span().end());
        }
    };
    parse_document(&source.lex().into_vec(), &mut note, &mut ());
    spans.into_iter().map(|span| text[span].trim_end()).collect()
}

/// The lines between the first and the last that differ.
fn window<'t>(before: &'t str, after: &'t str) -> (Vec<&'t str>, Vec<&'t str>) {
    let (a, b): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    (a[head..a.len() - tail].to_vec(), b[head..b.len() - tail].to_vec())
}

fn hold(before: &str, after: &str, edit: &Edit) {
    let (went, came) = window(before, after);
    let told = || format!("{edit:?}\n--- {went:#?}\n+++ {came:#?}");
    match edit {
        Edit::Set(..) | Edit::Rename(..) => assert_eq!(comments(before), comments(after), "{}", told()),
        Edit::Remove(_) => {
            let mut left = comments(before).into_iter();
            assert!(comments(after).iter().all(|kept| left.any(|comment| comment == *kept)), "{}", told());
        }
    }
    match edit {
        // The line of the value, or the one that gets a comma; a value of several lines may become one line.
        Edit::Set(..) => assert!(went.len() <= 1 || went.concat().contains("\"\"\""), "{}", told()),
        Edit::Rename(..) => assert_eq!(went.len(), came.len(), "{}", told()),
        Edit::Remove(_) => {
            let rest = came.iter().filter(|line| !went.contains(line)).count();
            assert!(rest <= 1, "{}", told());
        }
    }
}

/// Makes an edit at random; the text as it is where the edit is rightly refused.
fn one_more(text: String, dice: &mut Dice) -> String {
    let tree = read(&text).unwrap();
    let edit = some_edit(&tree, dice);
    let Some(wanted) = edited(tree.clone(), &edit) else {
        assert!(matches!(apply(&text, &edit), Err(EditError::Taken(_))), "{edit:?}");
        return text;
    };
    let after = match apply(&text, &edit) {
        Ok(after) => after,
        // A list of tables with headers can have nothing else in it.
        Err(EditError::ByHand(_)) if mixes(&tree, &edit) => return text,
        Err(error) => panic!("{edit:?}: {error}\n{text}"),
    };
    assert_eq!(filled(&read(&after).unwrap()), filled(&wanted), "{edit:?}\n{text}\n=>\n{after}");
    hold(&text, &after, &edit);
    after
}

fn dice(seed: u64) -> Dice {
    Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

#[test]
fn two_hundred_edits_touch_nothing_but_what_they_are_about() {
    for seed in 1..=SEEDS {
        let mut dice = dice(seed);
        (0..EDITS).fold(DOCUMENT.to_owned(), |text, _| one_more(text, &mut dice));
    }
}

/// Without a last line feed, and empty, among them.
#[test]
fn every_beginning_of_a_document_can_be_edited() {
    let beginnings = (0..=DOCUMENT.len()).filter_map(|end| DOCUMENT.get(..end)).filter(|text| read(text).is_ok());
    let mut count = 0;
    for (text, seed) in beginnings.zip(1..) {
        let mut dice = dice(seed);
        (0..5).fold(text.to_owned(), |text, _| one_more(text, &mut dice));
        count += 1;
    }
    assert!(count > 300, "{count}");
}
