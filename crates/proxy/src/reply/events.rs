//! An answer made of events, from an adapter or through the bridge, encoded for the client as they come.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Sleep};
use trunkline_wire::ir::{Collector, Event, Response};
use trunkline_wire::relay::Facts;
use trunkline_wire::{Fault, FaultKind, StreamEncoder, StreamHead};

use super::Repaired;
use super::deadline::Deadline;
use crate::attempt::{drained, silent};
use crate::head;
use crate::memory::Watcher;
use crate::meter::End;
use crate::report_guard::ReportGuard;
use crate::stored::Keeper;

/// Silence after which a stream says that it is alive. Claude Code gives up after 300 s without a byte, many proxies on
/// the way after 60.
pub(crate) const PING_AFTER: Duration = Duration::from_secs(15);

/// Room for what one read of the provider becomes, in bytes; more is made when it is not enough. Spares the frame of a
/// word its growing step by step.
const OUT_BYTES_FIRST: usize = 1 << 10;

/// Events read before the first that commits to an answer. Guards memory against a provider that opens blocks for ever.
const UNCOMMITTED_MAX: usize = 256;

/// One streamed answer. Dropping it drops the work behind it.
pub(crate) struct EventsReply {
    pub(crate) events: Repaired,
    pub(crate) encoder: Box<dyn StreamEncoder>,
    pub(crate) guard: ReportGuard,
    pub(crate) provider: Arc<str>,
    pub(crate) deadline: Deadline,
    /// Read to see whether the answer begins at all.
    pub(crate) begun: VecDeque<Event>,
    pub(crate) facts: Facts,
    pub(crate) ended: bool,
    pub(crate) ping: Ping,
    pub(crate) watcher: Watcher,
    /// Gathers it, where later requests may go on from it.
    pub(crate) keeper: Option<Box<Keeper>>,
}

/// When to say that the stream is alive.
#[derive(Default)]
pub(crate) struct Ping {
    timer: Option<Pin<Box<Sleep>>>,
    silent_since: Option<Instant>,
}

impl Ping {
    /// Something was sent.
    fn rest(&mut self) {
        self.silent_since = None;
    }

    /// Ready each time it is time to say so. The timer moves only when it fires.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.silent_since.get_or_insert_with(Instant::now);
        let due = since + PING_AFTER;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= due {
                self.silent_since = None;
                timer.as_mut().reset(Instant::now() + PING_AFTER);
                return Poll::Ready(());
            }
            timer.as_mut().reset(due);
        }
        Poll::Pending
    }
}

