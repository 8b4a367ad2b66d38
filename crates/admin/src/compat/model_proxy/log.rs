//! `/v1/admin/logs`, and `/v1/admin/events`: what became of requests.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path as InPath, RawQuery};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use http_body::Frame;
use serde_json::{Value, json};
use tokio::time::{Instant, Sleep, sleep};
use trunkline_config::file::Day;
use trunkline_wire::timestamp;

use crate::plane::Plane;
use crate::problem::Problem;
use crate::read::Json;
use crate::requests::{Looked, RequestDetail, RequestProblem, RequestRow, Wanted};
use crate::routes::Running;

/// Records of an answer when nobody says how many.
const LIMIT: u32 = 100;

/// The most of them.
const LIMIT_MAX: u32 = 200;

/// How often it is looked whether a request has ended.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often somebody who waits for that is told that the line is open.
const BREATH_EVERY: Duration = Duration::from_secs(15);

/// The longest wait: longer than a request takes that was not told to take longer.
const WAIT_MAX: Duration = Duration::from_secs(3600);

const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// `GET /v1/admin/logs?limit=`.
pub(crate) async fn records(
    Extension(Running(plane)): Extension<Running>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let mut asked = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let limit = asked.find(|(name, _)| name == "limit").and_then(|(_, value)| value.parse().ok());
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(LIMIT).min(LIMIT_MAX);
    let page = plane.requests().list(Wanted { limit, ..Wanted::default() }).await?;
    let records: Vec<Value> = page.items.iter().map(record).collect();
    Ok(Json(json!({ "count": records.len(), "total_in_buffer": records.len(), "records": records })))
}

/// `GET /v1/admin/events/ID`.
pub(crate) async fn trace(
    Extension(Running(plane)): Extension<Running>,
    InPath(id): InPath<String>,
) -> Result<Json<Value>, Problem> {
    let detail = plane.requests().show(id).await?;
    let events = events(&detail);
    let row = detail.row;
    Ok(Json(json!({ "requestId": row.id, "finished": true, "startedAt": row.at, "events": events })))
}

/// `GET /v1/admin/events/ID/stream`. A request that has not ended, or not begun, is waited for.
pub(crate) async fn stream(
    Extension(Running(plane)): Extension<Running>,
    InPath(id): InPath<String>,
) -> Result<Response, Problem> {
    if u128::from_str_radix(&id, 16).is_err() {
        return Err(RequestProblem::NotFound(id).into());
    }
    let now = Instant::now();
    let look = Some(plane.requests().show(id.clone()));
    let story = Story { plane, id, look, pause: Box::pin(sleep(LOOK_EVERY)), began: now, breathed: now, told: false };
    Ok(([(header::CONTENT_TYPE, EVENTS), (header::CACHE_CONTROL, NO_CACHE)], Body::new(story)).into_response())
}

/// What became of a request, as soon as it is known.
struct Story {
    plane: Arc<dyn Plane>,
    id: String,
    /// `None` while it pauses.
    look: Option<Looked<RequestDetail>>,
    pause: Pin<Box<Sleep>>,
    began: Instant,
    breathed: Instant,
    told: bool,
}

impl http_body::Body for Story {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let story = &mut *self;
        while !story.told {
            if let Some(look) = &mut story.look {
                let found = ready!(look.as_mut().poll(cx));
                story.look = None;
                story.pause.as_mut().reset(Instant::now() + LOOK_EVERY);
                match found {
                    Ok(detail) => {
                        story.told = true;
                        let told = events(&detail).iter().map(|event| format!("data: {event}\n\n")).collect::<String>();
                        return Poll::Ready(Some(Ok(Frame::data(told.into()))));
                    }
                    Err(RequestProblem::NotFound(_)) => {}
                    Err(RequestProblem::Misasked(_) | RequestProblem::TooManyListeners(_) | RequestProblem::Down) => {
                        story.told = true;
                    }
                }
                continue;
            }
            ready!(story.pause.as_mut().poll(cx));
            let now = Instant::now();
            story.told = now - story.began > WAIT_MAX;
            story.look = Some(story.plane.requests().show(story.id.clone()));
            if now - story.breathed > BREATH_EVERY {
                story.breathed = now;
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b": keepalive\n\n")))));
            }
        }
        Poll::Ready(None)
    }
}

