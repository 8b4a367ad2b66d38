//! Holds a document against the schema and finds everything that is wrong with it, each with its position.
//!
//! What is wrong is cut out, so that the rest can be read and resolved, and its problems be told in the same breath.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value as Schema;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::document::Document;
use crate::env::{Env, ReferenceError, expand};
use crate::file::unit::UnitError;
use crate::file::{Amount, Day, File, Period, PeriodOrZero, Size};
use crate::findings::{Findings, Spot};
use crate::nearest;
use crate::path::{Path, path};
use crate::{schema, stored};

/// Reads what is right of the document; what is wrong is in the findings.
pub(crate) fn check<'d>(document: &'d Document, env: &'d Env) -> (File, Findings<'d>) {
    let mut walk = Walk { document, env, found: Findings::new(document), spots: Vec::new(), switched_off: false };
    let mut tree = document.tree();
    let top = At { kept: Path::default(), shown: Path::default(), key: None };
    let header = tree.span();
    walk.table(schema::value(), tree.get_mut(), header, &top);
    let mut found = walk.found;
    found.spots = walk.spots.into_iter().collect();
    match File::deserialize(toml::de::Deserializer::from(tree)) {
        Ok(file) => (file, found),
        // What passes the schema is read without failing; should the two ever disagree, this says so with a position.
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            found.push(|| document.problem(&span, &Path::default(), error.message().to_owned(), None));
            (File::default(), found)
        }
    }
}

struct Walk<'d> {
    document: &'d Document,
    env: &'d Env,
    found: Findings<'d>,
    spots: Vec<(Path, Spot)>,
    /// Within a table that says `enabled = false`, where variables need not be set.
    switched_off: bool,
}

/// Where the walk is: the path after cutting, the path as written, and the key that led here.
struct At {
    kept: Path,
    shown: Path,
    key: Option<Range<usize>>,
}

impl<'d> Walk<'d> {
    /// Checks one value and returns whether it may stay.
    fn value(&mut self, schema: &'static Schema, node: &mut Spanned<DeValue<'d>>, at: &At) -> bool {
        let span = node.span();
        let is_table = matches!(node.get_ref(), DeValue::Table(_));
        let spot = Spot { shown: at.shown.clone(), key: at.key.clone(), value: span.clone(), is_table };
        self.spots.push((at.kept.clone(), spot));
        let kind = kind(node.get_ref());
        if !types(schema).any(|allowed| allowed == kind || (allowed == "number" && kind == "integer")) {
            let message = format!("expected {}, found {}", expected(schema), name(kind));
            let hint =
                (expected_list(schema) && kind == "string").then(|| "write it in brackets: `[\"...\"]`".to_owned());
            return self.wrong(&span, at, message, hint);
        }
        match node.get_mut() {
            DeValue::String(text) => self.text(schema, text, &span, at),
            DeValue::Integer(integer) => {
                let number = i128::from_str_radix(integer.as_str(), integer.radix()).ok();
                self.number(schema, number.map(|number| number as f64), &span, at)
            }
            DeValue::Float(float) => self.number(schema, float.as_str().parse().ok(), &span, at),
            DeValue::Array(items) => {
                for (index, mut item) in std::mem::replace(items, DeArray::new()).into_iter().enumerate() {
                    let at = At { kept: at.kept.index(items.len()), shown: at.shown.index(index), key: None };
                    if self.child(inside(schema, "items"), &mut item, &at) {
                        items.push(item);
                    }
                }
                let count_min = schema["minItems"].as_u64().unwrap_or(0);
                let enough = u64::try_from(items.len()).is_ok_and(|count| count >= count_min);
                enough || self.found.is_marred(&at.shown) || self.wrong(&span, at, "must not be empty".to_owned(), None)
            }
            DeValue::Table(table) => {
                let header = at.key.clone().unwrap_or(span);
                let outside = self.switched_off;
                self.switched_off |= table.get("enabled").is_some_and(|on| on.get_ref().as_bool() == Some(false));
                let kept = self.table(schema, table, header, at);
                self.switched_off = outside;
                kept
            }
            DeValue::Boolean(_) | DeValue::Datetime(_) => true,
        }
    }

