//! What an answer's bytes are, as its head says.

use http::{HeaderMap, HeaderValue, header};

/// What an answer's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sse,
    Lines,
    Json,
    Opaque,
}

impl Kind {
    /// What the head says.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        if headers.contains_key(header::CONTENT_ENCODING) {
            return Self::Opaque;
        }
        let essence = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        if starts_with_ignore_case(essence, b"text/event-stream") {
            Self::Sse
        } else if starts_with_ignore_case(essence, b"application/x-ndjson") {
            Self::Lines
        } else if starts_with_ignore_case(essence, b"application/json") {
            Self::Json
        } else {
            Self::Opaque
        }
    }
}

fn starts_with_ignore_case(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}
