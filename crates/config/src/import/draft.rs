//! A document in the making, and how it is written down.

use std::fmt::Write as _;

use indexmap::IndexMap;
use toml::{Table, Value};

use crate::write::{inline, key};

/// A document in the making.
#[derive(Default)]
pub(super) struct Draft {
    /// What the document's first lines say.
    pub(super) heading: Vec<String>,
    /// The tables at the top other than those below, such as `server`.
    pub(super) sections: IndexMap<&'static str, Table>,
    pub(super) providers: IndexMap<String, Table>,
    pub(super) client_keys: Vec<Table>,
    pub(super) patterns: Vec<Table>,
    pub(super) models: IndexMap<String, Model>,
}

/// A declared model in the making.
#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) targets: Vec<Table>,
    pub(super) settings: Table,
}

/// Writes settings in one line each.
pub(super) trait Set {
    fn set(&mut self, key: &str, value: impl Into<Value>);
    /// The table of this name in it, made when it is not there.
    fn inner(&mut self, key: &str) -> &mut Table;
}

impl Set for Table {
    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.insert(key.to_owned(), value.into());
    }
    fn inner(&mut self, key: &str) -> &mut Table {
        let entry = self.entry(key.to_owned()).or_insert_with(|| Value::Table(Table::new()));
        if !entry.is_table() {
            *entry = Value::Table(Table::new());
        }
        entry.as_table_mut().expect("it was made a table just now")
    }
}

impl Draft {
    /// `name`, or `name-2` and so on when another provider has it.
    pub(super) fn free_name(&self, name: &str) -> String {
        free(name, |name| self.providers.contains_key(name))
    }

    /// The same among patterns.
    pub(super) fn free_pattern_name(&self, name: &str) -> String {
        let is_taken = |name: &str| {
            self.patterns.iter().any(|other| other.get("name").is_some_and(|it| it.as_str() == Some(&literal(name))))
        };
        free(name, is_taken)
    }

    /// Adds a provider, unless there is one that says the same, and returns its name.
    pub(super) fn share_provider(&mut self, wanted: &str, section: Table) -> String {
        let same = self.providers.iter().find(|(_, other)| **other == section);
        if let Some((name, _)) = same {
            return name.clone();
        }
        let name = self.free_name(wanted);
        self.providers.insert(name.clone(), section);
        name
    }

    /// The document.
    pub(super) fn write(&self) -> String {
        let mut out = String::new();
        for line in &self.heading {
            let _ = writeln!(out, "# {line}");
        }
        for (name, section) in &self.sections {
            write_section(&mut out, name, section);
        }
        for (name, section) in &self.providers {
            write_section(&mut out, &format!("providers.{}", key(name)), section);
        }
        for (header, sections) in [("client_keys", &self.client_keys), ("patterns", &self.patterns)] {
            for section in sections {
                let _ = writeln!(out, "\n[[{header}]]");
                write_settings(&mut out, section);
            }
        }
        for (name, model) in &self.models {
            let _ = writeln!(out, "\n[models.{}]\ntargets = [", key(name));
            for target in &model.targets {
                let _ = writeln!(out, "  {},", inline(&Value::Table(target.clone())));
            }
            out.push_str("]\n");
            write_settings(&mut out, &model.settings);
        }
        out
    }
}

/// `name`, or `name-2` and so on when it is taken.
fn free(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut names = std::iter::once(name.to_owned()).chain((2_usize..).map(|count| format!("{name}-{count}")));
    names.find(|name| !is_taken(name)).unwrap_or_default()
}

fn write_section(out: &mut String, header: &str, section: &Table) {
    let _ = writeln!(out, "\n[{header}]");
    let (tables, plain): (Table, Table) = section.clone().into_iter().partition(|(_, value)| is_nest(value));
    write_settings(out, &plain);
    for (name, table) in &tables {
        for (inner, section) in table.as_table().into_iter().flatten() {
            let Some(section) = section.as_table() else { continue };
            write_section(out, &format!("{header}.{}.{}", key(name), key(inner)), section);
        }
    }
}

/// A table of tables: each gets a header of its own.
fn is_nest(value: &Value) -> bool {
    value.as_table().is_some_and(|table| !table.is_empty() && table.values().all(Value::is_table))
}

fn write_settings(out: &mut String, settings: &Table) {
    for (name, value) in settings {
        let _ = writeln!(out, "{} = {}", key(name), inline(value));
    }
}

/// A text that is to be taken as it is, whatever it holds.
pub(super) fn literal(text: &str) -> String {
    text.replace("${", "$${")
}

/// A list of texts.
pub(super) fn list<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
    Value::Array(items.into_iter().map(Into::into).collect())
}
