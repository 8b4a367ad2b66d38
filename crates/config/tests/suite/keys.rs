//! What a document says of single keys, and of whose targets a model has.

use std::sync::Arc;

use super::support::{ok, problems};
use expect_test::expect;
use trunkline_config::{Key, KeyLimits};

const NO_ENV: &[(&str, &str)] = &[];

fn keys(text: &str) -> Vec<Arc<Key>> {
    let loaded = ok(Some(text), &[("ONE", "canary-1"), ("TWO", "canary-2")]);
    loaded.snapshot.providers["groq"].keys.clone()
}

#[test]
fn a_key_is_a_text_or_a_table() {
    let keys = keys(
        r#"
[providers.groq]
keys = ["${ONE}", { key = "${TWO}", weight = 3, requests_per_minute = 60, tokens_per_minute = 1000 }]
"#,
    );
    let shown =
        |key: &Key| (key.label.to_string(), key.header.to_str().unwrap().to_owned(), key.weight, key.is_counted);
    let [one, two] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!(shown(one), ("groq#1".to_owned(), "Bearer canary-1".to_owned(), 1, false));
    assert_eq!(shown(two), ("groq#2".to_owned(), "Bearer canary-2".to_owned(), 3, true));
    assert_eq!(two.limits, KeyLimits { requests_per_minute: Some(60), tokens_per_minute: Some(1000) });
    assert!(!format!("{keys:?}").contains("canary"), "a key shows itself");
}

#[test]
fn keys_are_counted_where_that_decides_between_them() {
    let counted = |text| keys(text).iter().map(|key| key.is_counted).collect::<Vec<_>>();
    assert_eq!(counted("[providers.groq]\nkeys = [\"a\", \"b\"]"), [false, false]);
    assert_eq!(counted("[providers.groq]\nkeys = [\"a\", \"b\"]\nkey_strategy = \"least_used\""), [true, true]);
}

#[test]
fn what_is_wrong_in_a_keys_table_is_told_without_the_key() {
    let text = r#"
[providers.groq]
keys = [
  { key = "canary", weight = 0 },
  { weight = 2 },
  { key = "canary", rpm = 3 },
  { key = "${NOPE}", tokens_per_minute = "many" },
]
"#;
    expect![[r#"
        t.toml:4:30: providers.groq.keys[0].weight: 0 is out of range; write a number from 1 to 4294967295
        t.toml:5:3: providers.groq.keys[1]: `key` is missing
        t.toml:6:21: providers.groq.keys[2].rpm: unknown key; there are `key`, `weight`, `requests_per_minute`, `tokens_per_minute`
        t.toml:7:11: providers.groq.keys[3].key: the variable `NOPE` is not set; set it in the environment Trunkline is started with
        t.toml:7:42: providers.groq.keys[3].tokens_per_minute: expected a whole number, found a text"#]].assert_eq(&problems(Some(text), NO_ENV));
}

#[test]
fn passes_over_the_keys_are_bounded_and_have_the_predecessors_variable() {
    let cycles = |variables| ok(Some("[failover]\nkey_cycles = 2"), variables).snapshot.failover.key_cycles;
    assert_eq!(cycles(NO_ENV), 2);
    assert_eq!(cycles(&[("MAX_KEY_RETRY_CYCLES", "3")]), 3);
    assert_eq!(cycles(&[("MAX_KEY_RETRY_CYCLES", "50")]), 8);
}

#[test]
fn a_duplicate_has_the_targets_of_others_that_serve_the_same_model_behind_its_own() {
    let text = r#"
[providers.a]
type = "vllm"
base_url = "http://127.0.0.1:1"
[providers.b]
type = "vllm"
base_url = "http://127.0.0.1:2"
[models.first]
strategy = "duplicate"
targets = [{ provider = "a", model = "qwen", priority = 1 }]
[models.second]
targets = [{ provider = "b", model = "qwen", weight = 3 }, { provider = "b", model = "llama" }]
[models.third]
targets = [{ provider = "a", model = "qwen" }]
"#;
    let models = ok(Some(text), NO_ENV).snapshot.models;
    let targets = |model: &str| {
        let shown = models[model].targets.iter();
        shown.map(|it| format!("{}/{} {}", it.provider.name, it.model.name, it.priority)).collect::<Vec<_>>()
    };
    assert_eq!(targets("first"), ["a/qwen 1", "b/qwen 2"]);
    assert_eq!(targets("second"), ["b/qwen 0", "b/llama 0"], "only those that ask for it");
}
