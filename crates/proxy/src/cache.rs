//! Answers that are kept in memory and given again to requests that say the same, where their model wants that.
//!
//! What is kept is the neutral model's answer, so that a stream may serve a request for a whole answer and the other way
//! round. No lock is held while anybody is asked: of equal requests that come at once, each asks for itself.

mod control;
mod key;
mod shelf;

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue, Response, header};
use trunkline_config::{AuthMode, Model, Timeouts};
use trunkline_providers::{Usd, adapter};
use trunkline_route::explain::CacheUse;
use trunkline_route::{Outcome, Plan};
use trunkline_wire::dialects::openai_responses::state;
use trunkline_wire::ir::{self, Content, Event, Quality, StopReason};
use trunkline_wire::{DialectId, Operation, RateLimits, StreamHead, canonical};

use crate::lane::events::{self, Answered, Begun};
use crate::lane::{Failed, Tried};
use crate::planning::Planning;
use crate::prepare::Taken;
use crate::repair::Reading;
use crate::reply::{Deadline, Gathered, ReplyBody, Telling};
use crate::report_guard::ReportGuard;
use crate::surface;

use control::Control;
use key::Key;
pub(crate) use shelf::Shelf;
use shelf::{ANSWER_BYTES_MAX, Kept};

/// Says what the kept answers had to do with a request whose model keeps them.
const CACHE: HeaderName = HeaderName::from_static("x-trunkline-cache");

/// The longest that a kept answer takes to be given. It is there already: nothing ever waits for it.
const GIVEN_WITHIN: Duration = Duration::from_secs(60);

/// What the kept answers have to do with a request.
pub(crate) enum Looked {
    /// Its model keeps none.
    Off,
    /// None was looked for.
    Bypass,
    /// There is none for it.
    Miss,
    /// This one is for it, and so old.
    Hit(Arc<Kept>, Duration),
}

/// Where the answer to a request is to be kept.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    key: Key,
    ttl: Duration,
    /// Answers of others, who were asked when this one failed, are not its.
    model: Arc<Model>,
}

/// Looks for a kept answer. Where there is none, the request's own is to be kept if it may be.
pub(crate) fn look_up(planning: &Planning<'_>, plan: &Plan) -> Looked {
    let Some(found) = find_place(planning, plan) else { return Looked::Off };
    let Ok((place, control)) = found else { return Looked::Bypass };
    let hit = (!control.no_cache)
        .then(|| planning.shared.answers.find(&place.key, Instant::now(), control.age_max))
        .flatten();
    if let Some((kept, age)) = hit {
        return Looked::Hit(kept, age);
    }
    planning.taken.place.get_or_init(|| Box::new(place));
    if control.no_cache { Looked::Bypass } else { Looked::Miss }
}

/// What would be done for this request; `None` where its model keeps nothing. From then on it is one whose answer is to be
/// kept, if it may be.
pub(crate) fn explain(planning: &Planning<'_>, plan: &Plan) -> Option<CacheUse> {
    let (place, control) = match find_place(planning, plan)? {
        Ok(found) => found,
        Err(why) => return Some(CacheUse { looked_up: false, kept: false, why: Some(why) }),
    };
    planning.taken.place.get_or_init(|| Box::new(place));
    let why = control.no_cache.then(|| "the request asks for a new answer".to_owned());
    Some(CacheUse { looked_up: !control.no_cache, kept: true, why })
}

/// The place of a request's answer, and how the request wants to use it; why it has none. `None` where its model keeps
/// nothing.
fn find_place<'a>(planning: &Planning<'a>, plan: &Plan) -> Option<Result<(Place, Control<'a>), String>> {
    let cache = plan.cache.as_deref()?;
    let model = planning.snapshot.models.get(&*plan.model)?;
    let taken = planning.taken;
    let control = Control::of(taken);
    if control.no_store {
        return Some(Err("the request asks for nothing to be kept".to_owned()));
    }
    if plan.attempts.iter().any(|attempt| attempt.target.provider.auth == AuthMode::Passthrough) {
        return Some(Err("callers come with credentials of their own".to_owned()));
    }
    Some(canonical_text(taken).map(|text| {
        let owner = (!cache.shared).then_some(planning.client_key);
        let key = key::of(taken, plan, (cache, owner), (control.namespace, &text));
        let ttl = control.ttl.map_or(cache.ttl, |ttl| ttl.min(cache.ttl));
        (Place { key, ttl, model: Arc::clone(model) }, control)
    }))
}

/// What is said by all requests that may be given this one's answer; why there are none.
fn canonical_text(taken: &Taken<'_>) -> Result<String, String> {
    match taken.surface.operation {
        Operation::Chat | Operation::Completion => {}
        Operation::Embedding | Operation::CountTokens | Operation::Other => {
            return Err("only answers of models that write are kept".to_owned());
        }
    }
    let canonical = canonical::of(taken.surface.dialect, &taken.body).ok_or("the body says something twice")?;
    if let Some(name) = canonical.once {
        return Err(format!("`{name}` asks for more than a text, or for an answer of its own"));
    }
    if taken.decoded.get().is_none() {
        let request = taken.decode().map_err(|fault| fault.message)?;
        if taken.surface.dialect == DialectId::OpenaiResponses && !state::references(&request).is_empty() {
            return Err("it builds on an earlier answer".to_owned());
        }
        taken.set_decoded(request);
    }
    Ok(canonical.text)
}

