//! What became of a request's tries: who was asked, who was not, and why.

use http::{HeaderMap, HeaderName, HeaderValue};
use trunkline_route::{Attempt, Held, LeftOut};
use trunkline_wire::FaultKind;

/// What became of the tries before the one that answered, in their order.
const ATTEMPTS: HeaderName = HeaderName::from_static("x-trunkline-attempts");
/// Entries of one trail. Guards the header's size; what is left out is counted.
const ENTRIES_MAX: usize = 16;
/// Characters of one name. Guards the same.
const NAME_CHARS_MAX: usize = 80;

/// The trail of one request; empty, and without memory of its own, while its first try answers.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    entries: Vec<String>,
    more: usize,
    tries: usize,
    refused: usize,
}

impl Trail {
    /// Notes those whom the plan leaves out.
    pub(crate) fn leave_out(&mut self, left_out: &[LeftOut]) {
        // Who is not wanted is known to whoever does not want them.
        for left in left_out.iter().filter(|left| left.held != Held::Unwanted) {
            self.held(&left.attempt, left.held);
        }
    }

    /// Notes a try that is not made.
    pub(crate) fn held(&mut self, attempt: &Attempt, held: Held) {
        self.note(attempt, held.as_str());
    }

    /// Notes a try that is not made because there was no room for it.
    pub(crate) fn no_room(&mut self, attempt: &Attempt) {
        self.note(attempt, "no_room");
    }

    /// Notes a try that failed.
    pub(crate) fn failed(&mut self, attempt: &Attempt, kind: FaultKind) {
        self.tries += 1;
        self.refused += usize::from(matches!(kind, FaultKind::UpstreamAuth | FaultKind::QuotaExhausted));
        self.note(attempt, kind.as_str());
    }

    /// Notes a try that was cancelled, since another answered before it.
    pub(crate) fn outpaced(&mut self, attempt: &Attempt) {
        self.tries += 1;
        self.note(attempt, "outpaced");
    }

    /// Whether several keys were tried, and each of them was refused.
    pub(crate) fn is_all_refused(&self) -> bool {
        self.tries > 1 && self.refused == self.tries
    }

    /// What it says; nothing, while there is nothing to say.
    pub(crate) fn text(&self) -> Option<String> {
        if self.entries.is_empty() {
            return None;
        }
        let more = if self.more > 0 { format!(", {} more", self.more) } else { String::new() };
        Some(self.entries.join(", ") + &more)
    }

    fn note(&mut self, attempt: &Attempt, what: &str) {
        if self.entries.len() == ENTRIES_MAX {
            self.more += 1;
        } else {
            self.entries.push(format!("{} {what}", who(attempt)));
        }
    }
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
