//! Reads the top level of one JSON object of an answer, whole or one chunk of a stream.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use smallvec::SmallVec;

use super::Facts;
use super::usage::read_usage;
use crate::ir::Usage;
use crate::scan::{Elements, Member, Members};

/// What matters of one object.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Where the top-level `model` strings stand, quotes included; repeated keys all count.
    pub(super) models: SmallVec<[Range<usize>; 1]>,
    /// The tokens it counts.
    usage: Option<Usage>,
    /// Whether it reports an error.
    error: bool,
    /// Whether it says why the answer ended.
    finished: bool,
    /// Whether it holds usage and an empty list of choices.
    usage_only: bool,
}

impl Answer {
    /// Reads `json`; `None` when it is not one valid object.
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        let mut members = Members::open(json)?;
        let mut answer = Self::default();
        let (mut usage_object, mut no_choices) = (false, false);
        while let Some(member) = members.next().ok()? {
            match member.name().as_ref() {
                b"model" if member.starts_with(b'"') => answer.models.push(member.place()),
                b"usage" => {
                    usage_object = member.starts_with(b'{');
                    answer.take_usage(member.value);
                }
                b"choices" => {
                    no_choices = Elements::open(member.value).is_some_and(|choices| choices.is_empty());
                    answer.finished |= any_finished(member.value);
                }
                b"error" => answer.error = !member.is_null(),
                b"x_groq" => {
                    answer.take_usage(inner(member.value, b"usage").map_or(b"".as_slice(), |usage| usage.value))
                }
                b"response" => answer.take_response(member.value),
                _ => {}
            }
        }
        answer.usage_only = usage_object && no_choices && !answer.error;
        Some(answer)
    }

    /// Whether it holds nothing but usage.
    pub(super) fn is_usage_only(&self) -> bool {
        self.usage_only
    }

    /// Whether it is one of many that say nothing but content.
    pub(super) fn is_plain(&self) -> bool {
        self.usage.is_none() && !self.error && !self.finished && !self.usage_only
    }

    /// Adds what it says as one event of a stream.
    pub(super) fn count_into(&self, facts: &mut Facts) {
        facts.add_usage(self.usage);
        facts.error |= self.error;
        facts.finished |= self.finished;
        facts.content_events += u64::from(!self.usage_only && !self.error);
    }

    /// Adds what it says as a whole answer.
    pub(super) fn sum_up(&self, facts: &mut Facts) {
        facts.add_usage(self.usage);
        facts.error |= self.error;
        facts.finished = true;
    }

    fn take_usage(&mut self, json: &[u8]) {
        if let Some(usage) = read_usage(json) {
            self.usage = Some(self.usage.unwrap_or_default().max(usage));
        }
    }

    /// A Responses event wraps the whole answer; usage comes with the last one alone.
    fn take_response(&mut self, json: &[u8]) {
        if let Some(usage) = inner(json, b"usage").filter(|usage| usage.starts_with(b'{')) {
            self.take_usage(usage.value);
            self.finished = true;
        }
    }
}

/// Whether any choice has a reason for its end. Almost every event says that it has none, so they are walked over only
/// when something else than null stands behind that key.
fn any_finished(choices: &[u8]) -> bool {
    static KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"finish_reason\""));
    let may_matter = |at| {
        let behind = choices.get(at + KEY.needle().len()..).unwrap_or_default().trim_ascii_start();
        behind.strip_prefix(b":").is_some_and(|value| !value.trim_ascii_start().starts_with(b"null"))
    };
    if !KEY.find_iter(choices).any(may_matter) {
        return false;
    }
    let Some(mut choices) = Elements::open(choices) else { return false };
    while let Ok(Some(choice)) = choices.next() {
        if inner(choice, b"finish_reason").is_some_and(|reason| !reason.is_null()) {
            return true;
        }
    }
    false
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
