//! What must become of each trouble.

use trunkline_route::Outcome;
use trunkline_testkit::faulty::{FIRST_TEXT, Refusal, TEXT, Trouble};
use trunkline_wire::{DialectId, FaultKind};

use crate::client::Seen;

/// What a trouble means to a client that has nobody else to turn to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nothing: it is served.
    Served,
    /// It is told a status before anything else.
    Failed(FaultKind),
    /// What had come is not the whole answer.
    BrokeOff(FaultKind),
}

pub(crate) fn meaning(trouble: Trouble, streamed: bool) -> Meaning {
    use FaultKind::*;
    match trouble {
        Trouble::None | Trouble::WrongType => Meaning::Served,
        Trouble::Unreachable => Meaning::Failed(Unreachable),
        Trouble::Refused(refusal) => Meaning::Failed(match refusal {
            Refusal::Broken => UpstreamBroken,
            Refusal::Loading | Refusal::Overloaded => Overloaded,
            Refusal::BadKey => UpstreamAuth,
            Refusal::NoMoney => QuotaExhausted,
            Refusal::NoModel => UpstreamRejected,
            Refusal::TooLong => ContextTooLong,
            Refusal::Limited => RateLimited,
        }),
        Trouble::Limited(_) => Meaning::Failed(RateLimited),
        Trouble::ErrorBody | Trouble::ErrorFirst | Trouble::ErrorBefore => Meaning::Failed(Overloaded),
        Trouble::SlowHead => Meaning::Failed(UpstreamTimeout),
        Trouble::ErrorAfter => Meaning::BrokeOff(Overloaded),
        Trouble::CutAfter | Trouble::EndedAfter if streamed => Meaning::BrokeOff(UpstreamBroken),
        Trouble::Closed
        | Trouble::Reset
        | Trouble::EmptyBody
        | Trouble::CutBefore
        | Trouble::ResetBefore
        | Trouble::CutAfter
        | Trouble::EndedAfter
        | Trouble::Garbage
        | Trouble::EndlessLine
        | Trouble::WebPage => Meaning::Failed(UpstreamBroken),
    }
}

impl Meaning {
    /// What a second target, a healthy one, makes of it. What is the request's own fault is so everywhere.
    pub(crate) fn with_another(self) -> Self {
        match self {
            Self::Failed(FaultKind::ContextTooLong) | Self::BrokeOff(_) => self,
            Self::Served | Self::Failed(_) => Self::Served,
        }
    }

    /// What the report says.
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Served => Outcome::Served,
            Self::Failed(kind) | Self::BrokeOff(kind) => Outcome::Failed(kind),
        }
    }

    /// What a client of the first dialect sees where the provider speaks the second.
    pub(crate) fn seen(self, (client, provider): (DialectId, DialectId), trouble: Trouble, streamed: bool) -> Seen {
        let wait = if let Trouble::Limited(wait) = trouble { wait.seconds() } else { None };
        let retry_after = wait.map(|seconds| seconds.to_string());
        match self {
            Self::Served if streamed => Seen::Streamed(TEXT.to_owned()),
            Self::Served => Seen::Answer(TEXT.to_owned()),
            Self::Failed(kind) => {
                let (status, word) = told(kind, client);
                // Codes of OpenAI's set are the provider's own, where the kind has none.
                let word =
                    word.filter(|_| kind != FaultKind::UpstreamRejected || !is_openai(client) || is_openai(provider));
                Seen::Error { status, word, retry_after }
            }
            Self::BrokeOff(kind) => {
                let (_, word) = told(kind, client);
                // An answer that failed has a code of its own set.
                let in_answer = client == DialectId::OpenaiResponses && kind == FaultKind::UpstreamBroken;
                let word = if in_answer { Some("server_error".to_owned()) } else { word };
                Seen::Broken { text: FIRST_TEXT.to_owned(), word }
            }
        }
    }
}

fn is_openai(dialect: DialectId) -> bool {
    matches!(dialect, DialectId::OpenaiChat | DialectId::OpenaiResponses)
}

/// How clients know a kind.
struct Row {
    kind: FaultKind,
    /// OpenAI's status and code, the status also that of Ollama and Gemini.
    openai: (u16, &'static str),
    /// Anthropic's status and type.
    anthropic: (u16, &'static str),
    google: &'static str,
}

const fn row(
    kind: FaultKind,
    openai: (u16, &'static str),
    anthropic: (u16, &'static str),
    google: &'static str,
) -> Row {
    Row { kind, openai, anthropic, google }
}

static ROWS: [Row; 9] = [
    row(FaultKind::RateLimited, (429, "rate_limit_exceeded"), (429, "rate_limit_error"), "RESOURCE_EXHAUSTED"),
    row(FaultKind::QuotaExhausted, (429, "insufficient_quota"), (402, "billing_error"), "RESOURCE_EXHAUSTED"),
    row(FaultKind::Overloaded, (503, "server_is_overloaded"), (529, "overloaded_error"), "UNAVAILABLE"),
    row(FaultKind::UpstreamAuth, (502, "upstream_auth_error"), (500, "api_error"), "UNAVAILABLE"),
    row(FaultKind::Unreachable, (502, "upstream_unreachable"), (500, "api_error"), "UNAVAILABLE"),
    row(FaultKind::UpstreamBroken, (502, "upstream_error"), (500, "api_error"), "UNAVAILABLE"),
    row(FaultKind::UpstreamTimeout, (504, "timeout"), (504, "timeout_error"), "DEADLINE_EXCEEDED"),
    row(
        FaultKind::ContextTooLong,
        (400, "context_length_exceeded"),
        (400, "invalid_request_error"),
        "INVALID_ARGUMENT",
    ),
    row(FaultKind::UpstreamRejected, (404, "model_not_found"), (404, "not_found_error"), "NOT_FOUND"),
];

/// The status of a kind and its word.
fn told(kind: FaultKind, client: DialectId) -> (u16, Option<String>) {
    let Row { openai, anthropic, google, .. } =
        ROWS.iter().find(|row| row.kind == kind).expect("a kind of these troubles");
    let (status, word) = match client {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses => (openai.0, Some(openai.1)),
        DialectId::Anthropic => (anthropic.0, Some(anthropic.1)),
        DialectId::Ollama => (openai.0, None),
        DialectId::Gemini => (openai.0, Some(*google)),
    };
    (status, word.map(str::to_owned))
}