fn record(row: &RequestRow) -> Value {
    let failed = row.outcome != "served";
    let prompt = prompt_tokens(row);
    json!({
        "requestId": row.id,
        "timestamp": row.at,
        "endpoint": endpoint(row),
        "method": "POST",
        "requestedModel": row.model.as_deref().unwrap_or_default(),
        "resolvedProvider": row.provider,
        "resolvedModel": row.upstream_model,
        "wireProtocol": protocol(row),
        "responseStatus": row.status,
        "responseTimeMs": row.total_us / 1_000,
        "isStreaming": row.stream,
        "enforceMode": false,
        "retryCount": row.attempt_count.saturating_sub(1),
        "errorMessage": failed.then_some(&row.outcome),
        "errorType": failed.then_some(&row.outcome),
        "promptTokens": prompt,
        "completionTokens": row.output_tokens,
        "totalTokens": prompt.saturating_add(row.output_tokens),
    })
}

/// They count what is cached into the prompt.
fn prompt_tokens(row: &RequestRow) -> u64 {
    row.input_tokens.saturating_add(row.cache_read_tokens).saturating_add(row.cache_write_tokens)
}

/// Which of their two a client speaks.
fn protocol(row: &RequestRow) -> &'static str {
    if row.dialect.as_deref() == Some("anthropic") { "anthropic" } else { "openai" }
}

fn endpoint(row: &RequestRow) -> &'static str {
    match (row.operation.as_str(), protocol(row)) {
        ("embedding", _) => "/v1/embeddings",
        ("completion", _) => "/v1/completions",
        (_, "anthropic") => "/v1/messages",
        _ => "/v1/chat/completions",
    }
}

/// What is known of a request, as the events that it was made of.
fn events(detail: &RequestDetail) -> Vec<Value> {
    let row = &detail.row;
    let (began, failed) = (Day::parse(&row.at).map_or(0, |Day(ms)| ms), row.outcome != "served");
    let after = |us: u64| timestamp::write((began + us / 1_000) / 1_000);
    let mut events = vec![json!({
        "type": "request.started",
        "at": row.at,
        "protocol": protocol(row),
        "endpoint": endpoint(row),
        "model": row.model,
        "stream": row.stream,
        "enforceEnabled": false,
    })];
    for (index, attempt) in detail.attempts.iter().enumerate() {
        let ended = after(attempt.started_us.saturating_add(attempt.total_us));
        let (number, provider, model) = (index + 1, &attempt.provider, &attempt.upstream_model);
        events.push(json!({
            "type": "route.attempted",
            "at": after(attempt.started_us),
            "attempt": number,
            "provider": provider,
            "model": model,
            "wireProtocol": protocol(row),
            "isFallback": index > 0,
            "keyHint": attempt.key,
        }));
        events.push(if attempt.outcome == "served" {
            json!({
                "type": "route.succeeded",
                "at": ended,
                "attempt": number,
                "provider": provider,
                "model": model,
                "latencyMs": attempt.total_us / 1_000,
            })
        } else {
            json!({
                "type": "route.failed",
                "at": ended,
                "attempt": number,
                "provider": provider,
                "model": model,
                "status": attempt.status,
                "errorType": attempt.outcome,
                "message": attempt.detail,
                "willFallback": number < detail.attempts.len(),
            })
        });
    }
    events.extend(detail.repairs.iter().map(|what| {
        json!({
            "type": "autofix.applied",
            "at": after(row.total_us),
            "protocol": protocol(row),
            "provider": row.provider,
            "model": row.upstream_model,
            "message": what,
        })
    }));
    events.push(json!({
        "type": "request.finished",
        "at": after(row.total_us),
        "status": row.status,
        "totalMs": row.total_us / 1_000,
        "errorType": failed.then_some(&row.outcome),
        "errorMessage": detail.error,
    }));
    events
}
