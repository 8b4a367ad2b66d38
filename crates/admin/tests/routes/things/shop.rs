//! A process in which things are changed, and whoever asks it.

use std::collections::HashMap;
use std::sync::LazyLock;

use trunkline_admin::{Asked, Day, DayOf, Down, TestStep, Tested};
use trunkline_config::{Key, Path, Problems, Provider};
use trunkline_providers::ListedModel;
use trunkline_route::Listing;

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
        Ok(Arc::clone(loaded.snapshot.providers.get(name).expect("it is enabled")))
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
pub(super) struct Shop {
    pub(super) kept: Kept,
    pub(super) live: Live,
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
    fn secrets(&self) -> Arc<dyn Secrets> {
        Arc::new(secrets::Three)
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

impl Shop {
    pub(super) fn new(document: &str) -> Arc<Self> {
        Arc::new(Self { kept: Kept::new(document), live: Live::default() })
    }

    pub(super) fn text(&self) -> String {
        self.kept.now().text
    }
}

/// Status, and body.
pub(super) async fn ask(shop: &Arc<Shop>, method: &str, path: &str, tag: Option<&str>, body: Value) -> (u16, Value) {
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

pub(super) async fn get(shop: &Arc<Shop>, path: &str) -> Value {
    let (status, said) = ask(shop, "GET", path, None, Value::Null).await;
    assert_eq!(status, 200, "{path}: {said}");
    said
}

pub(super) async fn edit(shop: &Arc<Shop>, method: &str, path: &str, body: Value) -> (u16, Value) {
    ask(shop, method, path, Some("*"), body).await
}
