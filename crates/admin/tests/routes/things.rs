//! Providers, models, patterns and prices: what is shown of them, and edits of their sections.

use std::collections::HashMap;
use std::sync::LazyLock;

use trunkline_admin::{Asked, Day, DayOf, Down, TestStep, Tested};
use trunkline_config::{Key, Path, Problems, Provider};
use trunkline_providers::ListedModel;
use trunkline_route::live::{Cause, Rest};
use trunkline_route::{Listing, Moment, RestRow};
use trunkline_wire::FaultKind;

use super::*;

/// Nothing ever went wrong.
pub(crate) static CALM: LazyLock<Live> = LazyLock::new(Live::default);

fn now<T: Send + 'static>(value: T) -> Asked<T> {
    Box::pin(std::future::ready(value))
}

fn listed(id: &str) -> ListedModel {
    ListedModel { id: id.to_owned(), context_window: Some(4096), created: None, owned_by: None }
}

/// Providers of which nothing was ever heard.
pub(crate) struct NoUpstreams;

impl Upstreams for NoUpstreams {
    fn last_day(&self, _: DayOf) -> Asked<Result<HashMap<String, Day>, Down>> {
        now(Err(Down))
    }
    fn models_of(&self, provider: Arc<Provider>) -> Asked<Result<Vec<ListedModel>, String>> {
        let is_down = &*provider.name == "down";
        now(if is_down { Err("cannot be reached".to_owned()) } else { Ok(vec![listed("b/one"), listed("two")]) })
    }
    fn provider(&self, name: &str, section: &Map<String, Value>) -> Result<Arc<Provider>, Problems> {
        let edit = trunkline_config::Edit::Set(Path::of_keys(&["providers", name]), Value::Object(section.clone()));
        let text = trunkline_config::edit::apply("", &edit).expect("it can be written");
        let loaded = load(Some(("t.toml", &text)), &Env::default(), &Overrides::default(), &[])?;
        Ok(Arc::clone(&loaded.snapshot.providers[name]))
    }
    fn variables_of(&self, provider: &Provider) -> Vec<String> {
        trunkline_config::key_variables(provider.vendor, &variables())
    }
    /// Tells which keys it would have sent, as nobody else may.
    fn test(&self, provider: Arc<Provider>, model: Option<String>) -> Asked<Tested> {
        let sent = |key: &Arc<Key>| key.header.to_str().expect("text").trim_start_matches("Bearer sk-").to_owned();
        let detail = Some(provider.keys.iter().map(sent).collect::<Vec<_>>().join(" "));
        let step = TestStep { name: "address".to_owned(), ok: true, ms: None, detail };
        now(Tested { ok: true, steps: vec![step], models: model.into_iter().collect() })
    }
}

/// What the process was started with.
pub(crate) fn variables() -> Env {
    let all = [
        ("TRUNKLINE_ADMIN_TOKEN", TOKEN),
        ("GROQ_API_KEY", "sk-0123456789"),
        ("GROQ_API_KEY_2", "sk-0123456789a"),
        ("OTHER", "sk-other"),
        ("SECOND_KEY", "sk-second"),
    ];
    all.into_iter().collect()
}

/// A process in which each document is in force as soon as it is kept.
struct Shop {
    kept: Kept,
    live: Live,
}

impl Plane for Shop {
    fn snapshot(&self) -> Arc<Snapshot> {
        let now = self.kept.now();
        let document = now.path.map(|_| ("t.toml", now.text.as_str()));
        Arc::new(load(document, &variables(), &Overrides::default(), &[]).expect("it was checked").snapshot)
    }
    fn keys(&self) -> Arc<dyn Keys> {
        Arc::new(NoKeys)
    }
    fn documents(&self) -> Arc<dyn Documents> {
        Arc::new(self.kept.clone())
    }
    fn requests(&self) -> Arc<dyn Requests> {
        Arc::new(watch::NoRequests)
    }
    fn watch(&self) -> Arc<dyn Watch> {
        Arc::new(watch::Nobody)
    }
    fn sums(&self) -> Arc<dyn Sums> {
        Arc::new(watch::NoSums)
    }
    fn upstreams(&self) -> Arc<dyn Upstreams> {
        Arc::new(NoUpstreams)
    }
    fn catalog(&self) -> Arc<Catalog> {
        let listing = Listing { models: vec![listed("b/one"), listed("two")], ..Listing::default() };
        Arc::new(Catalog::new(&self.snapshot(), HashMap::from([(Arc::from("up"), Arc::new(listing))])))
    }
    fn live(&self) -> &Live {
        &self.live
    }
    fn explain(&self, _: Question) -> Explained {
        Box::pin(std::future::ready(Ok(Explanation::default())))
    }
}

