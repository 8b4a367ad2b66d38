//! What there is to look at.

use std::collections::VecDeque;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::to_bytes;
use http::header;
use serde_json::{Value, json};
use trunkline_admin::{
    Admin, Asked, Heard, LedgerState, Listener, Looked, Probed, Process, RequestDetail, RequestPage, RequestProblem,
    RequestRow, Requests, StoreState, Sums, Unasked, Usage, UsageBy, UsageGroup, UsageQuestion, WantedRequests, Watch,
};
use trunkline_config::settings::{Stated, stated};
use trunkline_config::{FoundEndpoint, Overrides};
use trunkline_providers::BaseUrl;

use super::accounts::{Accounts, Nobody as NoWeb};
use super::{Kept, PEER, PROBLEM, Process as Running, ask, known, on, request, snapshot};

fn said<T: Send + 'static>(value: T) -> Looked<T> {
    Box::pin(ready(Ok(value)))
}

/// Has nothing but one page without an end, and one request that has just ended.
pub(crate) struct NoRequests;

impl Requests for NoRequests {
    fn list(&self, wanted: WantedRequests) -> Looked<RequestPage> {
        let next_cursor = Some(format!("{}{}", wanted.cursor.unwrap_or_default(), wanted.limit));
        said(RequestPage { items: Vec::new(), next_cursor })
    }
    fn show(&self, id: String) -> Looked<RequestDetail> {
        Box::pin(ready(Err(RequestProblem::NotFound(id))))
    }
    fn listen(&self) -> Result<Box<dyn Listener>, RequestProblem> {
        Ok(Box::new(Said(VecDeque::from([Heard::Missed(3), Heard::Request(Arc::new(row()))]))))
    }
}

/// Somebody who hears this, and then nothing more.
struct Said(VecDeque<Heard>);

impl Listener for Said {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<Heard>> + Send + '_>> {
        Box::pin(ready(self.0.pop_front()))
    }
}

fn row() -> RequestRow {
    RequestRow {
        id: "1a".to_owned(),
        at: "2026-11-22T09:00:00Z".to_owned(),
        client_key: None,
        operation: "chat".to_owned(),
        dialect: None,
        model: Some("m".to_owned()),
        provider: None,
        upstream_model: None,
        lane: None,
        status: 200,
        outcome: "served".to_owned(),
        stream: false,
        cached: false,
        input_tokens: 1,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
        output_tokens: 2,
        reasoning_tokens: 0,
        audio_input_tokens: 0,
        audio_output_tokens: 0,
        quality: None,
        cost: None,
        saved: None,
        first_byte_us: None,
        total_us: 3,
        bytes_in: 4,
        bytes_out: 5,
        attempt_count: 1,
    }
}

/// Tells what it was asked.
pub(crate) struct NoSums;

impl Sums for NoSums {
    fn usage(&self, question: UsageQuestion) -> Looked<Usage> {
        let UsageQuestion { by, zone, since, .. } = question;
        let group = |name| UsageGroup {
            name,
            start_at: None,
            requests: 0,
            errors: 0,
            client_left: 0,
            inexact: 0,
            unknown_cost: 0,
            cached: 0,
            input_tokens: 0,
            cache_read_tokens: 0,
            cache_write_tokens: 0,
            output_tokens: 0,
            reasoning_tokens: 0,
            audio_input_tokens: 0,
            audio_output_tokens: 0,
            cost: None,
            saved: None,
            total: Default::default(),
            first_byte: Default::default(),
        };
        let groups = vec![group((by == Some(UsageBy::ClientKey)).then(|| "laptop".to_owned()))];
        said(Usage { groups, all: group(None), since, until: None, zone: zone.unwrap_or_default() })
    }
    fn usage_csv(&self, _: UsageQuestion) -> Looked<String> {
        said("model,requests\n".to_owned())
    }
}

/// A process in trouble, which listens to everybody.
pub(crate) struct Nobody;

