//! What is wrong with a request, as RFC 9457 has it.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;
use trunkline_config::{Path, Problems};

use crate::api::editing::below;
use crate::auth::Down;
use crate::documents::DocumentProblem;
use crate::keys::KeyProblem;
use crate::plane::Misasked;
use crate::requests::RequestProblem;
use crate::secrets::SecretProblem;

/// The type of every body of a problem.
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An answer that is none.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    detail: String,
    field: Option<String>,
    /// All that is wrong with a document.
    problems: Vec<Flaw>,
    retry_after: Option<Duration>,
}

/// One thing that is wrong with a document, or worth a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "DocumentProblem")]
pub(crate) struct Flaw {
    /// Where in the document, such as `models.turbo.targets[0].provider`; a variable or a flag; empty where the syntax is
    /// wrong.
    pub(crate) path: String,
    /// From 1; `null` outside of the document.
    pub(crate) line: Option<usize>,
    /// In characters, from 1.
    pub(crate) column: Option<usize>,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    pub(crate) severity: Severity,
}

/// Whether it can be lived with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Severity {
    Error,
    Warning,
}

/// The problems that programs can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    BadRequest,
    Unauthenticated,
    Off,
    Forbidden,
    WrongHost,
    WrongOrigin,
    Csrf,
    TooManyTries,
    TooManyListeners,
    Elsewhere,
    NotFound,
    MethodNotAllowed,
    TooLarge,
    UnsupportedMediaType,
    Conflict,
    PreconditionFailed,
    Unprocessable,
    PreconditionRequired,
    ReadOnly,
    Upstream,
    Failed,
    Down,
}

impl Kind {
    fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Off | Self::Forbidden | Self::WrongHost | Self::WrongOrigin | Self::Csrf => StatusCode::FORBIDDEN,
            Self::TooManyTries | Self::TooManyListeners => StatusCode::TOO_MANY_REQUESTS,
            Self::Elsewhere | Self::Upstream => StatusCode::BAD_GATEWAY,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Conflict | Self::ReadOnly => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::Failed | Self::Down => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The problem's type, and its title.
    fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest => ("urn:trunkline:problem:bad_request", "the request cannot be understood"),
            Self::Unauthenticated => ("urn:trunkline:problem:unauthenticated", "nobody is signed in"),
            Self::Off => ("urn:trunkline:problem:off", "the admin API is off"),
            Self::Forbidden => ("urn:trunkline:problem:forbidden", "another role is needed"),
            Self::WrongHost => ("urn:trunkline:problem:wrong_host", "that is no name of this server"),
            Self::WrongOrigin => ("urn:trunkline:problem:wrong_origin", "the request comes from another page"),
            Self::Csrf => ("urn:trunkline:problem:csrf", "the page has not shown who it is"),
            Self::TooManyTries => ("urn:trunkline:problem:too_many_tries", "too many tries"),
            Self::TooManyListeners => ("urn:trunkline:problem:too_many_listeners", "too many listen"),
            Self::Elsewhere => ("urn:trunkline:problem:elsewhere", "the service that knows who signs in failed"),
            Self::NotFound => ("urn:trunkline:problem:not_found", "there is nothing here"),
            Self::MethodNotAllowed => ("urn:trunkline:problem:method_not_allowed", "not a method of this path"),
            Self::TooLarge => ("urn:trunkline:problem:too_large", "the body is too large"),
            Self::UnsupportedMediaType => ("urn:trunkline:problem:unsupported_media_type", "the body is not JSON"),
            Self::Conflict => ("urn:trunkline:problem:conflict", "something else stands in the way"),
            Self::PreconditionFailed => ("urn:trunkline:problem:precondition_failed", "somebody else was faster"),
            Self::Unprocessable => ("urn:trunkline:problem:unprocessable", "the document would be wrong"),
            Self::PreconditionRequired => {
                ("urn:trunkline:problem:precondition_required", "the revision is missing that is to be changed")
            }
            Self::ReadOnly => ("urn:trunkline:problem:read_only", "the document cannot be changed here"),
            Self::Upstream => ("urn:trunkline:problem:upstream", "the provider did not answer as it should"),
            Self::Failed => ("urn:trunkline:problem:failed", "the document could not be read, written or put in force"),
            Self::Down => ("urn:trunkline:problem:down", "the store does not answer"),
        }
    }
}

