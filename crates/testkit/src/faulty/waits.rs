//! The ways in which a 429 says how long to wait.

use serde_json::{Value, json};
use trunkline_wire::DialectId;

use super::Refusal;

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// None.
    Unsaid,
    /// Whole seconds.
    Seconds,
    /// Seconds with a fraction.
    Fraction,
    /// An HTTP date.
    Date,
    /// `retry-after-ms`, beside a longer `retry-after`.
    Millis,
    /// OpenAI's requests, as Go writes spans.
    OpenaiRequests,
    /// Groq's tokens, with a fraction.
    GroqTokens,
    /// Cerebras's seconds without a unit.
    Cerebras,
    /// Together's, which do not say what is counted.
    Together,
    /// Anthropic's moments.
    Anthropic,
    /// Google's `retryDelay`.
    Google,
    /// The same in an array of one, as Google's look-alike of OpenAI sends it.
    GoogleInArray,
    /// OpenRouter's moment in milliseconds since the Unix epoch, in the body.
    Openrouter,
    /// Azure's figures where it does not count: they say nothing.
    Azure,
}

/// Longest wait that is believed: moments in these answers are further off.
const DAY: u64 = 24 * 60 * 60;

impl Wait {
    pub(super) const ALL: [Self; 14] = [
        Self::Unsaid,
        Self::Seconds,
        Self::Fraction,
        Self::Date,
        Self::Millis,
        Self::OpenaiRequests,
        Self::GroqTokens,
        Self::Cerebras,
        Self::Together,
        Self::Anthropic,
        Self::Google,
        Self::GoogleInArray,
        Self::Openrouter,
        Self::Azure,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unsaid => "429",
            Self::Seconds => "429_seconds",
            Self::Fraction => "429_fraction",
            Self::Date => "429_date",
            Self::Millis => "429_millis",
            Self::OpenaiRequests => "429_openai",
            Self::GroqTokens => "429_groq",
            Self::Cerebras => "429_cerebras",
            Self::Together => "429_together",
            Self::Anthropic => "429_anthropic",
            Self::Google => "429_google",
            Self::GoogleInArray => "429_google_array",
            Self::Openrouter => "429_openrouter",
            Self::Azure => "429_azure",
        }
    }

    /// Seconds that the client should be told, rounded up.
    pub fn seconds(self) -> Option<u64> {
        match self {
            Self::Unsaid | Self::Azure => None,
            Self::Seconds => Some(7),
            Self::Fraction => Some(2),
            Self::Date | Self::Anthropic | Self::Openrouter => Some(DAY),
            Self::Millis => Some(3),
            Self::OpenaiRequests => Some(360),
            Self::GroqTokens => Some(180),
            Self::Cerebras => Some(12),
            Self::Together => Some(4),
            Self::Google | Self::GoogleInArray => Some(28),
        }
    }

    /// How it says so, behind the status.
    pub fn title(self) -> &'static str {
        match self {
            Self::Unsaid => "",
            Self::Seconds => " with `retry-after: 7`",
            Self::Fraction => " with `retry-after: 1.5`",
            Self::Date => " with a date in `retry-after`",
            Self::Millis => " with `retry-after-ms: 2500.5`",
            Self::OpenaiRequests => " with `x-ratelimit-reset-requests: 6m0s`, none being left",
            Self::GroqTokens => " with `x-ratelimit-reset-tokens: 2m59.56s`, none being left",
            Self::Cerebras => " with `x-ratelimit-reset-tokens-minute: 11.38`, none being left",
            Self::Together => " with `x-ratelimit-reset: 4`, none being left",
            Self::Anthropic => " with a moment in `anthropic-ratelimit-requests-reset`, none being left",
            Self::Google => " with Google's `retryDelay: 27.5s`",
            Self::GoogleInArray => " with the same in an array",
            Self::Openrouter => " with a moment in the body, as OpenRouter has it",
            Self::Azure => " with Azure's `x-ratelimit-remaining-requests: -1`",
        }
    }

    /// Each with its line end.
    pub(super) fn headers(self) -> &'static str {
        match self {
            Self::Unsaid | Self::Google | Self::GoogleInArray | Self::Openrouter => "",
            Self::Seconds => "retry-after: 7\r\n",
            Self::Fraction => "retry-after: 1.5\r\n",
            Self::Date => "retry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
            Self::Millis => "retry-after-ms: 2500.5\r\nretry-after: 9\r\n",
            Self::OpenaiRequests => "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 6m0s\r\n",
            Self::GroqTokens => "x-ratelimit-remaining-tokens: 0\r\nx-ratelimit-reset-tokens: 2m59.56s\r\n",
            Self::Cerebras => "x-ratelimit-remaining-tokens-minute: 0\r\nx-ratelimit-reset-tokens-minute: 11.38\r\n",
            Self::Together => "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 4\r\n",
            Self::Anthropic => {
                "anthropic-ratelimit-requests-remaining: 0\r\nanthropic-ratelimit-requests-reset: 2999-12-31T23:59:59Z\r\n"
            }
            Self::Azure => "x-ratelimit-remaining-requests: -1\r\nx-ratelimit-reset-requests: 0\r\n",
        }
    }

    /// What a server of this dialect says; those ways that are a body's are in it.
    pub(super) fn body(self, dialect: DialectId) -> String {
        let mut body = Refusal::Limited.value(dialect);
        match self {
            Self::Google | Self::GoogleInArray => {
                let info = json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "27.5s"});
                body = Refusal::Limited.value(DialectId::Gemini);
                put(&mut body, "details", json!([info]));
            }
            Self::Openrouter => {
                let headers = json!({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "32503679999000"});
                body = Refusal::Limited.value(DialectId::OpenaiChat);
                put(&mut body, "metadata", json!({"headers": headers, "provider_name": null}));
            }
            Self::Unsaid
            | Self::Seconds
            | Self::Fraction
            | Self::Date
            | Self::Millis
            | Self::OpenaiRequests
            | Self::GroqTokens
            | Self::Cerebras
            | Self::Together
            | Self::Anthropic
            | Self::Azure => {}
        }
        let body = if self == Self::GoogleInArray { Value::Array(vec![body]) } else { body };
        body.to_string()
    }
}

fn put(body: &mut Value, name: &str, value: Value) {
    if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) {
        error.insert(name.to_owned(), value);
    }
}