    /// Checks a value and forgets where it stands when it is cut out.
    fn child(&mut self, schema: &'static Schema, node: &mut Spanned<DeValue<'d>>, at: &At) -> bool {
        let known = self.spots.len();
        let kept = self.value(schema, node, at);
        if !kept {
            self.spots.truncate(known);
        }
        kept
    }

    fn table(&mut self, schema: &'static Schema, table: &mut DeTable<'d>, header: Range<usize>, at: &At) -> bool {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Schema::as_str).collect();
        let mut complete = true;
        for key in required.iter().filter(|key| !table.contains_key(**key)) {
            complete = self.wrong(&header, at, format!("`{key}` is missing"), None);
        }
        for (key, mut node) in std::mem::take(table) {
            let name: &str = key.get_ref();
            let at = At { kept: at.kept.key(name), shown: at.shown.key(name), key: Some(key.span()) };
            let inner = match (schema["properties"].get(name), inside(schema, "additionalProperties")) {
                (Some(inner), _) => inner,
                (None, inner @ Schema::Object(_)) => inner,
                (None, _) => {
                    let known = schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str());
                    let hint = nearest::hint(name, &known.collect::<Vec<_>>());
                    self.wrong(&key.span(), &at, "unknown key".to_owned(), hint);
                    continue;
                }
            };
            if self.child(inner, &mut node, &at) {
                table.insert(key, node);
            } else {
                complete &= !required.contains(&name);
            }
        }
        complete
    }

    fn text(&mut self, schema: &Schema, text: &mut Cow<'d, str>, span: &Range<usize>, at: &At) -> bool {
        if text.starts_with(stored::PREFIX) && at.kept == path(&["store", "url"]) {
            let hint = "name an environment variable: `${VAR}`".to_owned();
            return self.wrong(span, at, "the way to the store cannot be kept in the store".to_owned(), Some(hint));
        }
        match expand(text, self.env) {
            Ok(Cow::Borrowed(_)) => {}
            Ok(Cow::Owned(expanded)) => *text = Cow::Owned(expanded),
            Err(ReferenceError::Undefined(_) | ReferenceError::NoSecret { .. }) if self.switched_off => return false,
            Err(error) => {
                let (message, hint) = describe(&error);
                return self.wrong(span, at, message, Some(hint));
            }
        }
        let allowed = words(schema);
        if !allowed.is_empty() && !allowed.contains(&text.as_ref()) {
            let message = format!("{} is not known here", self.document.quote(span));
            return self.wrong(span, at, message, nearest::hint(text, &allowed));
        }
        let unit = |error: UnitError| (error.to_string(), error.hint());
        let other = |(what, hint): (&str, &'static str)| (what.to_owned(), hint);
        let refused = match schema["format"].as_str() {
            Some(Period::FORMAT) => Period::parse(text).err().map(unit),
            Some(PeriodOrZero::FORMAT) => PeriodOrZero::parse(text).err().map(unit),
            Some(Size::FORMAT) => Size::parse(text).err().map(unit),
            Some(Amount::FORMAT) => Amount::parse(text).is_none().then_some(other(Amount::REFUSED)),
            Some(Day::FORMAT) => Day::parse(text).is_none().then_some(other(Day::REFUSED)),
            Some(_) | None => None,
        };
        refused.is_none_or(|(what, hint)| {
            let message = format!("{} {what}", self.document.quote(span));
            self.wrong(span, at, message, Some(hint.to_owned()))
        })
    }

    fn number(&mut self, schema: &Schema, number: Option<f64>, span: &Range<usize>, at: &At) -> bool {
        let least = schema["minimum"].as_f64();
        let most = schema["maximum"].as_f64().or(match schema["format"].as_str() {
            Some("uint32") => Some(f64::from(u32::MAX)),
            // TOML's own limit, and far beyond any number that makes sense here.
            Some(_) | None => schema["type"].as_str().filter(|kind| *kind == "integer").map(|_| (1_u64 << 53) as f64),
        });
        let fits = |number: f64| {
            number.is_finite() && least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most)
        };
        if number.is_some_and(fits) {
            return true;
        }
        let hint = match (least, most) {
            (Some(least), Some(most)) => Some(format!("write a number from {least} to {most}")),
            (Some(least), None) => Some(format!("write a finite number, {least} or more")),
            (None, _) => None,
        };
        let message = format!("{} is out of range", self.document.quote(span));
        self.wrong(span, at, message, hint)
    }

    /// Notes a problem and says that what has it may not stay.
    fn wrong(&mut self, span: &Range<usize>, at: &At, message: String, hint: Option<String>) -> bool {
        let document = self.document;
        self.found.push(|| document.problem(span, &at.shown, message, hint));
        false
    }
}

