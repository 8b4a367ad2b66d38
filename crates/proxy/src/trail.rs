//! What became of a request's tries: who was asked, who was not, and why.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use trunkline_route::{Attempt, Held, Lane, LeftOut, Tries, Try};
use trunkline_wire::{Fault, FaultKind};

use crate::report_guard::micros;

/// What became of the tries before the one that answered, in their order.
const ATTEMPTS: HeaderName = HeaderName::from_static("x-trunkline-attempts");
/// Entries of one trail. Guards the header's size; what is left out is counted.
const ENTRIES_MAX: usize = 16;
/// Characters of what is kept of why a try failed. Guards the ledger's size.
const DETAIL_CHARS_MAX: usize = 300;
/// Characters of one name. Guards the same.
const NAME_CHARS_MAX: usize = 80;

/// The trail of one request; empty, and without memory of its own, while its first try answers. Its copies are one trail,
/// once there is something in it: what answers at last carries one away, and what it outpaced is noted in another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail(Option<Arc<Mutex<Notes>>>);

/// What is in it.
#[derive(Debug, Default)]
struct Notes {
    tries: Tries,
    made: usize,
    refused: usize,
}

impl Trail {
    /// Makes its copies one trail from now on, whatever is in it.
    pub(crate) fn share(&mut self) -> Self {
        Self(Some(Arc::clone(self.0.get_or_insert_default())))
    }

    /// Whether there is nothing to say.
    pub(crate) fn is_empty(&self) -> bool {
        self.look(|notes| notes.tries.before.is_empty()).unwrap_or(true)
    }

    /// Notes when a try begins, where others came before it.
    pub(crate) fn begins(&self, attempt: &Attempt, began: Duration) {
        self.look(|notes| {
            notes.tries.last_began_us = Some(micros(began));
            notes.tries.last_key = attempt.key.as_ref().map(|key| Arc::clone(&key.label));
        });
    }

    /// Notes those whom the plan leaves out.
    pub(crate) fn leave_out(&mut self, left_out: &[LeftOut]) {
        // Who is not wanted is known to whoever does not want them.
        for left in left_out.iter().filter(|left| left.held != Held::Unwanted) {
            self.held(&left.attempt, left.held);
        }
    }

    /// Notes a try that is not made.
    pub(crate) fn held(&mut self, attempt: &Attempt, held: Held) {
        self.note(entry(attempt, held.as_str()));
    }

    /// Notes a try that is not made because there was no room for it.
    pub(crate) fn no_room(&mut self, attempt: &Attempt) {
        self.note(entry(attempt, "no_room"));
    }

    /// Notes a try that failed; it began and ended so long after the request came.
    pub(crate) fn failed(&mut self, attempt: &Attempt, fault: &Fault, (began, ended): (Duration, Duration)) {
        // What a provider says may quote the prompt, and this is kept.
        let words = fault.upstream.is_none().then(|| fault.message.chars().take(DETAIL_CHARS_MAX).collect());
        self.note(Try {
            status: fault.upstream.as_ref().map(|words| words.status),
            detail: words,
            started_us: micros(began),
            total_us: micros(ended.saturating_sub(began)),
            ..entry(attempt, fault.kind.as_str())
        });
        self.look(|notes| {
            notes.made += 1;
            let is_refusal = matches!(fault.kind, FaultKind::UpstreamAuth | FaultKind::QuotaExhausted);
            notes.refused += usize::from(is_refusal);
        });
    }

    /// Notes a try that was cancelled, since another answered before it.
    pub(crate) fn outpaced(&mut self, attempt: &Attempt) {
        self.note(entry(attempt, "outpaced"));
        self.look(|notes| notes.made += 1);
    }

    /// Whether several keys were tried, and each of them was refused.
    pub(crate) fn is_all_refused(&self) -> bool {
        self.look(|notes| notes.made > 1 && notes.refused == notes.made).unwrap_or(false)
    }

    /// What it says; nothing, while there is nothing to say.
    pub(crate) fn text(&self) -> Option<String> {
        self.look(|Notes { tries, .. }| {
            let told: Vec<String> = tries.before.iter().map(told).collect();
            let more = if tries.beyond > 0 { format!(", {} more", tries.beyond) } else { String::new() };
            (!told.is_empty()).then(|| told.join(", ") + &more)
        })?
    }

    /// The same for the report.
    pub(crate) fn tries(&self) -> Option<Box<Tries>> {
        self.look(|notes| (!notes.tries.before.is_empty()).then(|| Box::new(notes.tries.clone())))?
    }

    fn note(&mut self, entry: Try) {
        self.0.get_or_insert_default();
        self.look(|notes| {
            if notes.tries.before.len() == ENTRIES_MAX {
                notes.tries.beyond += 1;
            } else {
                notes.tries.before.push(entry);
            }
        });
    }

    fn look<T>(&self, look: impl FnOnce(&mut Notes) -> T) -> Option<T> {
        // Nothing that runs under this lock can leave the notes half made.
        Some(look(&mut self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A try of which no more is known than what became of it.
fn entry(attempt: &Attempt, outcome: &'static str) -> Try {
    let Attempt { target, key, lane } = attempt;
    Try {
        provider: Arc::clone(&target.provider.name),
        upstream_model: Arc::clone(&target.model.name),
        key: key.as_ref().map(|key| Arc::clone(&key.label)),
        lane: lane.as_str(),
        dialect: match lane {
            Lane::Bridged(to) => Some(to.as_str()),
            Lane::Native | Lane::Adapter(_) | Lane::Counted | Lane::Estimated => None,
        },
        outcome,
        status: None,
        detail: None,
        started_us: 0,
        total_us: 0,
    }
}

/// An entry as it stands in a header.
fn told(entry: &Try) -> String {
    let asked = entry.key.as_ref().unwrap_or(&entry.provider);
    format!("{}/{} {}", plain(asked), plain(&entry.upstream_model), entry.outcome)
}

/// Says in an answer's head what came before it, and who served it at last, if anybody did.
pub(crate) fn show(headers: &mut HeaderMap, before: Option<&str>, served: Option<&Attempt>) {
    let Some(before) = before else { return };
    let text = served.map_or_else(|| before.to_owned(), |attempt| format!("{before}, {} served", who(attempt)));
    headers.extend(HeaderValue::from_str(&text).ok().map(|value| (ATTEMPTS, value)));
}

fn who(attempt: &Attempt) -> String {
    let Attempt { target, key, .. } = attempt;
    let asked = key.as_ref().map_or(&target.provider.name, |key| &key.label);
    format!("{}/{}", plain(asked), plain(&target.model.name))
}

/// A name as it can stand in a list in a header.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() && c != ',' { c } else { '?' };
    name.chars().take(NAME_CHARS_MAX).map(plain).collect()
}
