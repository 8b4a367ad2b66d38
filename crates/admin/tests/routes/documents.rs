//! The document: read, edited, planned, put in force and taken back.

use std::sync::{Mutex, MutexGuard};

use trunkline_admin::{
    CurrentDocument, DocumentAnswer, DocumentProblem, DocumentRevision, DocumentSource, ForeignDocument, NewDocument,
    TakenOver,
};
use trunkline_config::import::{litellm, model_proxy};

use super::*;

/// Keeps documents in memory; the last one is in force.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    documents: Arc<Mutex<Vec<(String, String, String)>>>,
}

impl Kept {
    pub(crate) fn new(document: &str) -> Self {
        let kept = Self::default();
        kept.push(document, "file", "");
        kept
    }

    fn push(&self, text: &str, who: &str, note: &str) {
        let row = [text, who, note].map(str::to_owned);
        self.lock().push(row.into());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(String, String, String)>> {
        self.documents.lock().expect("no test fails while it holds it")
    }

    pub(crate) fn now(&self) -> CurrentDocument {
        let documents = self.lock();
        CurrentDocument {
            text: documents.last().map(|(text, ..)| text.clone()).unwrap_or_default(),
            revision: documents.len().to_string(),
            source: if documents.is_empty() { DocumentSource::Nowhere } else { DocumentSource::File },
            path: Some("t.toml".to_owned()).filter(|_| !documents.is_empty()),
            read_only: None,
        }
    }

    fn one(&self, number: u64) -> Option<DocumentRevision> {
        let documents = self.lock();
        let (text, who, note) = documents.get(usize::try_from(number).ok()?.checked_sub(1)?)?.clone();
        let is_current = number == documents.len() as u64;
        Some(DocumentRevision { number, at_ms: 1_000 * number, who, note, is_current, text })
    }
}

fn check(text: &str) -> Result<Vec<String>, DocumentProblem> {
    let env = things::variables();
    let loaded = load(Some(("t.toml", text)), &env, &Overrides::default(), &[]);
    loaded.map(|loaded| loaded.notes).map_err(DocumentProblem::Wrong)
}

fn ready<T: Send + 'static>(answer: Result<T, DocumentProblem>) -> DocumentAnswer<T> {
    Box::pin(std::future::ready(answer))
}

impl Documents for Kept {
    fn current(&self) -> DocumentAnswer<CurrentDocument> {
        ready(Ok(self.now()))
    }

    fn check(&self, text: String) -> DocumentAnswer<Vec<String>> {
        ready(check(&text))
    }

    fn apply(&self, new: NewDocument) -> DocumentAnswer<String> {
        let current = self.now().revision;
        if new.base != current {
            return ready(Err(DocumentProblem::Outdated { base: new.base, current }));
        }
        ready(check(&new.text).map(|_| {
            self.push(&new.text, &new.who, &new.note);
            self.now().revision
        }))
    }

    fn revisions(&self, limit: u32, before: Option<u64>) -> DocumentAnswer<Vec<DocumentRevision>> {
        let numbers = (1..before.unwrap_or(u64::MAX).min(self.lock().len() as u64 + 1)).rev();
        let rows = numbers.take(limit as usize).filter_map(|number| self.one(number));
        ready(Ok(rows.map(|row| DocumentRevision { text: String::new(), ..row }).collect()))
    }

    fn revision(&self, number: u64) -> DocumentAnswer<(DocumentRevision, Option<DocumentRevision>)> {
        let found = self.one(number).map(|one| (one, number.checked_sub(1).and_then(|before| self.one(before))));
        ready(found.ok_or(DocumentProblem::NotFound(number.to_string())))
    }

    fn take_over(&self, from: ForeignDocument) -> DocumentAnswer<TakenOver> {
        let env = things::variables();
        let imported = match from {
            ForeignDocument::Litellm(file) => litellm(&file, &env),
            ForeignDocument::ModelProxy(files) => model_proxy(&files, &env),
            ForeignDocument::ServerlessProxy(_) => return ready(Err(DocumentProblem::Down)),
        };
        ready(Ok(TakenOver { text: imported.document, report: imported.report }))
    }
}

