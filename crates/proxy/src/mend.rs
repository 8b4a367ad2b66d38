//! Conversations whose tool messages do not go together, put right before they are sent or after they were refused.

use http::{HeaderName, HeaderValue};
use trunkline_config::{ErrorAction, FixToolMessages};
use trunkline_route::policy::action;
use trunkline_route::{Attempt, Plan};
use trunkline_wire::dialects::openai_responses::state;
use trunkline_wire::{DialectId, Fault, FaultKind, Operation, ir, orphans};

use crate::prepare::Taken;

/// Says that the conversation was put right.
const FIXED: HeaderName = HeaderName::from_static("x-trunkline-fixed");

/// The request put right before anybody is asked, where the model wants that; `None`: it goes as it is.
pub(crate) fn beforehand<'a>(taken: &Taken<'a>, plan: &Plan) -> Option<Taken<'a>> {
    (plan.fix_tool_messages == FixToolMessages::Always).then(|| mended(taken))?
}

/// The request put right after it was refused with `fault`, where the model or the provider wants that.
pub(crate) fn afterwards<'a>(taken: &Taken<'a>, plan: &Plan, attempt: &Attempt, fault: &Fault) -> Option<Taken<'a>> {
    /// How providers refuse what a body says.
    const REFUSALS: [u16; 2] = [400, 422];
    let status = fault.upstream.as_ref().map(|words| words.status);
    let refused = fault.kind == FaultKind::UpstreamRejected && status.is_some_and(|status| REFUSALS.contains(&status));
    let wanted = match plan.fix_tool_messages {
        FixToolMessages::OnError => refused,
        FixToolMessages::Off | FixToolMessages::Always => false,
    };
    let wanted = wanted || action(&attempt.target.provider, fault) == ErrorAction::AutoFixToolResponses;
    (wanted && taken.mended.is_none()).then(|| mended(taken))?
}

/// Says so in the head of an answer.
pub(crate) fn tell(taken: &Taken<'_>) -> Option<(HeaderName, HeaderValue)> {
    taken.mended.as_ref().map(|_| (FIXED, HeaderValue::from_static("tool_messages")))
}

fn mended<'a>(taken: &Taken<'a>) -> Option<Taken<'a>> {
    if taken.surface.operation != Operation::Chat {
        return None;
    }
    let mut request = match taken.decoded.get() {
        Some(request) => ir::Request::clone(request),
        None => taken.decode_orphans().ok()?,
    };
    let elsewhere = taken.surface.dialect == DialectId::OpenaiResponses
        && (state::previous_response_id(&request).is_some()
            || !state::references(&request).is_empty()
            || request.extras.iter().any(|extra| extra.name == "conversation"));
    if elsewhere {
        // The calls that its results answer are not in it.
        return None;
    }
    let losses = orphans::mend(&mut request)?;
    Some(taken.with(request, losses))
}
