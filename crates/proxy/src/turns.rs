//! The tries of a plan in the order in which they can be made: where a target has no room, the request waits, and after
//! a while for the next one, too.

use std::ptr;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use trunkline_config::{Priority, QueueLimits};
use trunkline_route::{Attempt, Plan};
use trunkline_wire::{Fault, FaultKind, Operation};

use crate::prepare::Taken;
use crate::report_guard::ReportGuard;
use crate::room::{Asked, Asker, Place, Rooms, Wait};
use crate::trail::Trail;
use crate::worker::Worker;

/// How far ahead a request asks to go where it has to wait.
const PRIORITY: HeaderName = HeaderName::from_static("x-trunkline-priority");

/// Told to callers for whom there was no room. How long requests take is not known; a queue that was full for this long
/// may still be, and asking more often would not help.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The tries of one plan.
pub(crate) struct Turns<'a> {
    rest: slice::Iter<'a, Attempt>,
    /// The one of these that was made beside another.
    taken: Option<&'a Attempt>,
    /// Those whose targets are not to be asked again.
    passed: Vec<&'a Attempt>,
    /// Where some target has only so much room. Boxed: few have.
    crowd: Option<Box<Crowd<'a>>>,
}

/// Tries of which some have to wait.
struct Crowd<'a> {
    rooms: &'a Rooms,
    limits: QueueLimits,
    asker: Asker,
    left: Vec<&'a Attempt>,
    /// One for each room that was full.
    waits: Vec<Wait>,
    refused: bool,
}

/// What a look at all that is left brings.
enum Look<'a> {
    Turn(&'a Attempt),
    Wait(Instant),
    Nobody,
}

/// Whether a try can be made.
enum Ask {
    /// Now, in this place where one is needed.
    Now(Option<Place>),
    Waits(Instant),
    Full,
}

impl<'a> Turns<'a> {
    pub(crate) fn of(
        worker: &'a Worker,
        taken: &Taken<'_>,
        plan: &'a Plan,
        limits: QueueLimits,
        guard: &ReportGuard,
    ) -> Self {
        // Counts are no work: they go past all queues.
        let limited = taken.surface.operation != Operation::CountTokens
            && plan.attempts.iter().any(|attempt| attempt.target.room.is_some());
        let crowd = limited.then(|| {
            let client_key = guard.report.client_key.clone();
            let class = class(taken.headers, guard.client_key.as_ref().map(|key| key.priority));
            let asker = Asker { client_key, class, told: Arc::default() };
            let left = plan.attempts.iter().collect();
            Box::new(Crowd { rooms: &worker.shared.rooms, limits, asker, left, waits: Vec::new(), refused: false })
        });
        Self { rest: plan.attempts.iter(), taken: None, passed: Vec::new(), crowd }
    }

    /// The next try to make, once there is room for it; the request has its place then.
    pub(crate) async fn next(&mut self, guard: &mut ReportGuard, trail: &mut Trail) -> Option<&'a Attempt> {
        match &mut self.crowd {
            None => {
                let (taken, passed) = (self.taken, &self.passed);
                let is_taken = |attempt: &Attempt| taken.is_some_and(|taken| ptr::eq(taken, attempt));
                self.rest.find(|attempt| !is_taken(attempt) && !is_passed(attempt, passed))
            }
            Some(crowd) => Box::pin(crowd.next(guard, trail)).await,
        }
    }

    /// Leaves out what is left at this one's target.
    pub(crate) fn pass_by(&mut self, attempt: &'a Attempt) {
        match &mut self.crowd {
            None => self.passed.push(attempt),
            Some(crowd) => crowd.left.retain(|other| !other.is_at_target_of(attempt)),
        }
    }

    /// A try to make beside `one`, where there is room for it now: at another target if there is one, since what makes one
    /// slow makes all its keys slow.
    pub(crate) fn beside(&mut self, one: &Attempt) -> Option<(&'a Attempt, Option<Place>)> {
        let elsewhere = |other: &&Attempt| !other.is_at_target_of(one);
        match &mut self.crowd {
            None => {
                let mut rest = self.rest.clone().filter(|attempt| !is_passed(attempt, &self.passed));
                let other = rest.clone().find(elsewhere).or_else(|| rest.next())?;
                self.taken = Some(other);
                Some((other, None))
            }
            Some(crowd) => crowd.beside(elsewhere),
        }
    }

    /// Why no try was made, where it is for want of room.
    pub(crate) fn no_room(&self, model: &str) -> Option<Fault> {
        self.crowd.as_ref().filter(|crowd| crowd.refused)?;
        let message = format!("nobody who could serve {model:?} has room, and the queue is full or moves too slowly");
        let mut fault = Fault::new(FaultKind::Busy, message);
        fault.retry_after = Some(RETRY_AFTER);
        Some(fault)
    }
}

