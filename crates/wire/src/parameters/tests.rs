use proptest::prelude::*;
use serde_json::json;

use super::*;

fn parameters(set: Value, default: Value, drop: &[&str]) -> Parameters {
    let object = |value: Value| value.as_object().cloned().expect("an object");
    Parameters {
        set: object(set),
        default: object(default),
        drop: drop.iter().map(|name| (*name).to_owned()).collect(),
    }
}

#[track_caller]
fn check(body: &str, changes: &Parameters, hidden: &[&str], expected: &str) {
    let mut edits = Edits::new();
    changes.edits(body.as_bytes(), hidden, &mut edits);
    let pieces = splice(&Bytes::copy_from_slice(body.as_bytes()), edits).concat();
    assert_eq!(String::from_utf8(pieces).expect("text"), expected, "{body}");
}

#[test]
fn what_is_set_is_said_whatever_the_client_says() {
    let changes = parameters(json!({"temperature": 0}), json!({}), &[]);
    check(r#"{"model":"m"}"#, &changes, &[], r#"{"temperature":0,"model":"m"}"#);
    check(r#"{"model":"m", "temperature" : 0.7 }"#, &changes, &[], r#"{"model":"m", "temperature" : 0 }"#);
    check(r#"{"temp\u0065rature":1,"temperature":2}"#, &changes, &[], r#"{"temp\u0065rature":0,"temperature":0}"#);
    check(" { } ", &changes, &[], r#" {"temperature":0 } "#);
}

#[test]
fn a_default_is_said_when_the_client_says_nothing() {
    let changes = parameters(json!({}), json!({"top_p": 1, "seed": 7}), &[]);
    check(r#"{"top_p":0.5,"seed":null}"#, &changes, &[], r#"{"top_p":0.5,"seed":7}"#);
    check(r#"{"a":1}"#, &changes, &[], r#"{"top_p":1,"seed":7,"a":1}"#);
}

#[test]
fn tables_are_laid_over_objects() {
    let changes =
        parameters(json!({"options": {"num_ctx": 8192}}), json!({"options": {"num_ctx": 1, "top_k": 5}}), &[]);
    check(r#"{"options":{"num_ctx":4,"seed":1}}"#, &changes, &[], r#"{"options":{"top_k":5,"num_ctx":8192,"seed":1}}"#);
    check(r#"{"options":null}"#, &changes, &[], r#"{"options":{"top_k":5,"num_ctx":8192}}"#);
    check("{}", &changes, &[], r#"{"options":{"top_k":5,"num_ctx":8192}}"#);
}

#[test]
fn what_goes_goes_with_its_comma() {
    let changes = parameters(json!({}), json!({}), &["b"]);
    for (body, expected) in [
        (r#"{"b":1}"#, "{}"),
        (r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"c":3}"#),
        (r#"{"b":2 , "c":3}"#, r#"{"c":3}"#),
        (r#"{"a":1 , "b":2}"#, r#"{"a":1}"#),
        (r#"{"b":0,"b":1,"a":1,"b":2,"b":3}"#, r#"{"a":1}"#),
        (r#"{"a":{"b":1}}"#, r#"{"a":{"b":1}}"#),
    ] {
        check(body, &changes, &[], expected);
    }
    check(r#"{"models":["x"],"model":"m","b":1}"#, &changes, &["models"], r#"{"model":"m"}"#);
}

#[test]
fn what_is_dropped_and_set_is_set() {
    let changes = parameters(json!({"provider": {"only": ["a"]}}), json!({}), &[]);
    check(r#"{"provider":{"order":["b"]}}"#, &changes, &["provider"], r#"{"provider":{"only":["a"]}}"#);
    let changes = parameters(json!({}), json!({"b": 1}), &["b"]);
    check(r#"{"a":0,"b":2}"#, &changes, &[], r#"{"b":1,"a":0}"#);
}

#[test]
fn what_was_dropped_is_named_once() {
    let changes = parameters(json!({}), json!({}), &["b", "c"]);
    let (body, dropped) = changes.applied(Bytes::from_static(br#"{"b":1,"b":2}"#));
    assert_eq!((body, dropped), (Bytes::from_static(b"{}"), vec!["b".to_owned()]));
}

/// The same by way of a tree.
fn expected(body: &Map<String, Value>, changes: &Parameters) -> Value {
    let mut out = body.clone();
    out.retain(|name, _| !changes.drop.contains(name));
    let under = |client: Map<String, Value>| merged(drop_nulls(client), changes.default.clone());
    let nulls: Map<String, Value> =
        out.iter().filter(|(_, value)| value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect();
    let mut out = under(out);
    for (name, value) in nulls {
        out.entry(name).or_insert(value);
    }
    Value::Object(merged(changes.set.clone(), out))
}

fn drop_nulls(map: Map<String, Value>) -> Map<String, Value> {
    map.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

fn flat() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![Just(Value::Null), any::<i8>().prop_map(Value::from), "[a-z\"]{0,3}".prop_map(Value::from)];
    proptest::collection::vec(("[a-e]", value), 0..5).prop_map(|members| members.into_iter().collect())
}

proptest! {
    #[test]
    fn a_body_says_what_a_tree_would(body in flat(), set in flat(), default in flat(), drop in proptest::collection::vec("[a-e]", 0..3)) {
        let changes = Parameters { set, default, drop };
        let text = serde_json::to_vec(&body).expect("JSON");
        let (changed, _) = changes.applied(text.into());
        let found: Value = serde_json::from_slice(&changed).expect("still JSON");
        prop_assert_eq!(found, expected(&body, &changes));
    }

    #[test]
    fn any_object_stays_one(members in proptest::collection::vec(("[a-c]", crate::scan::tests::any_json()), 0..4), inner in flat()) {
        let changes = parameters(json!({"a": inner}), json!({"b": {"x": 1}}), &["c"]);
        let text = crate::scan::tests::object_text(&members);
        let (changed, _) = changes.applied(text.into());
        prop_assert!(serde_json::from_slice::<Map<String, Value>>(&changed).is_ok());
    }
}