impl EventsReply {
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut out = Vec::new();
        while !self.ended {
            if self.guard.is_cut() {
                self.take(&Event::Fault(Box::new(drained(&self.provider))), &mut out);
                continue;
            }
            let event = match self.begun.pop_front() {
                Some(event) => Poll::Ready(Some(event)),
                None => self.events.poll_next(cx),
            };
            match event {
                Poll::Ready(Some(event)) => {
                    self.deadline.touch();
                    if out.capacity() == 0 {
                        out.reserve(OUT_BYTES_FIRST);
                    }
                    self.take(&event, &mut out);
                }
                Poll::Ready(None) => self.take(&unfinished(&self.provider), &mut out),
                // What is ready goes out together; only then is it worth waiting.
                Poll::Pending if !out.is_empty() => break,
                Poll::Pending => match self.deadline.poll(cx) {
                    Poll::Ready(silence) => {
                        self.take(&Event::Fault(Box::new(silent(&self.provider, silence))), &mut out)
                    }
                    Poll::Pending if self.ping.poll(cx).is_ready() => self.encoder.ping(&mut out),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
        if out.is_empty() {
            return Poll::Ready(None);
        }
        self.ping.rest();
        self.guard.sent(out.len());
        Poll::Ready(Some(out.into()))
    }

    /// What the report says of the answer, once it is over.
    fn measure(&mut self, end: End) {
        self.guard.measure(&self.facts, end);
        head::name_answer_losses(&mut self.guard.report, self.encoder.losses());
        head::name_repairs(&mut self.guard.report, self.events.repairs());
    }

    fn take(&mut self, event: &Event, out: &mut Vec<u8>) {
        note(&mut self.facts, event);
        self.guard.watch(&mut self.watcher, event);
        if let Some(keeper) = &mut self.keeper {
            keeper.push(event);
        }
        self.encoder.push(event, out);
        match event {
            Event::Stop(_) => {
                self.encoder.finish(out);
                if let Some(keeper) = self.keeper.take() {
                    keeper.keep(&self.guard);
                }
                self.measure(End::Whole);
                self.guard.served();
                self.ended = true;
            }
            Event::Fault(fault) => {
                self.measure(End::Cut);
                self.guard.broke(fault);
                self.ended = true;
            }
            Event::Start { .. }
            | Event::Open { .. }
            | Event::Delta { .. }
            | Event::Close { .. }
            | Event::Usage(_)
            | Event::Served(_)
            | Event::Ping => {}
        }
    }
}

impl Drop for EventsReply {
    fn drop(&mut self) {
        if !self.ended {
            self.measure(End::Cut);
        }
    }
}

/// Collects the events of an answer that is not streamed.
///
/// # Errors
/// The provider's fault, or a timeout.
pub(crate) async fn whole_answer(
    events: &mut Repaired,
    mut deadline: Deadline,
    provider: &str,
    head: &StreamHead,
) -> Result<(Response, Facts), Fault> {
    let mut facts = Facts::default();
    let mut answer = Collector::default();
    loop {
        let event = next_event(events, &mut deadline, provider).await;
        note(&mut facts, &event);
        answer.push(&event);
        match event {
            Event::Stop(_) => return Ok((answer.finish(head.model.clone(), head.created), facts)),
            Event::Fault(fault) => return Err(*fault),
            Event::Start { .. }
            | Event::Open { .. }
            | Event::Delta { .. }
            | Event::Close { .. }
            | Event::Usage(_)
            | Event::Served(_)
            | Event::Ping => {}
        }
    }
}

/// The events up to the first that commits to an answer, so that a fault before it can still become a status. When
/// nothing comes for [`PING_AFTER`], what has come must do: the client must hear something.
///
/// # Errors
/// The provider's fault, or a timeout.
pub(crate) async fn first_events(
    events: &mut Repaired,
    deadline: &mut Deadline,
    provider: &str,
) -> Result<VecDeque<Event>, Fault> {
    let mut begun = VecDeque::new();
    let all = async {
        while begun.len() < UNCOMMITTED_MAX {
            let event = next_event(events, deadline, provider).await;
            let committed = match &event {
                Event::Fault(fault) => return Err((**fault).clone()),
                Event::Delta { .. } | Event::Stop(_) => true,
                Event::Start { .. }
                | Event::Open { .. }
                | Event::Close { .. }
                | Event::Usage(_)
                | Event::Served(_)
                | Event::Ping => false,
            };
            begun.push_back(event);
            if committed {
                break;
            }
        }
        Ok(())
    };
    // Late is not lost: the head goes out with what there is.
    tokio::time::timeout(PING_AFTER, all).await.unwrap_or(Ok(()))?;
    Ok(begun)
}

async fn next_event(events: &mut Repaired, deadline: &mut Deadline, provider: &str) -> Event {
    let event = poll_fn(|cx| match events.poll_next(cx) {
        Poll::Ready(event) => Poll::Ready(event.unwrap_or_else(|| unfinished(provider))),
        Poll::Pending => deadline.poll(cx).map(|silence| Event::Fault(Box::new(silent(provider, silence)))),
    });
    let event = event.await;
    deadline.touch();
    event
}

fn note(facts: &mut Facts, event: &Event) {
    match event {
        Event::Usage(usage) => facts.usage = Some(facts.usage.unwrap_or_default().max(*usage)),
        Event::Delta { .. } => facts.content_events += 1,
        Event::Stop(_) => facts.finished = true,
        Event::Fault(_) => facts.error = true,
        Event::Start { .. } | Event::Open { .. } | Event::Close { .. } | Event::Served(_) | Event::Ping => {}
    }
}

fn unfinished(provider: &str) -> Event {
    let message = format!("provider {provider:?}: ended its answer without a stop");
    Event::Fault(Box::new(Fault::new(FaultKind::UpstreamBroken, message)))
}
