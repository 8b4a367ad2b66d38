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
            Self::Failed(FaultKind::UpstreamRejected | FaultKind::ContextTooLong) | Self::BrokeOff(_) => self,
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
        let retry_after = match trouble {
            Trouble::Limited(wait) => wait.seconds().map(|seconds| seconds.to_string()),
            _ => None,
        };
        match self {
            Self::Served if streamed => Seen::Streamed(TEXT.to_owned()),
            Self::Served => Seen::Answer(TEXT.to_owned()),
            Self::Failed(kind) => {
                let (status, word) = told(kind, client);
                // Codes of OpenAI's set are the provider's own, where the kind has none.
                let word = word.filter(|_| kind != FaultKind::UpstreamRejected || !is_openai(client) || is_openai(provider));
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

/// The status of each kind and its word: OpenAI's `code`, Anthropic's `type`, Google's `status`.
fn told(kind: FaultKind, client: DialectId) -> (u16, Option<String>) {
    use FaultKind::*;
    // OpenAI's status and code, Anthropic's status and type, Google's word.
    let row = match kind {
        RateLimited => (429, "rate_limit_exceeded", 429, "rate_limit_error", "RESOURCE_EXHAUSTED"),
        QuotaExhausted => (429, "insufficient_quota", 402, "billing_error", "RESOURCE_EXHAUSTED"),
        Overloaded => (503, "server_is_overloaded", 529, "overloaded_error", "UNAVAILABLE"),
        UpstreamAuth => (502, "upstream_auth_error", 500, "api_error", "UNAVAILABLE"),
        Unreachable => (502, "upstream_unreachable", 500, "api_error", "UNAVAILABLE"),
        UpstreamBroken => (502, "upstream_error", 500, "api_error", "UNAVAILABLE"),
        UpstreamTimeout => (504, "timeout", 504, "timeout_error", "DEADLINE_EXCEEDED"),
        ContextTooLong => (400, "context_length_exceeded", 400, "invalid_request_error", "INVALID_ARGUMENT"),
        UpstreamRejected => (404, "model_not_found", 404, "not_found_error", "NOT_FOUND"),
        other => unreachable!("no trouble means {other:?}"),
    };
    let (openai, code, anthropic, kind, google) = row;
    match client {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses => {
            (openai, Some(code.to_owned()))
        }
        DialectId::Anthropic => (anthropic, Some(kind.to_owned())),
        DialectId::Ollama => (openai, None),
        DialectId::Gemini => (openai, Some(google.to_owned())),
    }
}
