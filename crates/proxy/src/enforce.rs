//! Answers that must call a tool: asked for again, within one try, until one of them does.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use std::vec;

use futures_core::Stream;
use http::HeaderName;
use tokio::time::Sleep;
use trunkline_config::{EnforceSetting, Enforcement, Snapshot, Timeouts};
use trunkline_route::policy::NO_TOOL_CALL;
use trunkline_route::{Attempt, Plan};
use trunkline_wire::ir::{self, Delta, Event};
use trunkline_wire::{Fault, FaultKind, Operation};

use crate::lane::events::{self, Answered, Begun, Teller};
use crate::models_api::percent_decoded;
use crate::prepare::Taken;
use crate::repair::turn;
use crate::reply::{Deadline, Telling};
use crate::report_guard::ReportGuard;

/// How a request says what its model does not: in a header, or in its query under the name that is last.
const SAID_BY: [(EnforceSetting, HeaderName, &str); 6] = [
    (EnforceSetting::Mode, HeaderName::from_static("x-enforce-tool-call-mode"), "enforce_tool_call_mode"),
    (EnforceSetting::Flag, HeaderName::from_static("x-tool-call-termination-flag"), "tool_call_termination_flag"),
    (EnforceSetting::Retries, HeaderName::from_static("x-tool-call-max-retries"), "tool_call_max_retries"),
    (
        EnforceSetting::Guidance,
        HeaderName::from_static("x-tool-call-injection-guidance"),
        "tool_call_injection_guidance",
    ),
    (EnforceSetting::ChunkDelay, HeaderName::from_static("x-stream-chunk-delay"), "stream_chunk_delay"),
    (EnforceSetting::EmptyPolicy, HeaderName::from_static("x-empty-response-policy"), "empty_response_policy"),
];

/// The longest that all pauses of one answer take together. Guards its client's patience against a long answer.
const PACING_MAX: Duration = Duration::from_secs(60);

/// Writes into a plan what its request says of it.
///
/// # Errors
/// `InvalidRequest` when the words are not understood.
pub(crate) fn choose(taken: &Taken<'_>, snapshot: &Snapshot, plan: &mut Plan) -> Result<(), Fault> {
    if !may_be_held(taken) {
        return Ok(());
    }
    for (setting, header, parameter) in SAID_BY {
        let in_header = taken.headers.get(&header).map(|said| std::str::from_utf8(said.as_bytes()));
        let in_query = || in_query(taken.query?, parameter);
        let Some(said) = in_header.map(|said| said.ok().map(str::to_owned)).or_else(|| in_query().map(Some)) else {
            continue;
        };
        let own = plan.enforcement.get_or_insert_with(|| {
            let model = snapshot.models.get(&*plan.model);
            Arc::clone(model.map_or(&snapshot.enforcement, |model| &model.enforcement))
        });
        said.and_then(|said| Arc::make_mut(own).set(setting, &said)).ok_or_else(|| {
            let message = format!("`{header}` is not understood; it takes {}", setting.accepts());
            Fault::new(FaultKind::InvalidRequest, message).with_param(header.as_str())
        })?;
    }
    Ok(())
}

/// The headers that it is said in.
pub(crate) fn headers() -> impl Iterator<Item = HeaderName> {
    SAID_BY.into_iter().map(|(_, header, _)| header)
}

/// What the answer to a request is held to, if it is.
pub(crate) fn of<'p>(taken: &Taken<'_>, plan: &'p Plan) -> Option<&'p Enforcement> {
    let enforcement = plan.enforcement.as_deref().filter(|found| found.enabled && may_be_held(taken))?;
    taken.request().is_ok_and(|request| enforcement.demand.is_for(request)).then_some(enforcement)
}

/// Whether a request offers tools, as far as is known of one that nobody has read yet.
fn may_be_held(taken: &Taken<'_>) -> bool {
    taken.surface.operation == Operation::Chat && {
        let turn = turn(taken);
        turn.has_tools && !turn.has_choices
    }
}

fn in_query(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, said) = pairs.into_iter().find(|(key, _)| *key == name)?;
    percent_decoded(said)
}

/// Asks until an answer will do, and gives it as if it were the first.
///
/// # Errors
/// What became of a try, or that no answer would do. What the answers took that nobody will see is in the report.
pub(crate) async fn ask(
    teller: Teller<'_>,
    taken: &Taken<'_>,
    attempt: &Attempt,
    enforcement: &Enforcement,
    guard: &mut ReportGuard,
) -> Result<Begun, Fault> {
    // Apart from the guard, which is the tries' while they are under way.
    let mut waits = guard.waits.take();
    let limits = guard.shared().snapshot().failover.queue;
    let long = async {
        match &mut waits {
            Some(waits) => waits.speak_up_when_long(&limits).await,
            None => std::future::pending().await,
        }
    };
    let asked = tokio::select! {
        biased;
        asked = ask_again(teller, taken, attempt, enforcement, guard) => asked,
        never = long => match never {},
    };
    guard.waits = waits;
    asked
}

