//! How a provider is to handle a request, apart from what is asked.

use serde_json::value::RawValue;

use crate::DialectId;

/// How a request is handled, as far as more than one dialect can say it; `None` leaves it to the provider.
#[derive(Clone, Debug, Default)]
pub struct Handling {
    /// With which capacity.
    pub tier: Option<ServiceTier>,
    /// The caller's own labels, an object of texts.
    pub metadata: Option<Box<RawValue>>,
    /// Whether the provider is to keep request and answer for the caller to look at. Not what Responses says with this
    /// name: there the answer is kept to be built on, which is not the provider's to do where it was translated.
    pub store: Option<bool>,
    /// Who the caller's user is, for the provider's own watch over abuse.
    pub safety_identifier: Option<String>,
    /// How much to say: `low`, `medium`, `high`.
    pub verbosity: Option<String>,
    /// How to moderate request and answer, an object.
    pub moderation: Option<Box<RawValue>>,
    /// What the prompt cache does with the whole request, an object.
    pub cache_options: Option<Box<RawValue>>,
    /// Whether a stream hides the length of its pieces.
    pub obfuscation: Option<bool>,
    /// Whether to tell how likely each token was.
    pub logprobs: Option<bool>,
    /// For how many of the likeliest tokens at each place.
    pub top_logprobs: Option<u64>,
}

/// With which capacity a request is to be, or was, served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceTier {
    /// With what the account has.
    Auto,
    /// As anybody's.
    Standard,
    /// Cheaper and later.
    Flex,
    /// Sooner.
    Priority,
    /// Any other word, kept.
    Other(String),
}

impl ServiceTier {
    /// By the name that OpenAI and those who do as it does have for it.
    pub fn from_name(name: &str) -> Self {
        match name {
            "auto" => Self::Auto,
            "default" => Self::Standard,
            "flex" => Self::Flex,
            "priority" => Self::Priority,
            other => Self::Other(other.to_owned()),
        }
    }

    /// That name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Auto => "auto",
            Self::Standard => "default",
            Self::Flex => "flex",
            Self::Priority => "priority",
            Self::Other(name) => name,
        }
    }
}

impl Handling {
    /// What is asked for here, by the names that `origin` has for it. That something is not to be done is no wish where
    /// nobody does it.
    pub fn asked(&self, origin: DialectId) -> impl Iterator<Item = &'static str> {
        let name = |usual, responses, gemini| match origin {
            DialectId::OpenaiResponses => responses,
            DialectId::Gemini => gemini,
            DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::Anthropic | DialectId::Ollama => usual,
        };
        let same = |usual| name(usual, usual, usual);
        [
            (self.tier.is_some(), name("service_tier", "service_tier", "serviceTier")),
            (self.metadata.is_some(), same("metadata")),
            (self.store == Some(true), same("store")),
            (self.safety_identifier.is_some(), same("safety_identifier")),
            (self.verbosity.is_some(), name("verbosity", "text.verbosity", "verbosity")),
            (self.moderation.is_some(), same("moderation")),
            (self.cache_options.is_some(), same("prompt_cache_options")),
            (self.obfuscation == Some(true), same("stream_options.include_obfuscation")),
            (self.logprobs == Some(true), name("logprobs", "include", "generationConfig.responseLogprobs")),
            (self.top_logprobs > Some(0), name("top_logprobs", "top_logprobs", "generationConfig.logprobs")),
        ]
        .into_iter()
        .filter_map(|(asked, name)| asked.then_some(name))
    }
}
