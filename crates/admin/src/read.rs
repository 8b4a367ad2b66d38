//! Bodies: read under a limit, and understood to the field.

use std::error::Error as _;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::LengthLimitError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::{Kind, Problem};
use crate::routes::Running;

/// What a body may hold beside a client's request, which has a limit of its own.
const ENVELOPE_BYTES_MAX: usize = 64 << 10;

/// The longest name that is repeated whole. Ids of keys are that long; keys, and hashes of them, are longer.
const NAME_CHARS_SHOWN: usize = 20;

/// How much of a longer one is: too little of a key to be of use.
const KEY_CHARS_SHOWN: usize = 6;

/// A body in JSON, on its way in or out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let running = request.extensions().get::<Running>();
        let client_max = running.map_or(0, |Running(plane)| plane.snapshot().server.body_bytes_max);
        read(request, client_max.saturating_add(ENVELOPE_BYTES_MAX)).await.map(Self)
    }
}

/// An object of so many bytes at most.
pub(crate) async fn read<T: DeserializeOwned>(request: Request, bytes_max: usize) -> Result<T, Problem> {
    check_type(request.headers())?;
    let text = whole(request.into_body(), bytes_max).await?;
    // A list of values would be taken for the fields in their order.
    if text.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::new(Kind::BadRequest, "the body must be an object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(&text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = error.path().to_string();
        let problem = Problem::new(Kind::BadRequest, without_value(&error.inner().to_string()));
        // `?` stands for a place that has no name yet.
        if matches!(&*field, "." | "?") { problem } else { problem.at(field) }
    })?;
    reader.end().map_err(|error| Problem::new(Kind::BadRequest, error.to_string()))?;
    Ok(value)
}

/// What is wrong with a value, without the value: it may be a secret.
pub(crate) fn without_value(message: &str) -> String {
    let of_value = |begins: &str| message.strip_prefix(begins).and_then(|rest| rest.rsplit_once(", expected "));
    let found = ["invalid type: ", "invalid value: "].into_iter().find_map(of_value);
    let Some((value, expected)) = found else { return message.to_owned() };
    let kind = value.split(' ').next().unwrap_or_default();
    let (expected, place) = expected.split_at(expected.rfind(" at line ").unwrap_or(expected.len()));
    format!("expected {expected}, found {kind}{place}")
}

/// What somebody named, for a sentence: whatever is long enough to be a key is cut to how it begins.
pub(crate) fn named(text: &str) -> String {
    if text.chars().count() <= NAME_CHARS_SHOWN {
        return format!("{text:?}");
    }
    format!("{:?}", text.chars().take(KEY_CHARS_SHOWN).collect::<String>() + "...")
}

/// A page can send text to any server, and no browser asks first: a body has to say that it is JSON.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let stated = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let essence = stated.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if essence.eq_ignore_ascii_case(b"application/json") {
        return Ok(());
    }
    Err(Problem::new(Kind::UnsupportedMediaType, "the body must be declared as `content-type: application/json`"))
}

async fn whole(body: Body, bytes_max: usize) -> Result<bytes::Bytes, Problem> {
    to_bytes(body, bytes_max).await.map_err(|error| {
        if error.source().is_some_and(|source| source.is::<LengthLimitError>()) {
            Problem::new(Kind::TooLarge, format!("it is larger than {bytes_max} bytes"))
        } else {
            Problem::new(Kind::BadRequest, format!("the body could not be read: {error}"))
        }
    })
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let text = serde_json::to_vec(&self.0).expect("what is answered is made of text and numbers");
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_without_the_value() {
        #[derive(Debug, serde::Deserialize)]
        struct Body {
            #[expect(dead_code, reason = "only ever failed to be read")]
            value: String,
        }
        for (text, told) in [
            (r#""canary""#, "expected struct Body, found string at line 1 column 8"),
            (r#""can, expected ary""#, "expected struct Body, found string at line 1 column 19"),
            (r#"{"value":4711}"#, "expected a string, found integer at line 1 column 13"),
            (r#"{"value":["canary"]}"#, "expected a string, found sequence at line 1 column 9"),
            (r#"{}"#, "missing field `value` at line 1 column 2"),
        ] {
            let message = serde_json::from_str::<Body>(text).unwrap_err().to_string();
            assert_eq!(without_value(&message), told);
        }
    }

    #[test]
    fn names_are_repeated_and_keys_are_not() {
        assert_eq!(named("key_0123456789abcdef"), "\"key_0123456789abcdef\"");
        assert_eq!(named("sk-tl-0123456789abcdef0123456789abcdef"), "\"sk-tl-...\"");
        assert_eq!(named("a\nb"), "\"a\\nb\"");
    }
}
