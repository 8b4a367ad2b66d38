//! Statuses that are errors, with the bodies that each dialect's servers send.

use serde_json::{Value, json};
use trunkline_wire::DialectId;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 500.
    Broken,
    /// 503 while a model is loaded.
    Loading,
    /// 529.
    Overloaded,
    /// 401.
    BadKey,
    /// 402.
    NoMoney,
    /// 404.
    NoModel,
    /// 400, the prompt does not fit.
    TooLong,
    /// 429; how long to wait is said in more ways than one, see [`super::Wait`].
    Limited,
}

/// One refusal in the words of each family.
struct Words {
    status: u16,
    message: &'static str,
    /// OpenAI's `type` and `code`.
    openai: (&'static str, Option<&'static str>),
    /// Anthropic's `type`.
    anthropic: &'static str,
    /// Google's `status`.
    google: &'static str,
}

impl Refusal {
    /// All but the one that has forms of its own.
    pub(super) const ALL: [Self; 7] =
        [Self::Broken, Self::Loading, Self::Overloaded, Self::BadKey, Self::NoMoney, Self::NoModel, Self::TooLong];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Broken => "500",
            Self::Loading => "503_loading",
            Self::Overloaded => "529",
            Self::BadKey => "401",
            Self::NoMoney => "402",
            Self::NoModel => "404",
            Self::TooLong => "400_too_long",
            Self::Limited => "429",
        }
    }

    pub(super) fn status(self) -> u16 {
        self.words().status
    }

    /// The body in the shape of a dialect.
    pub(super) fn body(self, dialect: DialectId) -> String {
        self.value(dialect).to_string()
    }

    pub(super) fn value(self, dialect: DialectId) -> Value {
        let Words { status, openai: (kind, code), anthropic, google, .. } = self.words();
        let message = self.message(dialect);
        match dialect {
            DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses => {
                json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
            }
            DialectId::Anthropic => json!({"type": "error", "error": {"type": anthropic, "message": message}}),
            DialectId::Ollama => json!({"error": message}),
            DialectId::Gemini => json!({"error": {"code": status, "message": message, "status": google}}),
        }
    }

    /// What each server says where wording is all that tells.
    fn message(self, dialect: DialectId) -> &'static str {
        match (self, dialect) {
            (Self::TooLong, DialectId::Anthropic) => "prompt is too long: 9 tokens > 8 maximum",
            (Self::TooLong, DialectId::Ollama) => "the input length exceeds the context length",
            (Self::TooLong, DialectId::Gemini) => {
                "The input token count (9) exceeds the maximum number of tokens allowed (8)."
            }
            (Self::Overloaded, DialectId::Ollama) => {
                "server busy, please try again.  maximum pending requests exceeded"
            }
            (_, _) => self.words().message,
        }
    }

    fn words(self) -> Words {
        const INVALID: &str = "invalid_request_error";
        let (status, message, openai, anthropic, google) = match self {
            Self::Broken => (500, "The server had an error", ("server_error", None), "api_error", "INTERNAL"),
            Self::Loading => (503, "Loading model", ("unavailable_error", None), "overloaded_error", "UNAVAILABLE"),
            Self::Overloaded => {
                (529, "Overloaded", ("server_error", Some("server_is_overloaded")), "overloaded_error", "UNAVAILABLE")
            }
            Self::BadKey => (
                401,
                "Incorrect API key",
                (INVALID, Some("invalid_api_key")),
                "authentication_error",
                "UNAUTHENTICATED",
            ),
            Self::NoMoney => (
                402,
                "Insufficient credits",
                ("insufficient_quota", Some("insufficient_quota")),
                "billing_error",
                "RESOURCE_EXHAUSTED",
            ),
            Self::NoModel => (
                404,
                "The model `real` is not there",
                (INVALID, Some("model_not_found")),
                "not_found_error",
                "NOT_FOUND",
            ),
            Self::TooLong => (
                400,
                "This model's maximum context length is 8 tokens. However, you requested 9 tokens.",
                (INVALID, Some("context_length_exceeded")),
                INVALID,
                "INVALID_ARGUMENT",
            ),
            Self::Limited => (
                429,
                "Rate limit reached",
                ("rate_limit_error", Some("rate_limit_exceeded")),
                "rate_limit_error",
                "RESOURCE_EXHAUSTED",
            ),
        };
        Words { status, message, openai, anthropic, google }
    }
}