/// The schema of what is inside; where anything may be, one that says so.
fn inside(schema: &'static Schema, member: &str) -> &'static Schema {
    static ANY: LazyLock<Schema> = LazyLock::new(|| {
        let types = ["string", "number", "boolean", "array", "object"];
        serde_json::json!({ "type": types, "items": true, "additionalProperties": true })
    });
    let stated = &schema[member];
    if *stated == Schema::Bool(true) { &ANY } else { stated }
}

fn describe(error: &ReferenceError) -> (String, String) {
    match error {
        ReferenceError::Undefined(name) => (
            format!("the variable `{name}` is not set"),
            "set it in the environment Trunkline is started with".to_owned(),
        ),
        ReferenceError::Malformed => {
            ("`${` must be followed by a variable's name and `}`".to_owned(), "write `$${` for a plain `${`".to_owned())
        }
        ReferenceError::NoName => (
            "`secret:` must be followed by the name of a stored secret".to_owned(),
            "a name has letters, digits, `-`, `_` and `.`".to_owned(),
        ),
        ReferenceError::NoSecret { name, near } => {
            let meant = near.as_ref().map_or_else(String::new, |near| format!("did you mean `{near}`? "));
            let hint = format!("{meant}`trunkline secrets set {name}` stores it, and so does the settings page");
            (format!("the secret `{name}` is not stored"), hint)
        }
        ReferenceError::Shut(name) => (
            format!("the secret `{name}` cannot be opened: somebody has changed it in the store"),
            format!("`trunkline secrets set {name}` stores it anew"),
        ),
        ReferenceError::Unreadable { name, why } => (format!("the secret `{name}` cannot be read"), why.clone()),
    }
}

/// JSON Schema's name for the type of a TOML value.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "boolean",
        DeValue::Datetime(_) => "date",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "object",
    }
}

/// The types a schema allows; a choice of words is a string.
fn types(schema: &Schema) -> impl Iterator<Item = &str> {
    let several = schema["type"].as_array().into_iter().flatten().filter_map(Schema::as_str);
    let words = schema["oneOf"].is_array().then_some("string");
    schema["type"].as_str().into_iter().chain(several).chain(words)
}

/// The words a schema allows; empty when it allows any text.
fn words(schema: &Schema) -> Vec<&str> {
    let plain = schema["enum"].as_array().into_iter().flatten().filter_map(Schema::as_str);
    let described = schema["oneOf"].as_array().into_iter().flatten().filter_map(|word| word["const"].as_str());
    plain.chain(described).collect()
}

fn expected_list(schema: &Schema) -> bool {
    types(schema).any(|kind| kind == "array")
}

fn expected(schema: &Schema) -> String {
    match schema["format"].as_str() {
        Some(Period::FORMAT | PeriodOrZero::FORMAT) => "a period such as \"30s\"".to_owned(),
        Some(Size::FORMAT) => "a size such as \"32MiB\"".to_owned(),
        Some(Day::FORMAT) => "a text such as \"2027-01-31\"".to_owned(),
        Some(_) | None => types(schema).map(name).collect::<Vec<_>>().join(" or "),
    }
}

fn name(kind: &str) -> &'static str {
    match kind {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        "array" => "a list",
        "object" => "a table",
        _ => "a date",
    }
}