impl Watch for Nobody {
    fn process(&self) -> Process {
        Process {
            version: "0.0.0",
            started_ms: 1_795_305_600_000,
            listen: "0.0.0.0:8700".parse().expect("an address"),
            ledger: LedgerState { written: 1, dropped: 2, spooled: 3, failing: Some("disk full".to_owned()) },
            replicas: None,
            refused_document: Some("t.toml is not in force: line 3".to_owned()),
            problems: vec!["bodies cannot be kept".to_owned()],
        }
    }
    fn store(&self) -> Asked<StoreState> {
        Box::pin(ready(StoreState { engine: "SQLite", latency_ms: Err("disk full".to_owned()) }))
    }
    fn probed(&self) -> Probed {
        let vendor = trunkline_providers::registry::find("ollama").expect("it is known");
        let at = |port| FoundEndpoint {
            vendor,
            base_url: BaseUrl::parse(&format!("http://127.0.0.1:{port}"), vendor).expect("a URL"),
        };
        Probed { is_on: true, last_ms: Some(1_795_305_600_000), found: vec![at(11_434), at(8_080)] }
    }
    fn settings(&self, document: &str) -> Vec<Stated> {
        stated(document, &super::things::variables(), &Overrides::default())
    }
}

#[tokio::test]
async fn requests_come_in_pages_and_what_is_not_there_is_said_to_be_missing() {
    let snapshot = on();
    let get = async |path: &str| ask(&snapshot, ("GET", path), &known()[..1], String::new()).await;
    let (status, _, page) = get("/api/v1/requests?limit=5&cursor=a").await;
    assert_eq!((status, page), (200, json!({"items": [], "next_cursor": "a5"})));
    let (status, kind, said) = get("/api/v1/requests?modle=m").await;
    assert_eq!((status, &*kind, &said["field"]), (400, PROBLEM, &json!("modle")), "{said}");
    let (status, kind, _) = get("/api/v1/requests/01a2").await;
    assert_eq!((status, &*kind), (404, PROBLEM));
}

#[tokio::test]
async fn sums_are_told_as_they_were_asked_for() {
    let snapshot = on();
    let get = async |path: &str, accept: &str| {
        let headers = [known()[0], ("accept", accept)];
        ask(&snapshot, ("GET", path), &headers, String::new()).await
    };
    let (status, _, told) = get("/api/v1/usage?by=client_key&per=day&zone=%2B02:00&since=7d", "*/*").await;
    let said = (&told["groups"][0]["name"], &told["zone"], &told["since"], &told["all"]["total"]["mean_us"]);
    assert_eq!((status, said), (200, (&json!("laptop"), &json!("+02:00"), &json!("7d"), &json!(null))));
    for (path, accept, expected) in [
        ("/api/v1/usage", "text/csv", "text/csv; charset=utf-8"),
        ("/api/v1/usage?format=csv", "*/*", "text/csv; charset=utf-8"),
        ("/api/v1/usage?format=json", "text/csv", "application/json"),
        ("/api/v1/usage", "text/*", "application/json"),
    ] {
        assert_eq!(get(path, accept).await.1, expected, "{path} {accept}");
    }
    for wrong in ["by=nobody", "per=week", "format=xml", "x=1"] {
        let (status, _, said) = get(&format!("/api/v1/usage?{wrong}"), "*/*").await;
        assert_eq!((status, &said["field"]), (400, &json!(wrong.split('=').next())), "{said}");
    }
}

#[tokio::test]
async fn requests_are_told_as_they_end() {
    let admin = Admin::new(Arc::new(Accounts::default()), Arc::new(NoWeb), Unasked::Never);
    let request = request(("GET", "/api/v1/requests/live"), &known()[..1], String::new());
    let response = admin.answer(Arc::new(Running(on(), Kept::default())), PEER, request).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let text = to_bytes(response.into_body(), 1 << 20).await.expect("it ends with what is heard");
    let text = String::from_utf8(text.to_vec()).expect("text");
    let events: Vec<&str> = text.split("\n\n").filter(|event| !event.is_empty() && *event != ": ").collect();
    assert_eq!(events[0], "event: missed\ndata: {\"count\":3}");
    assert!(events[1].starts_with("event: request\nid: 1a\ndata: {\"id\":\"1a\",\"at\":"), "{text}");
    assert_eq!(events.len(), 2, "{text}");
}

async fn told(document: &str, path: &str) -> Value {
    let snapshot = snapshot(document);
    let (status, _, said) = ask(&snapshot, ("GET", path), &known()[..1], String::new()).await;
    assert_eq!(status, 200, "{said}");
    said
}

const TOKEN_LINE: &str = "[admin]\ntoken = \"${CANARY}\"\n";

