//! An adapter's answer: events, encoded for the client as they come.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use trunkline_providers::adapter::Events;
use trunkline_wire::ir::{Delta, Event, Response, StopReason};
use trunkline_wire::relay::Facts;
use trunkline_wire::{Fault, FaultKind, StreamEncoder};

use super::deadline::Deadline;
use crate::attempt::silent;
use crate::meter::End;
use crate::report_guard::ReportGuard;

/// One streamed answer. Dropping it drops the adapter's work.
pub(crate) struct AdapterReply {
    pub(crate) events: Events,
    pub(crate) encoder: Box<dyn StreamEncoder>,
    pub(crate) guard: ReportGuard,
    pub(crate) provider: Arc<str>,
    pub(crate) deadline: Deadline,
    /// Read to see whether the answer begins at all.
    pub(crate) first: Option<Event>,
    pub(crate) facts: Facts,
    pub(crate) ended: bool,
}

impl AdapterReply {
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut out = Vec::new();
        while !self.ended {
            let event = match self.first.take() {
                Some(event) => Poll::Ready(Some(event)),
                None => self.events.as_mut().poll_next(cx),
            };
            match event {
                Poll::Ready(Some(event)) => {
                    self.deadline.touch();
                    self.take(&event, &mut out);
                }
                Poll::Ready(None) => self.take(&unfinished(&self.provider), &mut out),
                // What is ready goes out together; only then is it worth waiting.
                Poll::Pending if !out.is_empty() => break,
                Poll::Pending => match self.deadline.poll(cx) {
                    Poll::Ready(silence) => self.take(&Event::Fault(silent(&self.provider, silence)), &mut out),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
        if out.is_empty() {
            return Poll::Ready(None);
        }
        self.guard.sent(out.len());
        Poll::Ready(Some(out.into()))
    }

    fn take(&mut self, event: &Event, out: &mut Vec<u8>) {
        note(&mut self.facts, event);
        self.encoder.push(event, out);
        match event {
            Event::Stop(_) => {
                self.encoder.finish(out);
                self.guard.measure(&self.facts, End::Whole);
                self.guard.served();
                self.ended = true;
            }
            Event::Fault(fault) => {
                self.guard.measure(&self.facts, End::Cut);
                self.guard.broke(fault);
                self.ended = true;
            }
            Event::Start { .. }
            | Event::Open { .. }
            | Event::Delta { .. }
            | Event::Close { .. }
            | Event::Usage(_)
            | Event::Ping => {}
        }
    }
}

impl Drop for AdapterReply {
    fn drop(&mut self) {
        if !self.ended {
            self.guard.measure(&self.facts, End::Cut);
        }
    }
}

/// Collects the events of an answer that is not streamed.
///
/// # Errors
/// The adapter's fault, or a timeout.
pub(crate) async fn whole_answer(
    mut events: Events,
    mut deadline: Deadline,
    provider: &str,
    head: (String, u64),
) -> Result<(Response, Facts), Fault> {
    let (model, created) = head;
    let mut facts = Facts::default();
    let mut answer =
        Response { id: String::new(), model, created, text: String::new(), stop: StopReason::End, usage: None };
    loop {
        let event = poll_fn(|cx| match events.as_mut().poll_next(cx) {
            Poll::Ready(event) => Poll::Ready(event),
            Poll::Pending => deadline.poll(cx).map(|silence| Some(Event::Fault(silent(provider, silence)))),
        });
        let event = event.await.unwrap_or_else(|| unfinished(provider));
        deadline.touch();
        note(&mut facts, &event);
        match event {
            Event::Start { id } => answer.id = id,
            Event::Delta { delta: Delta::Text(text), .. } => answer.text.push_str(&text),
            Event::Stop(reason) => {
                answer.stop = reason;
                answer.usage = facts.usage;
                return Ok((answer, facts));
            }
            Event::Fault(fault) => return Err(fault),
            Event::Open { .. } | Event::Close { .. } | Event::Usage(_) | Event::Ping => {}
        }
    }
}

/// The first event, so that a fault before any content can still become a status.
///
/// # Errors
/// The adapter's fault, or a timeout.
pub(crate) async fn first_event(events: &mut Events, deadline: &mut Deadline, provider: &str) -> Result<Event, Fault> {
    let event = poll_fn(|cx| match Pin::new(&mut *events).poll_next(cx) {
        Poll::Ready(event) => Poll::Ready(event.unwrap_or_else(|| unfinished(provider))),
        Poll::Pending => deadline.poll(cx).map(|silence| Event::Fault(silent(provider, silence))),
    });
    let event = event.await;
    if let Event::Fault(fault) = event {
        return Err(fault);
    }
    Ok(event)
}

fn note(facts: &mut Facts, event: &Event) {
    match event {
        Event::Usage(usage) => facts.usage = Some(facts.usage.unwrap_or_default().max(*usage)),
        Event::Delta { .. } => facts.content_events += 1,
        Event::Stop(_) => facts.finished = true,
        Event::Fault(_) => facts.error = true,
        Event::Start { .. } | Event::Open { .. } | Event::Close { .. } | Event::Ping => {}
    }
}

fn unfinished(provider: &str) -> Event {
    let message = format!("provider {provider:?}: ended its answer without a stop");
    Event::Fault(Fault::new(FaultKind::UpstreamBroken, message))
}
