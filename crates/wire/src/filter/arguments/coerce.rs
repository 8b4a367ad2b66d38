//! Brings a value into the form that a schema asks for, where it is clear what was meant.

use serde_json::{Map, Number, Value};

use super::lenient;
use crate::filter::offered::{Kind, Schema};
use crate::filter::repair::{RepairKind, Repairs};

/// Values within values that are followed. Guards the stack.
const DEPTH_MAX: usize = 64;

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// JSON: its type was chosen.
    Json,
    /// A text that has no types: what it is, only the schema says.
    Text,
}

/// One pass over a call's arguments.
pub(super) struct Coercion<'a> {
    pub(super) from: Source,
    pub(super) repairs: &'a mut Repairs,
    /// Where it stands, for what is told.
    pub(super) path: String,
    pub(super) depth: usize,
}

/// Whether a value is as the schema asks for.
pub(super) fn is_right(value: &Value, schema: &Schema) -> bool {
    let mut repairs = Repairs::default();
    let same = Coercion::new("", Source::Json, &mut repairs).value(value.clone(), schema);
    same == *value && repairs.is_empty()
}

impl<'a> Coercion<'a> {
    pub(super) fn new(tool: &str, from: Source, repairs: &'a mut Repairs) -> Self {
        Self { from, repairs, path: tool.to_owned(), depth: DEPTH_MAX }
    }

    /// Goes over the members of an object.
    pub(super) fn object(&mut self, object: Map<String, Value>, schema: &Schema) -> Map<String, Value> {
        let known: Vec<String> = object.keys().cloned().collect();
        let members = object.into_iter().map(|(name, value)| {
            let name = self.renamed(name, schema, &known);
            let value = match schema.property(&name) {
                Some(property) => self.within(&name, |coercion| coercion.value(value, property)),
                None => self.unknown(value),
            };
            (name, value)
        });
        members.collect()
    }

    /// A member without a place in the schema gets the name of the only one it is like.
    fn renamed(&mut self, name: String, schema: &Schema, known: &[String]) -> String {
        if schema.property(&name).is_some() {
            return name;
        }
        let Some(like) = schema.alike(&name).filter(|like| known.iter().all(|known| known != like)) else {
            return name;
        };
        self.note(RepairKind::Renamed, like);
        like.to_owned()
    }

    /// Text of which no schema says what it is, is what it looks like when that is JSON of its own brackets.
    fn unknown(&self, value: Value) -> Value {
        match (self.from, &value) {
            (Source::Text, Value::String(text)) if text.trim_start().starts_with(['{', '[']) => {
                serde_json::from_str(text).unwrap_or(value)
            }
            (Source::Text | Source::Json, _) => value,
        }
    }

    fn value(&mut self, value: Value, schema: &Schema) -> Value {
        if self.depth == 0 || schema.kinds.is_empty() {
            return self.words(self.unknown(value), schema);
        }
        let fits = kind_of(&value).is_some_and(|kind| fits(schema, kind));
        // A number is an integer when it is whole, and text is only text when it was chosen to be.
        if fits && (self.from == Source::Json || !value.is_string() || schema.kinds == [Kind::String]) {
            return self.inside(value, schema);
        }
        let found = schema.kinds.iter().find_map(|kind| self.as_kind(&value, *kind, schema));
        match found {
            Some(found) if found != value => {
                if self.from == Source::Json {
                    self.note(RepairKind::Coerced, "");
                }
                self.inside(found, schema)
            }
            Some(same) => self.inside(same, schema),
            None => value,
        }
    }

    /// What is within a value of the right type.
    fn inside(&mut self, value: Value, schema: &Schema) -> Value {
        self.depth -= 1;
        let value = match value {
            // Members of a value that was parsed have types of their own.
            Value::Object(object) => {
                let from = std::mem::replace(&mut self.from, Source::Json);
                let object = self.object(object, schema);
                self.from = from;
                Value::Object(object)
            }
            Value::Array(list) => match &schema.items {
                Some(items) => {
                    let from = std::mem::replace(&mut self.from, Source::Json);
                    let list = list.into_iter().map(|value| self.within("[]", |coercion| coercion.value(value, items)));
                    let list = list.collect();
                    self.from = from;
                    Value::Array(list)
                }
                None => Value::Array(list),
            },
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => self.words(other, schema),
        };
        self.depth += 1;
        value
    }

