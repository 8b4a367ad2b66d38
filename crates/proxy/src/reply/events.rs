//! An answer made of events, from an adapter or through the bridge, encoded for the client as they come.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Sleep};
use trunkline_providers::adapter::Events;
use trunkline_wire::ir::{Collector, Delta, Event, Response};
use trunkline_wire::relay::Facts;
use trunkline_wire::{Fault, FaultKind, StreamEncoder, StreamHead};

use super::Repaired;
use super::deadline::Deadline;
use crate::attempt::{drained, silent};
use crate::cache::Keeping;
use crate::continuation::Continuation;
use crate::head;
use crate::memory::Watcher;
use crate::meter::End;
use crate::repair::Reading;
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

/// Those where the answer is read: it begins when something of it may leave, and a call may be all of it. What is longer
/// goes on as it comes.
const UNREAD_MAX: usize = 1 << 14;

/// What a provider says. Dropping it drops the work behind it.
pub(crate) struct Telling {
    events: Events,
    provider: Arc<str>,
    deadline: Deadline,
    /// Read to see whether the answer begins at all.
    begun: VecDeque<Event>,
}

impl Telling {
    /// Waits for the first that commits to an answer, so that a fault before it can still become a status. When nothing
    /// comes for [`PING_AFTER`], what has come must do: the client must hear something.
    ///
    /// # Errors
    /// The provider's fault, or a timeout.
    pub(crate) async fn open(
        mut events: Events,
        mut deadline: Deadline,
        provider: &Arc<str>,
        reading: &Reading<'_>,
    ) -> Result<Self, Fault> {
        let mut begun = VecDeque::new();
        let all = first_events(&mut events, &mut deadline, provider, reading, &mut begun);
        // Late is not lost: the head goes out with what there is.
        tokio::time::timeout(PING_AFTER, all).await.unwrap_or(Ok(()))?;
        Ok(Self { events, provider: Arc::clone(provider), deadline, begun })
    }

    /// The same without waiting.
    pub(crate) fn of(events: Events, deadline: Deadline, provider: &Arc<str>) -> Self {
        Self { events, provider: Arc::clone(provider), deadline, begun: VecDeque::new() }
    }

    /// All of it, as the client sees it.
    ///
    /// # Errors
    /// The provider's fault, or a timeout.
    pub(crate) async fn whole(
        mut self,
        head: &StreamHead,
        repaired: &mut Repaired,
    ) -> Result<(Response, Facts), Fault> {
        let mut facts = Facts::default();
        let mut answer = Collector::default();
        loop {
            let next = match self.begun.pop_front() {
                Some(event) => event,
                None => next_event(&mut self.events, &mut self.deadline, &self.provider).await,
            };
            note(&mut facts, &next);
            let mut changed = repaired.push(next);
            for event in changed.drain(..) {
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
            repaired.reuse(changed);
        }
    }

    /// The next event; a fault at an end that nothing said.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        let event = match self.begun.pop_front() {
            Some(event) => event,
            None => ready!(self.events.as_mut().poll_next(cx)).unwrap_or_else(|| unfinished(&self.provider)),
        };
        self.deadline.touch();
        Poll::Ready(event)
    }

    /// A fault, once it has said nothing for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        self.deadline.poll(cx).map(|silence| Event::Fault(Box::new(silent(&self.provider, silence))))
    }
}

/// One streamed answer. Dropping it drops the work behind it.
pub(crate) struct EventsReply {
    /// Who gives it; `None` while somebody is looked for who goes on with it.
    pub(crate) telling: Option<Telling>,
    /// What of it the client sees.
    pub(crate) repaired: Repaired,
    pub(crate) encoder: Box<dyn StreamEncoder>,
    pub(crate) guard: Box<ReportGuard>,
    /// What is known of the part that whoever gives it now has given.
    pub(crate) facts: Facts,
    pub(crate) ended: bool,
    pub(crate) ping: Ping,
    pub(crate) watcher: Watcher,
    /// Gathers it, where later requests may go on from it.
    pub(crate) keeper: Option<Box<Keeper>>,
    /// Gathers it, where it is to be given again.
    pub(crate) keeping: Option<Box<Keeping>>,
    /// Goes on with it when it breaks off, where that is wanted.
    pub(crate) continuation: Option<Box<Continuation>>,
}

/// When to say that the stream is alive.
#[derive(Default)]
pub(crate) struct Ping {
    timer: Option<Pin<Box<Sleep>>>,
    silent_since: Option<Instant>,
}

impl Ping {
    /// Something was sent.
    pub(super) fn rest(&mut self) {
        self.silent_since = None;
    }

