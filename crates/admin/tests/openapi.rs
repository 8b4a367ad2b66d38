//! The description of the API: as it is committed, and true to the list of paths.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect_file;
use serde_json::Value;
use trunkline_admin::{Asks, all, openapi};

/// Paths of this API; others are those of other products.
const OWN: &str = "/api/v1/";

fn description() -> Value {
    serde_json::from_str(&openapi()).expect("JSON")
}

/// What is described, by method and path.
fn operations(description: &Value) -> BTreeMap<(String, String), Value> {
    let paths = description["paths"].as_object().expect("paths");
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().expect("methods").clone();
        let path = path.clone();
        methods.into_iter().map(move |(method, said)| ((method.to_uppercase(), path.clone()), said))
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn the_committed_description_is_what_the_paths_say() {
    expect_file!["../openapi.json"].assert_eq(&openapi());
}

#[test]
fn whatever_has_a_path_of_ours_is_described_with_whom_it_lets_in() {
    let description = description();
    let described = operations(&description);
    let own = all().filter(|at| at.path.starts_with(OWN));
    let listed: BTreeMap<_, _> = own.map(|at| ((at.method.to_owned(), at.path.to_owned()), at.asks)).collect();
    let names = |of: BTreeSet<&(String, String)>| of.into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(names(described.keys().collect()), names(listed.keys().collect()), "add `.says(...)` to the path");
    for (at, said) in described {
        let (role, is_open) = match listed[&at] {
            Asks::Open => (Value::Null, true),
            Asks::Viewer => (Value::from("viewer"), false),
            Asks::Admin => (Value::from("admin"), false),
        };
        assert_eq!((&said["x-trunkline-role"], said["security"] == serde_json::json!([])), (&role, is_open), "{at:?}");
    }
}

#[test]
fn operations_have_names_of_their_own_and_refer_to_what_is_there() {
    let description = description();
    let mut seen = BTreeSet::new();
    for (at, said) in operations(&description) {
        let name = said["operationId"].as_str().expect("a name").to_owned();
        assert!(seen.insert(name), "{at:?}");
        let summary = said["summary"].as_str().expect("a line");
        assert!(summary.ends_with('.') && !summary.contains('\n'), "{at:?}: {summary}");
    }
    check_references(&description, &description);
}

fn check_references(whole: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(place) = fields.get("$ref").and_then(Value::as_str) {
                assert!(whole.pointer(place.trim_start_matches('#')).is_some(), "{place}");
            }
            fields.values().for_each(|field| check_references(whole, field));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(whole, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
