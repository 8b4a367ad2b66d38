//! What failed, whose doing it was, and whether another try could help.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

use crate::{RateLimits, WireError};

/// Who has to change something for the request to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The caller sent what cannot be served.
    Client,
    /// Trunkline itself.
    Gateway,
    /// The provider.
    Upstream,
}

/// The kinds of failure that are told apart; statuses and error codes follow from these alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The body cannot be taken.
    InvalidRequest,
    /// No client key, or an unknown one.
    Unauthenticated,
    /// The client key is known, and may not have what is asked for.
    NotAllowed,
    /// The client key has asked for as much as it may in a while, or has as many requests open.
    LimitReached,
    /// The client key has spent what it may.
    BudgetSpent,
    /// No such path.
    PathNotFound,
    /// The path is known, the method is not.
    MethodNotAllowed,
    /// No such model.
    ModelNotFound,
    /// The part before the slash names no provider.
    ProviderNotFound,
    /// The body is not declared as JSON.
    UnsupportedMediaType,
    /// The body is over the limit.
    BodyTooLarge,
    /// The caller took too long to send.
    ClientTimeout,
    /// More open requests than configured.
    Busy,
    /// The provider says that the caller sends too much.
    RateLimited,
    /// The provider says that no money is left.
    QuotaExhausted,
    /// The provider has no room now.
    Overloaded,
    /// The prompt does not fit the model.
    ContextTooLong,
    /// The provider refused our key.
    UpstreamAuth,
    /// No connection to the provider.
    Unreachable,
    /// The provider did not answer in time.
    UpstreamTimeout,
    /// The provider failed: a 5xx, a broken answer, a connection that closed too early.
    UpstreamBroken,
    /// The provider refused the request itself; its status is kept.
    UpstreamRejected,
    /// The client went away; nobody reads this.
    ClientLeft,
    /// A defect of ours.
    Internal,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 24] = [
        Self::InvalidRequest,
        Self::Unauthenticated,
        Self::NotAllowed,
        Self::LimitReached,
        Self::BudgetSpent,
        Self::PathNotFound,
        Self::MethodNotAllowed,
        Self::ModelNotFound,
        Self::ProviderNotFound,
        Self::UnsupportedMediaType,
        Self::BodyTooLarge,
        Self::ClientTimeout,
        Self::Busy,
        Self::RateLimited,
        Self::QuotaExhausted,
        Self::Overloaded,
        Self::ContextTooLong,
        Self::UpstreamAuth,
        Self::Unreachable,
        Self::UpstreamTimeout,
        Self::UpstreamBroken,
        Self::UpstreamRejected,
        Self::ClientLeft,
        Self::Internal,
    ];

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name in reports, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Unauthenticated => "unauthenticated",
            Self::NotAllowed => "not_allowed",
            Self::LimitReached => "limit_reached",
            Self::BudgetSpent => "budget_spent",
            Self::PathNotFound => "path_not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::ModelNotFound => "model_not_found",
            Self::ProviderNotFound => "provider_not_found",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::BodyTooLarge => "body_too_large",
            Self::ClientTimeout => "client_timeout",
            Self::Busy => "busy",
            Self::RateLimited => "rate_limited",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Overloaded => "overloaded",
            Self::ContextTooLong => "context_too_long",
            Self::UpstreamAuth => "upstream_auth",
            Self::Unreachable => "unreachable",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::UpstreamBroken => "upstream_broken",
            Self::UpstreamRejected => "upstream_rejected",
            Self::ClientLeft => "client_left",
            Self::Internal => "internal",
        }
    }

    /// Who has to change something.
    pub fn who(self) -> Who {
        match self {
            Self::InvalidRequest
            | Self::Unauthenticated
            | Self::NotAllowed
            | Self::LimitReached
            | Self::BudgetSpent
            | Self::PathNotFound
            | Self::MethodNotAllowed
            | Self::ModelNotFound
            | Self::ProviderNotFound
            | Self::UnsupportedMediaType
            | Self::BodyTooLarge
            | Self::ClientTimeout
            | Self::ContextTooLong
            | Self::ClientLeft => Who::Client,
            Self::Busy | Self::Internal => Who::Gateway,
            Self::RateLimited
            | Self::QuotaExhausted
            | Self::Overloaded
            | Self::UpstreamAuth
            | Self::Unreachable
            | Self::UpstreamTimeout
            | Self::UpstreamBroken
            | Self::UpstreamRejected => Who::Upstream,
        }
    }
}

/// What a provider said when it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamWords {
    /// Its status line's number.
    pub status: u16,
    /// Its body, when that is an error in the OpenAI shape and can be handed on as it is.
    pub body: Option<Bytes>,
    /// What it said of the caller's budget; empty where that is not the caller's own.
    pub limits: RateLimits,
}

/// One failure, as the person on the other side should read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Decides status, error type and retry.
    pub kind: FaultKind,
    /// What failed, for what input, and what to do.
    pub message: String,
    /// The field to blame, such as `messages[0].content`.
    pub param: Option<String>,
    /// A code more exact than the kind's own.
    pub code: Option<Cow<'static, str>>,
    /// How long the provider asked to be left alone.
    pub retry_after: Option<Duration>,
    /// The provider's own answer, when there was one.
    pub upstream: Option<Box<UpstreamWords>>,
}

impl Fault {
    /// A fault of this kind with nothing but its sentence.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), param: None, code: None, retry_after: None, upstream: None }
    }

    /// The same, blaming a field.
    #[must_use]
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The same, with a code of its own.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = Some(code.into());
        self
    }
}

impl From<WireError> for Fault {
    fn from(error: WireError) -> Self {
        let mut fault = Self::new(FaultKind::InvalidRequest, error.to_string());
        fault.param = error.path().map(str::to_owned);
        fault
    }
}