    /// Ready each time it is time to say so. The timer moves only when it fires.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
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
                let provider = self.guard.report.provider.as_deref().unwrap_or_default();
                let fault = Event::Fault(Box::new(drained(provider)));
                self.say(fault, &mut out);
                continue;
            }
            match self.poll_event(cx) {
                Poll::Ready(event) => {
                    if out.capacity() == 0 {
                        out.reserve(OUT_BYTES_FIRST);
                    }
                    self.receive(event, cx, &mut out);
                }
                // What is ready goes out together; only then is it worth waiting.
                Poll::Pending if !out.is_empty() => break,
                Poll::Pending => match self.poll_silence(cx) {
                    Poll::Ready(fault) => self.receive(fault, cx, &mut out),
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

    /// The next event, from whoever gives the answer now.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if let Some(telling) = &mut self.telling {
            return telling.poll(cx);
        }
        let found = match &mut self.continuation {
            Some(continuation) => ready!(continuation.poll(&mut self.guard, cx)),
            None => Err(Fault::new(FaultKind::Internal, "an answer that nobody gives")),
        };
        match found {
            Ok(telling) => self.telling.insert(telling).poll(cx),
            Err(fault) => Poll::Ready(Event::Fault(Box::new(fault))),
        }
    }

    /// Whoever is looked for has limits of its own.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        self.telling.as_mut().map_or(Poll::Pending, |telling| telling.poll_silence(cx))
    }

    /// Takes what was said, as part of an answer that may be gone on with.
    fn receive(&mut self, event: Event, cx: &Context<'_>, out: &mut Vec<u8>) {
        note(&mut self.facts, &event);
        let Some(continuation) = &mut self.continuation else { return self.say(event, out) };
        if let Event::Fault(fault) = &event
            && self.telling.is_some()
            && continuation.begin(fault, &self.facts, &mut self.guard, cx.waker())
        {
            self.telling = None;
            self.facts = Facts::default();
            return;
        }
        let mut joined = continuation.join(event);
        joined.drain(..).for_each(|event| self.say(event, out));
        if let Some(continuation) = &mut self.continuation {
            continuation.joined = joined;
        }
    }

    /// What the report says of the answer, once it is over.
    fn measure(&mut self, end: End) {
        self.guard.measure(&self.facts, end);
        head::name_answer_losses(&mut self.guard.report, self.encoder.losses());
        head::name_repairs(&mut self.guard.report, self.repaired.repairs());
    }

    /// Passes on what becomes of an event, once it is put right.
    fn say(&mut self, event: Event, out: &mut Vec<u8>) {
        if !self.repaired.reads() {
            return self.take(&event, out);
        }
        let mut changed = self.repaired.push(event);
        changed.drain(..).for_each(|event| self.take(&event, out));
        self.repaired.reuse(changed);
    }

    fn take(&mut self, event: &Event, out: &mut Vec<u8>) {
        self.guard.watch(&mut self.watcher, event);
        if let Some(keeper) = &mut self.keeper {
            keeper.push(event);
        }
        if let Some(keeping) = &mut self.keeping {
            keeping.push(event);
        }
        if matches!(event, Event::Stop(_))
            && let Some(cost) = self.guard.cost_to_tell(&self.facts)
        {
            self.encoder.tell_cost(cost);
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
                if let Some(keeping) = self.keeping.take() {
                    self.guard.settle();
                    keeping.keep(&self.guard);
                }
                self.ended = true;
            }
            Event::Fault(fault) => {
                self.measure(End::Broken);
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
            self.measure(End::Left);
        }
    }
}

/// Reads the events up to the first that commits to an answer, as the client will see it.
async fn first_events(
    events: &mut Events,
    deadline: &mut Deadline,
    provider: &str,
    reading: &Reading<'_>,
    begun: &mut VecDeque<Event>,
) -> Result<(), Fault> {
    let most = if reading.is_some() { UNREAD_MAX } else { UNCOMMITTED_MAX };
    // What is read here is read once more when it leaves: by then another may go on with it, as a part of the same answer.
    let mut repaired = reading.begin();
    while begun.len() < most {
        let event = next_event(events, deadline, provider).await;
        begun.push_back(event.clone());
        let seen = repaired.push(event);
        // A fault first: what was held until it came need not leave.
        let committed = seen.iter().try_fold(false, |begun, event| committed(event).map(|commits| begun || commits))?;
        if committed {
            break;
        }
        repaired.reuse(seen);
    }
    Ok(())
}

/// Whether an event commits to an answer.
fn committed(event: &Event) -> Result<bool, Fault> {
    match event {
        Event::Fault(fault) => Err((**fault).clone()),
        Event::Delta { .. } | Event::Stop(_) => Ok(true),
        Event::Start { .. }
        | Event::Open { .. }
        | Event::Close { .. }
        | Event::Usage(_)
        | Event::Served(_)
        | Event::Ping => Ok(false),
    }
}

async fn next_event(events: &mut Events, deadline: &mut Deadline, provider: &str) -> Event {
    let event = poll_fn(|cx| match events.as_mut().poll_next(cx) {
        Poll::Ready(event) => Poll::Ready(event.unwrap_or_else(|| unfinished(provider))),
        Poll::Pending => deadline.poll(cx).map(|silence| Event::Fault(Box::new(silent(provider, silence)))),
    });
    let event = event.await;
    deadline.touch();
    event
}

fn note(facts: &mut Facts, event: &Event) {
    match event {
        Event::Usage(usage) => facts.add_usage(Some(*usage)),
        Event::Delta { delta: Delta::Text(text) | Delta::Arguments(text), .. } => facts.produced.push(text),
        Event::Stop(_) => facts.finished = true,
        Event::Fault(_) => facts.error = true,
        Event::Delta { delta: Delta::Seal(_) | Delta::Citation(_) | Delta::Logprobs(_), .. }
        | Event::Start { .. }
        | Event::Open { .. }
        | Event::Close { .. }
        | Event::Served(_)
        | Event::Ping => {}
    }
}

fn unfinished(provider: &str) -> Event {
    let message = format!("provider {provider:?}: ended its answer without a stop");
    Event::Fault(Box::new(Fault::new(FaultKind::UpstreamBroken, message)))
}