const CONFIG: &str = "/api/v1/config";
const COMMENTED: &str = "# The office's. Ask Ada.\n[admin]\ntoken = \"canary-4f1d\"\nviewer_tokens = [\"viewer-4f1d\"]\n\n\
     [providers.groq] # fast\ntype = \"groq\"\nkey = \"sk-canary-77\"\n";
const VIEWER: &str = "Bearer viewer-4f1d";

/// An admin API over one document, and who asks it.
struct Desk {
    admin: Admin,
    snapshot: Arc<Snapshot>,
    kept: Kept,
    token: &'static str,
}

impl Desk {
    fn new(document: &str) -> Self {
        let admin = Admin::new(Arc::new(Accounts::default()), Arc::new(accounts::Nobody), Unasked::Never);
        Self { admin, snapshot: snapshot(COMMENTED), kept: Kept::new(document), token: "Bearer canary-4f1d" }
    }

    /// Status, tag and body.
    async fn ask(&self, line: (&str, &str), tag: Option<&str>, body: Value) -> (u16, Option<String>, Value) {
        let mut headers = vec![("authorization", self.token), JSON];
        let tag = tag.map(|tag| format!("\"{tag}\""));
        headers.extend(tag.as_deref().map(|tag| ("if-match", tag)));
        let plane = Arc::new(Process(Arc::clone(&self.snapshot), self.kept.clone()));
        let response = self.admin.answer(plane, PEER, request(line, &headers, body.to_string())).await;
        let (head, body) = response.into_parts();
        let text = to_bytes(body, 1 << 20).await.expect("a body");
        let tag = head.headers.get("etag").map(|tag| tag.to_str().expect("text").trim_matches('"').to_owned());
        (head.status.as_u16(), tag, serde_json::from_slice(&text).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, _, body) = self.ask(("GET", path), None, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

#[tokio::test]
async fn a_change_names_the_revision_that_it_is_made_to() {
    let desk = Desk::new(COMMENTED);
    let (_, tag, shown) = desk.ask(("GET", CONFIG), None, Value::Null).await;
    assert_eq!((tag.as_deref(), &shown["revision"]), (Some("1"), &json!("1")), "{shown}");
    assert_eq!((&shown["document"], &shown["writable"]), (&json!(COMMENTED), &json!(true)));
    let mine = json!({"document": format!("{COMMENTED}# mine\n"), "note": "a word"});
    let (status, _, said) = desk.ask(("PUT", CONFIG), None, mine.clone()).await;
    assert_eq!((status, &said["type"]), (428, &json!("urn:trunkline:problem:precondition_required")));
    let (status, tag, said) = desk.ask(("PUT", CONFIG), Some("1"), mine.clone()).await;
    assert_eq!((status, tag.as_deref(), &said["revision"]), (200, Some("2"), &json!("2")), "{said}");
    let (status, _, said) = desk.ask(("PUT", CONFIG), Some("1"), mine).await;
    assert_eq!((status, &said["type"]), (412, &json!("urn:trunkline:problem:precondition_failed")));
    for stale in ["W/1", "0", "1, 3"] {
        let edits = json!({"edits": []});
        assert_eq!(desk.ask(("PATCH", CONFIG), Some(stale), edits).await.0, 412, "{stale}");
    }
    assert!(desk.kept.now().text.ends_with("# mine\n"));
    let rows = desk.get("/api/v1/config/revisions?limit=1").await;
    let row = &rows["items"][0];
    assert_eq!((&row["by"], &row["note"], &row["current"]), (&json!("token"), &json!("a word"), &json!(true)));
    let rest = desk.get(&format!("/api/v1/config/revisions?cursor={}", rows["next_cursor"].as_str().unwrap())).await;
    assert_eq!((&rest["items"][0]["revision"], &rest["next_cursor"]), (&json!("1"), &Value::Null));
}

#[tokio::test]
async fn a_wrong_document_is_told_with_its_places_and_not_taken() {
    let desk = Desk::new(COMMENTED);
    let wrong = json!({"document": "[server]\nlisen = \"x\"\n[models.m]\ntargets = 7\n"});
    let (status, _, said) = desk.ask(("PUT", CONFIG), Some("1"), wrong.clone()).await;
    let first = json!({"path": "server.lisen", "line": 2, "column": 1, "message": "unknown key",
        "hint": "did you mean `listen`?", "severity": "error"});
    assert_eq!((status, &said["field"], &said["problems"][0]), (422, &json!("server.lisen"), &first), "{said}");
    assert_eq!(said["detail"], "server.lisen: unknown key; did you mean `listen`?");
    assert_eq!(desk.kept.now().revision, "1");
    let (_, _, verdict) = desk.ask(("POST", "/api/v1/config/validate"), None, wrong.clone()).await;
    assert_eq!((&verdict["ok"], &verdict["problems"][0]), (&json!(false), &first));
    let (_, _, plan) = desk.ask(("POST", "/api/v1/config/plan"), None, wrong).await;
    assert_eq!((&plan["ok"], &plan["problems"]), (&json!(false), &verdict["problems"]));
    let (status, _, said) = desk.ask(("PUT", CONFIG), Some("1"), json!({"document": "a ="})).await;
    let place = &said["problems"][0];
    assert_eq!((status, &place["line"], &place["path"]), (422, &json!(1), &json!("")), "{said}");
}

#[tokio::test]
async fn a_plan_says_what_would_change_and_changes_nothing() {
    let desk = Desk::new(COMMENTED);
    let document = COMMENTED.replace("sk-canary-77", "other").replace(" # fast", "");
    let (status, _, plan) = desk.ask(("POST", "/api/v1/config/plan"), None, json!({"document": document})).await;
    let change = json!({"kind": "change", "path": "providers.groq.key", "summary": "another secret"});
    assert_eq!((status, &plan["ok"], &plan["changes"]), (200, &json!(true), &json!([change])), "{plan}");
    assert!(plan["diff"].as_str().unwrap().contains("\n-[providers.groq] # fast\n"), "{plan}");
    assert_eq!(desk.kept.now().text, COMMENTED);
}

#[tokio::test]
async fn single_settings_are_changed_and_all_else_stays_as_it_is_written() {
    let desk = Desk::new(COMMENTED);
    let edits = json!({"edits": [
        {"op": "set", "path": "providers.groq.enabled", "value": false},
        {"op": "rename", "path": "providers.groq", "to": "fast"},
        {"op": "remove", "path": "admin.viewer_tokens"},
    ]});
    let (status, tag, said) = desk.ask(("PATCH", CONFIG), Some("1"), edits).await;
    assert_eq!((status, tag.as_deref()), (200, Some("2")), "{said}");
    let expected = "# The office's. Ask Ada.\n[admin]\ntoken = \"canary-4f1d\"\n\n\
         [providers.fast] # fast\ntype = \"groq\"\nkey = \"sk-canary-77\"\nenabled = false\n";
    assert_eq!(desk.kept.now().text, expected);
    for (edit, status, field) in [
        (json!({"op": "set", "path": "providers..x", "value": 1}), 400, json!("edits[0].path")),
        (json!({"op": "put", "path": "providers.x"}), 400, json!("edits[0].op")),
        (json!({"op": "remove", "path": "providers.x"}), 404, json!("providers.x")),
        (json!({"op": "rename", "path": "admin.token", "to": "token"}), 409, json!("admin.token")),
        (json!({"op": "set", "path": "providers.fast.typ", "value": 1}), 422, json!("providers.fast.typ")),
        (json!({"op": "set", "path": "admin.token", "value": null}), 422, json!("admin.token")),
    ] {
        let said = desk.ask(("PATCH", CONFIG), Some("2"), json!({"edits": [edit]})).await;
        assert_eq!((said.0, &said.2["field"]), (status, &field), "{said:?}");
    }
    assert_eq!(desk.kept.now().revision, "2");
}

#[tokio::test]
async fn what_was_can_be_seen_and_gone_back_to() {
    let desk = Desk::new(COMMENTED);
    let other = COMMENTED.replace("77", "88").replace("Ada", "Bob");
    assert_eq!(desk.ask(("PUT", CONFIG), Some("1"), json!({"document": other})).await.0, 200);
    let second = desk.get("/api/v1/config/revisions/2").await;
    assert_eq!((&second["document"], &second["summary"]), (&json!(other), &json!("changes providers.groq.key")));
    assert!(second["diff"].as_str().unwrap().contains("\n-# The office's. Ask Ada.\n+# The office's. Ask Bob.\n"));
    let first = desk.get("/api/v1/config/revisions/1").await;
    assert_eq!((&first["diff"], &first["summary"], &first["current"]), (&json!(""), &Value::Null, &json!(false)));
    let back = json!({"revision": "1"});
    assert_eq!(desk.ask(("POST", "/api/v1/config/rollback"), Some("1"), back.clone()).await.0, 412);
    let (status, _, said) = desk.ask(("POST", "/api/v1/config/rollback"), Some("2"), back).await;
    assert_eq!((status, &said["revision"], &*desk.kept.now().text), (200, &json!("3"), COMMENTED), "{said}");
    assert_eq!(desk.get("/api/v1/config/revisions/3").await["note"], "back to revision 1");
    for missing in ["9", "0", "x"] {
        let body = json!({"revision": missing});
        assert_eq!(desk.ask(("POST", "/api/v1/config/rollback"), Some("3"), body).await.0, 404, "{missing}");
    }
    let (status, _, said) = desk.ask(("GET", "/api/v1/config/revisions?limit=201"), None, Value::Null).await;
    assert_eq!((status, &said["field"]), (400, &json!("limit")));
}

#[tokio::test]
async fn viewers_see_masks_in_the_place_of_secrets() {
    let mut desk = Desk::new(COMMENTED);
    let other = COMMENTED.replace("sk-canary-77", "sk-canary-88").replace("Ada.", "Ada: canary-comment");
    assert_eq!(desk.ask(("PUT", CONFIG), Some("1"), json!({"document": other})).await.0, 200);
    desk.token = VIEWER;
    for path in ["", "/revisions", "/revisions/1", "/revisions/2", "/export"] {
        let said = desk.get(&format!("{CONFIG}{path}")).await.to_string();
        assert!(!said.contains("canary") && !said.contains("4f1d"), "{path}: {said}");
    }
    let shown = desk.get(CONFIG).await;
    assert!(shown["document"].as_str().unwrap().contains("[providers.groq] # fast\n"), "{shown}");
    let (status, _, _) = desk.ask(("GET", "/api/v1/config/export?secrets=include"), None, Value::Null).await;
    assert_eq!(status, 403);
    // What a viewer has copied is no document, unless its secrets are where they were.
    desk.token = "Bearer canary-4f1d";
    let copied = shown["document"].as_str().unwrap();
    let (status, _, said) = desk.ask(("PUT", CONFIG), Some("2"), json!({"document": copied})).await;
    assert_eq!(status, 200, "{said}");
    assert!(desk.kept.now().text.contains("key = \"sk-canary-88\""));
    let moved = copied.replace("providers.groq", "providers.fast");
    let (status, _, said) = desk.ask(("PUT", CONFIG), Some("3"), json!({"document": moved})).await;
    assert_eq!((status, &said["field"]), (422, &json!("providers.fast.key")), "{said}");
    let broken = Desk { kept: Kept::new("token = \"canary"), token: VIEWER, ..desk };
    let said = broken.get(CONFIG).await.to_string();
    assert!(said.contains("is not TOML") && !said.contains("canary"), "{said}");
}

#[tokio::test]
async fn a_bundle_is_exported_and_imported() {
    let desk = Desk::new(COMMENTED);
    let whole = desk.get("/api/v1/config/export?secrets=include").await;
    assert_eq!((&whole["document"], &whole["trunkline"]), (&json!(COMMENTED), &json!(1)));
    let masked = desk.get("/api/v1/config/export").await;
    assert!(!masked.to_string().contains("canary"), "{masked}");
    let import = async |desk: &Desk, bundle: &Value, rest: Value| {
        let mut body = json!({"kind": "trunkline", "files": [{"name": "b.json", "text": bundle.to_string()}]});
        body.as_object_mut().unwrap().extend(rest.as_object().cloned().unwrap());
        desk.ask(("POST", "/api/v1/config/import"), None, body).await
    };
    // Where the secrets still are, a masked bundle finds them.
    let (status, _, said) = import(&desk, &masked, json!({})).await;
    assert_eq!((status, &said["applied"], &said["report"]), (200, &json!(false), &json!([])), "{said}");
    assert_eq!(said["document"], COMMENTED);
    let empty = Desk::new("");
    let (status, _, said) = import(&empty, &masked, json!({})).await;
    let lost: Vec<&str> = said["report"].as_array().unwrap().iter().filter_map(|line| line["key"].as_str()).collect();
    assert_eq!((status, lost), (200, vec!["admin.token", "admin.viewer_tokens[0]", "providers.groq.key"]));
    assert_eq!(import(&empty, &masked, json!({"dry_run": false})).await.0, 422);
    let (status, _, said) = import(&empty, &whole, json!({"dry_run": false})).await;
    assert_eq!((status, &said["applied"], &*empty.kept.now().text), (200, &json!(true), COMMENTED), "{said}");
    for text in ["{}", r#"{"trunkline":2,"document":""}"#] {
        let body = json!({"kind": "trunkline", "files": [{"name": "b.json", "text": text}]});
        let (status, _, said) = desk.ask(("POST", "/api/v1/config/import"), None, body).await;
        assert_eq!((status, &said["field"]), (400, &json!("files")), "{text}");
    }
}

#[tokio::test]
async fn another_gateways_configuration_is_joined_to_the_document() {
    let desk = Desk::new(COMMENTED);
    let body = |of: &str, dry_run: bool| {
        let params = format!("{{model: {of}, surprise: 1}}");
        let yaml = format!("model_list:\n- model_name: gpt\n  litellm_params: {params}\n");
        json!({"kind": "litellm", "files": [{"name": "config.yaml", "text": yaml}], "dry_run": dry_run})
    };
    let keyed = body(&format!("openai/gpt-5, api_key: {TOKEN}"), true);
    let (_, _, said) = desk.ask(("POST", "/api/v1/config/import"), None, keyed).await;
    let document = said["document"].as_str().unwrap();
    assert!(document.contains("secret:openai") && !document[COMMENTED.len()..].contains(TOKEN), "{said}");
    let plain = |dry_run| body("openai/gpt-5", dry_run);
    let (status, _, said) = desk.ask(("POST", "/api/v1/config/import"), None, plain(true)).await;
    assert_eq!((status, &said["applied"], &desk.kept.now().revision), (200, &json!(false), &"1".to_owned()), "{said}");
    let fates: Vec<&Value> = said["report"].as_array().unwrap().iter().map(|line| &line["fate"]).collect();
    assert!(fates.contains(&&json!("exact")) && fates.contains(&&json!("manual")), "{said}");
    let document = said["document"].as_str().unwrap().to_owned();
    assert!(document.starts_with(COMMENTED) && document.contains("[models.gpt]"), "{document}");
    assert!(!document.contains("listen"), "where this process listens is not theirs to say: {document}");
    assert_eq!(desk.ask(("POST", "/api/v1/config/import"), Some("0"), plain(false)).await.0, 412);
    let (status, _, said) = desk.ask(("POST", "/api/v1/config/import"), Some("1"), plain(false)).await;
    assert_eq!((status, &said["applied"], &desk.kept.now().text), (200, &json!(true), &document), "{said}");
    for files in [json!([]), json!([{"name": "a"}]), json!([{"name": "a", "base64": "?"}])] {
        let body = json!({"kind": "serverless-proxy", "files": files});
        let (status, _, said) = desk.ask(("POST", "/api/v1/config/import"), None, body).await;
        assert_eq!((status, &said["field"]), (400, &json!("files")), "{said}");
    }
}

#[tokio::test]
async fn the_schema_is_that_of_the_document() {
    let said = Desk::new("").get("/api/v1/config/schema").await;
    assert_eq!(said["title"], "trunkline.toml");
}
