//! What a provider says of a person: a name, and what makes a role.

use serde_json::{Map, Value};
use trunkline_config::OidcClient;

use super::super::role::Role;

/// Longest name that is kept.
const NAME_CHARACTERS_MAX: usize = 200;

/// The claims that may hold a name, the best one first; the last is always there.
const NAMES: [&str; 4] = ["preferred_username", "email", "name", "sub"];

/// What people call a person.
pub(super) fn name(said: &Map<String, Value>) -> String {
    let text = NAMES.iter().find_map(|claim| said.get(*claim)?.as_str().filter(|name| !name.trim().is_empty()));
    let plain = text.unwrap_or("nobody").chars().filter(|character| !character.is_control());
    plain.take(NAME_CHARACTERS_MAX).collect()
}

/// The claim of that name, or the one that its dots lead to.
pub(super) fn find<'a>(said: &'a Map<String, Value>, claim: &str) -> Option<&'a Value> {
    let led = || {
        let (first, rest) = claim.split_once('.')?;
        rest.split('.').try_fold(said.get(first)?, |value, step| value.get(step))
    };
    said.get(claim).or_else(led)
}

/// The greatest role that the claim gives.
pub(super) fn role(client: &OidcClient, said: &Map<String, Value>) -> Option<Role> {
    let claim = find(said, &client.role_claim)?;
    let has = |values: &[String]| match claim {
        Value::String(one) => values.contains(one),
        Value::Array(all) => all.iter().filter_map(Value::as_str).any(|one| values.iter().any(|value| value == one)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    };
    if has(&client.admin_values) {
        return Some(Role::Admin);
    }
    has(&client.viewer_values).then_some(Role::Viewer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(claim: &str, said: &Value, expected: Option<Role>) {
        let client = OidcClient {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: None,
            name: String::new(),
            scope: String::new(),
            role_claim: claim.to_owned(),
            admin_values: vec!["boss".to_owned()],
            viewer_values: vec!["staff".to_owned()],
        };
        let said = said.as_object().expect("an object").clone();
        assert_eq!(role(&client, &said), expected, "{claim} {said:?}");
    }

    #[test]
    fn roles_follow_from_the_claim() {
        check("groups", &json!({"groups": ["staff", "boss"]}), Some(Role::Admin));
        check("groups", &json!({"groups": ["other", "staff"]}), Some(Role::Viewer));
        check("groups", &json!({"groups": "staff"}), Some(Role::Viewer));
        check("groups", &json!({"groups": "boss staff"}), None);
        check("groups", &json!({"groups": {"boss": true}}), None);
        check("groups", &json!({"roles": ["boss"]}), None);
        check("realm_access.roles", &json!({"realm_access": {"roles": ["boss"]}}), Some(Role::Admin));
        check("https://a.example/roles", &json!({"https://a.example/roles": ["boss"]}), Some(Role::Admin));
        check("a.b.c", &json!({"a": {"b": 1}}), None);
    }

    #[test]
    fn people_have_names() {
        let named = |said: &Value| name(said.as_object().expect("an object"));
        assert_eq!(
            named(&json!({"sub": "1", "email": "ada@example.com", "preferred_username": " "})),
            "ada@example.com"
        );
        assert_eq!(named(&json!({"sub": "a\nb"})), "ab");
        assert_eq!(named(&json!({"sub": "x".repeat(500)})).len(), NAME_CHARACTERS_MAX);
    }
}