const DOCUMENT: &str = r#"# Ask Ada before you touch it.
[admin]
token = "canary-4f1d"

[providers.up] # the fast one
type = "openai"
base_url = "http://127.0.0.1:1/v1"
keys = ["sk-0123456789abcdefAAAA", "sk-0123456789abcdefBBBB"]

[providers.off]
type = "vllm"
enabled = false

[models.turbo]
targets = [
  { provider = "up", model = "two", weight = 3 },
  { provider = "off", model = "x", priority = 1 },
]
fallbacks = ["org/big:8b"]

[models."org/big:8b"]
targets = [{ provider = "up", model = "b/one" }]

[[patterns]]
name = "execute"
regex = '\[EXECUTE:(\w+)\]'
tool_name_group = 1
"#;

impl Shop {
    fn new(document: &str) -> Arc<Self> {
        Arc::new(Self { kept: Kept::new(document), live: Live::default() })
    }

    fn text(&self) -> String {
        self.kept.now().text
    }
}

/// Status, and body.
async fn ask(shop: &Arc<Shop>, method: &str, path: &str, tag: Option<&str>, body: Value) -> (u16, Value) {
    let admin = Admin::new(Arc::new(Accounts::default()), Arc::new(accounts::Nobody), Unasked::Never);
    let path = format!("/api/v1{path}");
    let mut headers = vec![known()[0], JSON];
    headers.extend(tag.map(|tag| ("if-match", tag)));
    let request = request((method, &path), &headers, body.to_string());
    let plane: Arc<dyn Plane> = Arc::<Shop>::clone(shop);
    let (head, body) = admin.answer(plane, PEER, request).await.into_parts();
    let text = to_bytes(body, 1 << 20).await.expect("a body");
    let shown = String::from_utf8_lossy(&text);
    assert!(!shown.contains("sk-0123456789") && !shown.contains(TOKEN), "{path}: {shown}");
    (head.status.as_u16(), serde_json::from_slice(&text).unwrap_or_default())
}

async fn get(shop: &Arc<Shop>, path: &str) -> Value {
    let (status, said) = ask(shop, "GET", path, None, Value::Null).await;
    assert_eq!(status, 200, "{path}: {said}");
    said
}

async fn edit(shop: &Arc<Shop>, method: &str, path: &str, body: Value) -> (u16, Value) {
    ask(shop, method, path, Some("*"), body).await
}

fn find<'v>(list: &'v Value, name: &str) -> &'v Value {
    let items = list["items"].as_array().expect("a list");
    items.iter().find(|item| item["name"] == name).unwrap_or_else(|| panic!("no {name} in {list}"))
}

#[tokio::test]
async fn every_type_of_provider_is_told_from_the_one_table() {
    let types = get(&Shop::new(DOCUMENT), "/provider-types").await;
    let items = types["items"].as_array().expect("a list");
    assert_eq!(items.len(), trunkline_providers::registry::ALL.len());
    let groq = items.iter().find(|item| item["type"] == "groq").expect("it is there");
    let expected = json!({
        "type": "groq", "label": "Groq", "dialects": ["openai_chat", "openai_responses"], "needs_key": true,
        "needs_base_url": false, "default_base_url": "https://api.groq.com/openai/v1", "hint": null,
    });
    assert_eq!(*groq, expected);
}

#[tokio::test]
async fn providers_are_shown_as_they_stand_and_those_that_are_switched_off_too() {
    let shop = Shop::new(DOCUMENT);
    let cause = Cause { kind: FaultKind::RateLimited, status: Some(429) };
    let rest = Rest { since: Moment(1_000), until: Moment(4_102_444_800_000), cause };
    let row = RestRow { provider: "up".into(), key: Some("up#2".into()), model: None, rest };
    shop.live.restore(vec![row], Moment(2_000));
    let providers = get(&shop, "/providers").await;
    let up = json!({
        "name": "up", "type": "openai", "base_url": "http://127.0.0.1:1/v1", "source": "document", "enabled": true,
        "draining": false, "dialects": ["openai_chat", "openai_completions", "openai_responses"],
        "keys": [
            { "label": "up#1", "cooling_until": null, "reason": null, "requests": null },
            { "label": "up#2", "cooling_until": "2100-01-01T00:00:00Z", "reason": "rate_limited (429)", "requests": null },
        ],
        "health": {
            "state": "cooling", "since": "1970-01-01T00:00:01Z", "reason": "1 of 2 keys rest after rate_limited (429)",
            "latency_ms": null,
        },
        "models": 2, "requests_24h": 0, "errors_24h": 0, "cost_24h": null,
    });
    assert_eq!(*find(&providers, "up"), up);
    let off = find(&providers, "off");
    assert_eq!((&off["enabled"], &off["health"]["reason"]), (&json!(false), &json!("it is switched off")));
    assert_eq!(find(&providers, "dummy")["source"], "built_in");
    let section = &get(&shop, "/providers/up").await["section"];
    assert_eq!(section["keys"], json!(["••••••••AAAA", "••••••••BBBB"]));
    let models = get(&shop, "/providers/up/models").await;
    assert_eq!(models["items"][0], json!({ "name": "b/one", "context_window": 4096, "source": "provider" }));
}

