use serde_json::json;

use super::*;
use crate::schema;

const KEY: &str = "sk-canary-0123456789abcdWXYZ";

fn shown(text: &str) -> String {
    mask_document(text).expect("it is TOML")
}

#[test]
fn secrets_are_masked_and_all_else_stays() {
    let text = format!(
        "# who pays\n[providers.groq] # the fast one\ntype = \"groq\"\nkeys = [\"{KEY}\", '''short''', \"${{A}}\", {{ key = \"{KEY}\", weight = 2 }}]\n\
         headers = {{ x = \"Bearer ${{B}}\", y = \"sk-${{B}}\" }}\n# key = \"{KEY}\"\n\n[[client_keys]]\nname = \"a\"\nkey = \"secret:a\"\n"
    );
    let mask = format!("{MASK}WXYZ");
    let expected = format!(
        "# who pays\n[providers.groq] # the fast one\ntype = \"groq\"\nkeys = [\"{mask}\", \"{MASK}\", \"${{A}}\", {{ key = \"{mask}\", weight = 2 }}]\n\
         headers = {{ x = \"Bearer ${{B}}\", y = \"{MASK}\" }}\n# {MASK}\n\n[[client_keys]]\nname = \"a\"\nkey = \"secret:a\"\n"
    );
    assert_eq!(shown(&text), expected);
    assert_eq!(mask_document("a ="), None);
}

/// Every place that the schema calls secret.
fn places(schema: &Json, at: &Path, found: &mut Vec<(Path, Json)>) {
    if schema["writeOnly"] == true {
        found.push((at.clone(), KEY.into()));
    }
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        places(inner, &at.key(key), found);
    }
    for (inner, at) in [("additionalProperties", at.key("x")), ("items", at.index(0))] {
        if schema[inner].is_object() {
            places(&schema[inner], &at, found);
        }
    }
}

#[test]
fn every_secret_of_the_schema_is_masked() {
    let mut found = Vec::new();
    places(schema::value(), &Path::default(), &mut found);
    assert!(found.len() > 10, "{found:?}");
    for (path, secret) in found {
        let written = crate::edit::apply("", &crate::Edit::Set(path.clone(), secret)).expect("it can be written");
        assert!(written.contains(KEY) && !shown(&written).contains("canary"), "{path}: {}", shown(&written));
        let back = unmask_document(&shown(&written), &written);
        assert_eq!(value(&back), value(&written), "{path}");
        assert_eq!(masks_in(&shown(&written)), [path]);
    }
}

#[test]
fn comments_that_may_hold_a_key_are_masked() {
    for kept in ["# Ask Ada before you touch the limits.", "# don't", "# 200 a day, 3 of them", "#"] {
        assert_eq!(shown(kept), kept);
    }
    for hidden in ["#key = 1", "# key: x", "# it is 'x'", "# canary4f1d", "# abcdefghijklmnopqrstuvwxyz", "# `x`"] {
        assert_eq!(shown(hidden), format!("# {MASK}"));
    }
    assert_eq!(shown("default_patterns = true # key: x\n"), format!("default_patterns = true # {MASK}\n"));
}

fn keys(keys: &Json) -> Json {
    json!({ "keys": keys })
}

#[test]
fn a_mask_is_the_secret_that_it_stands_for_wherever_it_went() {
    let at = Path::of_keys(&["providers", "groq"]);
    let before = keys(&json!(["first-key-0123456789-aaaa", "second-key-0123456789-bbbb", "short", "brief"]));
    let cases = [
        (keys(&json!(["••••••••bbbb", "new"])), Ok(keys(&json!(["second-key-0123456789-bbbb", "new"])))),
        (keys(&json!([{ "key": "••••••••bbbb" }])), Ok(keys(&json!([{ "key": "second-key-0123456789-bbbb" }])))),
        (json!({ "key": "••••••••aaaa" }), Ok(json!({ "key": "first-key-0123456789-aaaa" }))),
        (keys(&json!(["••••••••", "••••••••"])), Ok(keys(&json!(["short", "brief"])))),
        // Which of the two is gone?
        (keys(&json!(["••••••••"])), Err("providers.groq.keys[0]")),
        (keys(&json!(["x", "••••••••cccc"])), Err("providers.groq.keys[1]")),
    ];
    for (mut value, expected) in cases {
        let done = unmask_value(&at, &mut value, &before).map_err(|path| path.to_string());
        assert_eq!(done.map(|()| value), expected.map_err(str::to_owned));
    }
}

#[test]
fn a_masked_document_gets_its_secrets_back_and_says_which_it_has_not() {
    let current = "[admin]\ntoken = \"a\"\n[providers.a]\nkey = \"b\"\n";
    let masked = format!("[admin]\ntoken = \"{MASK}\" # mine\n[providers.b]\nkey = \"{MASK}\"\n");
    let back = unmask_document(&masked, current);
    assert_eq!(back, format!("[admin]\ntoken = \"a\" # mine\n[providers.b]\nkey = \"{MASK}\"\n"));
    assert_eq!(masks_in(&back), [Path::of_keys(&["providers", "b", "key"])]);
}
