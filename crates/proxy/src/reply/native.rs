//! The native lane's answer: the provider's bytes, as they come.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use trunkline_wire::relay::{Facts, Failure, JsonRelay, LinesRelay, SseRelay};
use trunkline_wire::{DialectId, Fault, FaultKind, Operation, dialect};

use super::BrokenOff;
use super::deadline::Deadline;
use crate::attempt::{drained, fault_of, silent};
use crate::fault;
use crate::meter::End;
use crate::report_guard::ReportGuard;
use crate::upstream::Body;

/// What reads along.
pub(crate) enum Relay {
    /// A stream of server-sent events.
    Sse(SseRelay),
    /// A stream of lines, each a JSON value.
    Lines(LinesRelay),
    /// One JSON value.
    Json(JsonRelay),
    /// Audio, or whatever else: nothing in it is ours to read.
    Opaque(Facts),
}

impl Relay {
    pub(crate) fn push(&mut self, chunk: Bytes) -> Bytes {
        match self {
            Self::Sse(relay) => relay.push(chunk),
            Self::Lines(relay) => relay.push(chunk),
            Self::Json(relay) => relay.push(chunk),
            Self::Opaque(_) => chunk,
        }
    }

    fn finish(&mut self) -> Bytes {
        match self {
            Self::Sse(relay) => relay.finish(),
            Self::Lines(relay) => relay.finish(),
            Self::Json(relay) => relay.finish(),
            Self::Opaque(_) => Bytes::new(),
        }
    }

    /// What the provider said when it failed in the middle of its stream.
    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Sse(relay) => relay.failure(),
            Self::Lines(relay) => relay.failure(),
            Self::Json(_) | Self::Opaque(_) => None,
        }
    }

    /// Events so far, where they are numbered.
    fn events(&self) -> u64 {
        match self {
            Self::Sse(relay) => relay.events(),
            Self::Lines(_) | Self::Json(_) | Self::Opaque(_) => 0,
        }
    }

    /// Whether a stream said that it failed: nothing follows.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Self::Sse(_) | Self::Lines(_)) && self.facts().error
    }

    pub(crate) fn facts(&self) -> &Facts {
        match self {
            Self::Sse(relay) => relay.facts(),
            Self::Lines(relay) => relay.facts(),
            Self::Json(relay) => relay.facts(),
            Self::Opaque(facts) => facts,
        }
    }
}

/// A provider's answer as it is read: bytes in, whole events or pieces of a body out.
pub(crate) struct Source {
    pub(crate) upstream: Body,
    pub(crate) relay: Relay,
    pub(crate) provider: Arc<str>,
    pub(crate) operation: Operation,
    pub(crate) deadline: Deadline,
    /// Read, not yet sent.
    pub(crate) ready: Bytes,
    /// Whether the provider is done.
    pub(crate) ended: bool,
}

impl Source {
    /// Reads until there is something to send, or the end.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        while self.ready.is_empty() && !self.ended {
            match self.upstream.poll_data(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    self.deadline.touch();
                    self.ready = self.relay.push(chunk);
                    if self.relay.has_failed() {
                        self.ended = true;
                    } else if self.upstream.is_end_stream() {
                        self.end()?;
                    }
                }
                Poll::Ready(None) => self.end()?,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(fault_of(&self.provider, &error))),
                Poll::Pending => return self.deadline.poll(cx).map(|silence| Err(silent(&self.provider, silence))),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Whether all of an answer that is no stream has come.
    pub(crate) fn is_whole(&self) -> bool {
        self.ended && matches!(self.relay, Relay::Json(_))
    }

    /// Counts an answer in this dialect that has come as a whole, where nobody else has.
    pub(crate) fn count_unsaid(&mut self, dialect: DialectId) {
        let Relay::Json(relay) = &mut self.relay else { return };
        if relay.facts().usage.is_none()
            && speaks_tokens(self.operation)
            && let Ok(response) = dialect::of(dialect).decode_response(&self.ready)
        {
            relay.set_produced(Facts::of_answer(&response).produced);
        }
    }

    /// What became of a stream that said that it failed.
    pub(super) fn failure(&self, dialect: DialectId) -> Fault {
        let said = self.relay.failure().and_then(|failure| dialect::of(dialect).error_in(&failure.json));
        said.unwrap_or_else(|| {
            let message = format!("provider {:?}: failed in the middle of the answer", self.provider);
            Fault::new(FaultKind::UpstreamBroken, message)
        })
    }

    /// The provider is done. A stream of tokens that never said why it ended was cut, whatever the framing says.
    fn end(&mut self) -> Result<(), Fault> {
        // What stood there without a blank line behind it: perhaps the last event, perhaps half of one.
        let left = self.relay.finish();
        let facts = self.relay.facts();
        let said_so = facts.finished || facts.done || facts.error;
        if matches!(self.relay, Relay::Sse(_) | Relay::Lines(_)) && speaks_tokens(self.operation) && !said_so {
            let message = format!("provider {:?}: ended its stream in the middle of the answer", self.provider);
            return Err(Fault::new(FaultKind::UpstreamBroken, message));
        }
        self.ready = join(std::mem::take(&mut self.ready), left);
        self.ended = true;
        Ok(())
    }
}