impl<'a> Crowd<'a> {
    async fn next(&mut self, guard: &mut ReportGuard, trail: &mut Trail) -> Option<&'a Attempt> {
        loop {
            match self.look(guard, trail, Instant::now()) {
                Look::Turn(attempt) => {
                    self.waits.clear();
                    return Some(attempt);
                }
                Look::Nobody => return None,
                Look::Wait(until) => {
                    let told: &Notify = &self.asker.told;
                    let silent_until = guard.waits.as_ref().and_then(|waits| waits.silent_until(&self.limits));
                    // Each is a reason to look again.
                    let _ = timeout_at(silent_until.map_or(until, |at| at.min(until)), told.notified()).await;
                    if guard.waits.as_mut().is_some_and(|waits| waits.speak_up(&self.limits)) {
                        // The head goes out.
                        guard.report.status = 200;
                    }
                }
            }
        }
    }

    /// Who can be asked now: the first that has room, among those for whom it has come to that.
    fn look(&mut self, guard: &mut ReportGuard, trail: &mut Trail, now: Instant) -> Look<'a> {
        if let Some(attempt) = self.same_place(guard) {
            return Look::Turn(attempt);
        }
        guard.place = None;
        let waits_since = guard.waits.as_ref().and_then(|waits| waits.since);
        let until = waits_since.unwrap_or(now) + self.limits.wait_max;
        let mut index = 0;
        while let Some(attempt) = self.left.get(index).copied() {
            match self.ask(attempt) {
                Ask::Now(place) => {
                    guard.place = place;
                    self.left.remove(index);
                    return Look::Turn(attempt);
                }
                Ask::Full => self.refuse(index, trail),
                Ask::Waits(since) => {
                    guard.waits.get_or_insert_default().since.get_or_insert(now);
                    let spills = (since + self.limits.spill_after).min(until);
                    if now < spills {
                        return Look::Wait(spills);
                    }
                    index += 1;
                }
            }
        }
        if now < until && !self.left.is_empty() {
            return Look::Wait(until);
        }
        while !self.left.is_empty() {
            self.refuse(0, trail);
        }
        Look::Nobody
    }

    /// A try that needs no other place than the request has, such as one with the next key.
    fn same_place(&mut self, guard: &ReportGuard) -> Option<&'a Attempt> {
        let place = guard.place.as_ref()?;
        let same = |attempt: &&Attempt| self.rooms.of(&attempt.target).is_some_and(|room| place.is_in(&room));
        let index = self.left.iter().position(same)?;
        Some(self.left.remove(index))
    }

    fn beside(&mut self, elsewhere: impl Fn(&&Attempt) -> bool) -> Option<(&'a Attempt, Option<Place>)> {
        let index = self.left.iter().position(elsewhere).unwrap_or(0);
        let Ask::Now(place) = self.ask(self.left.get(index).copied()?) else {
            // It was not worth waiting for.
            self.waits.clear();
            return None;
        };
        Some((self.left.remove(index), place))
    }

    fn ask(&mut self, attempt: &Attempt) -> Ask {
        let Some(room) = self.rooms.of(&attempt.target) else { return Ask::Now(None) };
        if let Some(wait) = self.waits.iter().find(|wait| wait.is_for(&room)) {
            return wait.place().map_or(Ask::Waits(wait.since), |place| Ask::Now(Some(place)));
        }
        match room.ask(&self.asker, self.limits.waiting_max) {
            Asked::Place(place) => Ask::Now(Some(place)),
            Asked::Full => Ask::Full,
            Asked::Waits(wait) => {
                let since = wait.since;
                self.waits.push(wait);
                Ask::Waits(since)
            }
        }
    }

    fn refuse(&mut self, index: usize, trail: &mut Trail) {
        trail.no_room(self.left.remove(index));
        self.refused = true;
    }
}

fn is_passed(attempt: &Attempt, passed: &[&Attempt]) -> bool {
    passed.iter().any(|passed| attempt.is_at_target_of(passed))
}

/// The class of a request: what it says, but no more than its client key may. Without client keys it is what it says.
fn class(headers: &HeaderMap, key: Option<Priority>) -> Priority {
    let said = headers.get(PRIORITY).and_then(|value| Priority::named(value.to_str().ok()?.trim()));
    match (said, key) {
        (Some(said), Some(key)) => said.min(key),
        (said, key) => said.or(key).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_caller_may_ask_for_less_than_its_key_may() {
        let said = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(PRIORITY, HeaderValue::from_static(text));
            headers
        };
        let (none, high, low) = (HeaderMap::new(), said("HIGH"), said("low"));
        assert_eq!(
            [class(&none, None), class(&high, None), class(&low, None)],
            [Priority::Normal, Priority::High, Priority::Low]
        );
        let keys = [Some(Priority::Low), Some(Priority::Normal), Some(Priority::High)];
        assert_eq!(keys.map(|key| class(&none, key)), [Priority::Low, Priority::Normal, Priority::High]);
        assert_eq!(keys.map(|key| class(&high, key)), [Priority::Low, Priority::Normal, Priority::High]);
        assert_eq!(keys.map(|key| class(&low, key)), [Priority::Low; 3]);
        assert_eq!(class(&said("urgent"), Some(Priority::High)), Priority::High, "what is no class says nothing");
    }
}
