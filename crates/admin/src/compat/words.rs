//! How other gateways tell what is wrong. Their clients look for `error`, which stands beside what RFC 9457 asks for.

use std::borrow::Cow;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::problem::{Kind, Problem};

/// Where model-proxy v2 takes a token, beside `Authorization`.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// In whose words an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    ServerlessProxy,
    ModelProxy,
}

/// The paths that each gateway has to itself.
const PLACES: &[(&str, Words)] = &[
    ("/v1/admin", Words::ModelProxy),
    ("/setup", Words::ModelProxy),
    ("/api/admin", Words::ServerlessProxy),
    ("/endpoints", Words::ServerlessProxy),
    ("/virtual-models", Words::ServerlessProxy),
    ("/tool-patterns", Words::ServerlessProxy),
    ("/proxy-dashboard", Words::ServerlessProxy),
];

impl Words {
    /// Those of the gateway whose path it is; `None`: ours.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let is_below =
            |place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        PLACES.iter().find(|(place, _)| is_below(place)).map(|(_, words)| *words)
    }

    /// What a caller presents, where we look for it.
    pub(crate) fn presented(self, headers: &HeaderMap) -> Cow<'_, HeaderMap> {
        let key = headers.get(X_API_KEY).filter(|_| self == Self::ModelProxy);
        let Some(key) = key.filter(|_| !headers.contains_key(header::AUTHORIZATION)) else {
            return Cow::Borrowed(headers);
        };
        let mut headers = headers.clone();
        if let Ok(mut bearer) = HeaderValue::from_bytes(&[b"Bearer ", key.as_bytes()].concat()) {
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
        }
        Cow::Owned(headers)
    }

    /// The same answer in these words: what is no problem stays as it is.
    pub(crate) fn retell(self, answer: Response) -> Response {
        match answer.extensions().get::<Arc<Problem>>() {
            Some(problem) => self.tell(problem),
            None => answer,
        }
    }

    fn tell(self, problem: &Problem) -> Response {
        let error = match (self, problem.kind) {
            (Self::ServerlessProxy, Kind::Unauthenticated) => json!("Unauthorized"),
            (Self::ModelProxy, Kind::Unauthenticated) => {
                json!({ "message": problem.detail(), "type": "authentication_error" })
            }
            (Self::ServerlessProxy | Self::ModelProxy, _) => Value::from(problem.detail()),
        };
        problem.answer(Some(&error), self.status(problem))
    }

    /// Both know fewer statuses.
    fn status(self, problem: &Problem) -> StatusCode {
        match (self, problem.kind) {
            (Self::ServerlessProxy | Self::ModelProxy, Kind::Unprocessable) => StatusCode::BAD_REQUEST,
            (Self::ServerlessProxy, Kind::Upstream) => StatusCode::INTERNAL_SERVER_ERROR,
            (Self::ServerlessProxy | Self::ModelProxy, _) => problem.status(),
        }
    }
}

/// Nothing of that name, in the words of those who asked for it.
pub(crate) fn not_found(what: impl Into<String>) -> Problem {
    Problem::new(Kind::NotFound, what)
}

/// A page of ours in place of one of theirs.
pub(crate) async fn to_pages() -> Response {
    const PAGES: HeaderValue = HeaderValue::from_static("/ui/");
    (StatusCode::FOUND, [(header::LOCATION, PAGES)]).into_response()
}
