//! `tool_patterns`

use serde_json::Value;
use toml::Table;
use trunkline_wire::filter::{PATTERNS_MAX, Pattern, PatternError, Patterns};

use super::super::draft::{Set, literal};
use super::super::report::Report;
use super::super::rules::{Answer, Key, Misread, Rule, apply, approximate, exact, flag, make, manual, refuse};
use super::python::translated;
use super::{Desk, NO_DATES, UNKNOWN, object};

/// The highest priority: numbers beyond it are not exact everywhere.
const PRIORITY_MAX: u64 = 1 << 53;

struct Reading {
    pattern: Pattern,
    section: Table,
    /// What it was called, where another has the name.
    renamed: bool,
    /// Why it is not in the document.
    left_out: Option<&'static str>,
    /// What keeps it from being tried.
    wrong: Vec<PatternError>,
}

impl Reading {
    /// What is said of a column, unless the whole row is left out.
    fn told(&self, answer: impl FnOnce() -> Answer) -> Answer {
        self.left_out.map_or_else(answer, |reason| manual(format!("the pattern is left out: {reason}")))
    }

    fn to(&self, setting: &str) -> Answer {
        self.told(|| exact(format!("`patterns[].{setting}` of `{}`", self.pattern.name)))
    }

    /// The same, unless something is wrong with what it says.
    fn to_right(&self, setting: &str, is_its: impl Fn(&PatternError) -> bool) -> Answer {
        match self.wrong.iter().find(|error| is_its(error)) {
            Some(error) => self.told(|| manual(format!("`patterns[].{setting}`: {error}"))),
            None => self.to(setting),
        }
    }
}

/// Adds the pattern of one row.
pub(super) fn import(at: &str, row: &Value, desk: &mut Desk, report: &mut Report) {
    let mut reading = read(row, desk);
    apply(RULES, UNKNOWN, (at, row), &mut reading, report);
    if reading.left_out.is_none() {
        desk.draft.patterns.push(reading.section);
    }
}

fn read(row: &Value, desk: &Desk) -> Reading {
    let text = |column: &str| row.get(column).and_then(Value::as_str).unwrap_or_default();
    let stated = |column: &str| Some(text(column).trim().to_owned()).filter(|text| !text.is_empty());
    let named = text("pattern_name").trim();
    let name = desk.draft.free_pattern_name(named);
    let pattern = Pattern {
        name,
        priority: row.get("priority").and_then(order).unwrap_or_default(),
        regex: translated(text("regex_pattern")),
        tool_name: stated("tool_name"),
        tool_name_group: row.get("tool_name_group").and_then(group).and_then(|group| usize::try_from(group).ok()),
        tool_name_json_path: stated("tool_name_json_path"),
        tool_name_mapping: mapping(text("tool_name_mapping")).unwrap_or_default(),
        parameter_mapping: mapping(text("parameter_mapping")).unwrap_or_default(),
        enabled: row.get("enabled").and_then(flag) != Some(false),
    };
    let (_, errors) = Patterns::check(std::slice::from_ref(&pattern));
    let wrong: Vec<PatternError> = errors.into_iter().map(|(_, error)| error).collect();
    let section = section(&pattern, pattern.enabled && wrong.is_empty());
    let left_out = if named.is_empty() || named.contains(char::is_control) {
        Some("it has no usable name")
    } else if desk.draft.patterns.len() >= PATTERNS_MAX {
        Some("there are too many")
    } else if section.values().any(names_a_secret) {
        Some("`secret:` means something else at the beginning of a text")
    } else {
        None
    };
    Reading { renamed: pattern.name != named, pattern, section, left_out, wrong }
}

/// Whether a text would be taken for the name of a secret.
fn names_a_secret(value: &toml::Value) -> bool {
    let is_one = |value: &toml::Value| value.as_str().is_some_and(|text| text.starts_with("secret:"));
    is_one(value) || value.as_table().is_some_and(|table| table.values().any(is_one))
}

/// The number of a group; 0, which stands for none, is none.
fn group(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|group| u32::try_from(group).ok()).filter(|group| *group > 0)
}

