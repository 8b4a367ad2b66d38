use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

/// With everything that people write around their settings.
const DOCUMENT: &str = r#"# The house's gateway.
# Ask ada before you change it.
default_context_window = 8192 # tokens

[server]   # where it listens
listen = "127.0.0.1:8700"
# listen = "0.0.0.0:8700"

# ---- Providers ----

# The box under the desk.
[providers.local]
type = 'vllm'
base_url = "http://127.0.0.1:8000/v1"   # no key
# keys = ["none"]

[providers."groq.eu"]
keys = [
  "${GROQ_1}", # of ada
  # "${GROQ_2}",
  "${GROQ_3}"  # of bob
]
headers = { x-team = "a", x-room.number = "7" }

[[client_keys]]
name = "laptop"
key = "${LAPTOP}"

# Of the build.
[[client_keys]]
name = "ci"
key = "${CI}"

# ---- Models ----

[models.turbo]
targets = [
  # cheap first
  { provider = "groq.eu", model = "llama", weight = 3 }, # fast
  { provider = "local", model = "qwen", priority = 1 },
]
aliases = ["t", "quick"]
price.input = 0.59
price.output = 0.79 # USD

[models.turbo.defaults]
temperature = 0.5

[models.small]   # the least
targets = [{ provider = "local", model = "tiny" }]
"#;

fn set(path: &str, value: Json) -> Edit {
    Edit::Set(path.parse().unwrap(), value)
}

fn gone(path: &str) -> Edit {
    Edit::Remove(path.parse().unwrap())
}

fn renamed(path: &str, name: &str) -> Edit {
    Edit::Rename(path.parse().unwrap(), name.to_owned())
}

/// Makes edits and shows the lines that went and came.
fn check(edits: &[Edit], expected: &Expect) {
    let edited = edits.iter().fold(DOCUMENT.to_owned(), |text, edit| apply(&text, edit).unwrap());
    expected.assert_eq(&differences(DOCUMENT, &edited));
    let crlf = DOCUMENT.replace('\n', "\r\n");
    let with_crlf = edits.iter().fold(crlf, |text, edit| apply(&text, edit).unwrap());
    assert_eq!(with_crlf, edited.replace('\n', "\r\n"));
}

/// The shortest way from one text to the other, with the line before each change.
fn differences(before: &str, after: &str) -> String {
    let (a, b): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let mut longest = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] =
                if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut out, mut same) = (0, 0, String::new(), true);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j, same) = (i + 1, j + 1, true);
            continue;
        }
        if std::mem::replace(&mut same, false) && i > 0 && !a[i - 1].is_empty() {
            out += &format!("  {}\n", a[i - 1]);
        }
        if j >= b.len() || (i < a.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            out += &format!("- {}\n", a[i]);
            i += 1;
        } else {
            out += &format!("+ {}\n", b[j]);
            j += 1;
        }
    }
    out
}