#[tokio::test]
async fn what_needs_the_operator_is_told_the_worst_first() {
    let status = told(TOKEN_LINE, "/api/v1/status").await;
    let ledger = json!({"written": 1, "dropped": 2, "spooled": 3, "failing": "disk full"});
    assert_eq!((&status["version"], &status["ledger"], &status["replicas"]), (&json!("0.0.0"), &ledger, &Value::Null));
    assert_eq!(
        (&status["started_at"], &status["base_url"]),
        (&json!("2026-11-22T00:00:00Z"), &json!("http://127.0.0.1:8700/v1"))
    );
    let codes = |status: &Value| -> Vec<String> {
        let items = status["attention"].as_array().expect("a list").iter();
        items.map(|item| format!("{} {} {}", item["severity"], item["code"], item["link"]).replace('"', "")).collect()
    };
    let of_process = ["error document_refused /config", "error ledger_failing /settings"];
    let lesser = ["warning reports_dropped /settings", "warning degraded /settings", "warning open_to_all /keys"];
    let last = ["info no_provider /welcome"];
    assert_eq!(codes(&status), [&of_process[..], &lesser[..], &last[..]].concat());
    let document = format!(
        "{TOKEN_LINE}[server]\nauth = \"none\"\n[providers.gpu]\ntype = \"vllm\"\nbase_url = \"http://127.0.0.1:1\"\ndraining = true\n"
    );
    let status = told(&document, "/api/v1/status").await;
    let info = ["info provider_draining /providers/gpu", "info open_to_all /keys"];
    assert_eq!(codes(&status), [&of_process[..], &lesser[..2], &info[..]].concat(), "who says it openly is told only");
}

#[tokio::test]
async fn providers_the_store_and_what_was_found_are_shown() {
    let document = format!("{TOKEN_LINE}[providers.local]\ntype = \"ollama\"\nbase_url = \"http://127.0.0.1:11434\"\n");
    let health = told(&document, "/api/v1/health").await;
    assert_eq!(health["store"], json!({"state": "down", "detail": "SQLite: disk full", "latency_ms": null}));
    assert_eq!(
        (&health["providers"][0]["name"], &health["providers"][0]["health"]["state"]),
        (&json!("local"), &json!("unknown"))
    );
    let found = told(&document, "/api/v1/discovery").await;
    let probe = json!({
        "name": "ports of this machine", "kind": "probe", "state": "watching",
        "last_at": "2026-11-22T00:00:00Z", "error": null,
    });
    assert_eq!(found["sources"][0], probe);
    let endpoints = found["endpoints"].as_array().expect("a list");
    let seen: Vec<_> = endpoints.iter().map(|end| (end["name"].as_str(), end["taken_as"].as_str())).collect();
    assert_eq!(seen, [(Some("local"), Some("local")), (Some("ollama"), None)]);
}

#[tokio::test]
async fn settings_are_masked_until_an_administrator_asks() {
    let groups = told(TOKEN_LINE, "/api/v1/settings").await;
    let all: Vec<&Value> = groups["groups"].as_array().expect("a list").iter().collect();
    let items = |name: &str| all.iter().find(|group| group["name"] == name).expect("it is there")["items"].clone();
    let token = items("admin").as_array().expect("a list").iter().find(|item| item["key"] == "admin.token").cloned();
    let masked = json!({"key": "admin.token", "value": "••••••••", "source": "environment", "secret": true});
    assert_eq!(token, Some(masked));
    let snapshot = snapshot("[admin]\ntoken = \"${CANARY}\"\nviewer_tokens = [\"watcher\"]\n");
    let viewer = [("authorization", "Bearer watcher"), ("content-type", "application/json")];
    let body = r#"{"key":"server.requests_max"}"#.to_owned();
    let line = ("POST", "/api/v1/settings/reveal");
    assert_eq!(ask(&snapshot, line, &viewer, body.clone()).await.0, 403);
    let (status, _, said) = ask(&snapshot, line, &known(), body).await;
    assert_eq!((status, said), (200, json!({"key": "server.requests_max", "value": "10000"})));
    let (status, _, said) = ask(&snapshot, line, &known(), r#"{"key":"server.nothing"}"#.to_owned()).await;
    assert_eq!((status, &said["field"]), (404, &json!("key")));
}
