//! What follows from a failed try: for those who took part in it, and for the request.

use std::sync::Arc;
use std::time::Duration;

use trunkline_config::{AuthMode, ErrorAction, ErrorCase, Model, Provider, Target};
use trunkline_wire::{Fault, FaultKind};

use crate::judge::{Verdict, judge};
use crate::live::{Cause, Penalty, Tells, Whose};

/// How long a target rests that has no room, or a key that is over its rate, unless somebody says how long: either may be
/// over at any moment.
const SHORT_REST: Duration = Duration::from_secs(5);
/// How long others rest, unless somebody says how long.
const USUAL_REST: Duration = Duration::from_secs(60);
/// How long a key rests for which nobody pays; money is slower than traffic.
const NO_MONEY_REST: Duration = Duration::from_secs(3600);
/// The longest rest. Guards against a provider that asks to be left alone for ever.
pub const REST_MAX: Duration = Duration::from_secs(24 * 3600);

/// The code of a request that must be told in full, and cannot be told to a provider in full.
pub const PARAMETERS_UNMET: &str = "parameters_unmet";

/// The code of an answer that called no tool, however often it was asked for, where it must.
pub const NO_TOOL_CALL: &str = "no_tool_call";

/// What follows from this fault of this provider: what it says itself, by status, by kind, by class of status, in this
/// order, or what is usual.
pub fn action(provider: &Provider, fault: &Fault) -> ErrorAction {
    match fault.code.as_deref() {
        // Others may be told what this one cannot.
        Some(PARAMETERS_UNMET) => return ErrorAction::FallbackNoCooldown,
        // It was asked often enough, and nothing is wrong with who was asked.
        Some(NO_TOOL_CALL) if fault.upstream.is_none() => return ErrorAction::PassThrough,
        Some(_) | None => {}
    }
    let status = fault.upstream.as_ref().map(|words| words.status);
    let stated = |wanted: fn(&ErrorCase) -> bool| {
        let mut cases = provider.errors.iter().filter(|(case, _)| wanted(case));
        cases.find(|(case, _)| applies(*case, fault.kind, status)).map(|(_, action)| *action)
    };
    stated(|case| matches!(case, ErrorCase::Status(_)))
        .or_else(|| stated(|case| matches!(case, ErrorCase::Kind(_))))
        .or_else(|| stated(|case| matches!(case, ErrorCase::Class(_))))
        .unwrap_or_else(|| usual(fault.kind, status))
}

fn applies(case: ErrorCase, kind: FaultKind, status: Option<u16>) -> bool {
    match case {
        ErrorCase::Status(wanted) => status == Some(wanted),
        ErrorCase::Kind(wanted) => kind == wanted,
        ErrorCase::Class(wanted) => status.is_some_and(|status| status / 100 == wanted),
    }
}

fn usual(kind: FaultKind, status: Option<u16>) -> ErrorAction {
    match kind {
        // A known key that may not have this model may well have others.
        FaultKind::UpstreamAuth if status == Some(403) => ErrorAction::ModelKeyFailure,
        FaultKind::UpstreamAuth | FaultKind::QuotaExhausted => ErrorAction::GlobalKeyFailure,
        FaultKind::RateLimited => ErrorAction::ModelKeyFailure,
        FaultKind::Overloaded => ErrorAction::RouteFailure,
        FaultKind::Unreachable | FaultKind::UpstreamTimeout | FaultKind::UpstreamBroken => ErrorAction::Retry,
        // The model is not there any more, or not for us; it may be elsewhere.
        FaultKind::UpstreamRejected if status == Some(404) => ErrorAction::FallbackNoCooldown,
        FaultKind::UpstreamRejected
        | FaultKind::ContextTooLong
        | FaultKind::InvalidRequest
        | FaultKind::Unauthenticated
        | FaultKind::NotAllowed
        | FaultKind::LimitReached
        | FaultKind::BudgetSpent
        | FaultKind::PathNotFound
        | FaultKind::MethodNotAllowed
        | FaultKind::ModelNotFound
        | FaultKind::ProviderNotFound
        | FaultKind::UnsupportedMediaType
        | FaultKind::BodyTooLarge
        | FaultKind::ClientTimeout
        | FaultKind::Busy
        | FaultKind::ClientLeft
        | FaultKind::Internal => ErrorAction::PassThrough,
    }
}

/// Codes by which providers refuse a prompt for its content.
const CONTENT_CODES: [&str; 3] = ["content_filter", "content_policy_violation", "moderation_blocked"];

/// The models to ask instead of `model` when a request fails for a reason that is the request's own.
pub fn others_for<'a>(model: &'a Model, fault: &Fault) -> &'a [Arc<str>] {
    if fault.kind == FaultKind::ContextTooLong {
        &model.context_fallbacks
    } else if fault.code.as_deref().is_some_and(|code| CONTENT_CODES.contains(&code)) {
        &model.content_fallbacks
    } else {
        &[]
    }
}

/// What `action` does to those who took part in a try that failed with `fault`.
pub fn penalty(action: ErrorAction, fault: &Fault, target: &Target) -> Penalty {
    // The clients' own keys are theirs: what one of them did wrong is nothing to the others.
    let theirs = target.provider.auth == AuthMode::Passthrough;
    let whose = match action {
        ErrorAction::GlobalKeyFailure | ErrorAction::ModelKeyFailure if theirs => None,
        ErrorAction::GlobalKeyFailure => Some(Whose::Key),
        ErrorAction::ModelKeyFailure => Some(Whose::KeyForModel),
        ErrorAction::ProviderCooldown => Some(Whose::Provider),
        ErrorAction::RouteFailure => Some(Whose::Target),
        ErrorAction::FallbackNoCooldown
        | ErrorAction::AutoFixToolResponses
        | ErrorAction::Retry
        | ErrorAction::PassThrough => None,
    };
    let cause = Cause { kind: fault.kind, status: fault.upstream.as_ref().map(|words| words.status) };
    let rest = whose.map_or(Duration::ZERO, |whose| rest(whose, fault, target));
    Penalty { whose, rest, cause, tells: tells(action, cause) }
}

/// What a failed try tells of its target's circuit. Who refuses a request lives; who has no room may not.
fn tells(action: ErrorAction, cause: Cause) -> Tells {
    match (action, cause.status) {
        (ErrorAction::Retry, _) => Tells::Failure,
        (_, Some(400..=499)) if cause.kind != FaultKind::Overloaded => Tells::Life,
        (_, Some(_) | None) => Tells::Nothing,
    }
}

/// Whether another key or another target may serve what this provider could not.
pub fn is_worth_another_try(provider: &Provider, fault: &Fault) -> bool {
    judge(action(provider, fault)) != Verdict::GiveUp
}

/// How long somebody rests: as long as the provider asks for, unless resting is switched off.
fn rest(whose: Whose, fault: &Fault, target: &Target) -> Duration {
    let stated = match whose {
        Whose::Key | Whose::KeyForModel => target.provider.key_cooldown,
        Whose::Target | Whose::Provider => target.cooldown,
    };
    if stated == Some(Duration::ZERO) {
        return Duration::ZERO;
    }
    let usual = if fault.kind == FaultKind::QuotaExhausted {
        NO_MONEY_REST
    } else if matches!(fault.kind, FaultKind::Overloaded | FaultKind::RateLimited) {
        SHORT_REST
    } else {
        USUAL_REST
    };
    fault.retry_after.or(stated).unwrap_or(usual).min(REST_MAX)
}

#[cfg(test)]
mod tests;