    /// A word of an enum that was written in another case.
    fn words(&mut self, value: Value, schema: &Schema) -> Value {
        let Value::String(text) = &value else { return value };
        if schema.words.is_empty() || schema.words.contains(text) {
            return value;
        }
        let wanted = text.trim().to_lowercase();
        let mut like = schema.words.iter().filter(|word| word.to_lowercase() == wanted);
        match (like.next(), like.next()) {
            (Some(word), None) => {
                self.note(RepairKind::Coerced, "");
                Value::String(word.clone())
            }
            (_, _) => value,
        }
    }

    fn as_kind(&self, value: &Value, kind: Kind, schema: &Schema) -> Option<Value> {
        let text = value.as_str().map(str::trim);
        match kind {
            Kind::Integer => match value.as_f64() {
                Some(number) => whole(number),
                None => lenient::number(text?).and_then(|number| match number.is_f64() {
                    true => whole(number.as_f64()?),
                    false => Some(Value::Number(number)),
                }),
            },
            Kind::Number => lenient::number(text?).map(Value::Number),
            Kind::Boolean => boolean(value, text),
            Kind::Null => matches!(text?, "null" | "None" | "nil").then_some(Value::Null),
            Kind::Array => self.array(value, text, schema),
            Kind::Object => parsed(text?, '{').filter(Value::is_object),
            Kind::String => match value {
                Value::String(_) => Some(value.clone()),
                Value::Null => None,
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    Some(Value::String(value.to_string()))
                }
            },
        }
    }

    /// JSON text, or one element alone.
    fn array(&self, value: &Value, text: Option<&str>, schema: &Schema) -> Option<Value> {
        match text {
            Some(text) if text.starts_with('[') => parsed(text, '[').filter(Value::is_array),
            _ => {
                let kind = kind_of(value)?;
                let alone = schema.items.as_ref().is_none_or(|items| items.kinds.is_empty() || fits(items, kind));
                (alone && kind != Kind::Null).then(|| Value::Array(vec![value.clone()]))
            }
        }
    }

    fn within<T>(&mut self, name: &str, act: impl FnOnce(&mut Self) -> T) -> T {
        let len = self.path.len();
        if self.path.len() < Repairs::PATH_BYTES_MAX {
            self.path.push_str(if name == "[]" { "" } else { "." });
            self.path.push_str(name);
        }
        let result = act(self);
        self.path.truncate(len);
        result
    }

    pub(super) fn note(&mut self, kind: RepairKind, name: &str) {
        if name.is_empty() {
            self.repairs.add(kind, &self.path);
        } else {
            self.repairs.add(kind, &format!("{}.{name}", self.path));
        }
    }
}

fn kind_of(value: &Value) -> Option<Kind> {
    Some(match value {
        Value::Null => Kind::Null,
        Value::Bool(_) => Kind::Boolean,
        Value::Number(number) if number.is_f64() => Kind::Number,
        Value::Number(_) => Kind::Integer,
        Value::String(_) => Kind::String,
        Value::Array(_) => Kind::Array,
        Value::Object(_) => Kind::Object,
    })
}

fn fits(schema: &Schema, kind: Kind) -> bool {
    schema.takes(kind) || (kind == Kind::Integer && schema.takes(Kind::Number))
}

#[expect(clippy::cast_possible_truncation, reason = "the value is whole and below 2^53")]
fn whole(number: f64) -> Option<Value> {
    /// Above it doubles are not exact.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() < EXACT_MAX).then(|| Value::from(number as i64))
}

fn boolean(value: &Value, text: Option<&str>) -> Option<Value> {
    let word = value.as_number().map(Number::to_string);
    let word = word.or_else(|| text.map(str::to_lowercase))?;
    match word.as_str() {
        "true" | "1" | "yes" => Some(Value::Bool(true)),
        "false" | "0" | "no" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// What a text that begins with this bracket says.
fn parsed(text: &str, open: char) -> Option<Value> {
    if !text.starts_with(open) {
        return None;
    }
    serde_json::from_str(text).ok().or_else(|| lenient::read(text).map(|read| read.value))
}