impl Problem {
    /// A problem in a sentence.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), field: None, problems: Vec::new(), retry_after: None }
    }

    /// The same, of this part of the body.
    pub(crate) fn at(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// What is wrong with a document, told to those who have changed this section of it.
    pub(crate) fn of_document(problem: &DocumentProblem, section: &Path) -> Self {
        let kind = match problem {
            DocumentProblem::Wrong(problems) => return Self::of_problems(problems, section),
            DocumentProblem::ReadOnly(_) => Kind::ReadOnly,
            DocumentProblem::Outdated { .. } => Kind::PreconditionFailed,
            DocumentProblem::NotFound(_) => Kind::NotFound,
            DocumentProblem::Failed(_) => Kind::Failed,
            DocumentProblem::Down => Kind::Down,
        };
        Self::new(kind, problem.to_string())
    }

    fn of_problems(problems: &Problems, section: &Path) -> Self {
        let flaws: Vec<Flaw> = problems.iter().map(Flaw::from).collect();
        let Some(first) = flaws.first() else { return Self::new(Kind::Unprocessable, "the document would be wrong") };
        let field = below(section, &first.path).filter(|field| !field.is_empty());
        // Whoever has changed a section knows what its fields are in.
        let is_said = first.path.is_empty() || (field.is_some() && *section != Path::default());
        let place = if is_said { String::new() } else { format!("{}: ", first.path) };
        let hint = first.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        let detail = format!("{place}{}{hint}", first.message);
        Self { field, problems: flaws, ..Self::new(Kind::Unprocessable, detail) }
    }

    /// The same, which may be otherwise after so long.
    pub(crate) fn after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }
}

impl From<Misasked> for Problem {
    fn from(wrong: Misasked) -> Self {
        Self::new(Kind::BadRequest, wrong.message).at(wrong.field)
    }
}

impl From<DocumentProblem> for Problem {
    fn from(problem: DocumentProblem) -> Self {
        Self::of_document(&problem, &Path::default())
    }
}

impl From<&trunkline_config::Problem> for Flaw {
    fn from(problem: &trunkline_config::Problem) -> Self {
        let place = problem.place.as_ref();
        Self {
            path: problem.path.clone(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
            severity: Severity::Error,
        }
    }
}

impl From<Down> for Problem {
    fn from(down: Down) -> Self {
        Self::new(Kind::Down, down.to_string())
    }
}

impl From<KeyProblem> for Problem {
    fn from(problem: KeyProblem) -> Self {
        let kind = match problem {
            KeyProblem::Misasked(wrong) => return wrong.into(),
            KeyProblem::NotFound(_) => Kind::NotFound,
            KeyProblem::NameTaken(_) | KeyProblem::InDocument(_) | KeyProblem::Outdated(_) => Kind::Conflict,
            KeyProblem::Down => Kind::Down,
        };
        Self::new(kind, problem.to_string())
    }
}

impl From<RequestProblem> for Problem {
    fn from(problem: RequestProblem) -> Self {
        let kind = match problem {
            RequestProblem::Misasked(wrong) => return wrong.into(),
            RequestProblem::NotFound(_) => Kind::NotFound,
            RequestProblem::TooManyListeners(_) => Kind::TooManyListeners,
            RequestProblem::Down => Kind::Down,
        };
        Self::new(kind, problem.to_string())
    }
}

impl From<SecretProblem> for Problem {
    fn from(problem: SecretProblem) -> Self {
        let kind = match problem {
            SecretProblem::Misasked(wrong) => return wrong.into(),
            SecretProblem::NotFound(_) => Kind::NotFound,
            SecretProblem::InUse { .. } | SecretProblem::Sealed(_) => Kind::Conflict,
            SecretProblem::Down => Kind::Down,
        };
        Self::new(kind, problem.to_string())
    }
}

/// Why a request was not answered as it wished (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
struct Body<'a> {
    /// Which problem it is, for programs.
    r#type: &'static str,
    /// The same for people, in a word or two.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What was wrong this time, and what to do.
    detail: &'a str,
    /// The part of the body or of the query that is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// What another gateway's clients look for; nobody else is told of it.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'a [Flaw],
}

/// The schema of the body of every problem.
pub(crate) fn schema(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<Body<'static>>()
}

impl Problem {
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.kind.status()
    }

    /// The answer that tells of it, and with `error` in the words of another gateway as well.
    pub(crate) fn answer(&self, error: Option<&Value>, status: StatusCode) -> Response {
        let (r#type, title) = self.kind.name();
        let Self { detail, field, problems, .. } = self;
        let field = field.as_deref();
        let body = Body { r#type, title, status: status.as_u16(), detail, field, problems, error };
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response();
        if self.kind == Kind::Unauthenticated {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            // Rounded up: who comes a moment too early has come in vain.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.answer(None, self.status());
        // For whoever tells it in other words.
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
