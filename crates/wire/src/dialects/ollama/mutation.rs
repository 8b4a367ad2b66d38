//! Bodies that are nearly right: for properties of whatever reads them.

use proptest::prelude::*;
use serde_json::{Value, json};

/// `text`, JSON, with up to three of its values replaced by others.
pub(super) fn mutated(text: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let whole: Value = serde_json::from_str(text).expect("JSON");
    let other = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(7),
        json!(-1),
        json!(0.5),
        json!(""),
        json!("c1"),
        json!([]),
        json!({}),
        json!(["look"]),
        json!({"name": "look"}),
    ]);
    prop::collection::vec((any::<prop::sample::Index>(), other), 0..4).prop_map(move |changes| {
        let mut value = whole.clone();
        for (index, other) in changes {
            let mut place = index.index(count(&value));
            *nth(&mut value, &mut place).expect("as many as were counted") = other;
        }
        serde_json::to_vec(&value).expect("a value")
    })
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(count).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

fn nth<'a>(value: &'a mut Value, place: &mut usize) -> Option<&'a mut Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|value| nth(value, place)),
        Value::Object(map) => map.values_mut().find_map(|value| nth(value, place)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