async fn ask_again(
    teller: Teller<'_>,
    taken: &Taken<'_>,
    attempt: &Attempt,
    Enforcement { demand, retries, chunk_delay, .. }: &Enforcement,
    guard: &mut ReportGuard,
) -> Result<Begun, Fault> {
    let mut request = ir::Request::clone(taken.request()?);
    demand.guide(&mut request);
    let mut asking = taken.saying(request.clone());
    let mut left = *retries;
    loop {
        let begun = events::ask(teller, &asking, attempt, guard).await?;
        let (mut response, facts, repaired) = begun.answer.whole(&begun.head).await?;
        if demand.accepts(&mut response) {
            // The filter has seen all of it.
            let repaired = repaired.settled();
            let answer = if taken.streams() {
                Answered::Stream(paced(response, *chunk_delay, attempt), repaired)
            } else {
                Answered::Whole { response, facts: Box::new(facts), repaired }
            };
            return Ok(Begun { answer, ..begun });
        }
        guard.spend(&facts);
        left = left.checked_sub(1).ok_or_else(|| unmet(attempt, *retries))?;
        guard.report.attempts += 1;
        asking = taken.saying(demand.correction(&request, &response));
    }
}

fn unmet(attempt: &Attempt, retries: u32) -> Fault {
    let model = &attempt.target.model.name;
    let message = format!("model {model:?} called no tool, and was asked again {retries} times");
    Fault::new(FaultKind::UpstreamBroken, message).with_code(NO_TOOL_CALL)
}

impl<'a> Taken<'a> {
    /// The same request, saying something else than its body.
    fn saying(&self, request: ir::Request) -> Taken<'a> {
        self.with(request, self.mended.clone().unwrap_or_default())
    }

    /// The same request, as it is after it was put right, and what was left out of it.
    pub(crate) fn with(&self, request: ir::Request, losses: ir::Losses) -> Taken<'a> {
        Taken {
            surface: self.surface,
            query: self.query,
            headers: self.headers,
            body: self.body.clone(),
            peek: self.peek.clone(),
            model: self.model.clone(),
            wishes: self.wishes.clone(),
            decoded: OnceLock::from(Arc::new(request)),
            mended: Some(losses),
            beginnings: self.beginnings.clone(),
            place: self.place.clone(),
        }
    }
}

/// A whole answer as a stream, with a pause before each of its pieces.
fn paced(response: ir::Response, delay: Duration, attempt: &Attempt) -> Telling {
    let mut events = response.into_events();
    if !delay.is_zero() {
        events = events.into_iter().flat_map(pieces).collect();
    }
    let count = events.iter().filter(|event| is_piece(event)).count();
    let delay = delay.min(PACING_MAX / u32::try_from(count.max(1)).unwrap_or(u32::MAX));
    let timeouts = Timeouts { idle: PACING_MAX * 2, total: PACING_MAX * 2, ..attempt.target.timeouts };
    let paced = Paced { events: events.into_iter(), next: None, delay, pause: None };
    Telling::of(Box::pin(paced), Deadline::new(&timeouts, Instant::now()), &attempt.target.provider.name)
}

fn is_piece(event: &Event) -> bool {
    matches!(event, Event::Delta { delta: Delta::Text(_) | Delta::Arguments(_), .. })
}

/// An event, word by word.
fn pieces(event: Event) -> Vec<Event> {
    let cut = |text: &str, block: u32, delta: fn(String) -> Delta| {
        text.split_inclusive(' ').map(|word| Event::Delta { block, delta: delta(word.to_owned()) }).collect()
    };
    match &event {
        Event::Delta { block, delta: Delta::Text(text) } => cut(text, *block, Delta::Text),
        Event::Delta { block, delta: Delta::Arguments(text) } => cut(text, *block, Delta::Arguments),
        Event::Delta { .. }
        | Event::Start { .. }
        | Event::Open { .. }
        | Event::Close { .. }
        | Event::Usage(_)
        | Event::Served(_)
        | Event::Ping
        | Event::Stop(_)
        | Event::Fault(_) => vec![event],
    }
}

/// Events with a pause before each piece.
struct Paced {
    events: vec::IntoIter<Event>,
    /// The piece that waits for its pause to end.
    next: Option<Event>,
    delay: Duration,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Stream for Paced {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let this = self.get_mut();
        if this.next.is_none() {
            let Some(next) = this.events.next() else { return Poll::Ready(None) };
            if this.delay.is_zero() || !is_piece(&next) {
                return Poll::Ready(Some(next));
            }
            this.next = Some(next);
            this.pause = Some(Box::pin(tokio::time::sleep(this.delay)));
        }
        if let Some(pause) = &mut this.pause {
            ready!(pause.as_mut().poll(cx));
        }
        Poll::Ready(this.next.take())
    }
}
