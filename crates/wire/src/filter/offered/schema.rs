//! What a tool's JSON schema says of its arguments, as far as they can be coerced by it.

use serde_json::{Map, Value};

use super::folded;

/// Nested schemas that are followed. Guards the stack against a client's schema.
const DEPTH_MAX: usize = 16;

/// What a value must be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    /// The types that are allowed, the first preferred; empty for any.
    pub(crate) kinds: Vec<Kind>,
    /// Members of an object.
    pub(crate) properties: Vec<(String, Schema)>,
    /// Members that must be there.
    pub(crate) required: Vec<String>,
    /// Whether an object has no other members.
    pub(crate) closed: bool,
    /// Elements of an array.
    pub(crate) items: Option<Box<Schema>>,
    /// The strings that are allowed; empty for any.
    pub(crate) words: Vec<String>,
}

/// A type of JSON schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
    Null,
}

impl Schema {
    /// What this schema says; `None` when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        Some(Self::of(value.as_object()?, DEPTH_MAX))
    }

    fn of(schema: &Map<String, Value>, depth: usize) -> Self {
        let Some(depth) = depth.checked_sub(1) else { return Self::default() };
        let within = |value: &Value| value.as_object().map(|schema| Self::of(schema, depth));
        let branches = || ["anyOf", "oneOf"].into_iter().filter_map(|name| schema.get(name)?.as_array()).flatten();
        let mut all = Self {
            kinds: kinds(schema.get("type")),
            required: strings(schema.get("required")),
            closed: schema.get("additionalProperties") == Some(&Value::Bool(false)),
            items: schema.get("items").and_then(within).map(Box::new),
            words: strings(schema.get("enum")),
            properties: Vec::new(),
        };
        if let Some(Value::Object(properties)) = schema.get("properties") {
            let named = |(name, value): (&String, &Value)| (name.clone(), within(value).unwrap_or_default());
            all.properties = properties.iter().map(named).collect();
        }
        for branch in branches().filter_map(within) {
            all.or(branch);
        }
        all
    }

    /// Takes in another way to satisfy it.
    fn or(&mut self, other: Self) {
        self.kinds.extend(other.kinds);
        self.items = self.items.take().or(other.items);
        self.words.extend(other.words);
        if self.properties.is_empty() {
            self.properties = other.properties;
        }
    }

    /// The member of this name.
    pub(crate) fn property(&self, name: &str) -> Option<&Self> {
        self.properties.iter().find(|(known, _)| known == name).map(|(_, schema)| schema)
    }

    /// The only member that is called so but for case and separators.
    pub(crate) fn alike(&self, name: &str) -> Option<&str> {
        let mut like = self.properties.iter().filter(|(known, _)| folded(known).eq(folded(name)));
        let (known, _) = like.next()?;
        like.next().is_none().then_some(known)
    }

    /// Whether it may be of this type.
    pub(crate) fn takes(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Whether it is text and nothing else, whatever it says.
    pub(crate) fn is_free_text(&self) -> bool {
        self.kinds == [Kind::String] && self.words.is_empty()
    }
}

fn kinds(value: Option<&Value>) -> Vec<Kind> {
    let kind = |value: &Value| match value.as_str()? {
        "string" => Some(Kind::String),
        "integer" => Some(Kind::Integer),
        "number" => Some(Kind::Number),
        "boolean" => Some(Kind::Boolean),
        "array" => Some(Kind::Array),
        "object" => Some(Kind::Object),
        "null" => Some(Kind::Null),
        _ => None,
    };
    match value {
        Some(Value::Array(all)) => all.iter().filter_map(kind).collect(),
        Some(one) => kind(one).into_iter().collect(),
        None => Vec::new(),
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let all = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