/// One answer passing through. Dropping it closes the provider's connection, so a client that leaves cancels the work.
pub(crate) struct NativeReply {
    source: Box<Source>,
    guard: Box<ReportGuard>,
    dialect: DialectId,
    length_kept: bool,
}

impl NativeReply {
    /// An answer whose first bytes have been read. `length_kept` says that its length is the provider's.
    pub(crate) fn new(source: Box<Source>, guard: Box<ReportGuard>, dialect: DialectId, length_kept: bool) -> Self {
        Self { source, guard, dialect, length_kept }
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.source.ended && self.source.ready.is_empty()
    }

    /// Bytes still to come, when that is known.
    pub(crate) fn exact_len(&self) -> Option<u64> {
        let ready = self.source.ready.len() as u64;
        if self.source.ended && !self.source.relay.has_failed() {
            return Some(ready);
        }
        if !self.length_kept {
            return None;
        }
        self.source.upstream.remaining_bytes().map(|left| left + ready)
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        if self.guard.is_cut() {
            return Poll::Ready(Some(self.break_off(&drained(&self.source.provider))));
        }
        match self.source.poll_read(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(fault)) => return Poll::Ready(Some(self.break_off(&fault))),
        }
        if self.source.ended && self.source.relay.has_failed() {
            return Poll::Ready(self.fail());
        }
        let data = std::mem::take(&mut self.source.ready);
        if !data.is_empty() {
            self.guard.sent(data.len());
        }
        if self.source.ended {
            self.settle(End::Whole);
            self.guard.served();
        }
        Poll::Ready((!data.is_empty()).then_some(Ok(data)))
    }

    /// Ends an answer whose provider said that it failed, in the provider's own words where all clients know them.
    fn fail(&mut self) -> Option<Result<Bytes, BrokenOff>> {
        let fault = self.source.failure(self.dialect);
        if self.source.relay.failure().is_some_and(|failure| failure.withheld) {
            return Some(self.break_off(&fault));
        }
        self.settle(End::Broken);
        self.guard.broke(&fault);
        let data = std::mem::take(&mut self.source.ready);
        self.guard.sent(data.len());
        (!data.is_empty()).then_some(Ok(data))
    }

    /// Ends a begun answer that cannot go on: a stream with one error event, anything else by cutting the connection.
    fn break_off(&mut self, fault: &Fault) -> Result<Bytes, BrokenOff> {
        let provider = &self.source.provider;
        tracing::warn!(%provider, kind = fault.kind.as_str(), reason = %fault.message, "answer broke off");
        self.settle(End::Broken);
        self.guard.broke(fault);
        self.source.ended = true;
        // Half an event is of no use to anybody, but where one went out it must be ended before the next.
        let (begun, end) = match &mut self.source.relay {
            Relay::Sse(relay) => (relay.abandon(), &b"\n\n"[..]),
            Relay::Lines(relay) => (relay.abandon(), &b"\n"[..]),
            Relay::Json(_) | Relay::Opaque(_) => return Err(BrokenOff),
        };
        let gap = if begun { Bytes::from_static(end) } else { Bytes::new() };
        let frame = fault::stream_frame(self.dialect, fault, self.source.relay.events());
        let last = join(std::mem::take(&mut self.source.ready), join(gap, frame));
        self.guard.sent(last.len());
        Ok(last)
    }

    /// Whether it comes in frames of a stream.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.source.relay, Relay::Sse(_) | Relay::Lines(_))
    }

    /// Ends an answer of which the client gets nothing but so many bytes that tell it of `fault`.
    pub(super) fn refuse(mut self, fault: &Fault, bytes: usize) {
        self.settle(End::Broken);
        self.guard.broke(fault);
        self.guard.sent(bytes);
        self.source.ended = true;
    }

    fn settle(&mut self, end: End) {
        self.guard.measure(self.source.relay.facts(), end);
    }
}

impl Drop for NativeReply {
    fn drop(&mut self) {
        if self.source.ended && self.source.ready.is_empty() {
            return;
        }
        if self.source.relay.facts().done && self.source.ready.is_empty() {
            // Clients leave at `[DONE]`; all that was still to come is the end of the framing.
            self.settle(End::Whole);
            self.guard.served();
        } else {
            self.settle(End::Left);
        }
    }
}

/// Whether answers are made of tokens, in a form that is known.
pub(crate) fn speaks_tokens(operation: Operation) -> bool {
    match operation {
        Operation::Chat | Operation::Completion => true,
        Operation::Embedding | Operation::CountTokens | Operation::Other => false,
    }
}

fn join(a: Bytes, b: Bytes) -> Bytes {
    if a.is_empty() {
        return b;
    }
    if b.is_empty() {
        return a;
    }
    let mut joined = BytesMut::with_capacity(a.len() + b.len());
    joined.extend_from_slice(&a);
    joined.extend_from_slice(&b);
    joined.freeze()
}
