//! What a request owes for: the prompt of whoever is asked, and what those took who are not asked any more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;
use trunkline_providers::Usd;
use trunkline_route::Report;
use trunkline_wire::counting::Sketch;
use trunkline_wire::ir::{Quality, Usage};
use trunkline_wire::{DialectId, Operation};

/// What a try sends, as far as anybody may want to know later.
#[derive(Debug, Default)]
pub(crate) struct Question {
    sketch: Option<Sketch>,
    /// Whether whoever is asked has been connected to: what never left here costs nothing.
    reached: AtomicBool,
}

impl Question {
    /// Of a body in this dialect; of work that has no tokens nothing is kept.
    pub(crate) fn of(operation: Operation, dialect: DialectId, body: &[Bytes]) -> Self {
        let sketch = match operation {
            Operation::Chat | Operation::Completion | Operation::Embedding => Some(Sketch::of(dialect, body)),
            Operation::CountTokens | Operation::Other => None,
        };
        Self { sketch, reached: AtomicBool::new(false) }
    }

    /// The same where nobody has to be connected to, or nothing tells when.
    pub(crate) fn reached(self) -> Self {
        self.reached.store(true, Ordering::Relaxed);
        self
    }

    /// About how many tokens the prompt is; 0 where nothing was asked.
    pub(crate) fn tokens(&self) -> u64 {
        self.sketch.as_ref().map_or(0, Sketch::tokens)
    }

    /// Whether somebody may be at work on it.
    pub(crate) fn is_owed(&self) -> bool {
        self.sketch.is_some() && self.reached.load(Ordering::Relaxed)
    }
}

/// When a request began, and where to say that a provider was reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) started: Instant,
    reached: Option<&'a AtomicBool>,
}

impl<'a> Asking<'a> {
    pub(crate) fn of(question: &'a Question, started: Instant) -> Self {
        Self { started, reached: Some(&question.reached) }
    }

    /// Nobody wants to know.
    pub(crate) fn unwatched(started: Instant) -> Self {
        Self { started, reached: None }
    }

    /// Whoever is asked has been connected to.
    pub(crate) fn reach(&self) {
        if let Some(reached) = self.reached {
            reached.store(true, Ordering::Relaxed);
        }
    }
}

/// What tries took that the request did not end with: answers that broke off and were gone on with, answers that would not
/// do, those who were asked beside another and were slower.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    usage: Usage,
    /// The part of it that nobody saw.
    unseen: Usage,
    is_exact: bool,
    cost: Option<Usd>,
    saved: Option<Usd>,
}

impl Spent {
    /// What a try took, by a report of it alone; `None` when it took nothing.
    pub(crate) fn of(report: &Report, is_seen: bool) -> Option<Self> {
        let Report { usage, quality, cost, saved, .. } = *report;
        let unseen = if is_seen { Usage::default() } else { usage };
        Some(Self { usage, unseen, is_exact: quality? == Quality::Exact, cost, saved })
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            usage: self.usage.plus(other.usage),
            unseen: self.unseen.plus(other.unseen),
            is_exact: self.is_exact && other.is_exact,
            cost: sum(self.cost, other.cost),
            saved: sum(self.saved, other.saved),
        }
    }

    /// What an answer cost with this before it, when both are known.
    pub(crate) fn and(&self, cost: Option<Usd>) -> Option<Usd> {
        sum(self.cost, cost)
    }

    /// Adds it to what the rest of the request took.
    pub(crate) fn add_to(self, report: &mut Report) {
        report.usage = report.usage.plus(self.usage);
        report.unseen = (self.unseen != Usage::default()).then(|| Box::new(self.unseen));
        report.quality = Some(match report.quality {
            Some(Quality::Partial) => Quality::Partial,
            None | Some(Quality::Exact) if self.is_exact => Quality::Exact,
            None | Some(Quality::Exact | Quality::Estimated) => Quality::Estimated,
        });
        report.cost = self.and(report.cost);
        report.saved = sum(self.saved, report.saved);
    }
}

/// What is not known of a part is not known of the whole.
fn sum(one: Option<Usd>, other: Option<Usd>) -> Option<Usd> {
    Some(one?.plus(other?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(operation: Operation) -> Question {
        let body = br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
        Question::of(operation, DialectId::OpenaiChat, &[Bytes::from_static(body)])
    }

    #[test]
    fn a_prompt_is_owed_to_whoever_was_reached() {
        let asked = question(Operation::Chat);
        assert!(!asked.is_owed(), "nobody is connected to yet");
        Asking::of(&asked, Instant::now()).reach();
        assert!(asked.is_owed());
        assert_eq!(asked.tokens(), 5);
        assert!(!question(Operation::CountTokens).reached().is_owed());
        assert!(!Question::default().is_owed());
    }

    #[test]
    fn what_is_not_known_of_a_part_is_not_known_of_the_whole() {
        let usd = |nano| Some(Usd::from_nano(nano));
        let usage = Usage { input: 3, output: 2, ..Usage::default() };
        let part = |cost, quality| {
            let report = Report { usage, cost, saved: cost, quality, ..Report::begin(1, 0, Operation::Chat) };
            Spent::of(&report, false)
        };
        assert!(part(usd(1), None).is_none(), "it took nothing");
        let known = part(usd(5), Some(Quality::Exact)).expect("a part");
        let unknown = part(None, Some(Quality::Exact)).expect("a part");
        for (spent, cost, quality) in [
            (known.plus(known), usd(17), Quality::Exact),
            (known.plus(unknown), None, Quality::Exact),
            (known.plus(part(usd(5), Some(Quality::Partial)).expect("a part")), usd(17), Quality::Estimated),
        ] {
            let mut report =
                Report { usage, cost: usd(7), quality: Some(Quality::Exact), ..Report::begin(1, 0, Operation::Chat) };
            spent.add_to(&mut report);
            assert_eq!((report.cost, report.quality), (cost, Some(quality)));
            assert_eq!((report.usage.output, report.unseen.map(|unseen| unseen.output)), (6, Some(4)));
        }
    }
}
