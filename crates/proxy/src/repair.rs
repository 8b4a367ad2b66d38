//! Which answers are looked into, and with which filter.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use trunkline_route::{Attempt, Lane};
use trunkline_wire::filter::{Filter, Mode, Offered, Recipe};
use trunkline_wire::ir::{BlockKind, Delta, Event, StopReason};
use trunkline_wire::peek::Turn;
use trunkline_wire::{DialectId, Fault, Operation};

use crate::prepare::Taken;
use crate::reply::Repaired;
use crate::routes::Form;
use crate::surface::streams_as_array;

/// Whether an answer that could pass unread is to be read: it may hold calls, or it is stated what becomes of thoughts.
pub(crate) fn reads(taken: &Taken<'_>, attempt: &Attempt) -> bool {
    let Some(repair) = &attempt.target.repair else { return false };
    if taken.surface.operation != Operation::Chat {
        return false;
    }
    let turn = turn(taken);
    let wanted =
        repair.show_reasoning.is_some() || repair.mode != Mode::Off && (turn.has_tools || is_kept_here(taken, turn));
    // One answer is read, not several beside each other; and what cannot be understood is the provider's to judge.
    wanted && !turn.has_choices && (taken.surface.dialect == DialectId::OpenaiResponses || taken.request().is_ok())
}

/// Whether an answer that comes in this lane is looked into, where anything is done to its target's.
pub(crate) fn is_read_in(taken: &Taken<'_>, lane: Lane) -> bool {
    match lane {
        Lane::Native | Lane::Counted | Lane::Estimated => false,
        Lane::Bridged(_) | Lane::Adapter(_) => taken.surface.operation == Operation::Chat,
    }
}

/// Whether a request may go on from an answer that was read, and so is kept here and not by the provider.
fn is_kept_here(taken: &Taken<'_>, turn: Turn) -> bool {
    taken.surface.dialect == DialectId::OpenaiResponses && turn.goes_on
}

/// What is known of a request that nobody has read yet.
pub(crate) fn turn(taken: &Taken<'_>) -> Turn {
    match taken.surface.form {
        Form::InPath { .. } => Turn::of(&taken.body),
        Form::Plain | Form::Streamed | Form::Generate | Form::OneEmbedding => taken.peek.turn,
    }
}

/// Whether a request whose answer is read goes out in the client's own bytes. Answers of Responses are kept by whoever
/// made them: those that are read are made here.
pub(crate) fn goes_as_it_is(taken: &Taken<'_>, to: DialectId) -> bool {
    to == taken.surface.dialect
        && to != DialectId::OpenaiResponses
        && taken.mended.is_none()
        && !streams_as_array(taken)
}

/// With what an answer is read, if it is.
pub(crate) struct Reading<'a>(Option<(&'a Recipe, Option<Arc<Offered>>)>);

impl Reading<'_> {
    /// Nothing is looked into.
    pub(crate) const NONE: Reading<'static> = Reading(None);

    /// Begins to read an answer.
    pub(crate) fn begin(&self) -> Repaired {
        Repaired::new(self.0.as_ref().map(|(recipe, offered)| Filter::new(recipe, offered.clone())))
    }

    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }
}

/// How an answer of this target is read.
///
/// # Errors
/// When the body is not what its dialect says it must be.
pub(crate) fn reading<'a>(taken: &Taken<'_>, attempt: &'a Attempt) -> Result<Reading<'a>, Fault> {
    let chat = taken.surface.operation == Operation::Chat;
    let Some(repair) = attempt.target.repair.as_deref().filter(|_| chat) else { return Ok(Reading::NONE) };
    let recipe = if taken.streams() { &repair.streamed } else { &repair.whole };
    let offered = Offered::of(taken.request()?).map(Arc::new);
    Ok(Reading(Some((recipe, offered))))
}

/// What a model wrote that its provider could make no call of, as the events of an answer; `None` where the fault is
/// another, or the filter makes no call of it either. Groq says it so, seen in its page "Tool use" (November 2026).
pub(crate) fn failed_generation(taken: &Taken<'_>, attempt: &Attempt, fault: &Fault) -> Option<Vec<Event>> {
    #[derive(Deserialize)]
    struct Said {
        error: Failed,
    }
    #[derive(Deserialize)]
    struct Failed {
        failed_generation: String,
    }
    let body: &Bytes = fault.upstream.as_deref()?.body.as_ref()?;
    let Said { error: Failed { failed_generation } } = serde_json::from_slice(body).ok()?;
    let events = vec![
        Event::Start { id: String::new() },
        Event::Open { block: 0, kind: BlockKind::Text },
        Event::Delta { block: 0, delta: Delta::Text(failed_generation) },
        Event::Close { block: 0 },
        Event::Stop(StopReason::End),
    ];
    let mut repaired = reading(taken, attempt).ok().filter(Reading::is_some)?.begin();
    let out: Vec<Event> = events.iter().flat_map(|event| repaired.push(event.clone())).collect();
    let called = out.iter().any(|event| matches!(event, Event::Open { kind: BlockKind::ToolCall { .. }, .. }));
    let failed = out.iter().any(|event| matches!(event, Event::Fault(_)));
    (called && !failed).then_some(events)
}
