//! Reads what matters of one JSON object of an answer, whole or one event of a stream, in whichever dialect it is: no
//! two dialects use one name for different things.

mod beginning;
mod ending;
mod kind;

use std::ops::Range;

use smallvec::SmallVec;

use super::Facts;
use super::content;
use super::name::Name;
use super::usage::{Evaluated, read_usage, read_usage_metadata};
use crate::fields::says_error;
use crate::ir::Usage;
use crate::scan::{Elements, Member, Members};

pub(super) use beginning::Beginning;
pub(super) use ending::{FINISH_REASON, FINISH_REASON_OF_GEMINI, ReasonKey};
pub(super) use kind::Kind;

/// What matters of one object.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Where the strings stand that name the model, quotes included; repeated keys all count.
    pub(super) models: SmallVec<[Range<usize>; 1]>,
    /// The tokens it counts.
    usage: Option<Usage>,
    evaluated: Evaluated,
    kind: Kind,
    /// Whether it reports an error.
    error: bool,
    /// Whether it says why the answer ended.
    finished: bool,
    /// Whether it says that nothing follows.
    done: bool,
    /// Whether it holds usage and an empty list of choices.
    usage_only: bool,
}

impl Answer {
    /// Reads one event of a stream; `None` when it is not one valid object.
    pub(super) fn event(json: &[u8]) -> Option<Self> {
        let mut members = Members::open(json)?;
        let mut answer = Self::default();
        let (mut usage_object, mut no_choices, mut delta) = (false, false, b"".as_slice());
        while let Some(member) = members.next().ok()? {
            match Name::of(&member.name()) {
                Name::Model if member.starts_with(b'"') => answer.models.push(member.place()),
                Name::Usage => {
                    usage_object = member.starts_with(b'{');
                    answer.add(read_usage(member.value));
                }
                Name::Choices => {
                    no_choices = Elements::open(member.value).is_some_and(|choices| choices.is_empty());
                    answer.finished |= FINISH_REASON.stands_in_any(member.value);
                }
                Name::Error => answer.error = says_error(member.value),
                Name::XGroq => answer.add(inner(member.value, b"usage").and_then(|usage| read_usage(usage.value))),
                Name::Type => answer.kind = Kind::of(member.value),
                Name::Delta => delta = member.value,
                Name::Wrapped => answer.take_wrapped(&member),
                Name::Candidates => answer.finished |= FINISH_REASON_OF_GEMINI.stands_in_any(member.value),
                Name::PromptFeedback => answer.finished |= has(member.value, b"blockReason"),
                Name::UsageMetadata => answer.add(read_usage_metadata(member.value)),
                Name::Done => answer.done = member.value == b"true",
                Name::PromptEvalCount => answer.evaluated.take_prompt(member.value),
                Name::EvalCount => answer.evaluated.take_output(member.value),
                Name::Model | Name::Other => {}
            }
        }
        answer.add(answer.evaluated.usage());
        answer.finished |= answer.done || answer.kind == Kind::Ending && has(delta, b"stop_reason");
        answer.usage_only = usage_object && no_choices && !answer.error;
        Some(answer)
    }

    /// Reads an answer that is one object; `None` when it is not one that is valid.
    pub(super) fn whole(json: &[u8]) -> Option<Self> {
        let mut members = Members::open(json)?;
        let mut answer = Self::default();
        while let Some(member) = members.next().ok()? {
            match Name::of(&member.name()) {
                Name::Model if member.starts_with(b'"') => answer.models.push(member.place()),
                Name::Usage => answer.add(read_usage(member.value)),
                Name::UsageMetadata => answer.add(read_usage_metadata(member.value)),
                Name::PromptEvalCount => answer.evaluated.take_prompt(member.value),
                Name::EvalCount => answer.evaluated.take_output(member.value),
                Name::Error => answer.error = says_error(member.value),
                Name::Model
                | Name::XGroq
                | Name::Choices
                | Name::Candidates
                | Name::PromptFeedback
                | Name::Type
                | Name::Delta
                | Name::Wrapped
                | Name::Done
                | Name::Other => {}
            }
        }
        answer.add(answer.evaluated.usage());
        answer.finished = true;
        Some(answer)
    }

    /// Whether it holds nothing but usage.
    pub(super) fn is_usage_only(&self) -> bool {
        self.usage_only
    }

    /// Whether it is Responses' event `error`, which is the error itself: Codex knows none but `response.failed`.
    pub(super) fn is_flat_error(&self) -> bool {
        self.kind == Kind::Error && !self.error
    }

    /// Whether it is one of many that say nothing but content.
    pub(super) fn is_plain(&self) -> bool {
        self.kind == Kind::Content
            && self.usage.is_none()
            && !self.error
            && !self.finished
            && !self.done
            && !self.usage_only
    }

    /// Adds what it says as one event of a stream, which is `json`.
    pub(super) fn count_into(&self, json: &[u8], facts: &mut Facts) {
        if self.kind == Kind::Content && !self.usage_only && !self.error {
            facts.content_events += 1;
            content::read(json, &mut facts.produced);
        }
        self.sum_up(facts);
        self.kind.tell(facts);
    }

    /// Adds what it says as a whole answer.
    pub(super) fn sum_up(&self, facts: &mut Facts) {
        facts.add_usage(self.usage);
        facts.error |= self.error;
        facts.finished |= self.finished;
        facts.done |= self.done;
    }

    fn add(&mut self, usage: Option<Usage>) {
        let Some(usage) = usage else { return };
        self.usage = Some(self.usage.unwrap_or_default().max(usage));
    }

    /// Takes what an answer inside an event says at its own top level.
    fn take_wrapped(&mut self, wrapped: &Member<'_>) {
        let Some(mut members) = Members::open(wrapped.value) else { return };
        // It was walked over once already, so it is not broken.
        while let Ok(Some(member)) = members.next() {
            match member.name().as_ref() {
                b"model" if member.starts_with(b'"') => {
                    let (start, place) = (wrapped.place().start, member.place());
                    self.models.push(start + place.start..start + place.end);
                }
                b"usage" => self.add(read_usage(member.value)),
                _ => {}
            }
        }
    }
}

/// Whether the last member of this name is something else than null.
fn has(json: &[u8], name: &[u8]) -> bool {
    inner(json, name).is_some_and(|member| !member.is_null())
}

/// The last member of this name.
fn inner<'a>(json: &'a [u8], name: &[u8]) -> Option<Member<'a>> {
    let mut members = Members::open(json)?;
    let mut found = None;
    while let Some(member) = members.next().ok()? {
        if member.name().as_ref() == name {
            found = Some(member);
        }
    }
    found
}
