//! Gathers an answer as it is given, and has it kept at its end.

use bytes::Bytes;
use trunkline_wire::dialects::openai_responses::state;
use trunkline_wire::ir::{Event, Response};
use trunkline_wire::{DialectId, Operation, StreamHead, dialect};

use super::{KeptResponse, owner_name};
use crate::prepare::Taken;
use crate::reply::Gathered;
use crate::report_guard::ReportGuard;

/// Bytes of one kept answer, with all that was put in. Guards memory, the queue before the store and the store itself; a
/// longer one is not kept.
const KEPT_BYTES_MAX: usize = 8 << 20;

/// Gathers one streamed answer.
pub(crate) struct Keeper {
    head: StreamHead,
    answer: Gathered,
}

impl Keeper {
    /// For an answer that is to be kept; `None` for all others.
    pub(crate) fn begin(taken: &Taken<'_>, head: &StreamHead, guard: &ReportGuard) -> Option<Box<Self>> {
        let keeper = || Box::new(Self { head: head.clone(), answer: Gathered::up_to(KEPT_BYTES_MAX) });
        is_kept(taken, head, guard).then(keeper)
    }

    /// Takes one event of the answer.
    pub(crate) fn push(&mut self, event: &Event) {
        self.answer.push(event);
    }

    /// The answer is whole.
    pub(crate) fn keep(self, guard: &ReportGuard) {
        let response = match self.answer.finish(self.head.model.clone(), self.head.created) {
            Ok(response) => response,
            Err(bytes) => return too_large(guard, bytes),
        };
        let encoded = dialect::of(DialectId::OpenaiResponses).encode_response(&response, &self.head);
        put(&response, &self.head, &encoded.bytes, guard);
    }
}

/// Keeps an answer that was given at once, where it is to be kept. `encoded` is what the client gets.
pub(crate) fn keep_whole(
    taken: &Taken<'_>,
    response: &Response,
    head: &StreamHead,
    encoded: &Bytes,
    guard: &ReportGuard,
) {
    if is_kept(taken, head, guard) {
        put(response, head, encoded, guard);
    }
}

fn is_kept(taken: &Taken<'_>, head: &StreamHead, guard: &ReportGuard) -> bool {
    taken.surface.dialect == DialectId::OpenaiResponses
        && taken.surface.operation == Operation::Chat
        && guard.responses().keeps()
        && head.request.as_ref().is_some_and(|request| state::is_stored(request))
}

fn put(response: &Response, head: &StreamHead, encoded: &Bytes, guard: &ReportGuard) {
    let Some(request) = &head.request else { return };
    let input = state::input_items(request, &head.request_id);
    let output = state::output_items(response, head);
    let array = |items: &[_]| serde_json::to_string(items).expect("JSON always serialises");
    let kept = KeptResponse {
        owner: owner_name(guard.report.client_key.as_deref()).to_owned(),
        id: format!("resp_{}", head.request_id),
        created_s: head.created,
        input: array(&input),
        output: array(&output),
        response: std::str::from_utf8(encoded).expect("what was just written is JSON").to_owned(),
    };
    if kept.bytes() > KEPT_BYTES_MAX {
        return too_large(guard, kept.bytes());
    }
    guard.responses().keep(kept);
}

fn too_large(guard: &ReportGuard, bytes: usize) {
    let id = format!("{:032x}", guard.report.id);
    tracing::warn!(id, bytes, bytes_max = KEPT_BYTES_MAX, "an answer is too large to be kept for later requests");
}
