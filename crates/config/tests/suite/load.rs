//! What a document, the environment and the flags come to, seen from outside.

use std::time::Duration;

use super::support::{env, ok, problems};
use expect_test::expect;
use trunkline_config::snapshot::key_hash;
use trunkline_config::{AuthMode, ClientKeys, FoundEndpoint, Overrides, load};
use trunkline_providers::{BaseUrl, registry};

const NO_ENV: &[(&str, &str)] = &[];

#[test]
fn nothing_at_all_is_a_working_start() {
    let loaded = ok(None, &[("HOME", "/home/ada")]);
    assert_eq!(loaded.snapshot.providers.keys().collect::<Vec<_>>(), ["dummy"]);
    assert!(matches!(loaded.snapshot.client_keys, ClientKeys::Unclaimed));
    assert_eq!(loaded.snapshot.server.listen.to_string(), "127.0.0.1:8700");
    assert_eq!(loaded.snapshot.server.body_bytes_max, 32 << 20);
    assert_eq!(loaded.snapshot.default_context_window, 128_000);
    assert_eq!(loaded.settings.store_url.expose(), "sqlite:///home/ada/.local/share/trunkline/trunkline.db");
    assert_eq!(loaded.settings.store_responses_ttl.as_secs(), 7 * 86_400);
    assert_eq!(loaded.notes, Vec::<String>::new());
}