/// A kept answer, for the client that asks for it again.
pub(crate) fn give_again(taken: &Taken<'_>, (kept, age): (&Kept, Duration), mut guard: Box<ReportGuard>) -> Tried {
    let head = match surface::head(taken, &guard) {
        Ok(head) => StreamHead { created: kept.response.created, ..head },
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    guard.report.status = 200;
    guard.report.cached = true;
    guard.report.cost = Some(Usd::ZERO);
    guard.report.saved = kept.cost;
    let answer = again(taken, kept.response.clone());
    let begun = Begun { head, losses: kept.losses.clone(), limits: RateLimits::default(), answer };
    let mut reply = events::reply(taken, begun, guard);
    let headers = reply.headers_mut();
    headers.insert(header::AGE, HeaderValue::from(age.as_secs()));
    headers.insert(CACHE, HeaderValue::from_static("hit"));
    Ok(reply)
}

/// As the client wants it: what was given at once may go as a stream, and the other way round.
fn again(taken: &Taken<'_>, response: ir::Response) -> Answered {
    if !taken.streams() {
        return Answered::ready(response);
    }
    let timeouts =
        Timeouts { connect: GIVEN_WITHIN, first_byte: GIVEN_WITHIN, idle: GIVEN_WITHIN, total: GIVEN_WITHIN };
    let deadline = Deadline::new(&timeouts, Instant::now());
    let events = adapter::ready(response.into_events().into_iter());
    Answered::Stream(Telling::of(events, deadline, &Arc::from("")), Reading::NONE.begin())
}

/// Says in the head of an answer that it was not kept before.
pub(crate) fn tell(response: &mut Response<ReplyBody>, looked: &Looked) {
    let word = match looked {
        Looked::Off => return,
        Looked::Bypass => "bypass",
        Looked::Miss => "miss",
        Looked::Hit(..) => "hit",
    };
    response.headers_mut().insert(CACHE, HeaderValue::from_static(word));
}

/// Keeps an answer that was given at once, where it is to be kept. Called when its cost is known.
pub(crate) fn keep_whole(taken: &Taken<'_>, response: &ir::Response, losses: &ir::Losses, guard: &ReportGuard) {
    if let Some(place) = taken.place.get() {
        keep(place, response.clone(), losses.clone(), guard);
    }
}

/// A streamed answer that is to be kept at its end.
pub(crate) struct Keeping {
    place: Box<Place>,
    losses: ir::Losses,
    created: u64,
    answer: Gathered,
}

impl Keeping {
    /// For an answer that is to be kept; `None` for all others.
    pub(crate) fn begin(taken: &Taken<'_>, head: &StreamHead, losses: &ir::Losses) -> Option<Box<Self>> {
        let place = taken.place.get()?.clone();
        let answer = Gathered::up_to(ANSWER_BYTES_MAX);
        Some(Box::new(Self { place, losses: losses.clone(), created: head.created, answer }))
    }

    /// Takes one event of the answer.
    pub(crate) fn push(&mut self, event: &Event) {
        self.answer.push(event);
    }

    /// The answer is whole. Called when its cost is known.
    pub(crate) fn keep(self, guard: &ReportGuard) {
        let model = self.place.model.name.to_string();
        if let Ok(response) = self.answer.finish(model, self.created) {
            keep(&self.place, response, self.losses, guard);
        }
    }
}

fn keep(place: &Place, response: ir::Response, losses: ir::Losses, guard: &ReportGuard) {
    let report = &guard.report;
    let own = place.model.targets.iter().any(|target| {
        Some(&target.provider.name) == report.provider.as_ref()
            && Some(&target.model.name) == report.upstream_model.as_ref()
    });
    let whole = report.outcome == Outcome::Served && report.quality != Some(Quality::Partial);
    if own && whole && is_worth_keeping(&response) {
        let kept = Kept::new(response, losses, report.cost, (Instant::now(), place.ttl));
        guard.shared().answers.keep(place.key, kept);
    }
}

/// Whether an answer is a text that came to its own end: no call, no refusal, nothing cut off, and nothing that we have no
/// word for.
fn is_worth_keeping(response: &ir::Response) -> bool {
    let ended = match response.stop {
        StopReason::End | StopReason::StopText(_) => true,
        StopReason::Length
        | StopReason::ContextFull
        | StopReason::ToolCalls
        | StopReason::Filtered
        | StopReason::Paused
        | StopReason::Other(_) => false,
    };
    let says = |block: &ir::Block| match &block.content {
        Content::Text(_) | Content::Reasoning(_) => true,
        Content::Refusal(_)
        | Content::Media(_)
        | Content::ToolCall(_)
        | Content::ToolResult(_)
        | Content::Opaque { .. } => false,
    };
    ended && response.blocks.iter().all(says) && !response.text().is_empty()
}