#[tokio::test]
async fn models_are_shown_with_their_targets_and_by_any_name() {
    let shop = Shop::new(DOCUMENT);
    let models = get(&shop, "/models").await;
    let targets = json!([
        { "provider": "up", "model": "two", "priority": 0, "weight": 3, "state": "ready", "reason": null },
        {
            "provider": "off", "model": "x", "priority": 1, "weight": 1, "state": "disabled",
            "reason": "the provider is switched off",
        },
    ]);
    let turbo = find(&models, "turbo");
    assert_eq!((&turbo["targets"], &turbo["context_window"]), (&targets, &json!(4096)));
    assert_eq!(find(&models, "up/b/one")["source"], "discovered");
    assert_eq!(get(&shop, "/models/org%2Fbig%3A8b").await["live"]["name"], "org/big:8b");
    assert_eq!(get(&shop, "/models/up%2Fb%2Fone").await["section"], json!({}));
    assert_eq!(ask(&shop, "GET", "/models/nothing", None, Value::Null).await.0, 404);
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get(&shop, &format!("/models?limit=2{cursor}")).await;
        names.extend(page["items"].as_array().expect("a list").iter().map(|item| item["name"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={}", next.replace('/', "%2F"));
    }
    assert_eq!(names, ["turbo", "org/big:8b", "up/b/one", "up/two"]);
}

#[tokio::test]
async fn edits_change_a_section_and_leave_all_else() {
    let shop = Shop::new(DOCUMENT);
    let (status, said) = edit(&shop, "PATCH", "/providers/up", json!({ "requests_max": 4, "base_url": null })).await;
    assert_eq!((status, &said["section"]["requests_max"]), (200, &json!(4)), "{said}");
    let expected = DOCUMENT
        .replace("base_url = \"http://127.0.0.1:1/v1\"\n", "")
        .replace("BBBB\"]\n", "BBBB\"]\nrequests_max = 4\n");
    assert_eq!(shop.text(), expected);

    let new = json!({ "name": "far.away", "key": "k", "type": "groq" });
    let (status, said) = edit(&shop, "POST", "/providers", new).await;
    assert_eq!((status, &said["section"]), (201, &json!({ "type": "groq", "key": "••••••••" })));
    assert!(shop.text().contains("\n[providers.\"far.away\"]\ntype = \"groq\"\nkey = \"k\"\n"), "{}", shop.text());
    assert_eq!(edit(&shop, "DELETE", "/providers/far.away", Value::Null).await.0, 204);
    assert_eq!(edit(&shop, "PATCH", "/models/turbo", json!({ "fallbacks": null })).await.0, 200);
    assert_eq!(edit(&shop, "DELETE", "/models/org%2Fbig%3A8b", Value::Null).await.0, 204);
    assert_eq!(edit(&shop, "POST", "/providers/up/drain", Value::Null).await.0, 204);
    assert!(shop.text().contains("draining = true"));
    assert_eq!(edit(&shop, "POST", "/providers/up/resume", Value::Null).await.0, 204);
    assert_eq!(edit(&shop, "DELETE", "/patterns/execute", Value::Null).await.0, 204);
    let left = shop.text();
    assert!(left.starts_with("# Ask Ada before you touch it.\n[admin]\n") && left.contains("# the fast one"), "{left}");
    assert!(!["far", "big", "draining", "EXECUTE", "fallbacks"].iter().any(|gone| left.contains(gone)), "{left}");
}

#[tokio::test]
async fn the_first_document_says_what_the_environment_implied() {
    let shop = Arc::new(Shop { kept: Kept::default(), live: Live::default() });
    assert_eq!(find(&get(&shop, "/providers").await, "groq")["source"], "environment");
    let new = json!({ "name": "near", "type": "ollama" });
    assert_eq!(edit(&shop, "POST", "/providers", new).await.0, 201);
    let expected = "[providers.groq]\nkeys = [\"${GROQ_API_KEY}\", \"${GROQ_API_KEY_2}\"]\n\n[providers.near]\ntype = \"ollama\"\n";
    assert_eq!(shop.text(), expected);
    let groq = get(&shop, "/providers/groq").await;
    assert_eq!((&groq["live"]["source"], &groq["live"]["keys"][1]["label"]), (&json!("document"), &json!("groq#2")));
}

#[tokio::test]
async fn what_stands_in_the_way_of_an_edit_is_said() {
    let shop = Shop::new(DOCUMENT);
    for (method, path, body, status, field) in [
        ("POST", "/providers", json!({ "type": "groq" }), 400, Some("name")),
        ("POST", "/providers", json!({ "name": "up" }), 409, Some("name")),
        ("POST", "/providers", json!({ "name": "x", "type": "klingon" }), 422, Some("type")),
        ("PATCH", "/providers/up", json!({ "keys": ["••••••••CCCC"] }), 422, Some("keys[0]")),
        ("PATCH", "/providers/dummy", json!({ "enabled": false }), 409, None),
        ("PATCH", "/providers/nobody", json!({}), 404, None),
        ("DELETE", "/providers/up", Value::Null, 409, None),
        ("POST", "/providers/nobody/drain", Value::Null, 404, None),
        ("POST", "/models", json!({ "name": "m" }), 422, Some("targets")),
        ("PATCH", "/models/turbo", json!({ "targets": [{ "provider": "up" }] }), 422, Some("targets[0]")),
        ("PATCH", "/models/up%2Ftwo", json!({}), 409, None),
        ("DELETE", "/models/org%2Fbig%3A8b", Value::Null, 409, None),
        ("POST", "/patterns", json!({ "name": "execute", "regex": "x" }), 409, Some("name")),
        ("PATCH", "/patterns/execute", json!({ "regex": "(" }), 422, Some("regex")),
        ("PUT", "/prices/up%2Ftwo", json!({ "input": 1 }), 400, None),
        ("PUT", "/prices/two", json!({ "input": 1, "output": 1 }), 422, None),
        ("DELETE", "/prices/up%2Ftwo", Value::Null, 404, None),
    ] {
        let (found, said) = edit(&shop, method, path, body).await;
        assert_eq!((found, said["field"].as_str()), (status, field), "{method} {path}: {said}");
    }
    let (_, said) = edit(&shop, "DELETE", "/providers/up", Value::Null).await;
    let detail = said["detail"].as_str().expect("a sentence");
    assert!(detail.contains("model \"turbo\"") && detail.contains("model \"org/big:8b\""), "{detail}");
    assert_eq!(shop.text(), DOCUMENT);
    for (tag, status) in [(None, 428), (Some("\"7\""), 412)] {
        for (method, path) in [("PATCH", "/models/turbo"), ("DELETE", "/patterns/execute"), ("POST", "/providers")] {
            let (found, said) = ask(&shop, method, path, tag, json!({ "name": "new" })).await;
            assert_eq!(found, status, "{method} {path}: {said}");
        }
    }
    assert_eq!(ask(&shop, "GET", "/providers?limit=0", None, Value::Null).await.1["field"], "limit");
    assert_eq!(ask(&shop, "GET", "/providers?cursor=x", None, Value::Null).await.1["field"], "cursor");
}

#[tokio::test]
async fn things_may_be_called_as_actions_are() {
    let document = "[admin]\ntoken = \"canary-4f1d\"\n[providers.test]\ntype = \"dummy\"\n[[patterns]]\nname = \"try\"\n\
        regex = 'x'\ntool_name = 'y'\n";
    let shop = Shop::new(document);
    assert_eq!(get(&shop, "/providers/test").await["live"]["name"], "test");
    assert_eq!(get(&shop, "/patterns/try").await["live"]["name"], "try");
    assert_eq!(edit(&shop, "PATCH", "/patterns/try", json!({ "priority": 2 })).await.0, 200);
    assert_eq!(edit(&shop, "DELETE", "/providers/test", Value::Null).await.0, 204);
    assert_eq!(edit(&shop, "POST", "/providers/test", json!({})).await.1["field"], "section");
}

#[tokio::test]
async fn a_test_takes_masks_for_the_keys_that_they_stand_for() {
    let shop = Shop::new(DOCUMENT);
    let test = async |body| ask(&shop, "POST", "/providers/test", None, body).await;
    let section = json!({ "type": "openai", "base_url": "http://127.0.0.1:1/v1", "keys": ["••••••••BBBB", "sk-new"] });
    let (_, tested) = test(json!({ "name": "up", "section": section, "model": "m" })).await;
    assert_eq!(tested["steps"][0]["detail"], "0123456789abcdefBBBB new", "{tested}");
    assert_eq!(tested["models"], json!(["m"]));
    let (_, tested) = test(json!({ "name": "off" })).await;
    assert_eq!(tested["ok"], true, "one that is switched off can be tried: {tested}");
    for (body, status, field) in [
        (json!({ "section": section }), 422, Some("keys[0]")),
        (json!({ "section": { "type": "vllm", "base_url": "ftp://x" } }), 422, Some("base_url")),
        (json!({ "name": "nobody" }), 404, None),
        (json!({ "nmae": "up" }), 400, Some("nmae")),
    ] {
        let (found, said) = test(body).await;
        assert_eq!((found, said["field"].as_str()), (status, field), "{said}");
    }
}

#[tokio::test]
async fn patterns_are_tried_alone_or_together() {
    let shop = Shop::new(DOCUMENT);
    let text = "Now [EXECUTE:ls] it.";
    let tried = async |mut body: Value| {
        body["text"] = json!(text);
        let (status, mut said) = ask(&shop, "POST", "/patterns/try", None, body).await;
        assert_eq!(status, 200, "{said}");
        assert!(said["took_us"].take().is_u64());
        said
    };
    let found = json!([{ "name": "ls", "arguments": {} }]);
    let all = json!({ "calls": found, "text": "Now  it.", "took_us": null, "problems": [] });
    assert_eq!(tried(json!({ "pattern": null })).await, all);
    assert_eq!(tried(json!({ "tools": ["ls"] })).await["calls"], found);
    assert_eq!(tried(json!({ "tools": ["cd"] })).await["calls"], json!([]));
    let own = json!({ "name": "x", "regex": "(it)", "tool_name": "t", "enabled": false });
    assert_eq!(tried(json!({ "pattern": own })).await["calls"][0]["name"], "t");
    for (pattern, path) in [
        (json!({ "name": "x", "regex": "(", "tool_name": "t" }), "regex"),
        (json!({ "name": "x", "regex": "x", "tool_name_group": 3 }), "tool_name_group"),
        (json!({ "name": "x", "regex": "x", "tol_name": "t" }), "tol_name"),
        (json!({ "name": "x", "regex": "x" }), ""),
    ] {
        assert_eq!(tried(json!({ "pattern": pattern })).await["problems"][0]["path"], path);
    }
    let patterns = get(&shop, "/patterns").await;
    let row = json!({
        "name": "execute", "regex": r"\[EXECUTE:(\w+)\]", "source": "document", "enabled": true, "priority": 0,
        "tool_name_group": 1,
    });
    assert_eq!(patterns["items"][0], row, "those that are tried come first");
    assert_eq!(patterns["items"][1]["enabled"], false, "those that ship are off");
}

#[tokio::test]
async fn prices_are_found_stated_and_taken_back() {
    let shop = Shop::new(DOCUMENT);
    let found = get(&shop, "/prices?q=OPENAI%2Fgpt-4o&limit=1").await;
    let as_of = trunkline_providers::price::PriceList::built_in().as_of.clone();
    let listed = json!({
        "model": "openai/gpt-4o", "vendor": "openai", "input": 2.5, "output": 10.0, "cached_input": 1.25,
        "cache_write": 2.5, "source": "built_in", "from": as_of,
    });
    assert_eq!((&found["items"][0], &found["next_cursor"]), (&listed, &json!("openai/gpt-4o")));
    let price = json!({ "input": 1, "output": 2.5, "cached_input": null });
    assert_eq!(edit(&shop, "PUT", "/prices/up%2FTwo", price).await.0, 204);
    assert!(shop.text().ends_with("\n[prices.\"up/Two\"]\ninput = 1\noutput = 2.5\n"), "{}", shop.text());
    assert_eq!(get(&shop, "/prices?q=up/two").await["items"][0]["source"], "document");
    assert_eq!(get(&shop, "/models/turbo").await["live"]["price"]["output"], 2.5);
    assert_eq!(edit(&shop, "DELETE", "/prices/UP%2Ftwo", Value::Null).await.0, 204);
    assert_eq!(get(&shop, "/prices?q=up/two").await["items"], json!([]));
}
