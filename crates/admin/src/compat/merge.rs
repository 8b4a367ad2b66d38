//! Changes that are told in another gateway's words, made to what the document says in ours.

use serde_json::{Map, Value};

/// What tells one target of a model from the others.
const IDENTITY: [&str; 2] = ["provider", "model"];

/// `current` with all that is different in `after` from what it was in `before`, and with nothing else: what the other
/// words cannot say stays as it is.
pub(crate) fn merged(current: &Value, before: &Value, after: &Value) -> Value {
    if before == after {
        return current.clone();
    }
    match (current, before, after) {
        (Value::Object(current), Value::Object(before), Value::Object(after)) => {
            Value::Object(merged_tables(current, before, after))
        }
        (Value::Array(current), Value::Array(before), Value::Array(after)) => {
            let same_length = before.len() == after.len();
            let merge = |(index, item): (usize, &Value)| {
                let place = before.iter().position(|other| is_same(other, item)).or(same_length.then_some(index));
                let known = place.and_then(|place| Some((current.get(place)?, before.get(place)?)));
                known.map_or_else(|| item.clone(), |(current, before)| merged(current, before, item))
            };
            // Of those at the end the other words know nothing.
            let unknown = current.iter().skip(before.len()).cloned();
            Value::Array(after.iter().enumerate().map(merge).chain(unknown).collect())
        }
        // A key of a provider is a text, or a table that says more of it.
        (Value::Object(current), Value::String(_), Value::String(key)) if current.contains_key("key") => {
            let mut current = current.clone();
            current.insert("key".to_owned(), Value::from(key.as_str()));
            Value::Object(current)
        }
        _ => after.clone(),
    }
}

fn merged_tables(
    current: &Map<String, Value>,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Map<String, Value> {
    let mut merged_table = current.clone();
    for gone in before.keys().filter(|name| !after.contains_key(*name)) {
        merged_table.remove(gone);
    }
    for (name, after) in after {
        match (current.get(name), before.get(name)) {
            (_, Some(before)) if before == after => {}
            (Some(current), Some(before)) => {
                merged_table.insert(name.clone(), merged(current, before, after));
            }
            (None, _) | (_, None) => {
                merged_table.insert(name.clone(), after.clone());
            }
        }
    }
    merged_table
}

fn is_same(one: &Value, other: &Value) -> bool {
    IDENTITY.iter().all(|field| one.get(field).is_some() && one.get(field) == other.get(field))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_not_changed_stays_as_it_is() {
        let current = json!({
            "type": "vllm", "base_url": "http://a/v1", "drain_timeout": "1m",
            "keys": [{"key": "one", "weight": 2}, "two"], "headers": {"x": "1", "y": "2"},
        });
        let before = json!({"type": "openai", "base_url": "http://a/v1", "keys": ["mask"], "headers": {"x": "1"}});
        let after = json!({"type": "openai", "base_url": "http://b/v1", "keys": ["new"], "enabled": false});
        let expected = json!({
            "type": "vllm", "base_url": "http://b/v1", "drain_timeout": "1m",
            "keys": [{"key": "new", "weight": 2}, "two"], "enabled": false,
        });
        assert_eq!(merged(&current, &before, &after), expected);
        assert_eq!(merged(&current, &before, &before), current);
    }

    #[test]
    fn targets_are_known_by_what_they_lead_to() {
        let target = |provider: &str, priority: u32| json!({"provider": provider, "model": "m", "priority": priority});
        let current =
            json!([{"provider": "a", "model": "m", "weight": 3}, {"provider": "b", "model": "m", "weight": 5}]);
        let before = json!([target("a", 0), target("b", 1)]);
        let after = json!([target("b", 0), target("c", 1), target("a", 2)]);
        let expected = json!([
            {"provider": "b", "model": "m", "weight": 5, "priority": 0},
            target("c", 1),
            {"provider": "a", "model": "m", "weight": 3, "priority": 2},
        ]);
        assert_eq!(merged(&current, &before, &after), expected);
        let one = json!([{"provider": "a", "model": "n", "priority": 0}]);
        let kept = json!([{"provider": "a", "model": "n", "weight": 3}]);
        assert_eq!(
            merged(&json!([current[0]]), &json!([target("a", 0)]), &one),
            kept,
            "the only one has another model"
        );
    }
}