#[test]
fn a_value_is_changed_where_it_stands() {
    check(
        &[
            set("providers.local.base_url", json!("http://box/v1")),
            set("default_context_window", json!(4096)),
            set("models.turbo.price.output", json!(1.5)),
            set("models.turbo.targets[0].weight", json!(9)),
            set("providers.\"groq.eu\".headers.x-room.number", json!("8")),
        ],
        &expect![[r#"
              # Ask ada before you change it.
            - default_context_window = 8192 # tokens
            + default_context_window = 4096 # tokens
              type = 'vllm'
            - base_url = "http://127.0.0.1:8000/v1"   # no key
            + base_url = "http://box/v1"   # no key
              ]
            - headers = { x-team = "a", x-room.number = "7" }
            + headers = { x-team = "a", x-room.number = "8" }
                # cheap first
            -   { provider = "groq.eu", model = "llama", weight = 3 }, # fast
            +   { provider = "groq.eu", model = "llama", weight = 9 }, # fast
              price.input = 0.59
            - price.output = 0.79 # USD
            + price.output = 1.5 # USD
        "#]],
    );
}

#[test]
fn what_says_so_already_is_left_as_it_is_written() {
    check(
        &[
            set("providers.local.type", json!("vllm")),
            set(
                "models.turbo.targets",
                json!([
                    { "provider": "groq.eu", "model": "llama", "weight": 3 },
                    { "provider": "local", "model": "qwen", "priority": 2 },
                ]),
            ),
        ],
        &expect![[r#"
                { provider = "groq.eu", model = "llama", weight = 3 }, # fast
            -   { provider = "local", model = "qwen", priority = 1 },
            +   { provider = "local", model = "qwen", priority = 2 },
        "#]],
    );
}

#[test]
fn a_setting_comes_after_the_last_of_its_table() {
    check(
        &[
            set("providers.local.enabled", json!(false)),
            set("models.turbo.price.cached_input", json!(0.1)),
            set("models.turbo.context_window", json!(131072)),
            set("models.turbo.targets[1].weight", json!(2)),
            set("log.level", json!("debug")),
            set("fallback", json!("x")),
        ],
        &expect![[r#"
              default_context_window = 8192 # tokens
            + fallback = "x"
              base_url = "http://127.0.0.1:8000/v1"   # no key
            + enabled = false
                { provider = "groq.eu", model = "llama", weight = 3 }, # fast
            -   { provider = "local", model = "qwen", priority = 1 },
            +   { provider = "local", model = "qwen", priority = 1, weight = 2 },
              price.output = 0.79 # USD
            + price.cached_input = 0.1
            + context_window = 131072
              targets = [{ provider = "local", model = "tiny" }]
            + 
            + [log]
            + level = "debug"
        "#]],
    );
}

#[test]
fn a_table_comes_after_its_kin() {
    check(
        &[
            set("providers.openai", json!({ "keys": ["${OPENAI}"], "timeouts": { "connect": "1s" } })),
            set("models.\"gpt-4.1\".targets", json!([{ "provider": "openai", "model": "gpt-4.1" }])),
            set("client_keys[2]", json!({ "name": "phone", "key": "${PHONE}" })),
            set("patterns", json!([{ "name": "a", "regex": "b" }])),
            set("ledger", json!({ "keep": "30d" })),
        ],
        &expect![[r#"
            + [providers.openai]
            + keys = ["${OPENAI}"]
            + timeouts = { connect = "1s" }
            + 
            + [[client_keys]]
            + name = "phone"
            + key = "${PHONE}"
            + 
              targets = [{ provider = "local", model = "tiny" }]
            + 
            + [models."gpt-4.1"]
            + targets = [{ provider = "openai", model = "gpt-4.1" }]
            + 
            + [[patterns]]
            + name = "a"
            + regex = "b"
            + 
            + [ledger]
            + keep = "30d"
        "#]],
    );
}

#[test]
fn an_element_comes_to_the_end_of_its_list() {
    check(
        &[
            set("providers.\"groq.eu\".keys[2]", json!("${GROQ_4}")),
            set("models.turbo.targets[2]", json!({ "provider": "x", "model": "y" })),
            set("models.turbo.aliases[2]", json!("q")),
            set("models.small.targets[1]", json!({ "provider": "x", "model": "y" })),
        ],
        &expect![[r#"
                # "${GROQ_2}",
            -   "${GROQ_3}"  # of bob
            +   "${GROQ_3}",  # of bob
            +   "${GROQ_4}"
                { provider = "local", model = "qwen", priority = 1 },
            +   { provider = "x", model = "y" },
              ]
            - aliases = ["t", "quick"]
            + aliases = ["t", "quick", "q"]
              [models.small]   # the least
            - targets = [{ provider = "local", model = "tiny" }]
            + targets = [{ provider = "local", model = "tiny" }, { provider = "x", model = "y" }]
        "#]],
    );
}

#[test]
fn what_goes_takes_nothing_along() {
    check(
        &[
            gone("providers.\"groq.eu\".keys[0]"),
            gone("models.turbo.targets[0]"),
            gone("models.turbo.aliases[0]"),
            gone("models.turbo.price.input"),
            gone("client_keys[0]"),
            gone("providers.local.base_url"),
            gone("providers.\"groq.eu\".headers.x-team"),
        ],
        &expect![[r#"
              type = 'vllm'
            - base_url = "http://127.0.0.1:8000/v1"   # no key
              keys = [
            -   "${GROQ_1}", # of ada
              ]
            - headers = { x-team = "a", x-room.number = "7" }
            - 
            - [[client_keys]]
            - name = "laptop"
            - key = "${LAPTOP}"
            + headers = { x-room.number = "7" }
                # cheap first
            -   { provider = "groq.eu", model = "llama", weight = 3 }, # fast
              ]
            - aliases = ["t", "quick"]
            - price.input = 0.59
            + aliases = ["quick"]
        "#]],
    );
    check(
        &[gone("models.turbo"), gone("server")],
        &expect![[r#"
        - [server]   # where it listens
        - listen = "127.0.0.1:8700"
        - # listen = "0.0.0.0:8700"
        - 
        - [models.turbo]
        - targets = [
        -   # cheap first
        -   { provider = "groq.eu", model = "llama", weight = 3 }, # fast
        -   { provider = "local", model = "qwen", priority = 1 },
        - ]
        - aliases = ["t", "quick"]
        - price.input = 0.59
        - price.output = 0.79 # USD
        - 
        - [models.turbo.defaults]
        - temperature = 0.5
        - 
    "#]],
    );
}

#[test]
fn a_name_is_changed_wherever_it_is_written() {
    check(
        &[
            renamed("models.turbo", "gpt 5"),
            renamed("providers.\"groq.eu\"", "groq"),
            renamed("models.\"gpt 5\".price", "cost"),
            renamed("models.\"gpt 5\".targets[0].weight", "share"),
            renamed("client_keys", "callers"),
        ],
        &expect![[r#"
            - [providers."groq.eu"]
            + [providers.groq]
            - [[client_keys]]
            + [[callers]]
              # Of the build.
            - [[client_keys]]
            + [[callers]]
            - [models.turbo]
            + [models."gpt 5"]
                # cheap first
            -   { provider = "groq.eu", model = "llama", weight = 3 }, # fast
            +   { provider = "groq.eu", model = "llama", share = 3 }, # fast
              aliases = ["t", "quick"]
            - price.input = 0.59
            - price.output = 0.79 # USD
            + cost.input = 0.59
            + cost.output = 0.79 # USD
            - [models.turbo.defaults]
            + [models."gpt 5".defaults]
        "#]],
    );
}

#[test]
fn what_cannot_be_done_is_said() {
    let refused = |edit: &Edit| apply(DOCUMENT, edit).unwrap_err().to_string();
    assert_eq!(refused(&gone("providers.nobody")), "`providers.nobody` is not in the document");
    assert_eq!(refused(&set("models.turbo.targets[7]", json!({}))), "`models.turbo.targets[7]` is not in the document");
    assert_eq!(refused(&renamed("models.turbo", "small")), "`models.small` is in the document already");
    assert_eq!(refused(&renamed("models.turbo.targets[0]", "a")), "`models.turbo.targets[0]` is not in the document");
    assert_eq!(refused(&set("server.listen.port", json!(1))), "`server.listen` cannot have anything in it");
    assert_eq!(refused(&set("server.listen", json!(null))), "`server.listen` cannot be that: TOML has no such value");
    let broken = apply("a = \"sk-canary\nb", &gone("a")).unwrap_err().to_string();
    assert!(broken.starts_with("the document cannot be edited: ") && !broken.contains("canary"), "{broken}");
}

#[test]
fn what_comes_out_is_checked_like_any_document() {
    let text = "[providers.local]\ntype = \"vllm\"\nbase_url = \"http://127.0.0.1:8000/v1\"\n";
    let edit = |edit: Edit| super::edit(("t.toml", text), &[edit], &Env::default(), &Overrides::default(), &[]);
    let (edited, loaded) = edit(set("models.a.targets", json!([{ "provider": "local", "model": "b" }]))).unwrap();
    assert_eq!(edited, format!("{text}\n[models.a]\ntargets = [{{ provider = \"local\", model = \"b\" }}]\n"));
    assert!(loaded.snapshot.models.contains_key("a"));
    let refused = edit(set("models.a.targets", json!([{ "provider": "locla", "model": "b" }]))).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "t.toml:6:25: models.a.targets[0].provider: provider \"locla\" is not configured; did you mean `local`?"
    );
}

mod random;
