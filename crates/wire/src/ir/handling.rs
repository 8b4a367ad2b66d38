//! How a provider is to handle a request, apart from what is asked.

use serde_json::value::RawValue;

use super::Field;

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
    /// What is asked for here. That something is not to be done is no wish where nobody does it.
    pub fn asked(&self) -> impl Iterator<Item = Field> {
        [
            (self.tier.is_some(), Field::ServiceTier),
            (self.metadata.is_some(), Field::Metadata),
            (self.store == Some(true), Field::Store),
            (self.safety_identifier.is_some(), Field::SafetyIdentifier),
            (self.verbosity.is_some(), Field::Verbosity),
            (self.moderation.is_some(), Field::Moderation),
            (self.cache_options.is_some(), Field::CacheOptions),
            (self.obfuscation == Some(true), Field::Obfuscation),
            (self.logprobs == Some(true), Field::Logprobs),
            (self.top_logprobs > Some(0), Field::TopLogprobs),
        ]
        .into_iter()
        .filter_map(|(asked, field)| asked.then_some(field))
    }
}
