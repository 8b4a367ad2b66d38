//! Fixtures and the files their outcomes are compared with.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use serde_json::Value;
use trunkline_wire::dialect::ALL;
use trunkline_wire::ir::Losses;
use trunkline_wire::{Dialect, DialectId};

/// One fixture.
pub(crate) struct Fixture {
    /// The dialect it is written in.
    pub(crate) origin: &'static dyn Dialect,
    /// Its name, without the ending.
    pub(crate) name: String,
    /// What it says.
    pub(crate) bytes: Vec<u8>,
    /// Where its outcome is.
    golden: PathBuf,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The names of a folder's entries, in order; none when there is no folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Every fixture of a kind: `requests`, `responses`, `streams`.
pub(crate) fn all(kind: &str) -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for origin in ALL.iter().copied() {
        let folder = root().join(kind).join(origin.id().as_str());
        let golden = root().join("golden").join(kind).join(origin.id().as_str());
        let given = names(&folder);
        for file in &given {
            fixtures.push(Fixture {
                origin,
                name: format!("{kind}/{}/{file}", origin.id().as_str()),
                bytes: fs::read(folder.join(file)).unwrap(),
                golden: golden.join(stem(file)).with_extension("txt"),
            });
        }
        let stems: BTreeSet<&str> = given.iter().map(|file| stem(file)).collect();
        let orphans: Vec<String> = names(&golden).into_iter().filter(|file| !stems.contains(stem(file))).collect();
        assert!(orphans.is_empty(), "{} belong to no fixture: {orphans:?}", golden.display());
    }
    assert!(!fixtures.is_empty(), "there are fixtures of {kind}");
    fixtures
}

/// What every dialect makes of a fixture, in sections.
#[derive(Default)]
pub(crate) struct Outcome(String);

impl Outcome {
    /// Adds what a dialect wrote.
    pub(crate) fn add(&mut self, to: DialectId, said: &str, losses: &Losses) {
        self.0.push_str(&format!("=== {}\n{}\n", to.as_str(), said.trim_end()));
        for loss in losses.iter() {
            self.0.push_str(&format!("--- lost: {}\n", loss.field));
        }
        self.0.push('\n');
    }

    /// Compares it with the fixture's file.
    pub(crate) fn check(self, fixture: &Fixture) {
        if is_set("UPDATE_EXPECT") {
            fs::create_dir_all(fixture.golden.parent().unwrap()).unwrap();
        }
        expect_file![fixture.golden.clone()].assert_eq(&self.0);
    }
}

/// Whether files are to be written anew.
#[expect(clippy::disallowed_methods, reason = "tests have nobody who reads the environment for them")]
pub(crate) fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

/// JSON as people review it: each member of the body on a line, each element of a list there too.
pub(crate) fn pretty(bytes: &[u8]) -> String {
    let value: Value = serde_json::from_slice(bytes).unwrap_or_else(|error| {
        panic!("{error} in {}", String::from_utf8_lossy(bytes));
    });
    let Value::Object(members) = &value else { return value.to_string() };
    let mut text = String::new();
    for (name, value) in members {
        match value {
            Value::Array(list) if list.iter().any(Value::is_object) => {
                text.push_str(&format!("{name}: [\n"));
                list.iter().for_each(|element| text.push_str(&format!("  {element},\n")));
                text.push_str("]\n");
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                text.push_str(&format!("{name}: {value}\n"))
            }
        }
    }
    text
}

/// Whether two bodies say the same but for the order of members; null is as good as absent.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    let value = |bytes: &[u8]| without_nulls(serde_json::from_slice(bytes).unwrap());
    value(left) == value(right)
}

/// A value without members that are null.
pub(crate) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let said = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(said.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_nulls).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
