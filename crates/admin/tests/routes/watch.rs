//! What there is to look at.

use std::collections::VecDeque;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::to_bytes;
use http::header;
use serde_json::json;
use trunkline_admin::{
    Admin, Heard, Listener, Looked, RequestDetail, RequestPage, RequestProblem, RequestRow, Requests, Sums, Unasked,
    Usage, UsageBy, UsageGroup, UsageQuestion, WantedRequests,
};

use super::accounts::{Accounts, Nobody};
use super::{PEER, PROBLEM, Process, ask, known, on, request};

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
    let admin = Admin::new(Arc::new(Accounts::default()), Arc::new(Nobody), Unasked::Never);
    let request = request(("GET", "/api/v1/requests/live"), &known()[..1], String::new());
    let response = admin.answer(Arc::new(Process(on())), PEER, request).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let text = to_bytes(response.into_body(), 1 << 20).await.expect("it ends with what is heard");
    let text = String::from_utf8(text.to_vec()).expect("text");
    let events: Vec<&str> = text.split("\n\n").filter(|event| !event.is_empty() && *event != ": ").collect();
    assert_eq!(events[0], "event: missed\ndata: {\"count\":3}");
    assert!(events[1].starts_with("event: request\nid: 1a\ndata: {\"id\":\"1a\",\"at\":"), "{text}");
    assert_eq!(events.len(), 2, "{text}");
}
