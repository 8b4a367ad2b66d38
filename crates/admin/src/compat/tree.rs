//! Objects in the making.

use serde_json::{Map, Value};

/// Puts something into an object at the end of a way of names, and makes the objects on it. What is none becomes one.
pub(crate) fn put(tree: &mut Value, way: &[&str], what: impl Into<Value>) {
    let Some((name, rest)) = way.split_first() else {
        *tree = what.into();
        return;
    };
    if !tree.is_object() {
        *tree = Value::Object(Map::new());
    }
    if let Some(fields) = tree.as_object_mut() {
        put(fields.entry(*name).or_insert(Value::Null), rest, what);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_on_the_way_is_made() {
        let mut tree = json!({"a": 1, "b": {"c": 2}});
        put(&mut tree, &["b", "d", "e"], 3);
        put(&mut tree, &["a", "f"], true);
        assert_eq!(tree, json!({"a": {"f": true}, "b": {"c": 2, "d": {"e": 3}}}));
    }
}