#[test]
fn well_known_variables_and_their_numbered_forms_imply_providers() {
    let variables = [
        ("GROQ_API_KEY", "gsk-a"),
        ("GROQ_API_KEY_1", "gsk-a"),
        ("GROQ_API_KEY_7", " gsk-b\n"),
        ("OPENAI_API_KEY", ""),
        ("ANTHROPIC_API_KEY_2", "sk-c"),
    ];
    let loaded = ok(None, &variables);
    let labels = |name: &str| {
        let keys = loaded.snapshot.providers[name].keys.iter();
        keys.map(|key| (key.label.to_string(), key.header.to_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(loaded.snapshot.providers.keys().collect::<Vec<_>>(), ["anthropic", "groq", "dummy"]);
    let pair = |label: &str, header: &str| (label.to_owned(), header.to_owned());
    assert_eq!(labels("groq"), [pair("groq#1", "Bearer gsk-a"), pair("groq#2", "Bearer gsk-b")]);
}

#[test]
fn a_document_alone_says_which_providers_there_are() {
    let loaded = ok(Some("[providers.vllm]"), &[("GROQ_API_KEY", "gsk-a")]);
    assert_eq!(loaded.snapshot.providers.keys().collect::<Vec<_>>(), ["vllm", "dummy"]);
    let loaded = ok(Some("[providers.dummy]\nenabled = false"), NO_ENV);
    assert_eq!(loaded.snapshot.providers.len(), 0);
}

/// A server that discovery found at its usual place.
fn found(id: &str) -> FoundEndpoint {
    let vendor = registry::find(id).unwrap();
    FoundEndpoint { vendor, base_url: BaseUrl::parse(vendor.default_base_url.unwrap(), vendor).unwrap() }
}

#[test]
fn found_servers_join_unless_their_name_or_place_is_taken() {
    let text =
        "[providers.mine]\ntype = \"ollama\"\nbase_url = \"http://localhost:11434\"\n[providers.vllm]\nenabled = false";
    let endpoints = [found("ollama"), found("vllm"), found("llama_cpp")];
    let source = Some(("t.toml", text));
    let loaded = load(source, &env(NO_ENV), &Overrides::default(), &endpoints).unwrap();
    assert_eq!(loaded.snapshot.providers.keys().collect::<Vec<_>>(), ["mine", "llama_cpp", "dummy"]);
    let quiet = Some(("t.toml", "[discovery]\nprobe = false"));
    let loaded = load(quiet, &env(NO_ENV), &Overrides::default(), &endpoints).unwrap();
    assert_eq!(loaded.snapshot.providers.keys().collect::<Vec<_>>(), ["dummy"]);
}

#[test]
fn the_design_example_resolves() {
    let text = r#"
[server]
listen = "127.0.0.1:8700"

[providers.local]
type = "vllm"
base_url = "http://127.0.0.1:8000/v1"

[providers.groq]
type = "groq"
keys = ["${GROQ_API_KEY_1}", "${GROQ_API_KEY_2}"]

[[client_keys]]
name = "laptop"
key = "${CLIENT_API_KEY}"

[models.turbo]
targets = [
  { provider = "local", model = "Qwen/Qwen3-8B", priority = 1 },
  { provider = "groq", model = "llama-3.3-70b-versatile", timeout = "20s", cooldown = "10s" },
]
fallbacks = ["slow-but-sure"]
context_window = 131072
price = { input = 0.59, output = 0.79, cached_input = 0.30 }

[models.slow-but-sure]
targets = [{ provider = "local", model = "Qwen/Qwen3-32B" }]
"#;
    let loaded = ok(Some(text), &[("GROQ_API_KEY_1", "a"), ("GROQ_API_KEY_2", "b"), ("CLIENT_API_KEY", "laptop-key")]);
    let turbo = &loaded.snapshot.models["turbo"];
    let targets =
        turbo.targets.iter().map(|target| (&*target.provider.name, &*target.model.name, target.timeouts.total));
    let hour = Duration::from_secs(3600);
    assert_eq!(
        targets.collect::<Vec<_>>(),
        [("groq", "llama-3.3-70b-versatile", Duration::from_secs(20)), ("local", "Qwen/Qwen3-8B", hour)]
    );
    assert_eq!(turbo.targets[0].cooldown, Some(Duration::from_secs(10)));
    assert_eq!(turbo.fallbacks.iter().map(|name| &**name).collect::<Vec<_>>(), ["slow-but-sure"]);
    let price = turbo.targets[0].price.as_deref().and_then(|price| price.at(0)).expect("a price");
    assert_eq!(price.tokens.cached_input.pico(), 300_000);
    assert_eq!(loaded.snapshot.client_keys.find(&key_hash(b"laptop-key")).map(|key| &*key.name), Some("laptop"));
    assert!(loaded.snapshot.client_keys.find(&key_hash(b"laptop-kex")).is_none());
}

#[test]
fn every_problem_is_told_at_once_with_its_place() {
    let text = r#"
[server]
listen = "0.0.0.0:8700"
body_limit = "32M"
lisen = 3
[providers.groq]
typ = "groq"
keys = ["${NOPE}", "sk-canary", 5]
[providers.local]
type = "vlm"
[providers.x]
type = "openai"
base_url = "ftp://x"
headers = { "a b" = "x", host = "h" }
[models.turbo]
targets = [{ provider = "grok", model = "a", timeout = "20" }, { model = "y" }, { provider = "local", model = "z" }]
price = { input = nan, output = -1 }
fallbacks = ["turbo", "trubo"]
[log]
format = "jsn"
"#;
    expect![[r#"
        t.toml:3:10: server.listen: 0.0.0.0:8700 can be reached from other machines, and there is no client key; set `CLIENT_API_KEY` or add `[[client_keys]]`; or say `auth = "keys"` in `[server]`, and `trunkline keys create` makes one; or let anyone call on purpose: `auth = "none"` in `[server]`, or `TRUNKLINE_AUTH=none`
        t.toml:4:14: server.body_limit: "32M" is not a size; write bytes as a number, or a text such as `512KiB` or `32MiB`
        t.toml:5:1: server.lisen: unknown key; did you mean `listen`?
        t.toml:7:1: providers.groq.typ: unknown key; did you mean `type`?
        t.toml:8:9: providers.groq.keys[0]: the variable `NOPE` is not set; set it in the environment Trunkline is started with
        t.toml:8:33: providers.groq.keys[2]: expected a text or a table, found a whole number
        t.toml:10:8: providers.local.type: "vlm" is not known here; did you mean `vllm`?
        t.toml:11:12: providers.x: `openai` needs a key, and there is none; write `keys = ["${OPENAI_API_KEY}"]`, or `auth = "none"` when it is a look-alike that needs none
        t.toml:13:12: providers.x.base_url: the URL must begin with `http://` or `https://`
        t.toml:14:13: providers.x.headers."a b": "a b" is not the name of a header; use letters, digits and `-`
        t.toml:14:26: providers.x.headers.host: `host` is set by Trunkline itself
        t.toml:16:25: models.turbo.targets[0].provider: provider "grok" is not configured; did you mean `groq`?
        t.toml:16:56: models.turbo.targets[0].timeout: "20" has no unit; write whole numbers with units, such as `500ms`, `20s`, `1m30s` or `1h`
        t.toml:16:64: models.turbo.targets[1]: `provider` is missing
        t.toml:17:19: models.turbo.price.input: nan is out of range; write a finite number, 0 or more
        t.toml:17:33: models.turbo.price.output: -1 is out of range; write a finite number, 0 or more
        t.toml:18:14: models.turbo.fallbacks[0]: a model cannot be its own fallback
        t.toml:18:23: models.turbo.fallbacks[1]: model "trubo" is not declared
        t.toml:20:10: log.format: "jsn" is not known here; did you mean `json`?"#]]
    .assert_eq(&problems(Some(text), NO_ENV));
}

#[test]
fn an_item_after_a_bad_one_keeps_its_place() {
    let text = "[[client_keys]]\nname = 5\nkey = \"a\"\n[[client_keys]]\nname = \"b\"\nkey = \" \"\n";
    expect![[r#"
        t.toml:2:8: client_keys[0].name: expected a text, found a whole number
        t.toml:6:7: client_keys[1].key: the key is empty; write a key, such as the output of `openssl rand -hex 32`"#]]
    .assert_eq(&problems(Some(text), NO_ENV));
}

#[test]
fn a_mistake_of_syntax_is_told_with_its_place_and_without_its_line() {
    expect![[r#"t.toml:2:21: unclosed array, expected `]`"#]]
        .assert_eq(&problems(Some("[providers.groq]\nkeys = [\"sk-canary ]\n"), NO_ENV));
}

#[test]
fn client_keys_decide_who_may_call() {
    let one = "[[client_keys]]\nname = \"a\"\nkey = \"sha256:9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08\"\n";
    let keys = ok(Some(one), &[("CLIENT_API_KEY", "other")]).snapshot.client_keys;
    let name = |key: &str| keys.find(&key_hash(key.as_bytes())).map(|key| key.name.to_string());
    assert_eq!([name("test"), name("other"), name("")], [Some("a".into()), Some("default".into()), None]);
    let open = "[server]\nauth = \"none\"\nlisten = \"0.0.0.0:1\"";
    assert!(matches!(ok(Some(open), NO_ENV).snapshot.client_keys, ClientKeys::Open));
    assert!(matches!(
        ok(None, &[("HOST", "0.0.0.0"), ("TRUNKLINE_AUTH", "none")]).snapshot.client_keys,
        ClientKeys::Open
    ));
}

#[test]
fn what_a_client_key_may_do_is_read_and_its_mistakes_are_told() {
    let text = r#"
[[client_keys]]
name = "a"
key = "k"
owner = "ada"
tags = ["team-x"]
models = ["gpt-*", "groq/*"]
providers = ["dummy"]
expires = "2027-01-31"
requests_per_minute = 60
budgets = [{ usd = "10.00", period = "month" }, { usd = 0.1, period = "hour", hard = false }]
[providers.dummy]
type = "dummy"
"#;
    let keys = ok(Some(text), NO_ENV).snapshot.client_keys;
    let key = keys.find(&key_hash(b"k")).expect("the key").clone();
    let allowance = key.allowance.as_deref().expect("an allowance");
    assert_eq!((key.owner.as_deref(), &*key.tags), (Some("ada"), &["team-x".into()][..]));
    assert!(allowance.has_model("gpt-4o") && allowance.has_model("groq/x") && !allowance.has_model("claude"));
    assert!(allowance.has_provider("dummy") && !allowance.has_provider("groq"));
    assert_eq!((allowance.expires_ms, allowance.requests_per_minute), (Some(1_801_353_600_000), Some(60)));
    let nano: Vec<i64> = allowance.budgets.iter().map(|budget| budget.limit.nano()).collect();
    assert_eq!(nano, [10_000_000_000, 100_000_000]);
    let wrong = text
        .replace("2027-01-31", "soon")
        .replace("\"10.00\"", "\"$10\"")
        .replace("= 60", "= 0")
        .replace("[\"dummy\"]", "[\"dumy\"]")
        .replace("tags", "tag");
    expect![[r#"
        t.toml:6:1: client_keys[0].tag: unknown key; did you mean `tags`?
        t.toml:8:14: client_keys[0].providers[0]: provider "dumy" is not configured; did you mean `dummy`?
        t.toml:9:11: client_keys[0].expires: "soon" is neither a day nor a moment; write it as `2027-01-31` or `2027-01-31T12:00:00Z`
        t.toml:10:23: client_keys[0].requests_per_minute: 0 is out of range; write a number from 1 to 4294967295
        t.toml:11:20: client_keys[0].budgets[0].usd: "$10" is no amount of USD; write it as a decimal number, such as `"10.00"`"#]].assert_eq(&problems(Some(&wrong), NO_ENV));
}

#[test]
fn client_keys_that_let_the_wrong_ones_in_are_refused() {
    let shut = ok(Some("[server]\nauth = \"keys\"\nlisten = \"0.0.0.0:1\"\n"), NO_ENV);
    assert!(matches!(&shut.snapshot.client_keys, ClientKeys::Required(keys) if keys.is_empty()));
    assert!(shut.notes.iter().any(|note| note.contains("`trunkline keys create` makes one")), "{:?}", shut.notes);
    expect![[r#"HOST: 0.0.0.0:8700 can be reached from other machines, and there is no client key; set `CLIENT_API_KEY` or add `[[client_keys]]`; or say `auth = "keys"` in `[server]`, and `trunkline keys create` makes one; or let anyone call on purpose: `auth = "none"` in `[server]`, or `TRUNKLINE_AUTH=none`"#]]
        .assert_eq(&problems(None, &[("HOST", "0.0.0.0")]));
    let text = r#"
client_keys = [
  { name = "a", key = "one" },
  { name = "a", key = "two" },
  { name = "b", key = "one" },
  { name = "c", key = "sha256:12" },
  { name = "d", key = "two words" },
]
"#;
    expect![[r#"
        t.toml:4:12: client_keys[1].name: another client key is called `a`
        t.toml:5:23: client_keys[2].key: `a` holds the same key
        t.toml:6:23: client_keys[3].key: what follows `sha256:` is not a SHA-256; write its 64 hexadecimal digits
        t.toml:7:23: client_keys[4].key: the key holds white space or a character outside ASCII; no header could carry it; choose another"#]]
    .assert_eq(&problems(Some(text), NO_ENV));
}

#[test]
fn passthrough_needs_no_key_and_takes_none() {
    let text = "[providers.openai]\nauth = \"passthrough\"\n";
    let provider = ok(Some(text), NO_ENV).snapshot.providers["openai"].clone();
    assert_eq!((provider.auth, provider.keys.len()), (AuthMode::Passthrough, 0));
    expect![[r#"
        t.toml:3:7: providers.openai.key: this provider's `auth` sends no keys; drop the keys, or `auth`
        t.toml:4:20: providers.openai.forward_headers[0]: `authorization` may carry a client key of Trunkline, which is none of the provider's business; to send the client's own credentials upstream, say `auth = "passthrough"`"#]]
    .assert_eq(&problems(Some(&format!("{text}key = \"k\"\nforward_headers = [\"Authorization\"]")), NO_ENV));
}

#[test]
fn a_disabled_provider_may_name_variables_that_are_not_set_and_is_passed_over() {
    let text = r#"
[providers.groq]
enabled = false
keys = ["${NOPE}"]
[providers.vllm]
[models.a]
targets = [{ provider = "groq", model = "x" }, { provider = "vllm", model = "y" }]
fallbacks = ["b"]
[models.b]
targets = [{ provider = "groq", model = "x" }]
"#;
    let loaded = ok(Some(text), NO_ENV);
    assert_eq!(loaded.snapshot.models.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!((loaded.snapshot.models["a"].targets.len(), loaded.snapshot.models["a"].fallbacks.len()), (1, 0));
    assert_eq!(loaded.notes, ["model `b` is left out: every provider it names is disabled"]);
}

#[test]
fn a_model_that_is_switched_off_is_nobodys_fallback() {
    let document = "[models.a]\ntargets = [{ provider = \"dummy\", model = \"echo-1\" }]\nfallbacks = [\"b\"]\n\
        [models.b]\nenabled = false\ntargets = [{ provider = \"dummy\", model = \"echo-1\" }]\n";
    let trunkline_config::Loaded { snapshot, notes, .. } = ok(Some(document), NO_ENV);
    assert_eq!(snapshot.models.keys().collect::<Vec<_>>(), ["a"]);
    assert!(snapshot.models["a"].fallbacks.is_empty() && snapshot.models_off.contains("b") && notes.is_empty());
}

#[test]
fn stated_prices_stand_in_place_of_listed_ones() {
    let document = "[providers.openai]\nkey = \"k\"\n[providers.mine]\ntype = \"openai\"\nkey = \"k\"\n\
        [providers.far]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\nkey = \"k\"\n\
        [prices]\n\"openai/GPT-5\" = { input = 7, output = 8 }\n\"far/gpt-5\" = { input = 9, output = 9 }\n";
    let snapshot = ok(Some(document), NO_ENV).snapshot;
    let input = |provider: &str, model| {
        let price = snapshot.providers[provider].listed_price(&snapshot.prices, model)?;
        Some((price.at(0)?.tokens.input.mtok_text(), price.is_listed()))
    };
    let stated = |price: &str| Some((price.to_owned(), false));
    assert_eq!([input("openai", "gpt-5"), input("mine", "gpt-5")], [stated("7.00"), stated("7.00")]);
    assert_eq!([input("far", "gpt-5"), input("far", "gpt-4o")], [stated("9.00"), None], "it is not the vendor's own");
    assert!(input("mine", "gpt-4o").is_some_and(|(_, is_listed)| is_listed));
    let wrong = problems(Some("[prices]\ngpt-5 = { input = 1, output = 1 }\n"), NO_ENV);
    assert!(wrong.starts_with("t.toml:2:1: prices.gpt-5: \"gpt-5\" names no model of a provider;"), "{wrong}");
}

#[test]
fn keys_show_nowhere() {
    let text = r#"
[providers.groq]
keys = ["canary-1", "${K}", "canary-1"]
headers = { X-Secret = "canary-3" }
[[client_keys]]
name = "a"
key = "canary-4"
[store]
url = "postgres://u:canary-5@h/db"
"#;
    let loaded = ok(Some(text), &[("K", "canary-2"), ("CLIENT_API_KEY", "canary-6")]);
    let shown = format!("{loaded:?} {:#?}", env(&[("K", "canary-7")]));
    assert!(!shown.contains("canary"), "{shown}");
    let broken = text
        .replace("[store]", "[store]\nurll = 1 # canary-8")
        .replace("canary-4", "canary 4")
        .replace("canary-1", "canary\\u0007");
    let told = problems(Some(&broken), &[("K", "canary 2"), ("CLIENT_API_KEY", "canary 6")]);
    assert!(told.lines().count() >= 5 && !told.contains("canary"), "{told}");
}

#[test]
fn a_file_that_is_something_else_is_not_told_line_by_line() {
    let text: String = (0..5000).map(|number| format!("key{number} = {number}\n")).collect();
    let told = problems(Some(&text), NO_ENV);
    assert_eq!((told.lines().count(), told.lines().last()), (201, Some("and 4800 more")));
}

#[test]
fn a_target_may_not_change_what_a_request_is() {
    let text = r#"
        [providers.openai]
        key = "k"
        [models.m]
        targets = [{ provider = "openai", model = "x", set = { stream = true }, default = { top_p = 1, model = "y" }, drop = ["messages"] }]
    "#;
    expect![[r#"
        t.toml:5:64: models.m.targets[0].set.stream: a target cannot change `stream`
        t.toml:5:104: models.m.targets[0].default.model: a target cannot change `model`
        t.toml:5:127: models.m.targets[0].drop[0]: a target cannot change `messages`"#]]
    .assert_eq(&problems(Some(text), &[]));
}
