//! Paths:
//!
//! | path | answer |
//! |---|---|
//! | `POST /v1/chat/completions` | a completion, or a stream when the body says `"stream":true` |
//! | `GET /v1/models`, `GET /health` | as their names say |
//! | `GET /_control?chunks=N&delay_us=N&keep_last=0\|1` | sets what is given; answers settings and counters |
//! | `GET /_last` | the body of the latest request (with `keep_last=1`), its credentials in `x-mock-authorization` |

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Limited};
use memchr::memmem;

use crate::answers::{self, UsageChunk};
use crate::reply::Reply;
use crate::state::State;

/// One request body. Guards memory against a runaway proxy.
const BODY_BYTES_MAX: usize = 64 << 20;

/// Answers one request.
pub(crate) async fn handle<B>(state: &State, request: Request<B>) -> Result<Response<Reply>, Infallible>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let path = request.uri().path();
    if request.method() == Method::POST && path == "/v1/chat/completions" {
        return Ok(chat(state, request).await);
    }
    Ok(match (request.method(), path) {
        (&Method::GET, "/_control") => match state.set(request.uri().query().unwrap_or_default()) {
            Ok(()) => json(StatusCode::OK, state.to_json()),
            Err(problem) => json(StatusCode::BAD_REQUEST, format!("{{\"error\":{problem:?}}}")),
        },
        (&Method::GET, "/_last") => last(state),
        (&Method::GET, "/v1/models") => json(StatusCode::OK, answers::MODELS),
        (&Method::GET, "/health") => json(StatusCode::OK, answers::HEALTH),
        _ => json(StatusCode::NOT_FOUND, answers::NO_SUCH_PATH),
    })
}

async fn chat<B>(state: &State, request: Request<B>) -> Response<Reply>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return json(StatusCode::PAYLOAD_TOO_LARGE, answers::NO_SUCH_PATH);
    };
    let body = body.to_bytes();
    state.request_read(head.headers.get(AUTHORIZATION), &body);
    if !says_true(&body, b"\"stream\"") {
        return json(StatusCode::OK, answers::CHAT);
    }
    state.stream_begun();
    let usage = if says_true(&body, b"\"include_usage\"") { UsageChunk::Sent } else { UsageChunk::NotSent };
    let mut response = Response::new(Reply::events(shared_events(state.chunks(), usage), state.delay()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Whether `"key": true` stands anywhere in the body. Inside a prompt the quotes would be escaped, so a search is
/// enough here, and far cheaper than a parser.
fn says_true(body: &[u8], quoted_key: &[u8]) -> bool {
    memmem::find_iter(body, quoted_key).any(|at| {
        let rest = body.get(at + quoted_key.len()..).unwrap_or_default();
        let value = rest.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start);
        value.is_some_and(|value| value.starts_with(b"true"))
    })
}

/// The events of the latest kind of stream: built once, then shared by all that ask for the same.
fn shared_events(chunks: u64, usage: UsageChunk) -> Arc<Vec<Bytes>> {
    type Built = Option<(u64, UsageChunk, Arc<Vec<Bytes>>)>;
    static BUILT: Mutex<Built> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    match built.as_ref() {
        Some((for_chunks, for_usage, events)) if (*for_chunks, *for_usage) == (chunks, usage) => Arc::clone(events),
        _ => {
            let events = Arc::new(answers::stream_events(chunks, usage));
            *built = Some((chunks, usage, Arc::clone(&events)));
            events
        }
    }
}

fn last(state: &State) -> Response<Reply> {
    let seen = state.last();
    let mut response = json(StatusCode::OK, seen.body);
    if let Some(authorization) = seen.authorization {
        response.headers_mut().insert("x-mock-authorization", authorization);
    }
    response
}

fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Reply> {
    let mut response = Response::new(Reply::whole(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::Full;

    async fn ask(state: &State, method: Method, path: &str, body: &'static str) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(AUTHORIZATION, "Bearer k")
            .body(Full::new(Bytes::from_static(body.as_bytes())))
            .expect("a valid request");
        let response = handle(state, request).await.expect("cannot fail");
        let status = response.status();
        let body = response.into_body().collect().await.expect("cannot fail").to_bytes();
        (status, String::from_utf8(body.into()).expect("ASCII"))
    }

    async fn check(body: &'static str, expected: String) {
        let state = State::default();
        state.set("chunks=3").expect("a known setting");
        let got = ask(&state, Method::POST, "/v1/chat/completions", body).await;
        assert_eq!(got, (StatusCode::OK, expected));
    }

    fn stream(usage: UsageChunk) -> String {
        let events = answers::stream_events(3, usage);
        events.iter().map(|event| str::from_utf8(event).expect("ASCII")).collect()
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_body_decides_between_completion_stream_and_usage() {
        check(r#"{"model":"m"}"#, answers::CHAT.to_owned()).await;
        check(r#"{"stream":false}"#, answers::CHAT.to_owned()).await;
        check(r#"{"messages":"\"stream\":true"}"#, answers::CHAT.to_owned()).await;
        check(r#"{"stream":true}"#, stream(UsageChunk::NotSent)).await;
        check(r#"{ "stream" : true , "stream_options" : { "include_usage" : true } }"#, stream(UsageChunk::Sent)).await;
        check(r#"{"stream_options":{"include_usage":false},"stream":true}"#, stream(UsageChunk::NotSent)).await;
    }

    #[tokio::test(flavor = "current_thread")]
    async fn counters_tell_requests_and_streams_apart() {
        let state = State::default();
        ask(&state, Method::POST, "/v1/chat/completions", "{}").await;
        ask(&state, Method::POST, "/v1/chat/completions", r#"{"stream":true}"#).await;
        let (status, body) = ask(&state, Method::GET, "/_control?chunks=4", "").await;
        let expected = r#"{"chunks":4,"delay_us":0,"requests":2,"streams":1,"connections":0}"#;
        assert_eq!((status, body.as_str()), (StatusCode::OK, expected));
        let (status, body) = ask(&state, Method::GET, "/_control?chunk=4", "").await;
        assert_eq!((status, body.as_str()), (StatusCode::BAD_REQUEST, r#"{"error":"cannot set \"chunk=4\""}"#));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn any_other_path_is_a_404() {
        let got = ask(&State::default(), Method::POST, "/chat/completions", "{}").await;
        assert_eq!(got, (StatusCode::NOT_FOUND, answers::NO_SUCH_PATH.to_owned()));
    }
}