/// A priority that a document can hold.
fn order(value: &Value) -> Option<i64> {
    value.as_i64().filter(|priority| priority.unsigned_abs() <= PRIORITY_MAX)
}

/// The names in a JSON object; `None`: it is no such object.
fn mapping(text: &str) -> Option<Vec<(String, String)>> {
    let names = object(text)?;
    names.iter().map(|(from, to)| Some((from.clone(), to.as_str()?.to_owned()))).collect()
}

/// What the document says of a pattern.
fn section(pattern: &Pattern, is_tried: bool) -> Table {
    let mut section = Table::new();
    section.set("name", literal(&pattern.name));
    section.set("regex", literal(&pattern.regex));
    section.set("priority", pattern.priority);
    for (key, text) in [("tool_name", &pattern.tool_name), ("tool_name_json_path", &pattern.tool_name_json_path)] {
        if let Some(text) = text {
            section.set(key, literal(text));
        }
    }
    if let Some(group) = pattern.tool_name_group.and_then(|group| i64::try_from(group).ok()) {
        section.set("tool_name_group", group);
    }
    let mappings =
        [("tool_name_mapping", &pattern.tool_name_mapping), ("parameter_mapping", &pattern.parameter_mapping)];
    for (key, names) in mappings {
        for (from, to) in names {
            section.inner(key).set(from, literal(to));
        }
    }
    if !is_tried {
        section.set("enabled", false);
    }
    section
}

/// What becomes of each column.
const RULES: &[Rule<Reading>] = &[
    make("id", |_, _| exact("patterns are referred to by their names")),
    make("pattern_name", name),
    make("pattern_type", |_, _| exact("the expression itself says it")),
    make("regex_pattern", regex),
    make("tool_name", |key, reading| stated(key, reading, "tool_name")),
    make("tool_name_group", name_group),
    make("tool_name_json_path", |key, reading| stated(key, reading, "tool_name_json_path")),
    make("tool_name_mapping", |key, reading| mapped(key, reading, "tool_name_mapping")),
    make("parameter_mapping", |key, reading| mapped(key, reading, "parameter_mapping")),
    make("enabled", enabled),
    make("priority", priority),
    refuse("created_at", NO_DATES),
    refuse("updated_at", NO_DATES),
];

fn name(key: &Key<'_>, reading: &mut Reading) -> Answer {
    key.text()?;
    if reading.renamed {
        return reading.told(|| approximate(format!("`{}`: another has its name", reading.pattern.name)));
    }
    reading.to("name")
}

fn regex(key: &Key<'_>, reading: &mut Reading) -> Answer {
    key.text()?;
    reading.to_right("regex", |error| matches!(error, PatternError::Regex(_) | PatternError::Empty))
}

fn stated(key: &Key<'_>, reading: &mut Reading, setting: &str) -> Answer {
    if key.text()?.trim().is_empty() { exact(NOT_SET) } else { reading.to(setting) }
}

fn name_group(key: &Key<'_>, reading: &mut Reading) -> Answer {
    match key.value.as_u64() {
        None => Err(Misread("the number of a group")),
        Some(0) => exact(NOT_SET),
        Some(_) => reading.to_right("tool_name_group", |error| matches!(error, PatternError::NameGroup(_))),
    }
}

fn mapped(key: &Key<'_>, reading: &mut Reading, setting: &str) -> Answer {
    match mapping(key.text()?) {
        None => reading.told(|| manual(format!("not a JSON object of names; set `patterns[].{setting}`"))),
        Some(names) if names.is_empty() => exact(NOT_SET),
        Some(_) => reading.to_right(setting, |error| {
            matches!(error, PatternError::ParameterGroup(_)) && setting == "parameter_mapping"
        }),
    }
}

fn enabled(key: &Key<'_>, reading: &mut Reading) -> Answer {
    match (key.flag()?, reading.wrong.first()) {
        (true, Some(error)) => reading.told(|| manual(format!("switched off until it is right: {error}"))),
        (true, None) | (false, _) => reading.to("enabled"),
    }
}

fn priority(key: &Key<'_>, reading: &mut Reading) -> Answer {
    order(key.value).ok_or(Misread("a whole number"))?;
    reading.to("priority")
}

const NOT_SET: &str = "not set";
